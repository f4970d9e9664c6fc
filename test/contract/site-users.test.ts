/** The people of a site (connect-api.md 3.1, 3.2, 4.2), as strangers see them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, type TestPerson } from '#test/kit/people';
import { insertIq, insertTag } from '#test/kit/rows';
import {
  freshAddress,
  graceHopper as names,
  roleIds,
  startSitePeople,
  userOf,
  type SitePeople,
} from '#test/kit/site-people';
import { builtInRoles } from '#contract/roles';

let people: SitePeople;
let siteId: string;
let otherSiteId: string;
let owner: TestPerson;
let admin: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  people = await startSitePeople();
  ({ siteId, otherSiteId, owner, admin, user } = people);
});
afterAll(() => people.stop());

describe('a user of a site', () => {
  it('shows every member of its version and no other', async () => {
    const made = await people.add({ alias: 'Gracie', blocked: true, use_pin: true, tag_id: '' });
    const shown = {
      id: made.id,
      user: {
        id: made.user.id,
        ...names,
        email: null,
        image_url: null,
        tag_number: null,
        is_managed_by_current_site: true,
        has_profile: false,
      },
      roles: [
        {
          id: builtInRoles.site_user.id,
          customer_reference: 'Site User',
          code: 'site_user',
          parent_id: builtInRoles.site_super_user.id,
          is_hierarchical: true,
        },
      ],
      alias: 'Gracie',
      toggle_easy_office_mode: false,
      toggle_manual_office_mode: false,
      remote_access: false,
      blocked: true,
      tag_owned_by_this_site: false,
      subscription_state: 'subscribed',
      override_privacy_mode: false,
      use_pin: true,
    };
    const later = { data_removal_expires_at: null, expires_at: null };
    expect(made).toEqual({ ...shown, ...later });
    const path = `/users/${made.id}`;
    expect((await people.ask('GET', path)).json).toEqual({ ...shown, ...later });
    expect((await people.ask('GET', path, { version: 'v1.1' })).json).toEqual(shown);
    expect(
      (await people.ask('GET', `${path}?include_pod_info=true`, { version: 'v1.1' })).json,
    ).toEqual({
      ...shown,
      member_of_pods: [],
      guest_of_pods: [],
    });
    const listed = await people.itemsOf(
      `/users?$filter=user/last_name eq 'HOPPER' and alias eq 'gracie'`,
    );
    expect(listed).toEqual([{ ...shown, ...later }]);
  });

  it('is found by every member, and by a role', async () => {
    const made = await people.add({
      alias: 'Findable',
      role_ids: roleIds('site_user', 'site_mobile_user'),
    });
    const only = async (filter: string): Promise<string[]> =>
      (
        await people.itemsOf(
          `/users?$filter=${encodeURIComponent(`alias eq 'Findable' and ${filter}`)}&$orderby=user/email desc,use_pin`,
        )
      ).map(({ id }) => id);
    for (const filter of [
      `id eq ${made.id}`,
      `user/id eq guid'${made.user.id}'`,
      `user/first_name eq 'grace'`,
      'user/email eq null',
      'user/image_url eq null',
      'user/tag_number eq null',
      'user/is_managed_by_current_site eq true',
      'user/has_profile eq false',
      'toggle_easy_office_mode eq false',
      'toggle_manual_office_mode eq false',
      'remote_access eq true',
      'blocked eq false',
      'tag_owned_by_this_site eq false',
      "subscription_state eq 'subscribed'",
      'override_privacy_mode eq false',
      'use_pin eq false',
      'expires_at eq null',
      'data_removal_expires_at eq null',
      "roles/any(r: r/code eq 'site_mobile_user' and r/is_hierarchical eq false)",
    ])
      expect([filter, await only(filter)]).toEqual([filter, [made.id]]);
    expect(await only("roles/any(r: r/code eq 'site_admin')")).toEqual([]);
    const wrong = await people.ask('GET', '/users?$filter=phone eq null');
    expect(refusal(wrong)).toBe('400 1102');
  });

  it('is nobody by the id of the person, in another site, or without a place', async () => {
    const made = await people.add();
    expect(refusal(await people.ask('GET', `/users/${made.user.id}`))).toBe('404 2202');
    const elsewhere = await people.ask('GET', `/users/${made.id}`, { site: otherSiteId });
    expect(elsewhere.json).toEqual({ ErrorCode: '2202', Message: 'User not found' });
    for (const [method, path, body] of [
      ['GET', '/users/{}'],
      ['PATCH', '/users/{}', {}],
      ['DELETE', '/users/{}'],
      ['PATCH', '/users/{}/subscription', { state: 'suspended' }],
      ['PATCH', '/users/{}/resend_invite'],
      ['GET', '/users/{}/activated_iqs'],
      ['GET', '/users/{}/access_groups'],
    ] as const)
      expect([
        path,
        refusal(await people.ask(method, path.replace('{}', randomUUID()), { body })),
      ]).toEqual([path, '404 2202']);
  });

  it('sees only itself when it is an ordinary one', async () => {
    expect((await people.itemsOf('/users', { as: user })).map(({ id }) => id)).toEqual([
      user.accessorId,
    ]);
    const counted = await people.ask('GET', '/users?$count=true', { as: user });
    expect(counted.json).toMatchObject({ count: 1 });
    expect((await people.ask('GET', `/users/${user.accessorId}`, { as: user })).status).toBe(200);
    for (const path of ['', '/activated_iqs', '/access_groups']) {
      const other = await people.ask('GET', `/users/${admin.accessorId}${path}`, { as: user });
      expect([path, refusal(other)]).toEqual([path, '404 2202']);
    }
    for (const [method, path] of [
      ['POST', '/users'],
      ['POST', '/guests'],
      ['PATCH', `/users/${user.accessorId}`],
    ] as const) {
      const refused = await people.ask(method, path, { as: user, body: {} });
      expect([refused.status, refused.text]).toEqual([403, '']);
    }
  });
});

describe('a removal', () => {
  it('is at once: keys, PIN, memberships and the person nobody else knows are gone', async () => {
    const email = freshAddress();
    const tag = await insertTag(people.server, { collection_id: siteId });
    const made = await people.add({ email, tag_id: tag.id });
    const removed = await people.ask('DELETE', `/users/${made.id}`);
    expect([removed.status, removed.text]).toEqual([202, '']);
    expect(refusal(await people.ask('GET', `/users/${made.id}`))).toBe('404 2202');
    expect(refusal(await people.ask('DELETE', `/users/${made.id}`))).toBe('404 2202');
    expect((await people.server.ask('GET', `/accessors/${made.id}`)).status).toBe(404);
    const search = `//v1.2/users/search?search_for=${encodeURIComponent(email)}&for_site_id=${siteId}`;
    expect((await people.server.ask('GET', search, { token: admin.token })).json).toMatchObject({
      items: [],
    });
    expect((await people.add({ tag_id: tag.id, email })).user).toMatchObject({ email });
  });
});

describe('a search', () => {
  const search = (text: string, { as = admin, site = siteId } = {}): Promise<Answer> =>
    people.server.ask(
      'GET',
      `//v1.2/users/search?search_for=${encodeURIComponent(text)}&for_site_id=${site}`,
      { token: as.token },
    );

  it('finds the one person with exactly this address or tag number', async () => {
    const tag = await insertTag(people.server, {
      collection_id: otherSiteId,
      tag_number: '00009911',
    });
    const known = await addPerson(people.server, { siteId: otherSiteId, role: 'site_user' });
    const path = `/users/${known.accessorId}`;
    await userOf(people.ask('PATCH', path, { site: otherSiteId, body: { tag_id: tag.id } }));
    const found = {
      items: [
        {
          id: known.userId,
          first_name: 'Ada',
          last_name: 'Visser',
          email: known.email,
          image_url: null,
          tag_number: '00009911',
          is_managed_by_current_site: false,
          has_profile: true,
        },
      ],
      next_page_link: null,
      count: null,
    };
    expect((await search(known.email.toUpperCase())).json).toEqual(found);
    expect((await search('00009911')).json).toEqual(found);
    for (const text of ['0000991', 'ada', 'example.test', '%'])
      expect((await search(text)).json).toEqual({ ...found, items: [] });
  });

  it('needs the right to manage the users of a site that is there', async () => {
    const refused = await search('ada@example.test', { as: user });
    expect([refused.status, refused.text]).toEqual([403, '']);
    const nowhere = await search('ada@example.test', { site: randomUUID() });
    expect(nowhere.json).toEqual({ ErrorCode: '2202', Message: 'Site not found' });
    const incomplete = '//v1.2/users/search?search_for=ada@example.test';
    const answer = await people.server.ask('GET', incomplete, { token: admin.token });
    expect(answer.json).toMatchObject({ ErrorCode: '1100' });
  });
});

describe('one’s own place', () => {
  it('says who owns the site, under v1.2 with the pods', async () => {
    const own = await people.ask('GET', '/me', { as: owner });
    expect(own.json).toMatchObject({
      id: owner.accessorId,
      ownership_state: 'site_owner',
      member_of_pods: [],
      guest_of_pods: [],
    });
    const earlier = await people.ask('GET', '/me', { as: owner, version: 'v1.1' });
    expect(Object.keys(earlier.json as object)).not.toContain('ownership_state');
    expect(Object.keys(earlier.json as object)).not.toContain('member_of_pods');
  });

  it('knows every IQ of the site with the own state, others those that are activated', async () => {
    const iq = await insertIq(people.server, { collection_id: siteId });
    await insertIq(people.server, { collection_id: otherSiteId });
    const list = `//v1.2/me/${siteId}/activated_iqs`;
    const inactive = await people.server.ask('GET', list, { token: user.token });
    expect(inactive.json).toEqual({
      items: [{ iq_id: iq, activation_date: null, activated: false }],
      next_page_link: null,
      count: null,
    });
    await people.server.database.pool.query(
      `insert into iq_pins (tenant_id, id, iq_id, accessor_id, secret_sealed, pin_sealed, activation_state, activation_date,
         created_at)
       values ($1, gen_random_uuid(), $2, $3, '\\x00', '\\x00', 'active', '2026-01-02T03:04:05Z', now())`,
      [people.server.tenant.tenantId, iq, user.accessorId],
    );
    const active = await people.server.ask('GET', list, { token: user.token });
    expect(active.json).toMatchObject({
      items: [{ iq_id: iq, activation_date: '2026-01-02T03:04:05Z', activated: true }],
    });
    const path = `/users/${user.accessorId}/activated_iqs`;
    expect(await people.itemsOf(path, { as: user, version: 'v1.1' })).toEqual([
      { id: iq, customer_reference: null },
    ]);
    expect(await people.itemsOf(path)).toEqual([
      { id: iq, customer_reference: null, otp_enabled: expect.any(Boolean) as boolean },
    ]);
    expect(await people.itemsOf(`/users/${admin.accessorId}/activated_iqs`)).toEqual([]);
  });

  it('is in the access groups of the person', async () => {
    const group = await people.server.ask('POST', '/access_groups', {
      body: { customer_reference: 'Staff', collection_id: siteId },
    });
    const { id } = group.json as { id: string };
    await people.server.ask('PATCH', `/access_groups/${id}/accessors`, {
      body: { add_ids: [user.accessorId] },
    });
    for (const as of [user, admin])
      expect(await people.itemsOf(`/users/${user.accessorId}/access_groups`, { as })).toEqual([
        { id, customer_reference: 'Staff' },
      ]);
  });
});
