/** Down frames as they come over the wire: unknown until their schema has let them pass. */
import { Compile } from 'typebox/compile';
import { downFrames, frames, type DownFrame, type Frame } from '#contract/iq-link';

const checks = {
  welcome: Compile(frames.welcome),
  refused: Compile(frames.refused),
  claim: Compile(frames.claim),
  beat: Compile(frames.beat),
  ack: Compile(frames.ack),
  command: Compile(frames.command),
  desired: Compile(frames.desired),
  image: Compile(frames.image),
} as const;

export type DownMessage = {
  [Name in DownFrame]: { readonly name: Name; readonly frame: Frame<Name> };
}[DownFrame];

/** The message of a topic and its payload, or null when it is none of ours or does not fit its schema. */
export function parseDown(topic: string, payload: Uint8Array): DownMessage | null {
  const word = topic.slice(topic.lastIndexOf('/') + 1);
  const name = downFrames.find((known) => known === word);
  if (!name) return null;
  let frame: unknown;
  try {
    frame = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return null;
  }
  return checks[name].Check(frame) ? ({ name, frame } as DownMessage) : null;
}
