/** How people come to a site and change there (connect-api.md 3.2, 4.2), as strangers see it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, type TestPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import {
  freshAddress,
  graceHopper as names,
  roleIds,
  startSitePeople,
  userOf,
  type SitePeople,
} from '#test/kit/site-people';
import { until } from '#test/kit/wait';
import { builtInRoles } from '#contract/roles';

let people: SitePeople;
let siteId: string;
let otherSiteId: string;
let owner: TestPerson;
let admin: TestPerson;
let superUser: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  people = await startSitePeople();
  ({ siteId, otherSiteId, owner, admin, superUser, user } = people);
});
afterAll(() => people.stop());

describe('a new user', () => {
  it('needs both names, well-formed, and takes no empty address', async () => {
    const refused = async (body: object): Promise<string> =>
      refusal(await people.ask('POST', '/users', { body }));
    expect(await refused({ first_name: 'Grace' })).toBe('400 1100');
    expect(await refused({ ...names, last_name: ' ' })).toBe('400 1101');
    expect(await refused({ ...names, first_name: 'é'.repeat(256) })).toBe('400 1101');
    expect(await refused({ ...names, alias: 'x'.repeat(256) })).toBe('400 1101');
    expect(await refused({ ...names, email: '' })).toBe('400 1101');
    expect(await refused({ ...names, tag_id: 'none' })).toBe('400 1100');
  });

  it('is invited by mail when it has an address, and resend_invite repeats it', async () => {
    const email = freshAddress();
    const made = await people.add({ email });
    expect(made.user).toMatchObject({ email, has_profile: false });
    const [first] = people.mailsTo(email);
    expect(first?.text).toMatch(/\/account\/invitation\/\S+/);
    expect(first?.text).toContain('Harbour');
    expect(first?.text).toContain('Ada Visser');
    expect((await people.ask('PATCH', `/users/${made.id}/resend_invite`)).status).toBe(204);
    expect(people.mailsTo(email)).toHaveLength(2);
    const again = await people.ask('POST', '/users', {
      body: { ...names, email: email.toUpperCase() },
    });
    expect([refusal(again), again.text]).toEqual(['400 1101', expect.stringContaining("'email'")]);
    const unaddressed = await people.add();
    expect(refusal(await people.ask('PATCH', `/users/${unaddressed.id}/resend_invite`))).toBe(
      '400 4101',
    );
    expect(refusal(await people.ask('PATCH', `/users/${user.accessorId}/resend_invite`))).toBe(
      '400 4101',
    );
  });

  it('is not made when the mail cannot be handed over', async () => {
    const email = freshAddress();
    for (const bad of ['nobody', 'no body@example.test', '@example.test'])
      expect(refusal(await people.ask('POST', '/users', { body: { ...names, email: bad } }))).toBe(
        '400 4201',
      );
    people.mails.refuse(550);
    expect(refusal(await people.ask('POST', '/users', { body: { ...names, email } }))).toBe(
      '400 4201',
    );
    const unaddressed = await people.add();
    const path = `/users/${unaddressed.id}`;
    expect(refusal(await people.ask('PATCH', path, { body: { email, alias: 'no' } }))).toBe(
      '400 4201',
    );
    expect((await people.ask('GET', path)).json).toMatchObject({
      alias: null,
      user: { email: null },
    });
    people.mails.refuse(null);
    expect(
      await people.itemsOf(`/users?$filter=user/email eq '${encodeURIComponent(email)}'`),
    ).toEqual([]);
    const made = await people.add({ email });
    people.mails.refuse(550);
    expect(refusal(await people.ask('PATCH', `/users/${made.id}/resend_invite`))).toBe('400 4201');
    people.mails.refuse(null);
  });

  it('is the person whose address it is, who is told and keeps the own names', async () => {
    const known = await addPerson(people.server, { siteId: otherSiteId, role: 'site_user' });
    const made = await people.add({ email: known.email.toUpperCase() });
    expect(made.user).toMatchObject({
      id: known.userId,
      first_name: 'Ada',
      email: known.email,
      has_profile: true,
      is_managed_by_current_site: false,
    });
    await until(
      () => people.mailsTo(known.email).some(({ subject }) => subject?.includes('added')),
      {
        what: 'the person is told',
        timeoutMs: 60_000,
      },
    );
    expect(people.mailsTo(known.email)).toHaveLength(1);
    const own = await people.ask('GET', '/me', { as: known });
    expect(own.json).toMatchObject({ id: made.id, ownership_state: 'site_user' });
  });

  it('is the person of an account that no site of the tenant knows', async () => {
    const account = {
      email: freshAddress(),
      password: randomUUID(),
      firstName: 'Mary',
      lastName: 'Jackson',
    };
    await people.server.cardea.identity.logins.createLogin({ ...account, isEmailVerified: true });
    const made = await people.add({ email: account.email });
    expect(made.user).toMatchObject({ first_name: 'Mary', has_profile: true });
  });

  it('is invited, not linked, when nobody has proven the address of an account', async () => {
    const account = {
      email: freshAddress(),
      password: randomUUID(),
      firstName: 'Eve',
      lastName: 'Squatter',
    };
    await people.server.cardea.identity.logins.createLogin({ ...account, isEmailVerified: false });
    const made = await people.add({ email: account.email });
    expect(made.user).toMatchObject({ first_name: 'Grace', has_profile: false });
    expect(people.mailsTo(account.email)).toHaveLength(1);
  });

  it('is one person, however many ask for the address at the same time', async () => {
    const body = { ...names, email: freshAddress() };
    const answers = await Promise.all([1, 2, 3].map(() => people.ask('POST', '/users', { body })));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 400, 400]);
    const found = await people.itemsOf(
      `/users?$filter=user/email eq '${encodeURIComponent(body.email)}'`,
    );
    expect(found).toHaveLength(1);
  });

  it('gets a registered free tag of the site', async () => {
    const tag = await insertTag(people.server, { collection_id: siteId, tag_number: '00007527' });
    const foreign = await insertTag(people.server, { collection_id: otherSiteId });
    const made = await people.add({ tag_id: tag.id });
    expect(made).toMatchObject({
      tag_owned_by_this_site: true,
      user: { tag_number: '00007527' },
    });
    const refused = async (tagId: string): Promise<string> =>
      refusal(await people.ask('POST', '/users', { body: { ...names, tag_id: tagId } }));
    expect(await refused(tag.id)).toBe('400 1101');
    expect(await refused(foreign.id)).toBe('404 2202');
    expect(await refused(randomUUID())).toBe('404 2202');
  });

  it('has the roles that were given, from the own level down', async () => {
    const roles = async (body: object, as = admin): Promise<string[]> =>
      (await people.add(body, { as })).roles.map(({ code }) => code);
    expect(await roles({})).toEqual(['site_user']);
    expect(await roles({ role_ids: [] })).toEqual(['site_user']);
    expect(await roles({ role_ids: roleIds('site_super_user', 'site_mobile_user') })).toEqual([
      'site_super_user',
      'site_mobile_user',
    ]);
    expect(await roles({ role_ids: roleIds('site_super_user') }, superUser)).toEqual([
      'site_super_user',
    ]);
    const refused = async (ids: string[], as = admin): Promise<string> =>
      refusal(await people.ask('POST', '/users', { as, body: { ...names, role_ids: ids } }));
    expect(await refused([randomUUID()])).toBe('400 1101');
    expect(await refused(roleIds('site_mobile_user'))).toBe('400 1101');
    expect(await refused(roleIds('site_user', 'site_guest'))).toBe('400 1101');
    expect(await refused(roleIds('site_admin'), superUser)).toBe('403 2203');
  });

  it('may have a role that the site has made for itself', async () => {
    const path = `//ext/v1/sites/${siteId}/roles`;
    const made = await people.server.ask('POST', path, {
      token: admin.token,
      body: {
        customer_reference: 'Night Porter',
        code: 'night_porter',
        parent_id: builtInRoles.site_super_user.id,
        rights: ['remote_locking_accessible'],
      },
    });
    expect([made.status, made.text]).toEqual([200, expect.any(String)]);
    const { id } = made.json as { id: string };
    const porter = await people.add({ role_ids: [id], alias: 'Porter' }, { as: superUser });
    expect(porter).toMatchObject({
      remote_access: true,
      roles: [
        {
          id,
          customer_reference: 'Night Porter',
          code: 'night_porter',
          parent_id: builtInRoles.site_super_user.id,
          is_hierarchical: true,
        },
      ],
    });
    const filter = encodeURIComponent("roles/any(r: r/code eq 'night_porter')");
    const found = await people.itemsOf(`/users?$filter=${filter}`);
    expect(found.map((one) => one.id)).toEqual([porter.id]);
    const elsewhere = { site: otherSiteId, body: { ...names, role_ids: [id] } };
    expect(refusal(await people.ask('POST', '/users', elsewhere))).toBe('400 1101');
    for (const wrong of ['$orderby=roles', '$filter=roles eq null'])
      expect(refusal(await people.ask('GET', `/users?${wrong}`))).toBe('400 1102');
  });
});

describe('somebody known already', () => {
  it('joins another site by the id of the person, with the own tags', async () => {
    const tag = await insertTag(people.server, { collection_id: siteId, tag_number: '00007528' });
    const made = await people.add({ tag_id: tag.id });
    const options = { site: otherSiteId, body: { id: made.user.id, alias: 'Second' } };
    const joined = await userOf(people.ask('POST', '/users/existing', options));
    expect(joined).toMatchObject({
      alias: 'Second',
      tag_owned_by_this_site: false,
      user: { id: made.user.id, tag_number: '00007528', is_managed_by_current_site: false },
    });
    expect(joined.id).not.toBe(made.id);
    const again = await people.ask('POST', '/users/existing', options);
    expect([refusal(again), again.text]).toEqual(['400 1101', expect.stringContaining("'id'")]);
    const { id: nobody } = made;
    const unknown = await people.ask('POST', '/users/existing', { body: { id: nobody } });
    expect(unknown.json).toEqual({ ErrorCode: '2202', Message: 'User not found' });
    expect(refusal(await people.ask('POST', '/users/existing', { body: {} }))).toBe('400 1100');
    // Only the site that made the person looks after the name.
    const path = `/users/${joined.id}`;
    const body = { first_name: 'Other' };
    expect(refusal(await people.ask('PATCH', path, { site: otherSiteId, body }))).toBe('403 2203');
    // Cleared where it was registered, the tag is free everywhere.
    const nil = '00000000-0000-0000-0000-000000000000';
    await userOf(people.ask('PATCH', `/users/${made.id}`, { body: { tag_id: nil } }));
    expect((await people.ask('GET', path, { site: otherSiteId })).json).toMatchObject({
      user: { tag_number: null },
    });
    // And once the site has let the person go, the other one looks after the name.
    expect((await people.ask('DELETE', `/users/${made.id}`)).status).toBe(202);
    expect((await people.ask('PATCH', path, { site: otherSiteId, body })).status).toBe(200);
  });

  it('is invited when the person has an address and no profile, else not', async () => {
    const email = freshAddress();
    const made = await people.add({ email });
    people.mails.refuse(550);
    const refused = await people.ask('POST', '/users/existing', {
      site: otherSiteId,
      body: { id: made.user.id },
    });
    expect(refusal(refused)).toBe('400 4201');
    people.mails.refuse(null);
    const body = { id: made.user.id };
    await userOf(people.ask('POST', '/users/existing', { site: otherSiteId, body }));
    expect(people.mailsTo(email)).toHaveLength(2);
    const roles = { id: user.userId, role_ids: roleIds('site_mobile_user') };
    expect(
      refusal(await people.ask('POST', '/users/existing', { site: otherSiteId, body: roles })),
    ).toBe('400 1101');
  });
});

describe('a change', () => {
  it('leaves alone what is not sent, and what is null', async () => {
    const made = await people.add({
      alias: 'Kept',
      use_pin: true,
      toggle_manual_office_mode: true,
    });
    const body = { alias: null, use_pin: null, role_ids: null, tag_id: null, first_name: null };
    expect(await userOf(people.ask('PATCH', `/users/${made.id}`, { body }))).toEqual(made);
    expect(await userOf(people.ask('PATCH', `/users/${made.id}`, { body: {} }))).toEqual(made);
    const cleared = await userOf(people.ask('PATCH', `/users/${made.id}`, { body: { alias: '' } }));
    expect(cleared).toEqual({ ...made, alias: null });
  });

  it('sets names, flags and roles, and remote_access with the roles', async () => {
    const made = await people.add();
    const body = {
      first_name: 'Jean',
      last_name: 'Bartik',
      alias: 'JB',
      blocked: 'true',
      use_pin: true,
      override_privacy_mode: true,
      toggle_easy_office_mode: true,
      toggle_manual_office_mode: true,
      role_ids: roleIds('site_super_user'),
      remote_access: false,
    };
    const changed = await userOf(people.ask('PATCH', `/users/${made.id}`, { body }));
    expect(changed).toMatchObject({
      user: { first_name: 'Jean', last_name: 'Bartik' },
      alias: 'JB',
      blocked: true,
      use_pin: true,
      override_privacy_mode: true,
      toggle_easy_office_mode: true,
      toggle_manual_office_mode: true,
      remote_access: true,
    });
    expect(changed.roles.map(({ code }) => code)).toEqual(['site_super_user']);
    const plain = { role_ids: roleIds('site_user') };
    expect(await userOf(people.ask('PATCH', `/users/${made.id}`, { body: plain }))).toMatchObject({
      remote_access: false,
    });
  });

  it('refuses roles that are unknown, none of them hierarchical, or above the own level', async () => {
    const made = await people.add();
    const refused = async (ids: string[], as = admin): Promise<string> =>
      refusal(await people.ask('PATCH', `/users/${made.id}`, { as, body: { role_ids: ids } }));
    expect(await refused([])).toBe('400 1101');
    expect(await refused([randomUUID()])).toBe('400 1101');
    expect(await refused(roleIds('site_mobile_user'))).toBe('400 1101');
    expect(await refused(roleIds('site_admin'), superUser)).toBe('403 2203');
  });

  it('gives, swaps and clears a tag; another person’s must be cleared first', async () => {
    const [first, second] = [
      await insertTag(people.server, { collection_id: siteId, tag_number: '00007601' }),
      await insertTag(people.server, { collection_id: siteId, tag_number: '00007602' }),
    ];
    const [made, other] = [await people.add(), await people.add()];
    const patch = (id: string, tagId: string): Promise<Answer> =>
      people.ask('PATCH', `/users/${id}`, { body: { tag_id: tagId } });
    const number = async (answer: Promise<Answer>) => (await userOf(answer)).user['tag_number'];
    expect(await number(patch(made.id, first.id))).toBe('00007601');
    expect(await number(patch(made.id, first.id))).toBe('00007601');
    expect(refusal(await patch(other.id, first.id))).toBe('400 1101');
    expect(refusal(await patch(other.id, randomUUID()))).toBe('404 2202');
    expect(await number(patch(made.id, second.id))).toBe('00007602');
    expect(await number(patch(other.id, first.id))).toBe('00007601');
    expect(await number(patch(made.id, ''))).toBe('00007602');
    expect(await number(patch(made.id, '00000000-0000-0000-0000-000000000000'))).toBeNull();
    expect(await number(patch(other.id, second.id))).toBe('00007602');
  });

  it('of the names or the address of a person with profile is refused, repeating them is not', async () => {
    const path = `/users/${user.accessorId}`;
    for (const body of [{ first_name: 'Eve' }, { last_name: 'Eve' }, { email: freshAddress() }])
      expect(refusal(await people.ask('PATCH', path, { body }))).toBe('403 2203');
    const same = { first_name: 'Ada', last_name: 'Visser', email: user.email };
    expect((await people.ask('PATCH', path, { body: same })).status).toBe(200);
  });

  it('of the address invites anew, links whom it belongs to, and never clears it', async () => {
    const made = await people.add();
    const path = `/users/${made.id}`;
    const email = freshAddress();
    expect(await userOf(people.ask('PATCH', path, { body: { email } }))).toMatchObject({
      user: { id: made.user.id, email },
    });
    expect(people.mailsTo(email)).toHaveLength(1);
    expect(refusal(await people.ask('PATCH', path, { body: { email: '' } }))).toBe('400 1101');
    const { email: taken } = user;
    expect(refusal(await people.ask('PATCH', path, { body: { email: taken } }))).toBe('400 1101');
    const known = await addPerson(people.server, { siteId: otherSiteId, role: 'site_user' });
    const card = await insertTag(people.server, { collection_id: otherSiteId });
    const there = { site: otherSiteId, body: { tag_id: card.id } };
    await userOf(people.ask('PATCH', `/users/${known.accessorId}`, there));
    const linked = await userOf(people.ask('PATCH', path, { body: { email: known.email } }));
    expect(linked).toMatchObject({
      id: made.id,
      user: {
        id: known.userId,
        email: known.email,
        has_profile: true,
        tag_number: card.tag_number,
      },
    });
    await until(
      () => people.mailsTo(known.email).some(({ subject }) => subject?.includes('added')),
      {
        what: 'the person is told',
        timeoutMs: 60_000,
      },
    );
    // The person that was written before is forgotten, and so is the address.
    const free = await people.add({ email });
    expect(free.user.id).not.toBe(made.user.id);
  });

  it('of somebody above the own level is refused, of the owner to everybody', async () => {
    const body = { alias: 'X' };
    const path = (person: TestPerson): string => `/users/${person.accessorId}`;
    expect(refusal(await people.ask('PATCH', path(admin), { as: superUser, body }))).toBe(
      '403 2203',
    );
    expect(refusal(await people.ask('DELETE', path(admin), { as: superUser }))).toBe('403 2203');
    expect(refusal(await people.ask('PATCH', path(owner), { body }))).toBe('403 2203');
    expect((await people.ask('PATCH', path(superUser), { as: superUser, body })).status).toBe(200);
    expect((await people.ask('PATCH', path(owner), { as: owner, body })).status).toBe(200);
    for (const forbidden of [{ blocked: true }, { role_ids: roleIds('site_user') }])
      expect(refusal(await people.ask('PATCH', path(owner), { as: owner, body: forbidden }))).toBe(
        '403 2203',
      );
    const same = { blocked: false, role_ids: roleIds('site_admin') };
    expect((await people.ask('PATCH', path(owner), { as: owner, body: same })).status).toBe(200);
    expect(refusal(await people.ask('DELETE', path(owner), { as: owner }))).toBe('403 2203');
    const suspended = { as: owner, body: { state: 'suspended' } };
    expect(refusal(await people.ask('PATCH', `${path(owner)}/subscription`, suspended))).toBe(
      '403 2203',
    );
  });
});
