/** Members and guests of pods over HTTP: how they come, what they become, and how they go (connect-api.md 3.7, 4.2, 4.9). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '#test/kit/core';
import { act } from '#test/kit/mailed-links';
import { addPerson } from '#test/kit/people';
import { podPeople, type PodPeople } from '#test/kit/pod-people';
import {
  idsAt,
  isDone,
  podGuest,
  podMember,
  podStay,
  startPodSite,
  type PodSite,
} from '#test/kit/pods';
import { insertTag } from '#test/kit/rows';
import { openTestBrowser } from '#test/kit/sign-in-browser';
import { atSite, type AtTestSite, type SiteObject } from '#test/kit/site';
import { freshAddress, roleIds, userOf, type ShownUser } from '#test/kit/site-people';

let site: PodSite;
let asAdmin: AtTestSite;
let members: PodPeople['members'];
let guests: PodPeople['guests'];
let usersOf: PodPeople['usersOf'];
let addLivedIn: PodPeople['addLivedIn'];
let addGuest: PodPeople['addGuest'];
let addSignedIn: PodPeople['addSignedIn'];
beforeAll(async () => {
  site = await startPodSite();
  ({ asAdmin } = site);
  ({ members, guests, usersOf, addLivedIn, addGuest, addSignedIn } = podPeople(site));
});
afterAll(() => site.stop());

const addTag = async (): Promise<string> =>
  (await insertTag(site.server, { collection_id: site.siteId })).id;
const codesOf = ({ roles }: Pick<ShownUser, 'roles'>): string[] => roles.map(({ code }) => code);
const sorted = (texts: readonly string[]): string[] => [...texts].sort((a, b) => (a < b ? -1 : 1));
const userAt = (id: string): Promise<ShownUser> =>
  userOf(asAdmin.ask('GET', `/users/${id}?include_pod_info=true`));
const addPod = async (body: object = {}): Promise<string> => (await site.addPod(body)).id;
const refusedMembers = async (pod: string, ...added: object[]): Promise<string> =>
  refusal(await members(pod, { add_members: added.map(podMember) }));
const refusedGuests = async (pod: string, ...added: object[]): Promise<string> =>
  refusal(await guests(pod, { add_guests: added.map(podGuest) }));

describe('members of pods', () => {
  it('come with names, and with address or tag where they have one', async () => {
    const [email, pod, tag_id] = [freshAddress(), await addPod(), await addTag()];
    const add_members = [
      podMember({ first_name: 'Ida', email }),
      podMember({ first_name: 'Leo', tag_id, email: null }),
    ];
    await isDone(204, members(pod, { add_members }));
    const [ida, leo] = (await usersOf(pod)) as unknown as ShownUser[];
    expect([ida, leo]).toMatchObject([
      { pod_user_type: 'member', user: { first_name: 'Ida', email, has_profile: false } },
      { pod_user_type: 'member', user: { first_name: 'Leo', email: null } },
    ]);
    for (const one of [ida, leo]) {
      expect(one?.['site_user_id']).toBe(one?.id);
      expect(codesOf(one ?? { roles: [] })).toEqual([
        'site_user',
        'site_mobile_user',
        'site_pod_member',
      ]);
      expect(one).toMatchObject({ remote_access: true, subscription_state: 'subscribed' });
    }
    expect(site.mailsTo(email)).toHaveLength(1);
    expect(await asAdmin.read('GET', `/tags/${tag_id}`)).toMatchObject({
      is_pod_tag: true,
      site_user: { id: leo?.id },
    });
    expect(
      await asAdmin.items(`/tags?$filter=is_pod_tag eq true and id eq ${tag_id}`),
    ).toHaveLength(1);
    expect(await asAdmin.read('GET', `/pods/${pod}`)).toMatchObject({
      member_amount: 2,
      guest_amount: 0,
    });
  });

  it('are those who are known by their address, with the roles they have', async () => {
    const pod = await addPod();
    const email = freshAddress();
    const known = await site.add({ email, role_ids: roleIds('site_super_user') });
    const elsewhere = await addPerson(site.server, { siteId: site.siteId, role: null });
    const mails = site.mailsTo(email).length;
    const add_members = [
      podMember({ email: email.toUpperCase() }),
      podMember({ email: elsewhere.email, first_name: 'Nobody' }),
    ];
    await isDone(204, members(pod, { add_members }));
    const [first, second] = (await usersOf(pod)) as unknown as ShownUser[];
    expect(first).toMatchObject({ id: known.id, user: { first_name: 'Grace' } });
    expect(codesOf(first ?? known)).toEqual(['site_super_user', 'site_pod_member']);
    expect(second?.user).toMatchObject({
      id: elsewhere.userId,
      first_name: 'Ada',
      has_profile: true,
    });
    // Whoever is of the site was invited to it before.
    expect(site.mailsTo(email).length).toBe(mails);
    await isDone(204, members(pod, { remove_member_ids: [known.id] }));
    const after = await userAt(known.id);
    expect(codesOf(after)).toEqual(['site_super_user']);
    expect(after['member_of_pods']).toEqual([]);
  });

  it('see their pods, and others see them where they ask', async () => {
    const { customer_reference, id: pod } = await site.addPod();
    const member = await addSignedIn(pod);
    await isDone(204, guests(pod, { add_guests: [podGuest()] }));
    const ref = { id: pod, customer_reference };
    const pods = { member_of_pods: [ref], guest_of_pods: [] };
    const { json } = await member.by.askAt('v1.2', 'GET', '/me');
    expect(json).toMatchObject({ ...pods, ownership_state: 'site_user' });
    expect(await member.by.read('GET', '/me')).not.toHaveProperty('member_of_pods');
    expect(await member.by.read('GET', '/me?include_pod_info=true')).toMatchObject(pods);
    const [guest] = (await usersOf(pod)).filter((one) => one['pod_user_type'] === 'guest');
    const listed = await asAdmin.items('/users?include_pod_info=true&$top=1000');
    expect(listed.find(({ id }) => id === guest?.id)).toMatchObject({
      member_of_pods: [],
      guest_of_pods: [ref],
    });
    expect((await asAdmin.items('/users'))[0]).not.toHaveProperty('guest_of_pods');
  });

  it('have one among them who can be written to', async () => {
    const empty = await addPod();
    expect(await refusedMembers(empty, {})).toBe('400 2215');
    const { pod, memberId } = await addLivedIn();
    await isDone(204, members(pod, { add_members: [podMember()] }));
    const [, other] = await usersOf(pod);
    const both = { remove_member_ids: [memberId, other?.id] };
    for (const body of [{ remove_member_ids: [memberId] }, both])
      expect(refusal(await members(pod, body))).toBe('400 2215');
    await isDone(204, members(pod, { remove_member_ids: [other?.id] }));
    expect(refusal(await members(pod, { remove_member_ids: [memberId] }))).toBe('400 2215');
    const email = freshAddress();
    const swap = { remove_member_ids: [memberId], add_members: [podMember({ email })] };
    await isDone(204, members(pod, swap));
    expect((await usersOf(pod)).map(({ user }) => user)).toMatchObject([{ email }]);
    expect(refusal(await asAdmin.ask('GET', `/users/${memberId}`))).toBe('404 2202');
  });

  it('are nobody twice', async () => {
    const { pod, email, memberId } = await addLivedIn({ max_guest_amount: 5 });
    const guest = freshAddress();
    await addGuest(pod, { email: guest });
    const fresh = freshAddress();
    expect(await refusedMembers(pod, { email: fresh }, { email: fresh.toUpperCase() })).toBe(
      '400 2216',
    );
    expect(await refusedMembers(pod, { email })).toBe('400 2216');
    expect(await refusedMembers(pod, { email: guest })).toBe('400 2216');
    expect(await refusedGuests(pod, { email })).toBe('400 2216');
    expect(await refusedGuests(pod, { email: guest })).toBe('400 2216');
    expect(await refusedGuests(pod, { email: fresh }, { email: fresh })).toBe('400 2216');
    expect(site.mailsTo(fresh)).toHaveLength(0);
    // Whoever leaves first may come back with the same request, and is the same site user.
    const again = { remove_member_ids: [memberId], add_members: [podMember({ email })] };
    await isDone(204, members(pod, again));
    expect(await idsAt(asAdmin, `/pods/${pod}/users`)).toContain(memberId);
  });

  it('are members of one pod of a site', async () => {
    const { email, pod: first } = await addLivedIn();
    const second = await addPod();
    expect(await refusedMembers(second, { email }, { email: freshAddress() })).toBe('400 2217');
    expect(await usersOf(second)).toEqual([]);
    await isDone(204, guests(second, { add_guests: [podGuest({ email })] }));
    const [shared] = await usersOf(second);
    expect(shared).toMatchObject({ pod_user_type: 'guest' });
    const { member_of_pods, guest_of_pods } = await userAt(shared?.id ?? '');
    expect([member_of_pods, guest_of_pods]).toMatchObject([[{ id: first }], [{ id: second }]]);
  });

  it('have tags of their own', async () => {
    const [tag_id, taken] = [await addTag(), await addTag()];
    const { pod } = await addLivedIn();
    const other = await addLivedIn();
    expect(await refusedMembers(pod, { tag_id: randomUUID() })).toBe('404 2202');
    expect(await refusedMembers(pod, { tag_id }, { tag_id })).toBe('400 2218');
    await isDone(204, members(pod, { add_members: [podMember({ tag_id })] }));
    expect(await refusedMembers(pod, { tag_id })).toBe('400 2218');
    expect(await refusedMembers(other.pod, { tag_id })).toBe('400 2218');
    await site.add({ tag_id: taken });
    expect(await refusedMembers(pod, { tag_id: taken })).toBe('400 1101');
    // The tag of somebody who leaves the site is free for whoever comes.
    const holder = (await usersOf(pod)).find(
      ({ user }) => (user as { tag_number?: unknown }).tag_number !== null,
    );
    const pass = { remove_member_ids: [holder?.id], add_members: [podMember({ tag_id })] };
    await isDone(204, members(pod, pass));
    expect(await idsAt(asAdmin, `/pods/${pod}/tags`)).toEqual([tag_id]);
  });

  it('come all or none', async () => {
    const { pod } = await addLivedIn();
    const [fresh, known] = [freshAddress(), await idsAt(asAdmin, '/users?$top=1000')];
    expect(await refusedMembers(pod, { email: fresh }, { email: 'no mailbox' })).toBe('400 4201');
    expect(await refusedMembers(pod, { email: fresh }, { email: '' })).toBe('400 1101');
    expect(await refusedMembers(pod, { email: fresh }, { first_name: ' ' })).toBe('400 1101');
    expect(await refusedMembers(pod, { email: fresh }, { tag_id: randomUUID() })).toBe('404 2202');
    site.mails.refuse(550);
    expect(await refusedMembers(pod, {}, { email: fresh })).toBe('400 4201');
    expect(await refusedGuests(pod, {}, { email: fresh })).toBe('400 4201');
    site.mails.refuse(null);
    expect(await usersOf(pod)).toHaveLength(1);
    expect(sorted(await idsAt(asAdmin, '/users?$top=1000'))).toEqual(sorted(known));
    expect(site.mailsTo(fresh)).toHaveLength(0);
  });

  it('are neither removed nor re-roled nor put in groups while the pod has them', async () => {
    const pod = await addPod();
    const { userId } = await addSignedIn(pod);
    const [{ id } = { id: '' }] = await usersOf(pod);
    const { id: group } = await asAdmin.read('POST', '/access_groups', {
      customer_reference: 'Crew',
    });
    const users = `/access_groups/${group}/users`;
    const asked: readonly [string, string, object?][] = [
      ['DELETE', `/users/${id}`],
      ['PATCH', `/users/${id}`, { role_ids: roleIds('site_super_user') }],
      ['POST', users, { user_id: userId }],
      ['PATCH', users, { add_ids: [userId] }],
    ];
    for (const [method, path, body] of asked)
      expect(refusal(await asAdmin.ask(method, path, body))).toBe('403 2220');
    expect(await idsAt(asAdmin, `${users}?excluded=true&$top=1000`)).not.toContain(userId);
    const same = { role_ids: roleIds('site_user', 'site_mobile_user'), alias: 'Two' };
    expect(await asAdmin.read('PATCH', `/users/${id}`, same)).toMatchObject({ alias: 'Two' });
    await isDone(202, asAdmin.ask('PATCH', `/pods/${pod}/clean`));
    expect(refusal(await asAdmin.ask('GET', `/users/${id}`))).toBe('404 2202');
  });

  it('are given and taken by those who look after the site alone', async () => {
    const pod = await addPod();
    const { by } = await addSignedIn(pod);
    const body = { add_members: [podMember({ email: freshAddress() })] };
    for (const who of [by, atSite(site.server, { siteId: site.siteId, person: site.superUser })])
      expect((await who.ask('PATCH', `/pods/${pod}/members`, body)).status).toBe(403);
    expect(refusal(await members(randomUUID(), body))).toBe('404 2202');
  });
});

describe('whoever leaves a pod', () => {
  it('leaves the site who came by it, and has no other place there', async () => {
    const { pod } = await addLivedIn({ max_guest_amount: 9 });
    const second = await addPod();
    const [plain, both, grouped, promoted] = [
      await addGuest(pod),
      await addGuest(pod, { email: freshAddress() }),
      await addGuest(pod),
      await addGuest(pod),
    ];
    await isDone(204, guests(second, { add_guests: [podGuest({ email: both.user['email'] })] }));
    const { id: group } = await asAdmin.read('POST', '/access_groups', {
      customer_reference: 'Crew',
    });
    const joins = { user_id: grouped.user.id };
    await asAdmin.read('POST', `/access_groups/${group}/users`, joins);
    const role_ids = roleIds('site_admin');
    await asAdmin.read('PATCH', `/users/${promoted.id}`, { role_ids });
    const ids = [plain, both, grouped, promoted].map(({ id }) => id);
    await isDone(204, guests(pod, { remove_guests_ids: [...ids, randomUUID()] }));
    expect(await usersOf(pod)).toHaveLength(1);
    expect(refusal(await asAdmin.ask('GET', `/users/${plain.id}`))).toBe('404 2202');
    expect(codesOf(await userAt(both.id))).toEqual(['site_guest', 'site_mobile_user']);
    expect(codesOf(await userAt(grouped.id))).toEqual(['site_user']);
    expect(codesOf(await userAt(promoted.id))).toEqual(['site_admin']);
    await isDone(204, guests(second, { remove_guests_ids: [both.id] }));
    expect(refusal(await asAdmin.ask('GET', `/users/${both.id}`))).toBe('404 2202');
  });

  it('frees the seat at once; who finds none free comes suspended', async () => {
    const { pod } = await addLivedIn();
    const guest = await addGuest(pod);
    const { active_user_amount: seats } = await asAdmin.read('GET', '');
    await site.server.database.pool.query('update collections set user_amount = $2 where id = $1', [
      site.siteId,
      seats,
    ]);
    const swap = { remove_guests_ids: [guest.id], add_guests: [podGuest({ first_name: 'New' })] };
    const swapped = await guests(pod, swap);
    expect([swapped.status, swapped.headers.get('clp-warning')]).toEqual([204, null]);
    const full = await guests(pod, { add_guests: [podGuest({ first_name: 'Late' })] });
    expect([full.status, full.headers.get('clp-warning')]).toEqual([204, 'seat_limit_reached']);
    const states = (await usersOf(pod)).map((one) => [
      (one['user'] as { first_name: string }).first_name,
      one['subscription_state'],
    ]);
    expect(states).toEqual([
      ['Ada', 'subscribed'],
      ['New', 'subscribed'],
      ['Late', 'suspended'],
    ]);
    await site.server.database.pool.query(
      'update collections set user_amount = null where id = $1',
      [site.siteId],
    );
  });

  it('leaves nothing at the doors, by whichever face', async () => {
    const lock = await site.addLock();
    const { pod } = await addLivedIn({ locks: [lock] });
    const before = await site.groupsAtHub(lock);
    const access_rule = { access_rule_type: 'custom', locks: [lock], schedules: [night] };
    const [byCore, bySite] = [
      await addGuest(pod, { access_rule }),
      await addGuest(pod, { access_rule }),
    ];
    expect(await site.groupsAtHub(lock)).toHaveLength(before.length + 2);
    const { server } = site;
    const token = await server.token('hardware_api');
    const gone = await server.ask('DELETE', `/accessors/${byCore.id}?force=true`, { token });
    expect(gone.status).toBe(204);
    await isDone(202, asAdmin.ask('DELETE', `/users/${bySite.id}`));
    expect(await site.groupsAtHub(lock)).toEqual(before);
    const { rows } = await server.database.pool.query(
      `select key from desired_items d where key like 'group/%' and value is not null
         and not exists (select from access_groups g where 'group/' || g.id = d.key)`,
    );
    expect(rows).toEqual([]);
    expect(await asAdmin.read('GET', `/pods/${pod}`)).toMatchObject({ guest_amount: 0 });
  });

  it('leaves by a removal of the own data, though a member', async () => {
    const { id: pod, customer_reference: name } = await site.addPod();
    const member = await addSignedIn(pod);
    const [{ id } = { id: '' }] = await usersOf(pod);
    const browser = openTestBrowser(site.server.url);
    const { email, password } = member;
    await act(browser, '/account/login', { email, password });
    const { text } = await browser.get('/account/data/download');
    const [kept] = (JSON.parse(text) as { sites: SiteObject[] }).sites;
    expect(kept).toMatchObject({
      site_user_id: id,
      access_groups: [],
      pods: [{ name, as: 'member', rule: 'always' }],
    });
    await act(browser, '/account/data', { act: 'remove', reason: 'I move out' });
    const { json } = await asAdmin.askAt('ext', 'GET', '/data_removals?$top=100');
    const removal = (json as { items: SiteObject[] }).items.at(-1)?.id;
    const path = `/data_removals/${removal}/accept`;
    expect((await asAdmin.askAt('ext', 'POST', path)).status).toBe(204);
    expect(await usersOf(pod)).toEqual([]);
  });
});

const night = {
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
  start_time: '20:00:00',
  end_time: '23:00:00',
  start_date: null,
  end_date: null,
};

describe('guests of pods', () => {
  it('are let in by members of that pod, and by those who look after the site', async () => {
    const pod = await addPod();
    const stranger = await addSignedIn(await addPod());
    const member = await addSignedIn(pod);
    const body = { add_guests: [podGuest()] };
    await isDone(204, guests(pod, body, member.by));
    const [, guest] = await member.by.items(`/pods/${pod}/users`);
    expect(guest).toMatchObject({ pod_user_type: 'guest', roles: [{ code: 'site_guest' }] });
    const one = `/pods/${pod}/guests/${guest?.id ?? ''}`;
    const plain = atSite(site.server, { siteId: site.siteId, person: site.user });
    for (const by of [stranger.by, plain])
      for (const answer of [
        await guests(pod, body, by),
        await by.ask('GET', `/pods/${pod}/users`),
        await by.ask('GET', one),
        await by.ask('PATCH', one, { access_rule: { access_rule_type: 'always' } }),
      ])
        expect([answer.status, answer.text]).toEqual([403, '']);
    expect((await member.by.ask('GET', one)).status).toBe(200);
    await isDone(204, guests(pod, { remove_guests_ids: [guest?.id] }, member.by));
  });

  it('have all of the pod, or what a rule of their own gives', async () => {
    const [front, cellar, elsewhere] = [
      await site.addLock(),
      await site.addLock(),
      await site.addLock(),
    ];
    const { pod } = await addLivedIn({ locks: [front, cellar], max_guest_amount: 9 });
    const [own = ''] = await site.groupsAtHub(front);
    const stay = podStay('2026-12-01T15:00:00', '2026-12-04T11:00:00');
    const email = freshAddress();
    const guest = await addGuest(pod, { first_name: 'Eva', email });
    expect(codesOf(guest)).toEqual(['site_guest', 'site_mobile_user']);
    expect(site.mailsTo(email)).toHaveLength(1);
    const one = `/pods/${pod}/guests/${guest.id}`;
    const shown = { first_name: 'Eva', last_name: 'Visser', email, tag_number: null };
    const rule = (access_rule: object) => asAdmin.ask('PATCH', one, { access_rule });
    const isShown = async (access_rule: object): Promise<void> =>
      expect(await asAdmin.read('GET', one)).toEqual({ ...shown, access_rule });
    await isShown({ access_rule_type: 'always', schedules: [], locks: [] });

    const custom = { access_rule_type: 'custom', locks: [cellar], schedules: [night] };
    await isDone(204, rule(custom));
    await isShown(custom);
    expect(await site.groupsAtHub(front)).toEqual([own]);
    expect(await site.groupsAtHub(cellar)).toHaveLength(2);

    const check = { access_rule_type: 'checkin_checkout', schedules: [stay] };
    await isDone(204, rule({ ...check, locks: [] }));
    await isShown({ ...check, locks: [] });
    expect(await site.groupsAtHub(front)).toHaveLength(2);
    await isDone(204, rule({ ...check, locks: [front] }));
    await isShown({ ...check, locks: [front] });
    expect(await site.groupsAtHub(cellar)).toEqual([own]);

    await isDone(204, asAdmin.ask('PATCH', `/pods/${pod}/locks`, { lock_to_remove_ids: [front] }));
    // Nothing is left to it, where a check-in without locks is for all of them.
    await isShown({ access_rule_type: 'custom', schedules: [stay], locks: [] });
    await isDone(204, rule({ access_rule_type: 'always' }));
    await isShown({ access_rule_type: 'always', schedules: [], locks: [] });
    expect(await site.groupsAtHub(cellar)).toEqual([own]);

    expect(refusal(await rule({ ...custom, locks: [elsewhere] }))).toBe('400 2222');
    for (const wrong of [
      {},
      { access_rule_type: 'sometimes' },
      { access_rule_type: 'always', schedules: [night] },
      { access_rule_type: 'always', locks: [cellar] },
      { access_rule_type: 'custom', locks: [cellar] },
      { access_rule_type: 'custom', schedules: [night] },
      { access_rule_type: 'checkin_checkout' },
      { ...check, schedules: [{ ...stay, end_date: '2026-11-01' }] },
      { ...check, schedules: [{ start_time: '08:00', end_time: '09:00' }] },
    ]) {
      expect([wrong, refusal(await rule(wrong))]).toEqual([wrong, '400 1101']);
      expect(await refusedGuests(pod, { access_rule: wrong })).toBe('400 1101');
    }
    expect(await refusedGuests(pod, {}, { access_rule: { ...custom, locks: [elsewhere] } })).toBe(
      '400 2222',
    );
    await isShown({ access_rule_type: 'always', schedules: [], locks: [] });
    expect(await usersOf(pod)).toHaveLength(2);
  });

  it('are as many as the pod takes, all or none', async () => {
    const { pod, memberId } = await addLivedIn();
    expect(await refusedGuests(pod, {}, {}, {})).toBe('400 2221');
    expect(await usersOf(pod)).toHaveLength(1);
    const first = await addGuest(pod);
    await addGuest(pod);
    expect(await refusedGuests(pod, {})).toBe('400 2221');
    const swap = {
      remove_guests_ids: [first.id, memberId, randomUUID()],
      add_guests: [podGuest()],
    };
    await isDone(204, guests(pod, swap));
    expect(await asAdmin.read('GET', `/pods/${pod}`)).toMatchObject({
      member_amount: 1,
      guest_amount: 2,
    });
    expect(await idsAt(asAdmin, `/pods/${pod}/users?$filter=pod_user_type eq 'member'`)).toEqual([
      memberId,
    ]);
    const sortedBy = `/pods/${pod}/users?$orderby=pod_user_type desc&$top=1&$inlinecount=allpages`;
    expect(await asAdmin.read('GET', sortedBy)).toMatchObject({
      count: 3,
      items: [{ id: memberId }],
    });
  });

  it('are found by the site user and by nothing else', async () => {
    const { pod, memberId } = await addLivedIn();
    const guest = await addGuest(pod);
    const other = await addPod();
    for (const path of [
      `/pods/${pod}/guests/${memberId}`,
      `/pods/${pod}/guests/${guest.user.id}`,
      `/pods/${other}/guests/${guest.id}`,
      `/pods/${randomUUID()}/guests/${guest.id}`,
    ]) {
      expect(refusal(await asAdmin.ask('GET', path))).toBe('404 2202');
      expect(refusal(await asAdmin.ask('PATCH', path, { access_rule: {} }))).toBe('404 2202');
    }
    const { asOther } = site;
    for (const path of ['users', 'members', `guests/${guest.id}`])
      expect(
        refusal(await asOther.ask(path === 'members' ? 'PATCH' : 'GET', `/pods/${pod}/${path}`)),
      ).toBe('404 2202');
  });
});
