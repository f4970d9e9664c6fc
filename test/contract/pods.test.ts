/** Pods of a site over HTTP: their names, limits, rules and first members (connect-api.md 3.7, 4.9, 5). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyDay } from '#contract/fields';
import { refusal } from '#test/kit/core';
import { insertTag } from '#test/kit/rows';
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

const always = { access_rule_type: 'always', schedules: [] };

describe('a pod', () => {
  it('begins empty and open at all times, and shows every member', async () => {
    const made = await site.addPod({ customer_reference: ' Flat 1 ' });
    const shown = {
      id: made.id,
      customer_reference: ' Flat 1 ',
      access_rule: always,
      max_guest_amount: 2,
      member_amount: 0,
      guest_amount: 0,
      lock_amount: 0,
    };
    expect(made).toEqual(shown);
    expect(await site.asAdmin.read('GET', `/pods/${made.id}`)).toEqual(shown);
    expect((await site.asAdmin.askAt('v1.2', 'GET', `/pods/${made.id}`)).json).toEqual(shown);
    expect(await site.asAdmin.items(`/pods?$filter=id eq ${made.id}`)).toEqual([shown]);
    for (const list of ['users', 'locks', 'tags', 'access_codes'])
      expect(await site.asAdmin.items(`/pods/${made.id}/${list}`)).toEqual([]);
  });

  it('comes with locks, members and a rule at once', async () => {
    const locks = [await site.addLock(), await site.addLock()];
    const tag = await insertTag(site.server, { collection_id: site.siteId });
    const email = freshAddress();
    const made = await site.addPod({
      locks: [...locks, locks[0]],
      members: [podMember({ email, tag_id: tag.id }), podMember({ tag_id: '' })],
      access_rule: {
        access_rule_type: 'CheckIn_CheckOut',
        schedules: [
          { ...everyDay, start_time: '0:00', end_time: '24:00', start_date: '2026-12-01T16:00Z' },
          { monday: true, start_time: '18:00', end_time: '18:00', end_date: '2026-12-24' },
        ],
      },
    });
    expect(made).toMatchObject({
      access_rule: {
        access_rule_type: 'checkin_checkout',
        schedules: [
          {
            ...everyDay,
            start_time: '00:00:00',
            end_time: '23:59:59',
            start_date: '2026-12-01T16:00:00',
            end_date: null,
          },
          {
            ...Object.fromEntries(Object.keys(everyDay).map((day) => [day, day === 'monday'])),
            start_time: '18:00:00',
            end_time: '18:00:59',
            start_date: null,
            end_date: '2026-12-24T23:59:59',
          },
        ],
      },
      member_amount: 2,
      guest_amount: 0,
      lock_amount: 2,
    });
    expect(await idsAt(site.asAdmin, `/pods/${made.id}/locks`)).toEqual(locks);
    expect(await site.asAdmin.items(`/pods/${made.id}/users`)).toMatchObject([
      { pod_user_type: 'member', user: { email, tag_number: tag.tag_number } },
      { pod_user_type: 'member', user: { email: null, tag_number: null } },
    ]);
    const invitations = site
      .mailsTo(email)
      .filter(({ text }) => text?.includes('/account/invitation/'));
    expect(invitations.length).toBe(1);
    for (const lock of locks) expect((await site.groupsAtHub(lock)).length).toBe(1);
  });

  it('is filtered, ordered and counted by every member', async () => {
    const word = randomUUID();
    const small = await site.addPod({ customer_reference: `${word} b`, max_guest_amount: 1 });
    const large = await site.addPod({
      customer_reference: `${word} a`,
      max_guest_amount: 9,
      locks: [await site.addLock()],
      access_rule: {
        access_rule_type: 'checkin_checkout',
        schedules: [podStay('2026-12-01T16:00:00', '2026-12-05T10:00:00')],
      },
    });
    const found = async (filter: string): Promise<string[]> =>
      (
        await site.asAdmin.items(
          `/pods?$filter=startswith(customer_reference, '${word}') and (${filter})`,
        )
      ).map(({ id }) => id);
    expect(await found(`id ne ${small.id}`)).toEqual([large.id]);
    expect(await found('max_guest_amount gt 1')).toEqual([large.id]);
    expect(await found('lock_amount eq 0')).toEqual([small.id]);
    expect(await found('member_amount eq 0 and guest_amount eq 0')).toEqual([small.id, large.id]);
    expect(await found("access_rule/access_rule_type eq 'always'")).toEqual([small.id]);
    const page = await site.asAdmin.ask(
      'GET',
      `/pods?$filter=startswith(customer_reference, '${word}')&$orderby=customer_reference&$top=1&$inlinecount=allpages`,
    );
    expect(page.json).toMatchObject({
      items: [large],
      count: 2,
      next_page_link: expect.any(String) as string,
    });
    expect(refusal(await site.asAdmin.ask('GET', "/pods?$filter=rent eq 'high'"))).toBe('400 1102');
  });

  it('changes its name and its limit, each alone', async () => {
    const pod = await site.addPod({ customer_reference: freshPodName() });
    await isDone(204, site.asAdmin.ask('PATCH', `/pods/${pod.id}`, { max_guest_amount: 5 }));
    const name = freshPodName();
    await isDone(204, site.asAdmin.ask('PATCH', `/pods/${pod.id}`, { customer_reference: name }));
    await isDone(204, site.asAdmin.ask('PATCH', `/pods/${pod.id}`, { customer_reference: null }));
    expect(await site.asAdmin.read('GET', `/pods/${pod.id}`)).toEqual({
      ...pod,
      customer_reference: name,
      max_guest_amount: 5,
    });
  });

  it('has a name of its own in the site, whatever its case and the blanks around it', async () => {
    const name = freshPodName();
    const pod = await site.addPod({ customer_reference: name });
    const other = await site.addPod();
    for (const taken of [name, ` ${name.toUpperCase()} `]) {
      expect(await site.refusedPod({ customer_reference: taken })).toBe('400 2213');
      const answer = await site.asAdmin.ask('PATCH', `/pods/${other.id}`, {
        customer_reference: taken,
      });
      expect(answer.json).toEqual({
        ErrorCode: '2213',
        Message: 'Pod with this name already exists in site',
      });
    }
    await isDone(
      204,
      site.asAdmin.ask('PATCH', `/pods/${pod.id}`, { customer_reference: ` ${name}` }),
    );
    await site.addPod({ customer_reference: name }, site.asOther);
  });

  it('refuses a limit below nobody, and a name that is none', async () => {
    const pod = await site.addPod();
    for (const wrong of [
      { max_guest_amount: -1 },
      { max_guest_amount: 2_147_483_648 },
      { customer_reference: ' ' },
      { customer_reference: 'x'.repeat(256) },
    ]) {
      expect([wrong, await site.refusedPod(wrong)]).toEqual([wrong, '400 1101']);
      expect(refusal(await site.asAdmin.ask('PATCH', `/pods/${pod.id}`, wrong))).toBe('400 1101');
    }
    expect(refusal(await site.asAdmin.ask('POST', '/pods', { max_guest_amount: 1 }))).toBe(
      '400 1100',
    );
    expect(refusal(await site.asAdmin.ask('POST', '/pods', { customer_reference: 'x' }))).toBe(
      '400 1100',
    );
  });

  it('keeps its limit at or above its guests', async () => {
    const pod = await site.addPod({ max_guest_amount: 2 });
    const path = `/pods/${pod.id}`;
    await isDone(
      204,
      site.asAdmin.ask('PATCH', `${path}/guests`, { add_guests: [podGuest(), podGuest()] }),
    );
    const low = await site.asAdmin.ask('PATCH', path, {
      max_guest_amount: 1,
      customer_reference: 'x',
    });
    expect(low).toMatchObject({ status: 400, json: { ErrorCode: '2219' } });
    await isDone(204, site.asAdmin.ask('PATCH', path, { max_guest_amount: 2 }));
    expect(await site.asAdmin.read('GET', path)).toEqual({ ...pod, guest_amount: 2 });
  });

  it('is known to its own site alone', async () => {
    const { id } = await site.addPod();
    for (const [by, pod] of [
      [site.asOther, id],
      [site.asAdmin, randomUUID()],
    ] as const)
      for (const [method, path] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['PATCH', '/clean'],
        ['GET', '/locks'],
        ['PATCH', '/locks'],
        ['GET', '/tags'],
        ['PUT', '/access_rule'],
      ] as const)
        expect([method, path, (await by.ask(method, `/pods/${pod}${path}`)).json]).toEqual([
          method,
          path,
          { ErrorCode: '2202', Message: 'Pod not found' },
        ]);
  });

  it('needs a subscription that has pods', async () => {
    const { id } = await site.addPod();
    const { pool } = site.server.database;
    await pool.query(
      `update collections set subscription_ends_at = now() - interval '1 day' where id = $1`,
      [site.siteId],
    );
    for (const [method, path] of [
      ['GET', '/pods'],
      ['POST', '/pods'],
      ['GET', `/pods/${id}`],
      ['PATCH', `/pods/${id}`],
      ['DELETE', `/pods/${id}`],
      ['PATCH', `/pods/${id}/clean`],
      ['GET', `/pods/${id}/locks`],
      ['PATCH', `/pods/${id}/locks`],
      ['GET', `/pods/${id}/tags`],
      ['PUT', `/pods/${id}/access_rule`],
    ] as const)
      expect([method, path, refusal(await site.asAdmin.ask(method, path))]).toEqual([
        method,
        path,
        '403 2212',
      ]);
    await pool.query(`update collections set subscription_ends_at = null where id = $1`, [
      site.siteId,
    ]);
  });
});

describe('the rule of a pod', () => {
  it('is replaced as a whole, and back', async () => {
    const pod = await site.addPod();
    const path = `/pods/${pod.id}`;
    const rule = {
      access_rule_type: 'checkin_checkout',
      schedules: [
        podStay('2026-12-05T16:00:00', '2026-12-09T10:00:00'),
        podStay('2026-12-01T16:00:00', '2026-12-03T10:00:00'),
      ],
    };
    await isDone(204, site.asAdmin.ask('PUT', `${path}/access_rule`, rule));
    expect((await site.asAdmin.read('GET', path))['access_rule']).toEqual(rule);
    const [second] = rule.schedules;
    await isDone(
      204,
      site.asAdmin.ask('PUT', `${path}/access_rule`, { ...rule, schedules: [second] }),
    );
    expect((await site.asAdmin.read('GET', path))['access_rule']).toEqual({
      ...rule,
      schedules: [second],
    });
    await isDone(
      204,
      site.asAdmin.ask('PUT', `${path}/access_rule`, { access_rule_type: 'always' }),
    );
    expect((await site.asAdmin.read('GET', path))['access_rule']).toEqual(always);
  });

  it('is none that says no time, too much or is for guests', async () => {
    const pod = await site.addPod();
    const days = podStay('2026-12-01T16:00:00', '2026-12-03T10:00:00');
    for (const wrong of [
      {},
      { access_rule_type: 'sometimes' },
      { access_rule_type: 'custom', schedules: [days] },
      { access_rule_type: 'always', schedules: [days] },
      { access_rule_type: 'checkin_checkout' },
      { access_rule_type: 'checkin_checkout', schedules: [] },
      {
        access_rule_type: 'checkin_checkout',
        schedules: [days, podStay('2026-12-03T16:00:00', '2026-12-01T10:00:00')],
      },
      {
        access_rule_type: 'checkin_checkout',
        schedules: [{ start_time: '10:00', end_time: '11:00' }],
      },
    ]) {
      expect([wrong, await site.refusedPod({ access_rule: wrong })]).toEqual([wrong, '400 1101']);
      expect(refusal(await site.asAdmin.ask('PUT', `/pods/${pod.id}/access_rule`, wrong))).toBe(
        '400 1101',
      );
    }
    const untimed = { access_rule_type: 'checkin_checkout', schedules: [everyDay] };
    expect(refusal(await site.asAdmin.ask('PUT', `/pods/${pod.id}/access_rule`, untimed))).toBe(
      '400 1100',
    );
    expect(await site.asAdmin.read('GET', `/pods/${pod.id}`)).toEqual(pod);
  });
});

describe('members of a pod that is made', () => {
  const made = async (members: readonly object[]): Promise<string> => {
    const name = freshPodName();
    const users = (await site.asAdmin.items('/users?$top=1000')).length;
    const answer = await site.refusedPod({ customer_reference: name, members });
    expect(await site.asAdmin.items(`/pods?$filter=customer_reference eq '${name}'`)).toEqual([]);
    expect((await site.asAdmin.items('/users?$top=1000')).length).toBe(users);
    return answer;
  };

  it('are added all or not at all, whatever is wrong with one', async () => {
    const addresses: string[] = [];
    const good = () => {
      const email = freshAddress();
      addresses.push(email);
      return podMember({ email });
    };
    const email = freshAddress();
    const taken = await insertTag(site.server, { collection_id: site.siteId });
    const free = await insertTag(site.server, { collection_id: site.siteId });
    await site.addPod({ members: [podMember({ email, tag_id: taken.id })] });
    expect(await made([podMember(), podMember()])).toBe('400 2215');
    const twice = freshAddress();
    expect(
      await made([good(), podMember({ email: twice }), podMember({ email: twice.toUpperCase() })]),
    ).toBe('400 2216');
    expect(await made([good(), podMember({ email })])).toBe('400 2217');
    expect(
      await made([good(), podMember({ tag_id: free.id }), podMember({ tag_id: free.id })]),
    ).toBe('400 2218');
    expect(await made([good(), podMember({ tag_id: taken.id })])).toBe('400 2218');
    expect(await made([good(), podMember({ tag_id: randomUUID() })])).toBe('404 2202');
    expect(await made([good(), podMember({ email: 'nobody' })])).toBe('400 4201');
    expect(await made([good(), { first_name: 'Ada' }])).toBe('400 1100');
    expect(await made([good(), podMember({ email: '' })])).toBe('400 1101');
    expect(addresses.flatMap((address) => site.mailsTo(address))).toEqual([]);
  });
});
