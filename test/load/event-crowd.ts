/**
 * The latency of event-latency.ts with a thousand listeners: a hundred sites with a hub and ten listeners each, so that every
 * event is sent ten times. Bare WebSockets listen, as a thousand official clients would measure themselves. Beside it the same
 * floor with as many sockets.
 */
import { readFile } from 'node:fs/promises';
import { Pool } from 'pg';
import { WebSocket } from 'ws';
import { readColumns } from './entry-rows.ts';
import {
  createPath,
  perSecond,
  rowOf,
  signInOwner,
  type Latency,
  type Listener,
  type Path,
} from './event-latency.ts';
import { startFloorLink } from './floor-link-client.ts';
import { connectSpeakers, entryEvent, type Speaker } from './hub-speaker.ts';
import type { Measure } from './measure.ts';
import { idOf, tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { median } from './statistics.ts';

const sites = 100;
const listenersPerSite = 10;
const eventId = /"id\\*":\\*"([0-9a-f-]{36})/;

export const eventCrowd: Measure = {
  name: 'event-crowd',
  async run({ bed, stage }) {
    const found = await stage();
    const siteIds = Array.from({ length: sites }, (_, number) => idOf('crowd site', number));
    const crowd: Crowd = { stage: found, siteIds, hubs: found.hubs.slice(-2 * sites, -sites) };
    const floorPlace = await bed.createDatabase('floor_crowd');
    const link = await startFloorLink(bed, floorPlace.url);
    const floor = await openFloor(crowd, { ...link, databaseUrl: floorPlace.url });
    const ours = await openOurs(crowd);
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
    const rate = perSecond.toLocaleString('en');
    const figure = (share: keyof Latency) => ({
      what: `event at the IQ to 1,000 SignalR listeners at ${rate}/s, ${share}`,
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

type Crowd = {
  readonly stage: Stage;
  readonly siteIds: readonly string[];
  readonly hubs: Stage['hubs'];
};

/** Connects the listeners of each site; each tells of the events it hears. */
async function listenEverywhere(
  siteIds: readonly string[],
  { connect, heard }: { readonly connect: (siteId: string) => Promise<WebSocket>; heard: Listener },
): Promise<readonly WebSocket[]> {
  const sockets: WebSocket[] = [];
  for (const siteId of siteIds) {
    const those = Array.from({ length: listenersPerSite }, () => connect(siteId));
    for (const socket of await Promise.all(those)) {
      socket.on('message', (data: Buffer) => {
        for (const record of data.toString('latin1').split('\u001e')) {
          const id = eventId.exec(record)?.[1];
          if (id !== undefined) heard(id);
        }
      });
      sockets.push(socket);
    }
  }
  return sockets;
}

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

async function openOurs({ stage, siteIds, hubs }: Crowd): Promise<Path> {
  const { server, place } = stage;
  await place.database.pool.query(
    `insert into collections (tenant_id, id, customer_reference, time_zone, created_at)
     select $1, id, 'Crowd', 'UTC', now() from unnest($2::uuid[]) id`,
    [tenantId, siteIds],
  );
  await place.database.pool.query(
    `update iqs i set collection_id = m.site_id
       from unnest($1::uuid[], $2::uuid[]) m (iq_id, site_id) where i.id = m.iq_id`,
    [hubs.map(({ iqId }) => iqId), siteIds],
  );
  const token = await (await signInOwner(stage, { name: 'crowd', siteIds }))();
  const address = { port: server.mqttPort, ca: await readFile(server.caPath), greeting: 'hello' };
  const speakers = await connectSpeakers({ ...address, greeting: 'hello' }, hubs);
  let heard: Listener = () => undefined;
  const sockets = await listenEverywhere(siteIds, {
    connect: async (siteId) => {
      const query = `site_id=${siteId}&access_token=${token}`;
      const socket = await openSocket(
        `${server.url.replace('http', 'ws')}/v1/hub/entries?${query}`,
      );
      const answered = new Promise((resolve) => {
        socket.once('message', resolve);
      });
      socket.send('{"protocol":"json","version":1}\u001e');
      await answered;
      return socket;
    },
    heard: (id) => heard(id),
  });
  const pings = setInterval(() => {
    for (const socket of sockets) socket.send('{"type":6}\u001e');
  }, 10_000);
  const sequences = new Map<Speaker, number>();
  return createPath(speakers, {
    hearers: listenersPerSite,
    frameOf: (speaker) => {
      const sequence = (sequences.get(speaker) ?? 0) + 1;
      sequences.set(speaker, sequence);
      const event = entryEvent(speaker.hub, sequence);
      return { id: event.id, payload: JSON.stringify({ boot: 1, events: [event] }) };
    },
    listen: (listener) => {
      heard = listener;
    },
    close: () => {
      clearInterval(pings);
      for (const socket of sockets) socket.terminate();
      return Promise.resolve();
    },
  });
}

async function openFloor(
  { siteIds, hubs }: Crowd,
  given: Awaited<ReturnType<typeof startFloorLink>> & { readonly databaseUrl: string },
): Promise<Path> {
  const pool = new Pool({ connectionString: given.databaseUrl, max: 1 });
  await given.program.call('stream', { columns: await readColumns(pool, 'entries') });
  await pool.end();
  const speakers = await connectSpeakers(given.address, hubs);
  let heard: Listener = () => undefined;
  const sockets = await listenEverywhere(siteIds, {
    connect: (siteId) => openSocket(`${given.streamUrl}/?site=${siteId}`),
    heard: (id) => heard(id),
  });
  const sites = new Map(hubs.map((hub, index) => [hub, siteIds[index] ?? '']));
  let number = 0;
  return createPath(speakers, {
    hearers: listenersPerSite,
    frameOf: ({ hub }) => {
      number += 1;
      const row = rowOf(sites.get(hub) ?? '', { hub, number });
      return { id: row.id, payload: JSON.stringify(row) };
    },
    listen: (listener) => {
      heard = listener;
    },
    close: () => {
      for (const socket of sockets) socket.terminate();
      return Promise.resolve();
    },
  });
}
