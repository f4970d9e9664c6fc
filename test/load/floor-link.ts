/**
 * The floors of the device link: a bare aedes over TLS, with the commits and the WebSocket that the promise needs and nothing
 * else. Clients use the topics of the device link and one of their own for events.
 */
import { once } from 'node:events';
import { createServer } from 'node:tls';
import { Aedes, type PublishPacket } from 'aedes';
import { Pool } from 'pg';
import { WebSocketServer, type WebSocket } from 'ws';
import { downTopic } from '#contract/iq-link';
import { createDeviceCertificates } from '#server/runtime/certificates';
import { createSystemClock } from '#server/runtime/clock';
import { createLog } from '#server/runtime/log';
import { insertRows, type Columns } from './entry-rows.ts';
import { memory } from './memory.ts';
import { offer } from './programs.ts';

let streamPort = 0;
let pool: Pool | undefined;
let broker: Aedes | undefined;
let streams: WebSocketServer | undefined;
let answered: ((packet: PublishPacket) => void) | undefined;

function database(): Pool {
  if (pool === undefined) throw new Error('the floor has not been started');
  return pool;
}

async function start(given: {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly port: number;
  readonly streamPort: number;
}): Promise<{ readonly caPath: string | null }> {
  streamPort = given.streamPort;
  pool = new Pool({ connectionString: given.databaseUrl, max: 4 });
  pool.on('error', () => undefined);
  await pool.query('create table if not exists acts (id uuid primary key, state text not null)');
  const certificates = createDeviceCertificates({
    dataDir: given.dataDir,
    names: [],
    files: null,
    clock: createSystemClock(),
    log: createLog({ level: 'error', format: 'lines', target: process.stderr }),
  });
  await certificates.start();
  broker = await Aedes.createBroker();
  broker.on('publish', (packet, client) => {
    if (client === null) return;
    if (packet.topic.endsWith('/up/outcome')) answered?.(packet);
    if (packet.topic.endsWith('/up/events')) take(packet);
  });
  const server = createServer({ ...certificates.current(), minVersion: 'TLSv1.3', noDelay: true });
  server.on('secureConnection', (socket) => broker?.handle(socket));
  server.on('tlsClientError', () => undefined);
  server.listen(given.port, '127.0.0.1');
  await once(server, 'listening');
  return { caPath: certificates.caPath };
}

/** Milliseconds of each opening: a durable row, a message there and back, the durable outcome. */
async function open({
  hubId,
  times,
}: {
  readonly hubId: string;
  readonly times: number;
}): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const id = crypto.randomUUID();
    const began = performance.now();
    await database().query({
      name: 'act',
      text: `insert into acts (id, state) values ($1, 'sent')`,
      values: [id],
    });
    const answer = new Promise((resolve) => {
      answered = resolve;
    });
    say(downTopic(hubId, 'command'), JSON.stringify({ id }));
    await answer;
    await database().query({
      name: 'outcome',
      text: `update acts set state = 'confirmed' where id = $1`,
      values: [id],
    });
    took.push(performance.now() - began);
  }
  return took;
}

function say(topic: string, payload: string): void {
  broker?.publish(
    { cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false },
    () => undefined,
  );
}

// ── events: what comes while one batch is being committed leaves with the next ──────────────────────────────────────────────

let waiting: Record<string, unknown>[] = [];
let isStoring = false;
let columns: Columns | undefined;
/** By the site they asked for; '' = all. */
const hearers = new Map<string, WebSocket[]>();

function take(packet: PublishPacket): void {
  if (columns === undefined) return;
  waiting.push(JSON.parse(packet.payload.toString()) as Record<string, unknown>);
  if (!isStoring) void storeWaiting(columns);
}

async function storeWaiting(columns: Columns): Promise<void> {
  isStoring = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await insertRows(database(), { table: 'entries', columns, rows: batch });
    for (const row of batch) {
      const text = JSON.stringify(row);
      for (const socket of hearers.get('') ?? []) socket.send(text);
      for (const socket of hearers.get(String(row['collection_id'])) ?? []) socket.send(text);
    }
  }
  isStoring = false;
}

/** From here on events, whole rows of `entries`, are stored and sent to whoever listens at the stream's port to their site. */
async function stream(given: { readonly columns: Columns }): Promise<void> {
  columns = given.columns;
  streams = new WebSocketServer({ host: '127.0.0.1', port: streamPort });
  streams.on('connection', (socket, request) => {
    const site = new URL(request.url ?? '', 'http://floor').searchParams.get('site') ?? '';
    hearers.set(site, [...(hearers.get(site) ?? []), socket]);
  });
  await once(streams, 'listening');
}

offer({ start, open, stream, memory });
