/** Frames as text: what comes from a hub is unknown until its schema has passed it. */
import { Compile, type Validator } from 'typebox/compile';
import {
  downFrames,
  downTopic,
  frames,
  protocolVersion,
  upFrames,
  type Frame,
  type UpFrame,
} from '#contract/iq-link';

export type ReceivedFrame = {
  readonly [Name in UpFrame]: { readonly name: Name; readonly body: Frame<Name> };
}[UpFrame];

const validators = Object.fromEntries(
  upFrames.map((name) => [name, Compile(frames[name])]),
) as unknown as Readonly<Record<UpFrame, Validator>>;

export class FrameError extends Error {
  override readonly name: string = 'FrameError';
}

/** A hello of a protocol that is not spoken here, whatever else it holds. */
export class ProtocolVersionError extends FrameError {
  override readonly name = 'ProtocolVersionError';
  readonly protocol: number;

  constructor(protocol: number) {
    super('the protocol is not spoken here');
    this.protocol = protocol;
  }
}

/** Parses the payload of an `up` topic; members we do not know are left alone. Throws FrameError, whose text names no values, and ProtocolVersionError. */
export function parseFrame(name: UpFrame, payload: Buffer): ReceivedFrame {
  let body: unknown;
  try {
    body = JSON.parse(payload.toString('utf8'));
  } catch {
    throw new FrameError(`${name} is not JSON`);
  }
  // Before the schema: a later version may say hello in another shape, and must still be told why it is not heard.
  if (name === 'hello') checkVersion(body);
  const validator = validators[name];
  if (validator.Check(body)) return { name, body } as ReceivedFrame;
  const [problem] = validator.Errors(body);
  throw new FrameError(
    `${name}${problem?.instancePath ?? ''} ${problem?.message ?? 'is malformed'}`,
  );
}

function checkVersion(body: unknown): void {
  const protocol = (body as { protocol?: unknown } | null)?.protocol;
  if (typeof protocol === 'number' && protocol !== protocolVersion) {
    throw new ProtocolVersionError(protocol);
  }
}

const names: ReadonlySet<string> = new Set(upFrames);

/** The frame a topic stands for, or undefined when this hub may not publish to it. */
export function frameOfTopic(topic: string, hubId: string): UpFrame | undefined {
  const prefix = `iq/${hubId}/up/`;
  if (!topic.startsWith(prefix)) return undefined;
  const name = topic.slice(prefix.length);
  return names.has(name) ? (name as UpFrame) : undefined;
}

/** Whether a hub may subscribe to a filter: all of its own `down` topics, or any one of them. */
export function maySubscribe(filter: string, hubId: string): boolean {
  return (
    filter === `iq/${hubId}/down/#` || downFrames.some((name) => filter === downTopic(hubId, name))
  );
}
