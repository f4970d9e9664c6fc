import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IqId, LockId } from '#contract/ids';
import {
  changedAccessors,
  changedGroups,
  changedHardware,
  changedSettings,
  changedTrust,
} from '#server/store/desired-sources';
import { inTransaction, readScope } from '#server/store/scope';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf } from '#test/kit/core';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;

beforeAll(async () => {
  cardea = await startTestServer();
}, 120_000);
afterAll(() => cardea.stop());

/** What writes choose from; things that are gone stay in it, so that some writes fail. */
type World = {
  readonly collections: readonly string[];
  readonly iqs: readonly IqId[];
  readonly locks: readonly LockId[];
  readonly tags: readonly string[];
  readonly accessors: string[];
  readonly groups: string[];
};

async function build(): Promise<World> {
  const collections = [
    (await create(cardea, '/collections')).id,
    (await create(cardea, '/collections')).id,
  ];
  const places = [collections[0], collections[1], null];
  const iqs = await Promise.all(
    places.map((place) => insertIq(cardea, { collection_id: place ?? null })),
  );
  const locks = await Promise.all(
    [0, 0, 1, 2].map((at) =>
      insertLock(cardea, {
        collection_id: places[at] ?? null,
        iq_id: iqs[at] ?? null,
        iq_link_state: 'attached',
        offline_key_limit: 2,
      }),
    ),
  );
  await inTransaction({ database: cardea.database, tenantId: cardea.tenant.tenantId }, (scope) =>
    cardea.cardea.domain.desiredState.refresh(scope, { iqIds: iqs, lockIds: locks }),
  );
  const tags = await Promise.all(
    places.map(async (place) => (await insertTag(cardea, { collection_id: place ?? null })).id),
  );
  const accessors = await Promise.all(
    places.map(async (place) => (await create(cardea, '/accessors', { collection_id: place })).id),
  );
  const groups = [
    (await create(cardea, '/access_groups')).id,
    (await create(cardea, '/access_groups')).id,
  ];
  return { collections, iqs, locks, tags, accessors, groups };
}

type Pick = <T>(list: readonly T[]) => T;
type Sent = readonly [method: string, path: string, body?: object];

const nothing = '00000000-0000-0000-0000-000000000000';

/** The writes that change what a door decides; `pick` chooses, `flag` tosses. */
const writes: readonly ((
  world: World,
  chance: { readonly pick: Pick; readonly flag: boolean },
) => Sent | Promise<Sent | null>)[] = [
  (w, { pick }) => ['POST', '/accessors', { collection_id: pick([...w.collections, null]) }],
  (w, { pick, flag }) => ['PATCH', `/accessors/${pick(w.accessors)}`, { blocked: flag }],
  (w, { pick }) => [
    'PATCH',
    `/accessors/${pick(w.accessors)}`,
    { collection_id: pick([...w.collections, nothing]) },
  ],
  (w, { pick }) => ['DELETE', `/accessors/${pick(w.accessors)}?force=true`],
  (w, { pick }) => ['POST', `/accessors/${pick(w.accessors)}/keys`, { tag_id: pick(w.tags) }],
  (w, { pick, flag }) =>
    ofKey(w, pick, (path) => ['PATCH', path, { blocked: flag, tag_id: pick(w.tags) }]),
  (w, { pick }) => ofKey(w, pick, (path) => ['DELETE', `${path}?force=true`]),
  (w, { pick }) => [
    'POST',
    `/accessors/${pick(w.accessors)}/license_plates`,
    { license_plate: pick(['AB1', 'CD2', 'EF3']) },
  ],
  (w, { pick }) => ['PUT', `/accessors/${pick(w.accessors)}/pin`, {}],
  (w, { pick, flag }) => [
    'POST',
    `/accessors/${pick(w.accessors)}/collection_settings`,
    { collection_id: pick(w.collections), suspended: flag, use_pin: !flag },
  ],
  (w, { pick, flag }) => [
    'PATCH',
    `/accessors/${pick(w.accessors)}/collection_settings/${pick(w.collections)}`,
    { blocked: flag, override_privacy_mode: flag },
  ],
  (w, { pick }) => [
    'DELETE',
    `/accessors/${pick(w.accessors)}/collection_settings/${pick(w.collections)}?force=true`,
  ],
  (w, { pick, flag }) =>
    ofKey(w, pick, (_path, accessor, key) => [
      'POST',
      `/accessors/${accessor}/collection_settings/${pick(w.collections)}/key_settings`,
      {
        accessor_key_id: key,
        blocked: !flag,
        offline_access_type: flag ? 'by_access' : 'by_offline_keys',
      },
    ]),
  (w, { pick }) => [
    'PATCH',
    `/tags/${pick(w.tags)}`,
    { expiry_date: pick(['2030-01-01T00:00:00Z', '']), collection_id: pick(w.collections) },
  ],
  (w, { pick }) => ['POST', '/access_groups', { collection_id: pick([...w.collections, null]) }],
  (w, { pick }) => ['DELETE', `/access_groups/${pick(w.groups)}`],
  (w, { pick, flag }) => [
    'PATCH',
    `/access_groups/${pick(w.groups)}/accessors`,
    { [flag ? 'add_ids' : 'remove_ids']: [pick(w.accessors)] },
  ],
  (w, { pick, flag }) => [
    'PATCH',
    `/access_groups/${pick(w.groups)}/locks`,
    { [flag ? 'add_ids' : 'remove_ids']: [pick(w.locks)] },
  ],
  (w, { pick, flag }) => [
    'POST',
    `/access_groups/${pick(w.groups)}/time_schedules`,
    { monday: true, sunday: flag },
  ],
  async (w, { pick }) => {
    const path = `/access_groups/${pick(w.groups)}/time_schedules`;
    const answer = await cardea.ask('GET', path);
    const [schedule] = (answer.json as { items?: { id: string }[] }).items ?? [];
    return schedule === undefined ? null : ['DELETE', `${path}/${schedule.id}`];
  },
  (w, { pick, flag }) => ['PATCH', `/locks/${pick(w.locks)}`, { license_plate_camera: flag }],
  (w, { pick, flag }) => [
    'PUT',
    `/locks/${pick(w.locks)}/easy_office_mode_schedule`,
    { monday: true, eom_auto_start: flag },
  ],
  (w, { pick }) => ['DELETE', `/locks/${pick(w.locks)}/easy_office_mode_schedule`],
  (w, { pick, flag }) =>
    ofKey(w, pick, (_path, _accessor, key) => [
      'PATCH',
      `/locks/${pick(w.locks)}/offline_keys`,
      { [flag ? 'add_ids' : 'remove_ids']: [key] },
    ]),
  (w, { pick, flag }) => [
    'PATCH',
    `/collections/${pick(w.collections)}/options`,
    { offline_schedules: flag, tags_from_other_sites: !flag, custom_pin_enabled: flag },
  ],
  (w, { pick }) => ['PATCH', `/collections/${pick(w.collections)}`, { masterkey_id: pick(w.tags) }],
  (w, { pick }) => [
    'PATCH',
    `/iqs/${pick(w.iqs)}`,
    {
      time_zone: pick(['Europe/Amsterdam', 'Asia/Tokyo']),
      collection_id: pick([...w.collections, nothing]),
    },
  ],
];

async function ofKey(
  world: World,
  pick: Pick,
  write: (path: string, accessor: string, key: string) => Sent,
): Promise<Sent | null> {
  const accessor = pick(world.accessors);
  const answer = await cardea.ask('GET', `/accessors/${accessor}/keys`);
  const keys = (answer.json as { items?: { id: string }[] }).items ?? [];
  if (keys.length === 0) return null;
  const key = pick(keys).id;
  return write(`/accessors/${accessor}/keys/${key}`, accessor, key);
}

/** What a compile from nothing would change in what is stored. */
async function differences(iqIds: readonly IqId[]) {
  const scope = readScope(cardea.database, cardea.tenant.tenantId);
  return [
    ...(await changedSettings(scope, iqIds)),
    ...(await changedHardware(scope, iqIds)),
    ...(await changedGroups(scope, iqIds, null)),
    ...(await changedAccessors(scope, { iqIds, accessorIds: null })),
    ...(await changedTrust(scope, iqIds)),
  ];
}

async function send(world: World, [method, path, body]: Sent): Promise<string> {
  const token = await cardea.token('hardware_api');
  const answer = await cardea.ask(method, path, { token, ...(body === undefined ? {} : { body }) });
  if (answer.status === 200 && path === '/accessors')
    world.accessors.push((answer.json as { id: string }).id);
  if (answer.status === 200 && path === '/access_groups')
    world.groups.push((answer.json as { id: string }).id);
  return `${answer.status} ${method} ${path} ${JSON.stringify(body ?? {})}`;
}

/** Which write, what it picks, and how its coin falls. */
const step = fc.record({
  write: fc.nat({ max: writes.length - 1 }),
  picks: fc.infiniteStream(fc.nat({ max: 1_000_000 })),
  flag: fc.boolean(),
});

describe('the desired state of every IQ', () => {
  it.each([
    ['one after the other', 1],
    ['four at a time', 4],
  ])(
    'is what a compile from nothing makes it, after any writes %s',
    async (_how, width) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 48 }), async (steps) => {
          const world = await build();
          const said: string[] = [];
          for (let at = 0; at < steps.length; at += width) {
            const batch = steps.slice(at, at + width).map(async ({ write, picks, flag }) => {
              const pick: Pick = (list) => {
                const { value } = picks.next() as { value: number };
                return list[value % list.length] as never;
              };
              const sent = await writes[write]?.(world, { pick, flag });
              return sent ? send(world, sent) : 'nothing to write';
            });
            said.push(...(await Promise.all(batch)));
            const found = await differences(world.iqs);
            expect({ said: said.slice(-width * 2), found }).toMatchObject({ found: [] });
          }
          expect(said.filter((one) => one.startsWith('5'))).toEqual([]);
          await forget(world);
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
    240_000,
  );

  it('is found to differ where a row was changed behind its back', async () => {
    const world = await build();
    expect(await differences(world.iqs)).toEqual([]);
    await cardea.database.pool.query(`update iqs set time_zone = 'Asia/Tokyo' where id = $1`, [
      world.iqs[0],
    ]);
    expect(await differences(world.iqs)).toMatchObject([{ key: 'settings' }]);
    await forget(world);
  });
});

/** Accessors of no collection are known to every IQ of the tenant, those of former worlds included. */
async function forget(world: World): Promise<void> {
  for (const { id } of await itemsOf(cardea, '/accessors?$top=1000'))
    await cardea.ask('DELETE', `/accessors/${id}?force=true`);
  await cardea.database.pool.query('delete from desired_items where iq_id = any ($1)', [world.iqs]);
  await cardea.database.pool.query('update locks set iq_id = null where iq_id = any ($1)', [
    world.iqs,
  ]);
  await cardea.database.pool.query('delete from iqs where id = any ($1)', [world.iqs]);
}
