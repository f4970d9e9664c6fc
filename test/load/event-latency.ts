/**
 * From the instant a hub sends an event until a SignalR client of the site has it, at a steady rate; in between it is committed.
 * Beside it an MQTT publish, one batched commit of the same rows and one WebSocket send.
 */
import { readFile } from 'node:fs/promises';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Pool } from 'pg';
import { WebSocket } from 'ws';
import { createLogins } from '#server/identity/logins';
import { createPasswords } from '#server/identity/passwords';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { until } from '#test/kit/wait';
import { readColumns, type Columns } from './entry-rows.ts';
import { startFloorLink } from './floor-link-client.ts';
import { connectSpeakers, entryEvent, leaveAll, type Speaker } from './hub-speaker.ts';
import type { Measure } from './measure.ts';
import { tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { median, percentile } from './statistics.ts';

const hubCount = 100;
export const perSecond = 1_000;
const tickMs = 10;

export type Latency = { readonly p50: number; readonly p99: number };
/** Tells of each event by its id. */
export type Listener = (id: string) => void;
export type Path = {
  /** Sends at the rate for so many seconds, and resolves when all have arrived. */
  measure(seconds: number): Promise<Latency>;
  close(): Promise<void>;
};

export const eventLatency: Measure = {
  name: 'event-latency',
  async run({ bed, stage }) {
    const found = await stage();
    const floorPlace = await bed.createDatabase('floor_events');
    const link = await startFloorLink(bed, floorPlace.url);
    const floor = await openFloor(found, { ...link, databaseUrl: floorPlace.url });
    const ours = await openOurs(found);
    const seconds = bed.isQuick ? 2 : 8;
    const taken = { floor: [] as Latency[], ours: [] as Latency[] };
    await floor.measure(1);
    await ours.measure(1);
    for (let round = 0; round < (bed.isQuick ? 1 : 3); round += 1) {
      taken.floor.push(await floor.measure(seconds));
      taken.ours.push(await ours.measure(seconds));
    }
    await floor.close();
    await ours.close();
    await link.program.stop();
    const figure = (share: keyof Latency) => ({
      what: `event at the IQ to SignalR client at ${perSecond.toLocaleString('en')}/s, ${share}`,
      unit: 'ms',
      floor: median(taken.floor.map((latency) => latency[share])),
      ours: median(taken.ours.map((latency) => latency[share])),
    });
    return [
      { ...figure('p50'), budget: { kind: 'ratio_at_most', limit: 3 } },
      { ...figure('p99'), budget: { kind: 'at_most', limit: 250 } },
    ];
  },
};

async function openOurs(stage: Stage): Promise<Path> {
  const address = { port: stage.server.mqttPort, ca: await readFile(stage.server.caPath) };
  // The last hubs: other measures use the first ones.
  const speakers = await connectSpeakers(
    { ...address, greeting: 'hello' },
    stage.hubs.slice(-hubCount),
  );
  let heard: Listener = () => undefined;
  const connection = await listen(stage, (id) => heard(id));
  const sequences = new Map<Speaker, number>();
  const frameOf = (speaker: Speaker) => {
    const sequence = (sequences.get(speaker) ?? 0) + 1;
    sequences.set(speaker, sequence);
    const event = entryEvent(speaker.hub, sequence);
    return { id: event.id, payload: JSON.stringify({ boot: 1, events: [event] }) };
  };
  return createPath(speakers, {
    frameOf,
    listen: (listener) => {
      heard = listener;
    },
    close: () => connection.stop(),
  });
}

/** A person who owns these sites; the result fetches a token. */
export async function signInOwner(
  { place, server, client }: Stage,
  { name, siteIds }: { readonly name: string; readonly siteIds: readonly string[] },
): Promise<() => Promise<string>> {
  const { database } = place;
  const ids = createRandomIds();
  const logins = createLogins({
    database,
    clock: createSystemClock(),
    ids,
    passwords: createPasswords(ids),
  });
  const person = {
    username: `${name}@bench.example`,
    password: ids.bytes(24).toString('base64url'),
  };
  const made = await logins.createLogin({
    email: person.username,
    password: person.password,
    firstName: 'Olga',
    lastName: 'Bench',
    isEmailVerified: true,
  });
  if (!('loginId' in made)) throw new Error(made.fault);
  const userId = await logins.joinTenant({ loginId: made.loginId, tenantId });
  await database.pool.query('update collections set owner_user_id = $1 where id = any ($2)', [
    userId,
    siteIds,
  ]);
  return () =>
    server.requests.token({
      ...client,
      ...person,
      grant_type: 'password',
      scope: 'user_api.full_access',
    });
}

/** The official client, signed in as the owner of the hubs' site. */
async function listen(stage: Stage, listener: Listener) {
  const { server, hubCollectionId } = stage;
  const token = await signInOwner(stage, { name: 'owner', siteIds: [hubCollectionId] });
  const connection = new HubConnectionBuilder()
    .withUrl(`${server.url}/v1/hub/entries?site_id=${hubCollectionId}`, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: token,
    })
    .configureLogging(LogLevel.Error)
    .build();
  connection.on('ReceiveMessage', (json: string) => listener((JSON.parse(json) as Named).id));
  await connection.start();
  return connection;
}

type Named = { readonly id: string };

async function openFloor(
  stage: Stage,
  given: {
    readonly program: { call<Result>(act: string, given?: unknown): Promise<Result> };
    readonly address: Parameters<typeof connectSpeakers>[0];
    readonly streamUrl: string;
    readonly databaseUrl: string;
  },
): Promise<Path> {
  const pool = new Pool({ connectionString: given.databaseUrl, max: 1 });
  const columns: Columns = await readColumns(pool, 'entries');
  await pool.end();
  await given.program.call('stream', { columns });
  const speakers = await connectSpeakers(given.address, stage.hubs.slice(-hubCount));
  const socket = new WebSocket(given.streamUrl);
  await new Promise((resolve) => {
    socket.once('open', resolve);
  });
  let number = 0;
  return createPath(speakers, {
    frameOf: ({ hub }) => {
      number += 1;
      const row = rowOf(stage.hubCollectionId, { hub, number });
      return { id: row.id, payload: JSON.stringify(row) };
    },
    listen: (listener) => {
      socket.removeAllListeners('message');
      socket.on('message', (data: Buffer) => listener((JSON.parse(data.toString()) as Named).id));
    },
    close: () => {
      socket.close();
      return Promise.resolve();
    },
  });
}

/** The row the event becomes, made by the sender: the floor decides nothing. */
export function rowOf(
  collectionId: string,
  { hub, number }: { readonly hub: Speaker['hub']; readonly number: number },
) {
  const { id, at, local, lock_id, category, access_by, exit_requested } = entryEvent(hub, number);
  return {
    tenant_id: tenantId,
    id,
    number,
    iq_id: hub.iqId,
    boot: 1,
    sequence: number,
    collection_id: collectionId,
    event_category: category,
    utc_date_time: at,
    local_date_time: local,
    lock_id,
    lock_customer_reference: 'Hub door 1',
    lock_mac_address: 'E0000000000001',
    iq_customer_reference: 'IQ 1',
    iq_mac_address: '000001',
    exit_requested,
    access_by,
    is_readable: true,
    stored_at: at,
  };
}

type PathParts = {
  /** The next event of a hub, ready to be sent. */
  readonly frameOf: (speaker: Speaker) => { readonly id: string; readonly payload: string };
  readonly listen: (listener: Listener) => void;
  readonly close: () => Promise<void>;
  /** So many hear each event; 1 unless said. */
  readonly hearers?: number;
};

export function createPath(
  speakers: readonly Speaker[],
  { frameOf, listen: listenTo, close, hearers = 1 }: PathParts,
): Path {
  return {
    async measure(seconds) {
      const sentAt = new Map<string, number>();
      const took: number[] = [];
      listenTo((id) => {
        const began = sentAt.get(id);
        if (began === undefined) return;
        took.push(performance.now() - began);
      });
      const wanted = seconds * perSecond;
      await atRate(wanted, (turn) => {
        const speaker = speakers[turn % speakers.length];
        if (speaker === undefined) return;
        const { id, payload } = frameOf(speaker);
        sentAt.set(id, performance.now());
        speaker.tell('events', payload);
      });
      await until(() => took.length >= wanted * hearers, {
        timeoutMs: 60_000,
        what: `${String(wanted)} events have arrived`,
      });
      return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
    },
    async close() {
      await close();
      await leaveAll(speakers);
    },
  };
}

/** Acts so many times at the rate; what a late timer missed is made up for. */
function atRate(times: number, act: (turn: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const began = performance.now();
    let done = 0;
    const timer = setInterval(() => {
      const due = Math.min(times, ((performance.now() - began) / 1_000) * perSecond);
      for (; done < due; done += 1) act(done);
      if (done < times) return;
      clearInterval(timer);
      resolve();
    }, tickMs);
  });
}
