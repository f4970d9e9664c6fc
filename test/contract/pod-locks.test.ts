/** Locks and tags of pods over HTTP, who reads them, and how pods end (connect-api.md 3.7, 4.9). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import { atSite } from '#test/kit/site';
import { freshAddress } from '#test/kit/site-people';
import {
  freshPodName,
  idsAt,
  isDone,
  podGuest,
  podMember,
  podStay,
  startPodSite,
  type PodSite,
} from '#test/kit/pods';

let site: PodSite;
beforeAll(async () => {
  site = await startPodSite();
});
afterAll(() => site.stop());

describe('locks of a pod', () => {
  it('go out and come in, and what is not in could be added', async () => {
    const [stays, goes, comes] = [await site.addLock(), await site.addLock(), await site.addLock()];
    const pod = await site.addPod({ locks: [stays, goes] });
    const path = `/pods/${pod.id}/locks`;
    const others = await idsAt(site.asAdmin, `${path}?excluded=true&$top=1000`);
    expect(others).toContain(comes);
    expect(others).not.toContain(stays);
    await isDone(
      204,
      site.asAdmin.ask('PATCH', path, {
        lock_to_add_ids: [comes, stays],
        lock_to_remove_ids: [goes, randomUUID(), stays],
      }),
    );
    expect(await idsAt(site.asAdmin, path)).toEqual([stays, comes]);
    expect(await site.asAdmin.items(path)).toEqual(
      [stays, comes].map((id) => ({ id, customer_reference: null })),
    );
    expect(await site.groupsAtHub(goes)).toEqual([]);
    expect(await site.groupsAtHub(comes)).toEqual(await site.groupsAtHub(stays));
    expect(await idsAt(site.asAdmin, `${path}?excluded=true&$filter=id eq ${goes}`)).toEqual([
      goes,
    ]);
    await isDone(204, site.asAdmin.ask('PATCH', path, {}));
    expect(await site.asAdmin.read('GET', `/pods/${pod.id}`)).toMatchObject({ lock_amount: 2 });
  });

  it('are of the site, or none is added or removed and no pod is made', async () => {
    const mine = await site.addLock();
    const pod = await site.addPod({ locks: [mine] });
    for (const wrong of [await site.addLock(site.otherSiteId), randomUUID()]) {
      const answer = await site.asAdmin.ask('PATCH', `/pods/${pod.id}/locks`, {
        lock_to_remove_ids: [mine],
        lock_to_add_ids: [await site.addLock(), wrong],
      });
      expect(answer).toMatchObject({
        status: 400,
        json: {
          ErrorCode: '2214',
          Message: 'Locks can not be added to the pod because they are not part of the site',
        },
      });
      const name = freshPodName();
      expect(await site.refusedPod({ customer_reference: name, locks: [mine, wrong] })).toBe(
        '400 2214',
      );
      expect(await site.asAdmin.items(`/pods?$filter=customer_reference eq '${name}'`)).toEqual([]);
    }
    expect(await idsAt(site.asAdmin, `/pods/${pod.id}/locks`)).toEqual([mine]);
  });

  it('are opened by its groups, which no list of groups shows', async () => {
    const lock = await site.addLock();
    const before = await idsAt(site.asAdmin, '/access_groups?$top=1000');
    const pod = await site.addPod({
      locks: [lock],
      members: [podMember({ email: freshAddress() })],
    });
    expect(await idsAt(site.asAdmin, '/access_groups?$top=1000')).toEqual(before);
    expect(await site.asAdmin.items(`/locks/${lock}/access_groups`)).toEqual([]);
    await site.addPod({
      locks: [await site.addLock()],
      access_rule: {
        access_rule_type: 'checkin_checkout',
        schedules: [podStay('2020-12-01T16:00:00', '2020-12-03T10:00:00')],
      },
    });
    const found = await site.asAdmin.askAt('ext', 'GET', '/configuration_check');
    expect((found.json as { fine: string[] }).fine).toEqual(
      expect.arrayContaining(['group_without_lock', 'group_without_people', 'schedule_is_over']),
    );
    const [groupId = ''] = await site.groupsAtHub(lock);
    expect(refusal(await site.asAdmin.ask('GET', `/access_groups/${groupId}`))).toBe('404 2202');
    expect(refusal(await site.server.ask('DELETE', `/access_groups/${groupId}`))).toBe('404 1101');
    const [member] = await site.asAdmin.items(`/pods/${pod.id}/users`);
    expect(await site.asAdmin.items(`/users/${member?.id}/access_groups`)).toEqual([]);
  });

  it('leave with the lock itself', async () => {
    const lock = await site.addLock();
    const pod = await site.addPod({ locks: [lock] });
    expect((await site.server.ask('DELETE', `/locks/${lock}?force=true`)).status).toBe(403);
    await site.server.database.pool.query(
      `update locks set iq_link_state = 'detached', iq_id = null where id = $1`,
      [lock],
    );
    expect((await site.server.ask('DELETE', `/locks/${lock}?force=true`)).status).toBe(204);
    expect(await site.asAdmin.read('GET', `/pods/${pod.id}`)).toMatchObject({ lock_amount: 0 });
  });
});

describe('tags of a pod', () => {
  it('are those of its people', async () => {
    const [held, guests, spare] = [
      await insertTag(site.server, { collection_id: site.siteId }),
      await insertTag(site.server, { collection_id: site.siteId }),
      await insertTag(site.server, { collection_id: site.siteId }),
    ];
    const pod = await site.addPod({
      members: [podMember({ email: freshAddress(), tag_id: held.id })],
    });
    const path = `/pods/${pod.id}`;
    await isDone(204, site.asAdmin.ask('PATCH', `${path}/guests`, { add_guests: [podGuest()] }));
    const [visitor] = await site.asAdmin.items(`${path}/users?$filter=pod_user_type eq 'guest'`);
    await site.asAdmin.read('PATCH', `/users/${visitor?.id}`, { tag_id: guests.id });
    const [member] = await site.asAdmin.items(`${path}/users?$filter=pod_user_type eq 'member'`);
    expect(await site.asAdmin.items(`${path}/tags?$orderby=tag_number`)).toMatchObject(
      [
        { id: held.id, site_user: { id: member?.id } },
        { id: guests.id, site_user: { id: visitor?.id } },
      ].sort((a, b) =>
        numberOf(a.id, [held, guests]).localeCompare(numberOf(b.id, [held, guests])),
      ),
    );
    expect(await idsAt(site.asAdmin, `${path}/tags?$filter=id eq ${spare.id}`)).toEqual([]);
    expect(
      (await site.asAdmin.ask('GET', `${path}/tags?$inlinecount=allpages&$top=0`)).json,
    ).toEqual({
      items: [],
      next_page_link: null,
      count: 2,
    });
  });
});

function numberOf(
  id: string,
  tags: readonly { readonly id: string; readonly tag_number: string }[],
): string {
  return tags.find((tag) => tag.id === id)?.tag_number ?? '';
}

describe('a pod that ends', () => {
  async function furnish() {
    const lock = await site.addLock();
    const pod = await site.addPod({
      locks: [lock],
      members: [podMember({ email: freshAddress() }), podMember()],
    });
    const path = `/pods/${pod.id}`;
    const hours = { ...podStay('2026-12-01T16:00:00', '2026-12-03T10:00:00') };
    await isDone(
      204,
      site.asAdmin.ask('PATCH', `${path}/guests`, {
        add_guests: [
          podGuest(),
          podGuest({
            access_rule: { access_rule_type: 'custom', locks: [lock], schedules: [hours] },
          }),
        ],
      }),
    );
    const users = await idsAt(site.asAdmin, `${path}/users`);
    expect(users.length).toBe(4);
    expect((await site.groupsAtHub(lock)).length).toBe(2);
    return { path, lock, users, pod };
  }

  it('when cleaned loses its people and keeps locks, name and rule', async () => {
    const { path, lock, users, pod } = await furnish();
    await isDone(202, site.asAdmin.ask('PATCH', `${path}/clean`));
    expect(await site.asAdmin.read('GET', path)).toEqual({ ...pod, member_amount: 0 });
    expect(await idsAt(site.asAdmin, `${path}/users`)).toEqual([]);
    expect(await site.asAdmin.items(`${path}/access_codes`)).toEqual([]);
    for (const id of users)
      expect(refusal(await site.asAdmin.ask('GET', `/users/${id}`))).toBe('404 2202');
    expect((await site.groupsAtHub(lock)).length).toBe(1);
    await isDone(202, site.asAdmin.ask('PATCH', `${path}/clean`));
  });

  it('when deleted is gone with its people at once, and leaves its locks to the site', async () => {
    const { path, lock, users, pod } = await furnish();
    await isDone(202, site.asAdmin.ask('DELETE', path));
    for (const [method, below] of [
      ['GET', ''],
      ['GET', '/users'],
      ['DELETE', ''],
      ['PATCH', '/clean'],
    ] as const)
      expect(refusal(await site.asAdmin.ask(method, `${path}${below}`))).toBe('404 2202');
    for (const id of users)
      expect(refusal(await site.asAdmin.ask('GET', `/users/${id}`))).toBe('404 2202');
    expect(await site.groupsAtHub(lock)).toEqual([]);
    expect((await site.asAdmin.ask('GET', `/locks/${lock}`)).status).toBe(200);
    await site.addPod({ customer_reference: pod['customer_reference'] });
  });

  it('ends with its site', async () => {
    const siteId = await addSite(site.server);
    const person = await addPerson(site.server, { siteId, role: 'owner' });
    const asOwner = atSite(site.server, { siteId, person });
    const members = [podMember({ email: freshAddress() })];
    const { id } = await site.addPod({ locks: [await site.addLock(siteId)], members }, asOwner);
    await isDone(202, asOwner.ask('DELETE', ''));
    const left = 'select count(*)::int as n from pods where id = $1';
    expect((await site.server.database.pool.query(left, [id])).rows).toEqual([{ n: 0 }]);
  });

  it('lets nobody go who has another place in the site', async () => {
    const known = await addPerson(site.server, { siteId: site.siteId, role: 'site_user' });
    const pod = await site.addPod({ members: [podMember({ email: known.email })] });
    expect(await idsAt(site.asAdmin, `/pods/${pod.id}/users`)).toEqual([known.accessorId]);
    await isDone(202, site.asAdmin.ask('DELETE', `/pods/${pod.id}`));
    const shown = await site.asAdmin.read('GET', `/users/${known.accessorId}`);
    expect((shown['roles'] as { code: string }[]).map(({ code }) => code)).toEqual(['site_user']);
  });
});

describe('whoever is a member of one pod', () => {
  it('reads its locks, tags and people, and nothing of another', async () => {
    const lock = await site.addLock();
    const [mine, theirs] = [await site.addPod({ locks: [lock] }), await site.addPod()];
    const person: TestPerson = await addPerson(site.server, {
      siteId: site.siteId,
      role: 'site_user',
    });
    await isDone(
      204,
      site.asAdmin.ask('PATCH', `/pods/${mine.id}/members`, {
        add_members: [podMember({ email: person.email })],
      }),
    );
    const asMember = atSite(site.server, { siteId: site.siteId, person });
    expect(await idsAt(asMember, `/pods/${mine.id}/locks`)).toEqual([lock]);
    expect(await idsAt(asMember, `/pods/${mine.id}/locks?excluded=true`)).toEqual([]);
    expect(await asMember.items(`/pods/${mine.id}/tags`)).toEqual([]);
    for (const [method, path] of [
      ['GET', `/pods/${theirs.id}/locks`],
      ['GET', `/pods/${theirs.id}/tags`],
      ['GET', '/pods'],
      ['GET', `/pods/${mine.id}`],
      ['PATCH', `/pods/${mine.id}/locks`],
      ['PUT', `/pods/${mine.id}/access_rule`],
      ['PATCH', `/pods/${mine.id}/clean`],
      ['DELETE', `/pods/${mine.id}`],
    ] as const) {
      const { status, text } = await asMember.ask(method, path);
      expect([method, path, status, text]).toEqual([method, path, 403, '']);
    }
  });
});

it('a change of pods is in the audit log, without names in its chain', async () => {
  const siteId = await addSite(site.server);
  const asOwner = atSite(site.server, {
    siteId,
    person: await addPerson(site.server, { siteId, role: 'owner' }),
  });
  const { id } = await site.addPod({ members: [podMember({ email: freshAddress() })] }, asOwner);
  await isDone(204, asOwner.ask('PATCH', `/pods/${id}`, { max_guest_amount: 3 }));
  await isDone(204, asOwner.ask('PUT', `/pods/${id}/access_rule`, { access_rule_type: 'always' }));
  await isDone(204, asOwner.ask('PATCH', `/pods/${id}/locks`, {}));
  await isDone(202, asOwner.ask('PATCH', `/pods/${id}/clean`));
  await isDone(202, asOwner.ask('DELETE', `/pods/${id}`));
  const { rows } = await site.server.database.pool.query<{ action: string; detail: string }>(
    `select action, coalesce(detail, '') as detail from audit_log where object_type = 'pod' and object_id = $1 order by number`,
    [id],
  );
  expect(rows.map(({ action }) => action)).toEqual([
    'pod.create',
    'pod.update',
    'pod.update_access_rule',
    'pod.update_locks',
    'pod.clean',
    'pod.delete',
  ]);
  expect(rows.some(({ detail }) => /Ada|Flat/.test(detail))).toBe(false);
});
