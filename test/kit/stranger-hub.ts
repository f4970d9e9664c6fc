import { readFileSync } from 'node:fs';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { downFrames, upTopic, type DownFrame, type Frame, type UpFrame } from '#contract/iq-link';
import { until } from './wait.ts';

/**
 * A hub written by somebody who has only read docs/device-link.md: the plain `mqtt` client and JSON, nothing of ours but the
 * frame shapes. It does exactly what the test tells it and nothing by itself, not even heartbeats.
 */
export type StrangerHub = {
  readonly client: MqttClient;
  readonly received: readonly { readonly frame: DownFrame; readonly body: unknown }[];
  isOpen(): boolean;
  say(frame: UpFrame, body: unknown): void;
  /** Publishes anything anywhere. */
  publish(
    topic: string,
    payload: string | Buffer,
    options?: { qos?: 0 | 1 | 2; retain?: boolean },
  ): void;
  /** Waits for the n-th frame of this name, counted from 1. */
  hears<Name extends DownFrame>(frame: Name, count?: number): Promise<Frame<Name>>;
  hasClosed(): Promise<void>;
  hello(members?: Partial<Frame<'hello'>>): void;
  leave(): void;
};

export type StrangerOptions = {
  readonly port: number;
  readonly caPath: string;
  readonly hubId: string;
  readonly password: string;
  readonly mqtt?: IClientOptions & { readonly maxVersion?: 'TLSv1.2' };
};

/** Connects, and subscribes to its own topics; throws when it is not let in. */
export async function connectStranger(options: StrangerOptions): Promise<StrangerHub> {
  const { port, caPath, hubId, password } = options;
  const client = await connectAsync(`mqtts://127.0.0.1:${String(port)}`, {
    ca: readFileSync(caPath),
    clientId: hubId,
    username: hubId,
    password,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 60_000,
    ...options.mqtt,
  });
  const received: { frame: DownFrame; body: unknown }[] = [];
  let isOpen = true;
  client.on('close', () => {
    isOpen = false;
  });
  client.on('error', () => undefined);
  client.on('message', (topic, payload) => {
    const frame = downFrames.find((name) => topic === `iq/${hubId}/down/${name}`);
    if (frame === undefined) throw new Error(`a frame on a topic nobody knows: ${topic}`);
    received.push({ frame, body: JSON.parse(payload.toString('utf8')) });
  });
  await client.subscribeAsync(`iq/${hubId}/down/#`, { qos: 1 });
  const publish: StrangerHub['publish'] = (topic, payload, { qos = 1, retain = false } = {}) => {
    client.publish(topic, payload, { qos, retain }, () => undefined);
  };
  return {
    client,
    received,
    isOpen: () => isOpen,
    publish,
    say: (frame, body) => publish(upTopic(hubId, frame), JSON.stringify(body)),
    async hears<Name extends DownFrame>(frame: Name, count = 1) {
      const found = await until(() => received.filter((one) => one.frame === frame)[count - 1], {
        what: `the hub hears ${frame} (${String(count)})`,
      });
      return found.body as Frame<Name>;
    },
    async hasClosed() {
      await until(() => !isOpen, { what: 'the connection closes' });
    },
    hello: (members = {}) =>
      publish(
        upTopic(hubId, 'hello'),
        JSON.stringify({
          protocol: 1,
          session: 'session-of-the-test',
          boot: 1,
          mac: '03.E4.AD',
          model: 'stranger',
          revision: '1',
          vendor: 'sallis',
          software: '0.1',
          limits: { locks: 16, repeaters: 6, layers: 3, persons: 100_000 },
          iq_id: null,
          table_version: 0,
          restore_required: false,
          clock: new Date().toISOString(),
          ...members,
        }),
      ),
    leave: () => client.end(true),
  };
}
