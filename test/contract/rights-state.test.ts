import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Frame, LockReport } from '#contract/iq-link';
import type { RightState } from '#contract/rights-state';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup, refusal } from '#test/kit/core';
import { insertLock, insertTag } from '#test/kit/rows';
import { connectStranger, type StrangerHub } from '#test/kit/stranger-hub';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let hub: StrangerHub;
let hubId: string;
let credential: string;
let collection: string;
let iq: string;
let door: string;
let person: string;
let key: string;
let group: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock: new Date('2026-06-01T10:00:00Z') });
}, 120_000);
afterAll(() => cardea.stop());

beforeEach(async () => {
  collection = (await create(cardea, '/collections')).id;
  await register();
  door = await insertLock(cardea, {
    collection_id: collection,
    iq_id: iq,
    iq_link_state: 'attached',
  });
  person = (await create(cardea, '/accessors', { collection_id: collection })).id;
  const { id: tagId } = await insertTag(cardea);
  key = (await create(cardea, `/accessors/${person}/keys`, { tag_id: tagId })).id;
  group = await createOpenGroup(cardea, { accessors: [person], locks: [door] });
});
afterEach(() => hub.leave());

/** A hub from its first contact to its claim, before anybody has a right. */
async function register(): Promise<void> {
  const code = `${randomUUID()}${randomUUID()}`.replaceAll('-', '').slice(0, 26).toUpperCase();
  hubId = randomUUID();
  const caller = { port: cardea.mqttPort, caPath: cardea.caPath, hubId };
  const mac = (code.slice(0, 6).match(/../g) ?? []).join('.');
  const factory = await connectStranger({ ...caller, password: code });
  factory.hello({ mac });
  await factory.hears('welcome');
  const registering = create(cardea, '/iqs', {
    activation_code: code,
    collection_id: collection,
  });
  const claim = await factory.hears('claim');
  factory.say('claimed', { claim_id: claim.claim_id, result: 'accepted', reason: null });
  ({ credential, iq_id: iq } = claim);
  factory.leave();
  // The answer waits until the hub holds the certificates of its tenant.
  await dial();
  let isRegistered = false;
  void registering.finally(() => (isRegistered = true));
  await until(() => confirmNewest() >= 0 && isRegistered, { what: 'the hub is registered' });
  hub.leave();
}

/** Dials with its credential; `holds` is the version on its disk. */
async function dial(holds = 0): Promise<void> {
  hub = await connectStranger({
    port: cardea.mqttPort,
    caPath: cardea.caPath,
    hubId,
    password: credential,
  });
  hub.hello({ iq_id: iq, table_version: holds });
  await hub.hears('welcome');
}

async function newest(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ version: string }>(
    'select desired_version as version from iqs where id = $1',
    [iq],
  );
  return Number(rows[0]?.version);
}

/** Says that the newest change that came is on the disk, once; gives its version, 0 = none came. */
function confirmNewest(): number {
  const latest = sentVersions().at(-1) ?? 0;
  if (latest > (confirmed.get(hub) ?? 0)) hub.say('applied', { version: latest, refused: null });
  confirmed.set(hub, latest);
  return latest;
}

const confirmed = new WeakMap<StrangerHub, number>();

/** Says of each change as it comes that it is on the disk, up to the newest. */
async function apply(): Promise<void> {
  const version = await newest();
  await until(() => confirmNewest() >= version, { what: `version ${version} arrives` });
}

const sentVersions = (): number[] =>
  hub.received
    .filter(({ frame }) => frame === 'desired')
    .map(({ body }) => (body as Frame<'desired'>).to);

async function rightsAt(path: string): Promise<RightState[]> {
  const answer = await cardea.ask('GET', `${path}/rights_state`);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return (answer.json as { items: RightState[] }).items;
}

/** The right as the list of the lock tells it. */
async function right(): Promise<RightState | undefined> {
  return (await rightsAt(`/locks/${door}`)).find(
    ({ accessor_id: id, key_id: keyId }) => id === person && keyId === key,
  );
}

/** Waits until both lists tell the right so, and alike. */
async function shows(
  wanted: RightState['wanted'],
  state: RightState['state'],
): Promise<RightState> {
  const found = await until(
    async () => {
      const one = await right();
      return one?.wanted === wanted && one.state === state && one;
    },
    { what: `the right is shown as ${wanted}, ${state}` },
  );
  const ofPerson = await rightsAt(`/accessors/${person}`);
  expect(ofPerson.find(({ lock_id: id, key_id: keyId }) => id === door && keyId === key)).toEqual(
    found,
  );
  return found;
}

/** The hub tells what its lock holds by itself. */
function report(offlineKeyIds: readonly string[], members: Partial<LockReport> = {}): void {
  const lock: LockReport = {
    id: door,
    online: true,
    locked_state: 'locked',
    lock_type: 'escutcheon',
    communication_type: 'blue_net',
    battery_level: 'good',
    left_open_alarm: false,
    intrusion_alarm: false,
    privacy_mode: false,
    tag_registration_until: null,
    signal_strength: null,
    signal_strength_at: null,
    offline_key_limit: 360,
    offline_key_ids: [...offlineKeyIds],
    ...members,
  };
  hub.say('report', { locks: [lock], repeaters: [] });
}

const patchMembers = (body: object) =>
  cardea.ask('PATCH', `/access_groups/${group}/accessors`, { body });

describe('a grant', () => {
  it('is requested, sent, and in the hub only when the hub has said so', async () => {
    expect(await right()).toEqual({
      lock_id: door,
      accessor_id: person,
      key_id: key,
      wanted: 'granted',
      state: 'requested',
      changed_at: '2026-06-01T10:00:00Z',
      confirmed_at: null,
    });
    await dial();
    await shows('granted', 'sent');
    cardea.clock?.advance(5_000);
    await apply();
    const arrived = await shows('granted', 'in_hub');
    expect(arrived).toMatchObject({
      changed_at: '2026-06-01T10:00:00Z',
      confirmed_at: cardea.clock?.now().toISOString().replace('.000', ''),
    });
  });

  it('stays proven while something else about the person is on its way', async () => {
    await dial();
    await apply();
    await shows('granted', 'in_hub');
    hub.leave();
    await cardea.ask('PATCH', `/accessors/${person}`, { body: { toggle_easy_office_mode: true } });
    expect(await right()).toMatchObject({ wanted: 'granted', state: 'in_hub' });
  });

  it('falls back to requested when the hub comes back without its table', async () => {
    await dial();
    await apply();
    await shows('granted', 'in_hub');
    hub.leave();
    await dial(0);
    await shows('granted', 'sent');
  });

  it('without a schedule is none, and neither is a lock without a hub', async () => {
    const { id: loose } = await create(cardea, '/locks', { activation_code: looseCode() });
    const { id: other } = await create(cardea, '/accessors', { collection_id: collection });
    const { id: tagId } = await insertTag(cardea);
    await create(cardea, `/accessors/${other}/keys`, { tag_id: tagId });
    const { id: idle } = await create(cardea, '/access_groups');
    for (const [relation, ids] of Object.entries({ accessors: [other], locks: [door, loose] }))
      await cardea.ask('PATCH', `/access_groups/${idle}/${relation}`, { body: { add_ids: ids } });
    expect(await rightsAt(`/accessors/${other}`)).toEqual([]);
    expect(await rightsAt(`/locks/${loose}`)).toEqual([]);
  });

  it('has failed after the hub refused it three times', async () => {
    await dial();
    for (const time of [1, 2, 3]) {
      await until(() => sentVersions().length >= time, { what: `it is sent, ${time}` });
      if (time < 3) expect((await right())?.state).not.toBe('failed');
      hub.say('applied', { version: 0, refused: 'disk_full' });
    }
    await shows('granted', 'failed');
  });
});

function looseCode(): string {
  return randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
}

describe('a revocation', () => {
  beforeEach(async () => {
    await dial();
    await apply();
    await shows('granted', 'in_hub');
    hub.leave();
  });

  it.each([
    ['the person leaves the group', () => patchMembers({ remove_ids: [person] })],
    [
      'the lock leaves the group',
      () => cardea.ask('PATCH', `/access_groups/${group}/locks`, { body: { remove_ids: [door] } }),
    ],
    ['the group is deleted', () => cardea.ask('DELETE', `/access_groups/${group}`)],
    ['the key is taken away', () => cardea.ask('DELETE', `/accessors/${person}/keys/${key}`)],
    [
      'the key is blocked',
      () => cardea.ask('PATCH', `/accessors/${person}/keys/${key}`, { body: { blocked: true } }),
    ],
    [
      'the person is blocked',
      () => cardea.ask('PATCH', `/accessors/${person}`, { body: { blocked: true } }),
    ],
    [
      'the person is suspended here',
      () =>
        cardea.ask('POST', `/accessors/${person}/collection_settings`, {
          body: { collection_id: collection, suspended: true },
        }),
    ],
    [
      'the last schedule is deleted',
      async () => {
        const path = `/access_groups/${group}/time_schedules`;
        const { json } = await cardea.ask('GET', path);
        const [schedule] = (json as { items: { id: string }[] }).items;
        return cardea.ask('DELETE', `${path}/${schedule?.id}`);
      },
    ],
  ])(
    'is visibly on its way until the hub has confirmed, and a while after: %s',
    async (_what, revoke) => {
      const version = await newest();
      expect([200, 204]).toContain((await revoke()).status);
      expect(await right()).toMatchObject({
        wanted: 'revoked',
        state: 'requested',
        confirmed_at: null,
      });
      await dial(version);
      await shows('revoked', 'sent');
      await apply();
      await shows('revoked', 'in_hub');
    },
  );

  it('of a deleted person is told by the lock', async () => {
    const version = await newest();
    expect((await cardea.ask('DELETE', `/accessors/${person}?force=true`)).status).toBe(204);
    expect(refusal(await cardea.ask('GET', `/accessors/${person}/rights_state`))).toBe('404 1101');
    const ofDoor = async () => (await rightsAt(`/locks/${door}`))[0];
    expect(await ofDoor()).toMatchObject({ wanted: 'revoked', state: 'requested', key_id: key });
    await dial(version);
    await apply();
    await until(async () => (await ofDoor())?.state === 'in_hub', { what: 'the hub confirms' });
  });

  it('is forgotten a day after it arrived, unless the person still belongs to the door', async () => {
    const version = await newest();
    await patchMembers({ remove_ids: [person] });
    await dial(version);
    await apply();
    await shows('revoked', 'in_hub');
    await cardea.database.pool.query(
      `update desired_items set confirmed_at = confirmed_at - interval '86401 seconds' where iq_id = $1`,
      [iq],
    );
    expect(await right()).toBeUndefined();
    expect(await rightsAt(`/accessors/${person}`)).toEqual([]);
  });

  it('that is taken back before it left was never one', async () => {
    await patchMembers({ remove_ids: [person] });
    expect(await right()).toMatchObject({ wanted: 'revoked', state: 'requested' });
    await patchMembers({ add_ids: [person] });
    expect(await right()).toMatchObject({ wanted: 'granted', state: 'in_hub' });
  });
});

describe('a right kept in the lock', () => {
  beforeEach(async () => {
    const body = { add_ids: [key] };
    expect((await cardea.ask('PATCH', `/locks/${door}/offline_keys`, { body })).status).toBe(204);
    await dial();
    await apply();
    await shows('granted', 'in_hub');
  });

  it('is in the lock when the lock has it', async () => {
    report([]);
    report([key]);
    const found = await shows('granted', 'in_lock');
    expect(found.confirmed_at).not.toBeNull();
  });

  it('is not revoked before the lock has let it go, whatever the hub holds', async () => {
    report([key]);
    await shows('granted', 'in_lock');
    await patchMembers({ remove_ids: [person] });
    await apply();
    await until(async () => (await newest()) === (await applied()), { what: 'the hub holds it' });
    expect(await right()).toMatchObject({ wanted: 'revoked', state: 'requested' });
    const { json } = await cardea.ask('GET', `/locks/${door}/offline_keys`);
    expect(json).toMatchObject({ items: [] });
    report([]);
    await shows('revoked', 'in_lock');
  });

  it('has failed when the lock refuses to keep it', async () => {
    report([], { offline_memory_refused: true });
    await shows('granted', 'failed');
  });

  it('has failed where a key by access found no room', async () => {
    const full = await insertLock(cardea, {
      collection_id: collection,
      iq_id: iq,
      iq_link_state: 'attached',
      offline_key_limit: 0,
    });
    await create(cardea, `/accessors/${person}/collection_settings`, {
      collection_id: collection,
    });
    const keySetting = await cardea.ask(
      'POST',
      `/accessors/${person}/collection_settings/${collection}/key_settings`,
      { body: { accessor_key_id: key, offline_access_type: 'by_access' } },
    );
    expect([keySetting.status, keySetting.text]).toEqual([200, expect.any(String)]);
    const body = { add_ids: [full] };
    await cardea.ask('PATCH', `/access_groups/${group}/locks`, { body });
    await apply();
    await until(
      async () => {
        const rights = await rightsAt(`/locks/${full}`);
        return rights.some((one) => one.key_id === key && one.state === 'failed');
      },
      { what: 'the right at the full lock has failed' },
    );
  });
});

async function applied(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ version: string }>(
    'select applied_version as version from iqs where id = $1',
    [iq],
  );
  return Number(rows[0]?.version);
}

describe('the lists', () => {
  it('filter, order, count and page', async () => {
    const others = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const { id } = await create(cardea, '/accessors', { collection_id: collection });
        const { id: tagId } = await insertTag(cardea);
        await create(cardea, `/accessors/${id}/keys`, { tag_id: tagId });
        return id;
      }),
    );
    await patchMembers({ add_ids: others });
    const path = `/locks/${door}/rights_state`;
    const everybody = [person, ...others].sort();
    const first = (await cardea.ask('GET', `${path}?$top=4&$count=true`)).json as {
      items: RightState[];
      count: number;
      next_page_link: string;
    };
    expect(first.count).toBe(6);
    const url = new URL(first.next_page_link);
    const second = (await cardea.ask('GET', `${url.pathname}${url.search}`.replace('/v1.2', '')))
      .json as {
      items: RightState[];
    };
    const seen = [...first.items, ...second.items].map(({ accessor_id: id }) => id);
    expect(seen).toEqual(everybody);
    const query = `$filter=${encodeURIComponent(`state eq 'requested' and accessor_id eq ${person}`)}&$orderby=changed_at desc`;
    const filtered = (await cardea.ask('GET', `${path}?${query}`)).json as { items: RightState[] };
    expect(filtered.items.map(({ accessor_id: id }) => id)).toEqual([person]);
  });

  it('belong to their tenant', async () => {
    const token = await cardea.token('core_api.full', await cardea.addTenant('Stranger'));
    for (const path of [`/locks/${door}`, `/accessors/${person}`])
      expect(refusal(await cardea.ask('GET', `${path}/rights_state`, { token }))).toBe('404 1101');
  });
});
