/** One row, two views (behaviour.md 1): what is changed on one face is seen on the other at once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { refusal } from '#test/kit/core';
import { insertTag } from '#test/kit/rows';
import {
  roleIds,
  startSitePeople,
  userOf,
  type ShownUser,
  type SitePeople,
} from '#test/kit/site-people';

type Shown = Readonly<Record<string, unknown>>;

let people: SitePeople;
beforeAll(async () => {
  people = await startSitePeople();
});
afterAll(() => people.stop());

const onConnect = (id: string): Promise<ShownUser> => userOf(people.ask('GET', `/users/${id}`));
const patchConnect = (id: string, body: object): Promise<ShownUser> =>
  userOf(people.ask('PATCH', `/users/${id}`, { body }));

async function core(method: string, path: string, body?: object): Promise<Shown> {
  const answer = await people.server.ask(method, path, body === undefined ? {} : { body });
  expect([path, answer.status, answer.text]).toEqual([
    path,
    expect.toBeOneOf([200, 204]),
    answer.text,
  ]);
  return answer.json as Shown;
}

const settingOf = (id: string): string => `/accessors/${id}/collection_settings/${people.siteId}`;

const flags = [
  'override_privacy_mode',
  'toggle_easy_office_mode',
  'toggle_manual_office_mode',
] as const;

it('a site user is an accessor with a setting, from the first moment', async () => {
  const made = await people.add({ use_pin: true, toggle_easy_office_mode: true });
  expect(await core('GET', `/accessors/${made.id}`)).toMatchObject({
    id: made.id,
    collection_id: people.siteId,
    blocked: false,
    toggle_easy_office_mode: true,
  });
  expect(await core('GET', settingOf(made.id))).toMatchObject({
    suspended: false,
    use_pin: true,
    blocked: false,
    remote_access: null,
    override_privacy_mode: null,
    toggle_easy_office_mode: null,
    toggle_manual_office_mode: null,
  });
});

it.each(flags)('%s goes both ways, the setting before the accessor', async (flag) => {
  const { id } = await people.add();
  await core('PATCH', `/accessors/${id}`, { [flag]: true });
  expect((await onConnect(id))[flag]).toBe(true);
  await core('PATCH', settingOf(id), { [flag]: false });
  expect((await onConnect(id))[flag]).toBe(false);
  expect((await patchConnect(id, { [flag]: true }))[flag]).toBe(true);
  expect((await core('GET', `/accessors/${id}`))[flag]).toBe(true);
  expect((await core('GET', settingOf(id)))[flag]).toBeNull();
});

it('remote access follows the roles, and what Core says in between', async () => {
  const { id } = await people.add({ role_ids: roleIds('site_user', 'site_mobile_user') });
  expect(await core('GET', `/accessors/${id}`)).toMatchObject({ remote_access: true });
  await core('PATCH', settingOf(id), { remote_access: false });
  expect(await onConnect(id)).toMatchObject({ remote_access: false });
  const role_ids = roleIds('site_super_user');
  expect(await patchConnect(id, { role_ids })).toMatchObject({ remote_access: true });
  expect(await core('GET', settingOf(id))).toMatchObject({ remote_access: null });
});

it('blocked in either place blocks; unblocking on Connect clears both', async () => {
  const { id } = await people.add();
  await core('PATCH', settingOf(id), { blocked: true });
  expect(await onConnect(id)).toMatchObject({ blocked: true });
  expect(await patchConnect(id, { blocked: false })).toMatchObject({ blocked: false });
  expect(await core('GET', settingOf(id))).toMatchObject({ blocked: false });
  await patchConnect(id, { blocked: true });
  expect(await core('GET', `/accessors/${id}`)).toMatchObject({ blocked: true });
  await core('PATCH', `/accessors/${id}`, { blocked: false });
  expect(await onConnect(id)).toMatchObject({ blocked: false });
});

it('suspended and use_pin live in the setting, which Connect makes again when it is gone', async () => {
  const { id } = await people.add();
  await core('PATCH', settingOf(id), { suspended: true, use_pin: true });
  expect(await onConnect(id)).toMatchObject({ subscription_state: 'suspended', use_pin: true });
  const path = `/users/${id}/subscription`;
  await people.ask('PATCH', path, { body: { state: 'subscribed' } });
  await patchConnect(id, { use_pin: false });
  expect(await core('GET', settingOf(id))).toMatchObject({ suspended: false, use_pin: false });
  await core('DELETE', settingOf(id));
  expect(await onConnect(id)).toMatchObject({ subscription_state: 'subscribed', use_pin: true });
  await people.ask('PATCH', path, { body: { state: 'suspended' } });
  expect(await core('GET', settingOf(id))).toMatchObject({ suspended: true });
});

it('a tag is the same key on both', async () => {
  const tag = await insertTag(people.server, { collection_id: people.siteId });
  const { id } = await people.add();
  await core('POST', `/accessors/${id}/keys`, { tag_id: tag.id });
  expect((await onConnect(id)).user['tag_number']).toBe(tag.tag_number);
  await patchConnect(id, { tag_id: '00000000-0000-0000-0000-000000000000' });
  expect(await core('GET', `/accessors/${id}/keys`)).toMatchObject({ items: [] });
  await patchConnect(id, { tag_id: tag.id });
  expect(await core('GET', `/tags/${tag.id}`)).toMatchObject({ accessor_id: id });
});

it('who is removed on one face is gone on the other, the owner on neither', async () => {
  const [first, second] = [await people.add(), await people.add()];
  await core('DELETE', `/accessors/${first.id}`);
  expect(refusal(await people.ask('GET', `/users/${first.id}`))).toBe('404 2202');
  expect((await people.ask('DELETE', `/users/${second.id}`)).status).toBe(202);
  expect(refusal(await people.server.ask('GET', `/accessors/${second.id}`))).toBe('404 1101');
  const owner = `/accessors/${people.owner.accessorId}`;
  const removed = await people.server.ask('DELETE', `${owner}?force=true`);
  expect(refusal(removed)).toBe('403 2203');
  const moved = await people.server.ask('PATCH', owner, {
    body: { collection_id: people.otherSiteId },
  });
  expect(refusal(moved)).toBe('400 1101');
});

it('nobody is moved on Core into a site that has the person already', async () => {
  const made = await people.add();
  const body = { id: made.user.id };
  await userOf(people.ask('POST', '/users/existing', { site: people.otherSiteId, body }));
  const path = `/accessors/${made.id}`;
  const moved = await people.server.ask('PATCH', path, {
    body: { collection_id: people.otherSiteId },
  });
  expect([refusal(moved), moved.text]).toEqual(['400 1101', expect.stringContaining('person')]);
  const alone = await people.add();
  await core('PATCH', `/accessors/${alone.id}`, { collection_id: people.otherSiteId });
  expect(refusal(await people.ask('GET', `/users/${alone.id}`))).toBe('404 2202');
  const there = await people.ask('GET', `/users/${alone.id}`, { site: people.otherSiteId });
  expect((await userOf(there)).user.id).toBe(alone.user.id);
});

it('an accessor without a person is nobody’s user', async () => {
  const id = randomUUID();
  await core('POST', '/accessors', { id, collection_id: people.siteId });
  expect(refusal(await people.ask('GET', `/users/${id}`))).toBe('404 2202');
});
