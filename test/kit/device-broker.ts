/** The other end of the device link for tests of the hub: a real MQTT broker over TLS that says what the test tells it to. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import { pino } from 'pino';
import {
  downTopic,
  heartbeatMs,
  offlineAfterMs,
  protocolVersion,
  type DownFrame,
  type Frame,
  type UpFrame,
} from '#contract/iq-link';
import { createDeviceCertificates } from '#server/runtime/certificates';
import { createSystemClock } from '#server/runtime/clock';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

export type Heard = {
  [Name in UpFrame]: { readonly name: Name; readonly frame: Frame<Name> };
}[UpFrame];

export type DeviceBroker = {
  readonly url: string;
  readonly ca: string;
  /** Everything hubs have said, oldest first. */
  readonly heard: Heard[];
  /** Passwords in the order of the connections. */
  readonly passwords: string[];
  /** What the next welcome says. */
  welcome: Pick<Frame<'welcome'>, 'iq_id' | 'acknowledged' | 'server_time'>;
  send<Name extends DownFrame>(name: Name, frame: Frame<Name>): Promise<void>;
  /** Waits for the frame that comes as number `count` (from 1) of its name. */
  frame<Name extends UpFrame>(name: Name, count?: number): Promise<Frame<Name>>;
  count(name: UpFrame): number;
  /** Cuts the connections of all hubs. */
  cut(): void;
  stop(): Promise<void>;
};

/** Starts it on a free port with a certificate of its own. */
export async function startDeviceBroker(): Promise<DeviceBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-broker-'));
  const certificates = createDeviceCertificates({
    dataDir: folder,
    names: [],
    files: null,
    clock: createSystemClock(),
    log: pino({ level: 'silent' }),
  });
  await certificates.start();
  const aedes = await Aedes.createBroker();
  const server = createServer({ ...certificates.current(), minVersion: 'TLSv1.3' }, (socket) =>
    aedes.handle(socket),
  );
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  const clients = new Set<Client>();
  let hubId = '';

  const broker: DeviceBroker = {
    url: `mqtts://127.0.0.1:${String(port)}`,
    ca: await readFile(certificates.caPath ?? '', 'utf8'),
    heard: [],
    passwords: [],
    welcome: { iq_id: null, acknowledged: null, server_time: new Date().toISOString() },
    send: (name, frame) =>
      new Promise((resolve, reject) => {
        aedes.publish(
          {
            cmd: 'publish',
            topic: downTopic(hubId, name),
            payload: JSON.stringify(frame),
            qos: 1,
            retain: false,
            dup: false,
          },
          (error) => (error ? reject(error) : resolve()),
        );
      }),
    frame: (name, count = 1) =>
      until(() => ofName(broker.heard, name)[count - 1], {
        what: `the hub says ${name} for the ${String(count)}. time`,
      }),
    count: (name) => ofName(broker.heard, name).length,
    cut() {
      for (const client of clients) client.close();
    },
    async stop() {
      certificates.stop();
      await new Promise<void>((resolve) => {
        aedes.close(resolve);
      });
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true });
    },
  };

  aedes.authenticate = (_client, _username, password, done) => {
    broker.passwords.push(Buffer.from(password ?? '').toString('utf8'));
    done(null, true);
  };
  aedes.on('client', (client) => clients.add(client));
  aedes.on('clientDisconnect', (client) => clients.delete(client));
  aedes.on('publish', (packet, client) => {
    const [, id = '', direction, name] = packet.topic.split('/');
    if (!client || direction !== 'up') return;
    hubId = id;
    const heard = { name, frame: JSON.parse(packet.payload.toString()) } as Heard;
    broker.heard.push(heard);
    if (heard.name === 'hello') void greet(heard.frame.session);
  });

  function greet(session: string): Promise<void> {
    return broker.send('welcome', {
      protocol: protocolVersion,
      session,
      heartbeat_ms: heartbeatMs,
      offline_after_ms: offlineAfterMs,
      ...broker.welcome,
    });
  }
  return broker;
}

function ofName<Name extends UpFrame>(heard: readonly Heard[], name: Name): Frame<Name>[] {
  return heard.filter((one) => one.name === name).map(({ frame }) => frame as Frame<Name>);
}
