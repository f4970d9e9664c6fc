import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IqId, LockId, TagId } from '#contract/ids';
import type { EntryWhyResponse, WhyResponse } from '#contract/why';
import type { Touched } from '#server/domain/desired-state';
import { inTransaction } from '#server/store/scope';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

let cardea: TestServer;
let siteId: string;
let token: string;
let iqId: IqId;
let lockId: LockId;

/** Monday 18:04:10 in Amsterdam. */
const monday = '2026-06-01T16:04:10Z';
const office = { start_time: '08:00:00', end_time: '17:59:59', monday: true };

beforeAll(async () => {
  cardea = await startTestServer();
  siteId = (await create(cardea, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  ({ token } = await addPerson(cardea, { siteId, role: 'site_super_user' }));
  iqId = await insertIq(cardea, { collection_id: siteId, online: true });
  lockId = await addLock(siteId);
}, 120_000);
afterAll(() => cardea.stop());

async function addLock(collectionId: string): Promise<LockId> {
  const id = await insertLock(cardea, {
    collection_id: collectionId,
    iq_id: iqId,
    iq_link_state: 'attached',
    offline_key_limit: 10,
  });
  await refresh({ iqIds: [iqId], lockIds: [id] });
  return id;
}

function refresh(touched: Touched): Promise<void> {
  const { database, tenant } = cardea;
  return inTransaction({ database, tenantId: tenant.tenantId }, (scope) =>
    cardea.cardea.domain.desiredState.refresh(scope, touched),
  );
}

async function sql(text: string, ...values: unknown[]): Promise<void> {
  await cardea.database.pool.query(text, values);
}

async function put(method: string, path: string, body?: object): Promise<unknown> {
  const hardware = await cardea.token('hardware_api');
  const answer = await cardea.ask(method, path, { body, token: hardware });
  expect([answer.status, answer.text]).toEqual([expect.toBeOneOf([200, 204]), answer.text]);
  return answer.json;
}

type Person = {
  readonly accessorId: string;
  readonly tagId: TagId;
  readonly tagNumber: string;
  readonly keyId: string;
  readonly groupId: string;
  readonly scheduleId: string;
};

/** Somebody with a tag in a group of their own with the lock, in office hours. */
async function addMember(accessor: object = {}): Promise<Person> {
  const { id: tagId, tag_number: tagNumber } = await insertTag(cardea, { collection_id: siteId });
  const inside = { collection_id: siteId };
  const { id: accessorId } = await create(cardea, '/accessors', { ...inside, ...accessor });
  const { id: keyId } = await create(cardea, `/accessors/${accessorId}/keys`, { tag_id: tagId });
  const group = { ...inside, customer_reference: 'Office' };
  const { id: groupId } = await create(cardea, '/access_groups', group);
  const schedules = `/access_groups/${groupId}/time_schedules`;
  const { id: scheduleId } = await create(cardea, schedules, office);
  await put('PATCH', `/access_groups/${groupId}/locks`, { add_ids: [lockId] });
  await put('PATCH', `/access_groups/${groupId}/accessors`, { add_ids: [accessorId] });
  return { accessorId, tagId, tagNumber, keyId, groupId, scheduleId };
}

const open = '2026-06-01T10:00:00Z';

async function why(body: object): Promise<WhyResponse> {
  const asked = { lock_id: lockId, at: open, ...body };
  const answer = await cardea.ask('POST', `//ext/v1/sites/${siteId}/why`, { token, body: asked });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as WhyResponse;
}

describe('the rule that decides is named:', () => {
  it('granted, with group and schedule', async () => {
    const { accessorId, tagNumber, keyId, groupId, scheduleId } = await addMember();
    expect(await why({ tag_number: tagNumber })).toEqual({
      outcome: 'open',
      check: 18,
      rule: 'granted',
      text: 'The door opens.',
      reject_reason: null,
      event_category: 'lock_opened',
      event_detail: null,
      at: open,
      local_date_time: '2026-06-01T12:00:00',
      time_zone: 'Europe/Amsterdam',
      lock_id: lockId,
      iq_id: iqId,
      access_by: 'tag',
      accessor_id: accessorId,
      key_id: keyId,
      access_group_id: groupId,
      schedule_id: scheduleId,
      nearest: null,
      holders: [
        {
          accessor_id: accessorId,
          key_id: keyId,
          outcome: 'open',
          check: 18,
          rule: 'granted',
          groups: [
            {
              access_group_id: groupId,
              customer_reference: 'Office',
              schedules: [
                {
                  schedule_id: scheduleId,
                  covers: true,
                  missed_by_seconds: null,
                  missed_side: null,
                },
              ],
            },
          ],
        },
      ],
      door: {
        iq_online: expect.any(Boolean),
        is_in_hub: false,
        waiting: expect.any(Array),
        decides: null,
      },
    });
  });

  it('outside_schedule, with the schedule that just missed and by how much', async () => {
    const { tagNumber, groupId, scheduleId } = await addMember();
    const told = await why({ tag_number: tagNumber, at: monday });
    expect(told).toMatchObject({
      outcome: 'refuse',
      check: 14,
      rule: 'outside_schedule',
      reject_reason: 'outside_schedule',
      event_detail: 'out_of_schedule',
      nearest: {
        access_group_id: groupId,
        schedule_id: scheduleId,
        missed_by_seconds: 251,
        missed_side: 'late',
      },
    });
    expect(told.text).toBe(
      'No time schedule of the shared access groups covers this moment. It is Monday 18:04:10 there (Europe/Amsterdam). ' +
        'The nearest ended 4 min 11 s before.',
    );
  });

  const changes: Readonly<
    Record<
      string,
      {
        readonly check: number;
        readonly accessor?: object;
        readonly before?: (person: Person) => Promise<unknown>;
        readonly ask?: (person: Person) => object;
      }
    >
  > = {
    unknown_credential: { check: 5, ask: () => ({ tag_number: '99999999' }) },
    key_expired: {
      check: 7,
      before: ({ tagId }) =>
        put('PATCH', `/tags/${tagId}`, { expiry_date: '2026-05-01T00:00:00Z' }),
    },
    key_blocked: {
      check: 8,
      before: ({ accessorId, keyId }) =>
        put('PATCH', `/accessors/${accessorId}/keys/${keyId}`, { blocked: true }),
    },
    accessor_blocked: {
      check: 9,
      before: ({ accessorId }) => put('PATCH', `/accessors/${accessorId}`, { blocked: true }),
    },
    suspended: {
      check: 10,
      before: ({ accessorId }) =>
        put('POST', `/accessors/${accessorId}/collection_settings`, {
          collection_id: siteId,
          suspended: true,
        }),
    },
    credential_not_allowed: {
      check: 11,
      before: ({ accessorId }) =>
        put('POST', `/accessors/${accessorId}/license_plates`, { license_plate: '77-XY-7' }),
      ask: () => ({ license_plate: '77 xy 7' }),
    },
    not_in_group: {
      check: 12,
      before: ({ groupId, accessorId }) =>
        put('PATCH', `/access_groups/${groupId}/accessors`, { remove_ids: [accessorId] }),
    },
    offline_validity_over: {
      check: 12,
      before: () => put('PATCH', `/collections/${siteId}/options`, { offline_validity_hours: 2 }),
      ask: ({ tagNumber }) => ({ tag_number: tagNumber, iq_offline_since: '2026-06-01T07:59:59Z' }),
    },
    no_schedule: {
      check: 13,
      before: ({ groupId, scheduleId }) =>
        put('DELETE', `/access_groups/${groupId}/time_schedules/${scheduleId}`),
    },
    privacy_mode: {
      check: 15,
      ask: ({ tagNumber }) => ({ tag_number: tagNumber, privacy_mode: true }),
    },
    manual_office_mode: {
      check: 16,
      accessor: { toggle_manual_office_mode: true },
      ask: ({ tagNumber }) => ({ tag_number: tagNumber, is_held: true }),
    },
    lock_offline: {
      check: 18,
      ask: ({ tagNumber }) => ({ tag_number: tagNumber, is_lock_alone: true }),
    },
  };

  it.each(Object.entries(changes))('%s', async (rule, { check, accessor, before, ask }) => {
    const person = await addMember(accessor);
    await before?.(person);
    const asked = ask?.(person) ?? { tag_number: person.tagNumber };
    expect(await why(asked)).toMatchObject({ check, rule });
  });

  it('foreign_tag', async () => {
    const { tagNumber, tagId } = await addMember();
    const elsewhere = (await create(cardea, '/collections')).id;
    await sql('update tags set collection_id = $2 where id = $1', tagId, elsewhere);
    await put('PATCH', `/collections/${siteId}/options`, { tags_from_other_sites: false });
    await refresh({ iqIds: [iqId], lockIds: [lockId], tagIds: [tagId] });
    expect(await why({ tag_number: tagNumber })).toMatchObject({ check: 6, rule: 'foreign_tag' });
  });

  it('easy_office_mode', async () => {
    const { tagNumber } = await addMember({ toggle_easy_office_mode: true });
    await put('PUT', `/locks/${lockId}/easy_office_mode_schedule`, {
      ...office,
      eom_auto_start: false,
    });
    expect(await why({ tag_number: tagNumber })).toMatchObject({
      check: 17,
      rule: 'easy_office_mode',
      outcome: 'easy_office_mode_start',
    });
    await put('DELETE', `/locks/${lockId}/easy_office_mode_schedule`);
  });

  it('tag_registration, where the door is as it is', async () => {
    const { tagNumber } = await addMember();
    const until = "now() + interval '1 minute'";
    await sql(`update locks set tag_registration_until = ${until} where id = $1`, lockId);
    const told = await why({ tag_number: tagNumber, at: null });
    expect(told).toMatchObject({ check: 2, rule: 'tag_registration', outcome: 'learn_tag' });
    await sql('update locks set tag_registration_until = null where id = $1', lockId);
  });

  it('for a PIN, by its digits and by its key', async () => {
    const { accessorId } = await addMember();
    const pin = (await put('PUT', `/accessors/${accessorId}/pin`)) as string;
    const keys = await itemsOf(cardea, `/accessors/${accessorId}/keys`);
    const keyId = keys.find((key) => key['key_type'] === 'pin')?.id;
    for (const asked of [{ pin }, { key_id: keyId }])
      expect(await why(asked)).toMatchObject({
        rule: 'granted',
        access_by: 'pin_code',
        accessor_id: accessorId,
        key_id: keyId,
      });
    expect(await why({ pin: '000000' })).toMatchObject({ rule: 'unknown_credential' });
    await put('POST', `/accessors/${accessorId}/collection_settings`, {
      collection_id: siteId,
      use_pin: false,
    });
    expect(await why({ pin })).toMatchObject({ check: 11, rule: 'credential_not_allowed' });
  });

  it('for a tag by its key and by its chip', async () => {
    const { tagId, keyId } = await addMember();
    const chip = randomUUID().slice(0, 8);
    await sql('update tags set rfid_uid = $2 where id = $1', tagId, chip);
    await refresh({ iqIds: [iqId], lockIds: [lockId], tagIds: [tagId] });
    for (const asked of [{ key_id: keyId }, { rfid_uid: chip.toUpperCase() }])
      expect(await why(asked)).toMatchObject({ rule: 'granted', key_id: keyId });
  });
});

/** The hub has told that it holds everything. */
async function prove(): Promise<void> {
  await sql('update iqs set applied_version = desired_version where id = $1', iqId);
  await sql('update desired_items set confirmed_at = now() where iq_id = $1', iqId);
}

describe('the door and the rules', () => {
  it('are told apart while a change is on its way', async () => {
    const { accessorId, tagNumber } = await addMember();
    await prove();
    expect((await why({ tag_number: tagNumber })).door).toEqual({
      iq_online: expect.any(Boolean),
      is_in_hub: true,
      waiting: [],
      decides: { outcome: 'open', check: 18, rule: 'granted' },
    });
    await put('PATCH', `/accessors/${accessorId}`, { blocked: true });
    expect(await why({ tag_number: tagNumber })).toMatchObject({
      rule: 'accessor_blocked',
      door: {
        is_in_hub: false,
        waiting: [{ object_type: 'accessor', object_id: accessorId }],
        decides: { outcome: 'open', check: 18, rule: 'granted' },
      },
    });
    await prove();
    expect((await why({ tag_number: tagNumber })).door).toMatchObject({
      is_in_hub: true,
      decides: { rule: 'accessor_blocked' },
    });
  });

  it('are told apart for a key that was just taken away', async () => {
    const { accessorId, tagNumber, keyId } = await addMember();
    await prove();
    await put('DELETE', `/accessors/${accessorId}/keys/${keyId}`);
    expect(await why({ tag_number: tagNumber })).toMatchObject({
      rule: 'unknown_credential',
      holders: [],
      door: { is_in_hub: false, decides: { rule: 'granted' } },
    });
  });
});

/** An entry as the hub's upload leaves it. */
async function writeEntry(entry: {
  readonly lock?: string;
  readonly accessorId?: string | null;
  readonly tagNumber?: string;
  readonly by?: string;
  readonly category?: string;
  readonly detail?: string | null;
  readonly reason?: string | null;
}): Promise<string> {
  const id = randomUUID();
  await sql(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, event_detail,
       utc_date_time, local_date_time, lock_id, accessor_id, exit_requested, access_by, access_detail, reject_reason, stored_at)
     values ($1, $2, nextval('event_numbers'), $3, 1, nextval('event_numbers'), $4, $5, $6, now(), now(), $7, $8, $9,
       $10, $11, $12, now())`,
    cardea.tenant.tenantId,
    id,
    iqId,
    siteId,
    entry.category ?? 'lock_rejected',
    entry.detail ?? null,
    entry.lock ?? lockId,
    entry.accessorId ?? null,
    entry.by === 'inside_handle',
    entry.by ?? 'tag',
    entry.tagNumber ?? '',
    entry.reason ?? null,
  );
  return id;
}

async function entryWhy(id: string): Promise<EntryWhyResponse> {
  const answer = await cardea.ask('GET', `//ext/v1/sites/${siteId}/entries/${id}/why`, { token });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as EntryWhyResponse;
}

describe('a past refusal', () => {
  it('is explained with certainty while nothing has changed, and honestly after that', async () => {
    const { accessorId, tagNumber, groupId, scheduleId } = await addMember();
    await put('DELETE', `/access_groups/${groupId}/time_schedules/${scheduleId}`);
    const refused = { accessorId, tagNumber, detail: 'no_access', reason: 'no_schedule' };
    const id = await writeEntry(refused);
    expect(await entryWhy(id)).toMatchObject({
      entry_id: id,
      recorded: { rule: 'no_schedule', reject_reason: 'no_schedule', accessor_id: accessorId },
      is_certain: true,
      changed_since: [],
      today: { rule: 'no_schedule', holders: [{ groups: [{ access_group_id: groupId }] }] },
    });
    await create(cardea, `/access_groups/${groupId}/time_schedules`, office);
    const later = await entryWhy(id);
    expect(later).toMatchObject({
      recorded: { rule: 'no_schedule' },
      is_certain: false,
      changed_since: [{ object_type: 'access_group', object_id: groupId }],
    });
    expect(later.text).toContain('The rights have changed since');
  });

  const states: readonly (readonly [string, object, object])[] = [
    ['keypad_locked', { by: 'pin_code' }, { today: null }],
    ['hub_table_damaged', { detail: 'no_access' }, { today: { rule: 'hub_table_damaged' } }],
    ['lock_offline', { detail: 'offline' }, {}],
    ['privacy_mode', {}, {}],
  ];
  it.each(states)('%s is told as it was', async (reason, over, expected) => {
    const { accessorId, tagNumber } = await addMember();
    const isNobody = reason === 'keypad_locked' || reason === 'hub_table_damaged';
    const who = { accessorId: isNobody ? null : accessorId, tagNumber };
    const id = await writeEntry({ ...who, ...over, reason });
    expect(await entryWhy(id)).toMatchObject({ recorded: { rule: reason }, ...expected });
  });

  it('at a lock that is gone is told by its record alone', async () => {
    const { accessorId, tagNumber } = await addMember();
    const lock = randomUUID();
    const id = await writeEntry({ lock, accessorId, tagNumber, reason: 'not_in_group' });
    expect(await entryWhy(id)).toMatchObject({
      recorded: { rule: 'not_in_group' },
      text: 'No access group holds both this person and this lock.',
      is_certain: false,
      today: null,
    });
  });

  it('is no refusal when somebody went out', async () => {
    const id = await writeEntry({ by: 'inside_handle', category: 'lock_opened' });
    expect(await entryWhy(id)).toMatchObject({ recorded: { rule: 'exit' }, today: null });
  });

  it('of another site, or past its date, is not there', async () => {
    const { accessorId, tagNumber } = await addMember();
    const id = await writeEntry({ accessorId, tagNumber, reason: 'not_in_group' });
    const other = (await create(cardea, '/collections')).id;
    const { token: theirs } = await addPerson(cardea, { siteId: other, role: 'owner' });
    const path = `//ext/v1/sites/${other}/entries/${id}/why`;
    expect(refusal(await cardea.ask('GET', path, { token: theirs }))).toBe('404 2202');
    await sql('update entries set is_readable = false where id = $1', id);
    const hidden = `//ext/v1/sites/${siteId}/entries/${id}/why`;
    expect(refusal(await cardea.ask('GET', hidden, { token }))).toBe('404 2202');
  });
});

describe('a question', () => {
  async function refused(body: object): Promise<string> {
    const asked = { lock_id: lockId, ...body };
    return refusal(
      await cardea.ask('POST', `//ext/v1/sites/${siteId}/why`, { token, body: asked }),
    );
  }

  it('names exactly one key, of somebody of the site, and a lock of the site on a hub', async () => {
    const { tagNumber, keyId } = await addMember();
    const elsewhere = (await create(cardea, '/collections')).id;
    const { id: stranger } = await create(cardea, '/accessors', { collection_id: elsewhere });
    const { id: tagId } = await insertTag(cardea, { collection_id: elsewhere });
    const foreign = await create(cardea, `/accessors/${stranger}/keys`, { tag_id: tagId });
    const loose = await insertLock(cardea, { collection_id: siteId });
    const theirs = await addLock(elsewhere);
    expect(await refused({})).toBe('400 1100');
    expect(await refused({ tag_number: tagNumber, key_id: keyId })).toBe('400 1100');
    expect(await refused({ license_plate: '--' })).toBe('400 1101');
    expect(await refused({ key_id: randomUUID() })).toBe('404 2202');
    expect(await refused({ key_id: foreign.id })).toBe('404 2202');
    expect(await refused({ tag_number: tagNumber, lock_id: theirs })).toBe('404 2202');
    expect(await refused({ tag_number: tagNumber, lock_id: loose })).toBe('403 2203');
  });

  it('does not name people of other sites', async () => {
    const elsewhere = (await create(cardea, '/collections')).id;
    const { id: stranger } = await create(cardea, '/accessors', { collection_id: elsewhere });
    const { id: tagId, tag_number: tagNumber } = await insertTag(cardea, { collection_id: siteId });
    await create(cardea, `/accessors/${stranger}/keys`, { tag_id: tagId });
    const { id: groupId } = await create(cardea, '/access_groups', { collection_id: elsewhere });
    await create(cardea, `/access_groups/${groupId}/time_schedules`, office);
    await put('PATCH', `/access_groups/${groupId}/accessors`, { add_ids: [stranger] });
    const theirs = await addLock(elsewhere);
    await put('PATCH', `/access_groups/${groupId}/locks`, { add_ids: [theirs] });
    const told = await why({ tag_number: tagNumber });
    expect(told).toMatchObject({ rule: 'not_in_group', accessor_id: null, key_id: null });
    expect(told.holders).toMatchObject([{ accessor_id: null, key_id: null, groups: [] }]);
  });
});
