/**
 * The transport: MQTT 3.1.1 over TLS 1.3, by an aedes broker in this process. Hubs talk to us and never to each other, so
 * frames are taken out where the broker asks for permission to publish, and handed in at the connection itself.
 *
 * Sessions are never kept between connections: every connection counts as clean, wills and retained messages do not exist.
 */
import { once, type EventEmitter } from 'node:events';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import { isUuid, type HubId } from '#contract/ids';
import { downTopic, maxFrameBytes, type DownFrame, type UpFrame } from '#contract/iq-link';
import type { TlsCertificate } from '#server/runtime/certificates';
import type { Log } from '#server/runtime/log';
import { frameOfTopic, maySubscribe } from './frames.ts';
import { createPacketMeter, type PacketMeter } from './packet-meter.ts';
import type { EndReason } from './session.ts';

/** A hub's connection after it has shown who it is. */
export type HubConnection = {
  readonly hubId: HubId;
  /** Address and port, for the log. */
  readonly remote: string;
  /** Sends a frame; QoS 0 for `beat`, else 1. Ends the connection when the hub takes too little of what it is sent. */
  send(frame: DownFrame, payload: string): void;
  /** Resolves when the hub has taken most of what it was sent, or the connection has ended. */
  room(): Promise<void>;
  /** Ends the connection once what was sent has left; the reason comes back in `closed`. */
  close(reason: EndReason): void;
};

export type BrokerEvents<Admission> = {
  /** Decides whether a hub may connect; undefined = no, the log has the reason. */
  admit(request: {
    readonly hubId: HubId;
    readonly password: string;
    readonly remote: string;
  }): Promise<Admission | undefined>;
  opened(connection: HubConnection, admission: Admission): void;
  /** A frame in the order sent; nothing more is read from this hub until a promise returned has ended. */
  frame(connection: HubConnection, frame: UpFrame, payload: Buffer): Promise<void> | undefined;
  closed(connection: HubConnection, reason: EndReason): void;
};

export type BrokerTraffic = {
  connections: number;
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  refusedConnections: number;
};

export type Broker = {
  readonly traffic: Readonly<BrokerTraffic>;
  isRunning(): boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Used by connections made from then on. */
  renewCertificate(): void;
};

const handshakeMs = 10_000;
/** A CONNECT packet holds two ids and a password. */
const connectLimitBytes = 2_048;
/** Topic, packet id and length come on top of a frame. */
const packetLimitBytes = maxFrameBytes + 512;
/** What a hub may leave untaken: 8 frames of the largest size, or so many small ones. */
const untakenLimitBytes = 8 * maxFrameBytes;
const untakenLimitFrames = 512;
const closingMs = 2_000;

/** The MQTT broker on `host` and `port`. */
export function createBroker<Admission>({
  host,
  port,
  certificate,
  events,
  log,
}: {
  readonly host: string;
  readonly port: number;
  /** Asked at the start and after each renewal. */
  readonly certificate: () => TlsCertificate;
  readonly events: BrokerEvents<Admission>;
  readonly log: Log;
}): Broker {
  const traffic: BrokerTraffic = {
    connections: 0,
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    refusedConnections: 0,
  };
  const sockets = new Set<TLSSocket>();
  const meters = new WeakMap<object, PacketMeter>();
  const admissions = new WeakMap<Client, Admission>();
  const connections = new WeakMap<Client, Connection>();
  let aedes: Aedes | undefined;
  let server: Server | undefined;

  function refuse(remote: string, reason: string, fields: object = {}): void {
    traffic.refusedConnections += 1;
    log.info({ remote, reason, ...fields }, 'a hub was not let in');
  }

  function takeSocket(socket: TLSSocket): void {
    const meter = createPacketMeter(connectLimitBytes);
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => {
      const chunk: unknown = read(size);
      if (!Buffer.isBuffer(chunk)) return chunk;
      traffic.bytesIn += chunk.length;
      if (meter.take(chunk)) return chunk;
      const client = (socket as TLSSocket & { client?: Client }).client;
      const connection = client === undefined ? undefined : connections.get(client);
      if (connection === undefined) refuse(remoteOf(socket), 'too_large');
      else connection.end('too_large');
      socket.destroy();
      return null;
    };
    meters.set(socket, meter);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    aedes?.handle(socket);
  }

  async function admit(client: Client, password: string): Promise<boolean> {
    const remote = remoteOf(client.conn);
    const hubId = client.id as HubId;
    const admission = await events.admit({ hubId, password, remote });
    if (admission === undefined) {
      traffic.refusedConnections += 1;
      return false;
    }
    admissions.set(client, admission);
    meters.get(client.conn)?.setLimit(packetLimitBytes);
    return true;
  }

  function open(client: Client): void {
    const admission = admissions.get(client);
    // A socket that has gone meanwhile would never say that it closed.
    if (admission === undefined || client.conn.destroyed) return;
    const connection = new Connection(client, traffic, (reason) => {
      traffic.connections -= 1;
      events.closed(connection, reason);
    });
    connections.set(client, connection);
    traffic.connections += 1;
    events.opened(connection, admission);
  }

  function takeFrame(
    client: Client | null,
    packet: PublishPacket,
    answer: (error?: Error | null) => void,
  ): void {
    const connection = client === null ? undefined : connections.get(client);
    if (client === null || connection === undefined) return answer(new Error('nobody may publish'));
    const frame = frameOfTopic(packet.topic, connection.hubId);
    if (frame === undefined || packet.retain || packet.qos > 1) {
      log.warn(
        { hubId: connection.hubId, remote: connection.remote },
        'a hub published where it may not',
      );
      connection.end('forbidden_topic');
      return answer(new Error('forbidden topic'));
    }
    traffic.framesIn += 1;
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    const held = events.frame(connection, frame, payload);
    if (held === undefined) return answer(null);
    held.then(
      () => answer(null),
      (error: unknown) => answer(error instanceof Error ? error : new Error('frame failed')),
    );
  }

  async function startAedes(): Promise<Aedes> {
    const broker = await Aedes.createBroker({
      connectTimeout: handshakeMs,
      drainTimeout: handshakeMs,
      preConnect(_client, packet, answer) {
        const { protocolVersion } = packet;
        // A version that does not exist lets the broker answer CONNACK 1, which clients of 3.1 and 5 understand.
        if (protocolVersion !== 4) Object.assign(packet, { protocolVersion: 0 });
        packet.clean = true;
        delete packet.will;
        answer(null, true);
      },
      authenticate(client, username, password, answer) {
        if (client.id !== username || !isUuid(username) || username !== username.toLowerCase()) {
          refuse(
            remoteOf(client.conn),
            'client id and user name must both be the hub id, in lower case',
          );
          return answer(Object.assign(new Error('identifier rejected'), { returnCode: 2 }), false);
        }
        admit(client, password?.toString('utf8') ?? '').then(
          (isAdmitted) => answer(null, isAdmitted),
          (error: unknown) => {
            log.error({ err: error }, 'a hub could not be checked');
            answer(Object.assign(new Error('server unavailable'), { returnCode: 3 }), false);
          },
        );
      },
      authorizePublish: takeFrame,
      authorizeSubscribe(client, subscription, answer) {
        const connection = connections.get(client);
        if (maySubscribe(subscription.topic, client.id)) return answer(null, subscription);
        log.warn(
          { hubId: client.id, remote: remoteOf(client.conn) },
          'a hub subscribed where it may not',
        );
        connection?.end('forbidden_topic');
        answer(new Error('forbidden topic'));
      },
    });
    broker.on('clientReady', open);
    // Its typings do not know this event; without a listener it would end the program.
    const emitter: EventEmitter = broker;
    emitter.on('error', (error: unknown) => {
      log.error({ err: error }, 'the MQTT broker failed');
    });
    broker.on('ack', (_packet, client) => connections.get(client)?.taken());
    broker.on('connectionError', (client, error) => {
      refuse(remoteOf(client.conn), error.message);
    });
    broker.on('clientError', (client, error) => {
      log.debug({ hubId: client.id, problem: error.message }, 'the connection of a hub failed');
      connections.get(client)?.end('connection_lost');
    });
    return broker;
  }

  return {
    traffic,
    isRunning: () => server?.listening === true,
    async start() {
      aedes = await startAedes();
      server = createServer({
        ...certificate(),
        minVersion: 'TLSv1.3',
        handshakeTimeout: handshakeMs,
        noDelay: true,
      });
      server.on('secureConnection', takeSocket);
      server.on('tlsClientError', (error, socket) => {
        refuse(remoteOf(socket), error.message);
      });
      server.listen({ host, port });
      await once(server, 'listening');
    },
    async stop() {
      const closing = server;
      server = undefined;
      if (closing !== undefined) {
        const closed = once(closing, 'close');
        closing.close();
        const force = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, closingMs);
        for (const socket of sockets) socket.end();
        await closed;
        clearTimeout(force);
      }
      const stopping = aedes;
      aedes = undefined;
      if (stopping !== undefined) {
        await new Promise<void>((resolve) => {
          stopping.close(() => resolve());
        });
      }
    },
    renewCertificate() {
      server?.setSecureContext({ ...certificate(), minVersion: 'TLSv1.3' });
    },
  };
}

function remoteOf(conn: object): string {
  const { remoteAddress, remotePort } = conn as { remoteAddress?: string; remotePort?: number };
  return `${remoteAddress ?? 'unknown'}:${String(remotePort ?? 0)}`;
}

class Connection implements HubConnection {
  readonly hubId: HubId;
  readonly remote: string;
  readonly #client: Client;
  readonly #traffic: BrokerTraffic;
  /** Sizes of the frames the hub has not acknowledged, oldest first. */
  readonly #untaken: number[] = [];
  #untakenBytes = 0;
  #reason: EndReason | undefined;
  #waitingForRoom: (() => void)[] = [];

  constructor(client: Client, traffic: BrokerTraffic, onClosed: (reason: EndReason) => void) {
    this.#client = client;
    this.#traffic = traffic;
    this.hubId = client.id as HubId;
    this.remote = remoteOf(client.conn);
    client.conn.once('close', () => {
      this.#reason ??= 'closed_by_hub';
      onClosed(this.#reason);
      this.#tellRoom();
    });
  }

  send(frame: DownFrame, payload: string): void {
    if (this.#reason !== undefined) return;
    const bytes = Buffer.byteLength(payload);
    const qos = frame === 'beat' ? 0 : 1;
    if (qos === 1) {
      this.#untaken.push(bytes);
      this.#untakenBytes += bytes;
    }
    const untaken = this.#untakenBytes + this.#client.conn.writableLength;
    if (untaken > untakenLimitBytes || this.#untaken.length > untakenLimitFrames) {
      this.end('overflow');
      this.#client.conn.destroy();
      return;
    }
    this.#traffic.framesOut += 1;
    this.#traffic.bytesOut += bytes;
    const topic = downTopic(this.#client.id, frame);
    this.#client.publish(
      { cmd: 'publish', topic, payload, qos, retain: false, dup: false },
      () => undefined,
    );
  }

  /** The hub has acknowledged its oldest frame. */
  taken(): void {
    this.#untakenBytes -= this.#untaken.shift() ?? 0;
    if (this.#hasRoom()) this.#tellRoom();
  }

  room(): Promise<void> {
    if (this.#hasRoom() || this.#reason !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waitingForRoom.push(resolve);
    });
  }

  #hasRoom(): boolean {
    return this.#untakenBytes <= untakenLimitBytes / 4;
  }

  #tellRoom(): void {
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const tell of waiting) tell();
  }

  /** Names the reason for the end that follows; the first reason stays. */
  end(reason: EndReason): void {
    this.#reason ??= reason;
  }

  close(reason: EndReason): void {
    if (this.#reason !== undefined) return;
    this.end(reason);
    const { conn } = this.#client;
    // The broker hands frames to the socket one turn of the loop after `send`.
    setImmediate(() => setImmediate(() => conn.end()));
    const force = setTimeout(() => conn.destroy(), closingMs);
    force.unref();
    conn.once('close', () => clearTimeout(force));
  }
}
