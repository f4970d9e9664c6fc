import { everyDay } from '#contract/fields';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findingWords,
  type ConfigurationCheckResponse,
  type FindingWord,
} from '#contract/configuration-check';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, refusal } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
let siteId: string;
let token: string;
/** Stays sound through every fault beside it. */
let good: Site;

beforeAll(async () => {
  cardea = await startTestServer();
  siteId = (await create(cardea, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  ({ token } = await addPerson(cardea, { siteId, role: 'site_super_user' }));
  good = await sound();
}, 120_000);
afterAll(() => cardea.stop());

async function sql(text: string, ...values: unknown[]): Promise<void> {
  await cardea.database.pool.query(text, values);
}

async function put(method: string, path: string, body?: object): Promise<unknown> {
  const hardware = await cardea.token('hardware_api');
  const answer = await cardea.ask(method, path, { body, token: hardware });
  expect([answer.status, answer.text]).toEqual([expect.toBeOneOf([200, 204]), answer.text]);
  return answer.json;
}

async function check(query = ''): Promise<ConfigurationCheckResponse> {
  const path = `//ext/v1/sites/${siteId}/configuration_check${query}`;
  const answer = await cardea.ask('GET', path, { token });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as ConfigurationCheckResponse;
}

/** Ids of what a check finds, with the detail. */
async function found(word: FindingWord): Promise<ReadonlyMap<string, string | null>> {
  const { findings } = await check(`?word=${word}`);
  const objects = findings.flatMap((finding) => finding.objects);
  return new Map(objects.map(({ object_id: id, detail }) => [id, detail]));
}

type Site = {
  readonly iqId: string;
  readonly lockId: string;
  readonly accessorId: string;
  readonly tagId: string;
  readonly keyId: string;
  readonly groupId: string;
  readonly scheduleId: string;
};

/** A hub, a lock, a person with a tag and a group that lets them in: nothing wrong with any of it. */
async function sound(): Promise<Site> {
  const inside = { collection_id: siteId };
  const iqId = await insertIq(cardea, { ...inside, online: true });
  await sql('update iqs set last_seen_at = now() where id = $1', iqId);
  const lockId = await insertLock(cardea, {
    ...inside,
    iq_id: iqId,
    iq_link_state: 'attached',
    offline_key_limit: 10,
  });
  await sql("update locks set online = true, lock_type = 'escutcheon' where id = $1", lockId);
  const { id: tagId } = await insertTag(cardea, inside);
  const { id: accessorId } = await create(cardea, '/accessors', inside);
  const { id: keyId } = await create(cardea, `/accessors/${accessorId}/keys`, { tag_id: tagId });
  const { id: groupId } = await create(cardea, '/access_groups', inside);
  const schedules = `/access_groups/${groupId}/time_schedules`;
  const { id: scheduleId } = await create(cardea, schedules, everyDay);
  await put('PATCH', `/access_groups/${groupId}/locks`, { add_ids: [lockId] });
  await put('PATCH', `/access_groups/${groupId}/accessors`, { add_ids: [accessorId] });
  return { iqId, lockId, accessorId, tagId, keyId, groupId, scheduleId };
}

/** How each fault comes about, and what must be found of it. */
const faults: Readonly<Record<FindingWord, (site: Site) => Promise<string> | string>> = {
  async group_without_schedule({ groupId, scheduleId }) {
    await put('DELETE', `/access_groups/${groupId}/time_schedules/${scheduleId}`);
    return groupId;
  },
  async group_without_lock({ groupId, lockId }) {
    await put('PATCH', `/access_groups/${groupId}/locks`, { remove_ids: [lockId] });
    return groupId;
  },
  async group_without_people({ groupId, accessorId }) {
    await put('PATCH', `/access_groups/${groupId}/accessors`, { remove_ids: [accessorId] });
    return groupId;
  },
  async schedule_never_opens({ scheduleId }) {
    // 2031-06-07 and 08 are a Saturday and a Sunday.
    await sql(
      `update time_schedules set saturday = false, sunday = false, start_date = '2031-06-07', end_date = '2031-06-08 23:59:59'
       where id = $1`,
      scheduleId,
    );
    return scheduleId;
  },
  async schedule_is_over({ scheduleId }) {
    await sql("update time_schedules set end_date = '2020-01-01' where id = $1", scheduleId);
    return scheduleId;
  },
  async person_without_key({ accessorId, keyId }) {
    await put('DELETE', `/accessors/${accessorId}/keys/${keyId}`);
    return accessorId;
  },
  async person_without_group({ accessorId, groupId }) {
    await put('PATCH', `/access_groups/${groupId}/accessors`, { remove_ids: [accessorId] });
    return accessorId;
  },
  async key_opens_nothing({ scheduleId, keyId }) {
    await sql("update time_schedules set end_date = '2020-01-01' where id = $1", scheduleId);
    return keyId;
  },
  async key_expired({ tagId, keyId }) {
    await put('PATCH', `/tags/${tagId}`, { expiry_date: '2020-01-01T00:00:00Z' });
    return keyId;
  },
  async key_expires_soon({ tagId, keyId }) {
    const expiry = new Date(Date.now() + 5 * 86_400_000).toISOString();
    await put('PATCH', `/tags/${tagId}`, { expiry_date: expiry });
    return keyId;
  },
  async blocked_person_with_rights({ accessorId }) {
    await put('PATCH', `/accessors/${accessorId}`, { blocked: true });
    return accessorId;
  },
  async pin_not_allowed({ accessorId }) {
    await put('PUT', `/accessors/${accessorId}/pin`);
    await put('POST', `/accessors/${accessorId}/collection_settings`, { collection_id: siteId });
    return keyOf(accessorId, 'pin');
  },
  async pin_without_keypad({ accessorId }) {
    await put('PUT', `/accessors/${accessorId}/pin`);
    return keyOf(accessorId, 'pin');
  },
  async plate_without_camera({ accessorId }) {
    const body = { license_plate: randomUUID().slice(0, 8) };
    await put('POST', `/accessors/${accessorId}/license_plates`, body);
    return keyOf(accessorId, 'license_plate');
  },
  phone_certificate_ends: async ({ accessorId, keyId }) => addPhone(accessorId, keyId),
  async tag_held_by_several({ tagId }) {
    const { id } = await create(cardea, '/accessors', { collection_id: siteId });
    await sql(
      `insert into keys (tenant_id, id, accessor_id, key_type, credential_id, created_at)
       values ($1, $2, $3, 'tag', $4, now())`,
      cardea.tenant.tenantId,
      randomUUID(),
      id,
      tagId,
    );
    return tagId;
  },
  async tag_unused({ accessorId, keyId, tagId }) {
    await put('DELETE', `/accessors/${accessorId}/keys/${keyId}`);
    await sql("update tags set added_date = now() - interval '31 days' where id = $1", tagId);
    return tagId;
  },
  async tag_of_other_site({ tagId, keyId }) {
    const { id } = await create(cardea, '/collections');
    await sql('update tags set collection_id = $2 where id = $1', tagId, id);
    await put('PATCH', `/collections/${siteId}/options`, { tags_from_other_sites: false });
    return keyId;
  },
  async master_key_dead({ tagId, accessorId }) {
    await sql('update collections set masterkey_id = $2 where id = $1', siteId, tagId);
    expect((await check('?word=master_key_dead')).findings).toEqual([]);
    await put('PATCH', `/accessors/${accessorId}`, { blocked: true });
    return siteId;
  },
  async lock_without_group({ groupId, lockId }) {
    await put('PATCH', `/access_groups/${groupId}/locks`, { remove_ids: [lockId] });
    return lockId;
  },
  async lock_nobody_can_open({ accessorId, keyId, lockId }) {
    await put('PATCH', `/accessors/${accessorId}/keys/${keyId}`, { blocked: true });
    return lockId;
  },
  async lock_without_iq({ lockId }) {
    await sql("update locks set iq_id = null, iq_link_state = 'detached' where id = $1", lockId);
    return lockId;
  },
  async lock_out_of_reach({ lockId }) {
    await sql('update locks set online = false where id = $1', lockId);
    return lockId;
  },
  async battery_low({ lockId }) {
    await sql("update locks set battery_level = 'critical' where id = $1", lockId);
    return lockId;
  },
  async radio_weak({ lockId }) {
    await sql('update locks set signal_strength = 9 where id = $1', lockId);
    return lockId;
  },
  async office_hours_never_begin({ lockId }) {
    const none = Object.fromEntries(Object.keys(everyDay).map((day) => [day, false]));
    const schedule = { id: randomUUID(), start_time: '08:00:00', end_time: '09:00:00', ...none };
    await sql('update locks set easy_office_mode = $2 where id = $1', lockId, schedule);
    return lockId;
  },
  async offline_keys_near_limit({ lockId, keyId }) {
    await sql('update locks set offline_key_limit = 1 where id = $1', lockId);
    await put('PUT', `/locks/${lockId}/offline_keys`, { ids: [keyId] });
    return lockId;
  },
  async offline_keys_refused({ lockId }) {
    await sql('update locks set offline_memory_refused = true where id = $1', lockId);
    return lockId;
  },
  async offline_validity_near({ iqId }) {
    await put('PATCH', `/collections/${siteId}/options`, { offline_validity_hours: 4 });
    await silence(iqId, 3.5);
    return iqId;
  },
  async iq_offline_long({ iqId }) {
    await silence(iqId, 25);
    return iqId;
  },
  async iq_unsubscribed_with_rights({ iqId }) {
    await sql('update iqs set subscribed = false where id = $1', iqId);
    return iqId;
  },
  async rights_not_in_hub({ iqId }) {
    await sql(
      "update iqs set desired_changed_at = now() - interval '6 minutes' where id = $1",
      iqId,
    );
    return iqId;
  },
  async rights_refused_by_hub({ iqId }) {
    await sql("update iqs set sync_refusals = 3, sync_refused = 'no room' where id = $1", iqId);
    return iqId;
  },
  async iq_without_new_certificate({ iqId, accessorId, keyId }) {
    await addPhone(accessorId, keyId);
    await put('POST', '/tenant/certificate');
    const newest = 'select max(version) from tenant_keys where tenant_id = iqs.tenant_id';
    await sql(`update iqs set certificate_version = (${newest} and purpose = 'certificate')`);
    await sql('update iqs set certificate_version = 0 where id = $1', iqId);
    return iqId;
  },
};

async function silence(iqId: string, hours: number): Promise<void> {
  await sql(
    'update iqs set online = false, last_seen_at = now() - make_interval(mins => $2) where id = $1',
    iqId,
    hours * 60,
  );
}

async function keyOf(accessorId: string, type: string): Promise<string> {
  const { rows } = await cardea.database.pool.query<{ id: string }>(
    'select id from keys where accessor_id = $1 and key_type = $2',
    [accessorId, type],
  );
  return rows[0]?.id ?? 'no key';
}

/** A phone that was activated long ago. */
async function addPhone(accessorId: string, keyId: string): Promise<string> {
  const device = await create(cardea, `/accessors/${accessorId}/devices`);
  await sql(
    `with phone as (
       update devices set expires_at = now() + interval '29 days' where id = $1 returning tenant_id, id, accessor_id)
     insert into device_keys (tenant_id, device_id, accessor_id, key_id)
       select tenant_id, id, accessor_id, $2 from phone`,
    device.id,
    keyId,
  );
  return device.id;
}

describe('is found where it is, and only there:', () => {
  it.each(findingWords)('%s', async (word) => {
    const site = await sound();
    const id = await faults[word](site);
    const after = await found(word);
    expect([...after.keys()]).toContain(id);
    const sane = Object.values(good);
    expect([...after.keys()].filter((one) => sane.includes(one))).toEqual([]);
  });
});

it('says of each finding how grave it is, what it means and what to do, the gravest first', async () => {
  const { findings, fine, checked_at: at } = await check();
  expect([...findings.map(({ word }) => word), ...fine].sort()).toEqual([...findingWords].sort());
  const grave = findings.map(({ severity }) => ['error', 'warning', 'notice'].indexOf(severity));
  expect(grave).toEqual([...grave].sort((a, b) => a - b));
  expect(Date.parse(at)).not.toBeNaN();
  for (const { total, objects, means, remedy } of findings) {
    expect(objects.length).toBe(Math.min(total, 20));
    expect(means.length * remedy.length).toBeGreaterThan(0);
  }
});

it('finds nothing in a site in which nothing is wrong', async () => {
  const empty = await create(cardea, '/collections', { time_zone: 'Europe/Amsterdam' });
  const { token: own } = await addPerson(cardea, { siteId: empty.id, role: 'owner' });
  const path = `//ext/v1/sites/${empty.id}/configuration_check`;
  const { json } = await cardea.ask('GET', path, { token: own });
  expect(json).toMatchObject({ findings: [], fine: findingWords });
});

it('knows its own words only', async () => {
  const path = `//ext/v1/sites/${siteId}/configuration_check?word=ghosts`;
  expect(refusal(await cardea.ask('GET', path, { token }))).toBe('400 1101');
});
