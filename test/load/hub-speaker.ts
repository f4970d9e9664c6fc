/**
 * Hubs that speak the protocol and nothing more: the plain MQTT client with prebuilt frames, so that the generator costs
 * little and is the same for us and for a bare broker.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import type { EntryEvent } from '#contract/events';
import { timeOrderedUuid } from '#contract/ids';
import {
  downFrames,
  downTopic,
  heartbeatMs,
  upTopic,
  type DownFrame,
  type Frame,
  type UpFrame,
} from '#contract/iq-link';
import type { SeededHub } from './seed.ts';

export type Address = { readonly port: number; readonly ca: string | Buffer };

export type Speaker = {
  readonly hub: SeededHub;
  /** Resolves when the broker has taken it; heartbeats at QoS 0, all else at QoS 1. */
  say(frame: UpFrame, payload: string | Buffer): Promise<unknown>;
  /** The same, whatever becomes of it. */
  tell(frame: UpFrame, payload: string | Buffer): void;
  /** Calls for each frame that comes down. */
  onFrame(listener: (frame: DownFrame, payload: Buffer) => void): void;
  /** Says hello, and waits for the welcome. */
  greet(members?: Partial<Frame<'hello'>>): Promise<void>;
  leave(): Promise<void>;
};

const connectingAtOnce = 20;
const answerWithinMs = 60_000;

/** Connects hubs over TLS, subscribed to their own topics; `greeting`: and welcomed. */
export async function connectSpeakers(
  { port, ca, greeting = 'none' }: Address & { readonly greeting?: 'hello' | 'none' },
  hubs: readonly SeededHub[],
): Promise<readonly Speaker[]> {
  const speakers: Speaker[] = [];
  for (let first = 0; first < hubs.length; first += connectingAtOnce) {
    const some = hubs.slice(first, first + connectingAtOnce);
    const connected = await Promise.all(some.map((hub) => connectSpeaker({ port, ca }, hub)));
    if (greeting === 'hello') await Promise.all(connected.map((speaker) => speaker.greet()));
    speakers.push(...connected);
  }
  return speakers;
}

async function connectSpeaker({ port, ca }: Address, hub: SeededHub): Promise<Speaker> {
  const { hubId } = hub;
  const connecting = connectAsync(`mqtts://127.0.0.1:${String(port)}`, {
    ca,
    clientId: hubId,
    username: hubId,
    password: hub.credential,
    protocolVersion: 4,
    reconnectPeriod: 0,
    keepalive: 0,
    connectTimeout: answerWithinMs,
  });
  const client = await within(connecting, hubId);
  client.on('error', () => undefined);
  const topics = downFrames.map((frame) => downTopic(hubId, frame));
  await within(client.subscribeAsync(topics, { qos: 1 }), hubId);
  const beat = setInterval(() => {
    const payload = JSON.stringify({ clock: new Date().toISOString() });
    client.publish(upTopic(hubId, 'heartbeat'), payload, { qos: 0 });
  }, heartbeatMs);
  return createSpeaker(hub, { client, stopBeating: () => clearInterval(beat) });
}

function createSpeaker(
  hub: SeededHub,
  { client, stopBeating }: { readonly client: MqttClient; readonly stopBeating: () => void },
): Speaker {
  const { hubId } = hub;
  const frames = new Map(downFrames.map((frame) => [downTopic(hubId, frame), frame]));
  const speaker: Speaker = {
    hub,
    say: (frame, payload) =>
      client.publishAsync(upTopic(hubId, frame), payload, { qos: frame === 'heartbeat' ? 0 : 1 }),
    tell: (frame, payload) => {
      speaker.say(frame, payload).catch(() => undefined);
    },
    onFrame(listener) {
      client.on('message', (topic, payload) => {
        const frame = frames.get(topic);
        if (frame !== undefined) listener(frame, payload);
      });
    },
    async greet(members = {}) {
      const answer = new Promise<DownFrame>((resolve) => {
        speaker.onFrame((frame) => {
          if (frame === 'welcome' || frame === 'refused') resolve(frame);
        });
      });
      const hello = JSON.stringify({ ...helloOf(hub), ...members });
      await within(speaker.say('hello', hello), hubId);
      if ((await within(answer, hubId)) === 'refused')
        throw new Error(`the gateway refuses ${hubId}`);
    },
    async leave() {
      stopBeating();
      await within(client.endAsync(true), hubId);
    },
  };
  return speaker;
}

/** Throws when nothing has come for a long while. */
async function within<Value>(answer: Promise<Value>, hubId: string): Promise<Value> {
  const giveUp = new AbortController();
  const silence = wait(answerWithinMs, undefined, giveUp).then(() => {
    throw new Error(`${hubId} gets no answer`);
  });
  try {
    return await Promise.race([answer, silence]);
  } finally {
    giveUp.abort();
    silence.catch(() => undefined);
  }
}

function helloOf({ iqId }: SeededHub): Frame<'hello'> {
  return {
    protocol: 1,
    session: 'session-of-the-benchmark',
    boot: 1,
    mac: '00.00.01',
    model: 'speaker',
    revision: '1',
    vendor: 'sallis',
    software: '1',
    limits: { locks: 16, repeaters: 6, layers: 3, persons: 100_000 },
    iq_id: iqId,
    table_version: 0,
    restore_required: false,
    clock: new Date().toISOString(),
  };
}

/** An entry as a hub writes it down: somebody went out by the handle. */
export function entryEvent(hub: SeededHub, sequence: number): EntryEvent {
  const now = Date.now();
  const at = new Date(now).toISOString();
  return {
    kind: 'entry',
    sequence,
    id: timeOrderedUuid(now, randomBytes(10)),
    at,
    local: at.slice(0, 19),
    lock_id: hub.lockId,
    category: 'lock_opened',
    detail: null,
    accessor_id: null,
    access_by: 'inside_handle',
    access_detail: '',
    exit_requested: true,
    reject_reason: null,
  };
}

export async function leaveAll(speakers: readonly Speaker[]): Promise<void> {
  await Promise.all(speakers.map((speaker) => speaker.leave()));
}
