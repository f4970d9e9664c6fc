/** From a request that changes who may open doors until the hubs hold it, and how many bytes they are sent for it. */
import { readFile } from 'node:fs/promises';
import type { Frame } from '#contract/iq-link';
import { insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';
import type { House } from './house.ts';
import { connectSpeakers, leaveAll, type Speaker } from './hub-speaker.ts';
import type { Measure } from './measure.ts';
import { idOf, tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { percentile } from './statistics.ts';

const small = 100;

export const tableChange: Measure = {
  name: 'table-change',
  async run({ bed, stage, house }) {
    const [found, doors] = [await stage(), await house()];
    const took = await changeAll(found, { doors, rounds: bed.isQuick ? 2 : 10 });
    const large = found.size.keys;
    const bytes = {
      small: await deltaBytes(found, { keys: small, hub: 0, newcomer: 0 }),
      large: await deltaBytes(found, { keys: large - 2, hub: 1, newcomer: 1 }),
    };
    const hubs = String(doors.lockIds.length);
    const keys = (number: number): string => number.toLocaleString('en');
    return [
      {
        what: `access change held by ${hubs} IQs at once, p50`,
        unit: 'ms',
        floor: null,
        ours: percentile(took, 0.5),
        budget: { kind: 'none' },
      },
      {
        what: `access change held by ${hubs} IQs at once, p99`,
        unit: 'ms',
        floor: null,
        ours: percentile(took, 0.99),
        budget: { kind: 'at_most', limit: 1_000 },
      },
      {
        what: `bytes of one change, ${keys(large)} keys beside ${keys(small)}`,
        unit: 'bytes',
        floor: bytes.small,
        ours: bytes.large,
        budget: { kind: 'ratio_at_most', limit: 1.3 },
      },
    ];
  },
};

/** Milliseconds until each hub holds a person who was just let into all doors. */
async function changeAll(
  stage: Stage,
  { doors, rounds }: { readonly doors: House; readonly rounds: number },
): Promise<readonly number[]> {
  const groupId = await createGroup(stage, doors.collectionId);
  await patchGroup(stage, { groupId, list: 'locks', ids: doors.lockIds });
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const accessorId = await createPerson(stage, doors.collectionId);
    const began = performance.now();
    const request = patchGroup(stage, { groupId, list: 'accessors', ids: [accessorId] });
    const missing = new Set(doors.simulated.hubs);
    await until(
      () => {
        for (const hub of missing) {
          if (hub.view()?.table?.accessors.has(accessorId) !== true) continue;
          missing.delete(hub);
          took.push(performance.now() - began);
        }
        return missing.size === 0;
      },
      { timeoutMs: 30_000, what: 'every hub holds the change' },
    );
    await request;
  }
  return took;
}

/** Bytes of the frames that bring one more person to a hub that holds `keys` already. */
async function deltaBytes(
  stage: Stage,
  given: { readonly keys: number; readonly hub: number; readonly newcomer: number },
): Promise<number> {
  const hub = stage.hubs.at(-1 - given.hub);
  if (hub === undefined) throw new Error('the stage has too few hubs');
  const address = { port: stage.server.mqttPort, ca: await readFile(stage.server.caPath) };
  const [speaker] = await connectSpeakers(address, [hub]);
  if (speaker === undefined) throw new Error('the hub is not connected');
  const held = holdTable(speaker);
  await speaker.greet();
  const groupId = await createGroup(stage, null);
  await stage.place.database.pool.query(
    `insert into access_group_accessors (tenant_id, access_group_id, accessor_id)
     select tenant_id, $2, accessor_id from keys where tenant_id = $1 and id <> all ($4) order by id limit $3`,
    [tenantId, groupId, given.keys, [idOf('key', 0), idOf('key', 1)]],
  );
  await patchGroup(stage, { groupId, list: 'locks', ids: [hub.lockId] });
  await until(() => held.accessors() === given.keys, {
    timeoutMs: 60_000,
    what: `the hub holds ${String(given.keys)} people`,
  });
  const before = held.bytes();
  const newcomer = idOf('accessor', given.newcomer);
  await patchGroup(stage, { groupId, list: 'accessors', ids: [newcomer] });
  await until(() => held.accessors() === given.keys + 1, {
    timeoutMs: 60_000,
    what: 'the hub holds the newcomer',
  });
  const bytes = held.bytes() - before;
  await leaveAll([speaker]);
  return bytes;
}

/** Takes what comes down as a hub with a disk would, and counts it. */
function holdTable(speaker: Speaker) {
  const accessors = new Set<string>();
  let bytes = 0;
  speaker.onFrame((frame, payload) => {
    if (frame !== 'desired') return;
    bytes += payload.length;
    const delta = JSON.parse(payload.toString('utf8')) as Frame<'desired'>;
    for (const { key, value } of delta.items) {
      if (!key.startsWith('accessor/')) continue;
      if (value === null) accessors.delete(key);
      else accessors.add(key);
    }
    if (delta.part === delta.parts)
      speaker.tell('applied', JSON.stringify({ version: delta.to, refused: null }));
  });
  return { accessors: () => accessors.size, bytes: () => bytes };
}

async function createGroup({ server, token }: Stage, collectionId: string | null): Promise<string> {
  const { id } = await server.requests.ask<{ id: string }>('POST', '/v1.2/access_groups', {
    token,
    body: { collection_id: collectionId },
  });
  return id;
}

/** Somebody with a tag; who has none is nobody to a door. */
async function createPerson(
  { server, token, place }: Stage,
  collectionId: string,
): Promise<string> {
  const create = (path: string, body: unknown): Promise<{ id: string }> =>
    server.requests.ask('POST', `/v1.2${path}`, { token, body });
  const tag = await insertTag(
    { database: place.database, tenant: { tenantId } },
    { collection_id: collectionId, tag_number: crypto.randomUUID().slice(0, 13) },
  );
  const { id } = await create('/accessors', { collection_id: collectionId });
  await create(`/accessors/${id}/keys`, { tag_id: tag.id });
  return id;
}

async function patchGroup(
  { server, token }: Stage,
  change: {
    readonly groupId: string;
    readonly list: 'locks' | 'accessors';
    readonly ids: readonly string[];
  },
): Promise<void> {
  const path = `/v1.2/access_groups/${change.groupId}/${change.list}`;
  await server.requests.ask('PATCH', path, { token, status: 204, body: { add_ids: change.ids } });
}
