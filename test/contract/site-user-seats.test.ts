/** Seats of a site, and guests whose time ends (connect-api.md 2.4, 4.2; behaviour.md 15). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';
import {
  graceHopper,
  roleIds,
  startSitePeople,
  userOf,
  type ShownUser,
  type SitePeople,
} from '#test/kit/site-people';
import { until } from '#test/kit/wait';

const start = new Date('2026-06-01T12:00:00Z');
const minuteMs = 60_000;

let people: SitePeople;
/** A site of its own for each test, with the same admin. */
let site: string;
beforeAll(async () => {
  people = await startSitePeople({ clock: start });
});
afterAll(() => people.stop());
beforeEach(async () => {
  site = await addSite(people.server);
  await people.server.database.pool.query(
    `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
     values ($1, gen_random_uuid(), $2, $3, $4, now())`,
    [people.server.tenant.tenantId, people.admin.userId, site, roleIds('site_admin')],
  );
});

async function allow(seats: number | null): Promise<void> {
  await people.server.database.pool.query('update collections set user_amount = $2 where id = $1', [
    site,
    seats,
  ]);
}

const add = (): Promise<Answer> => people.ask('POST', '/users', { site, body: graceHopper });
const addGuest = (body: object = { alias: 'Room 1' }): Promise<Answer> =>
  people.ask('POST', '/guests', { site, body });
const subscribe = (id: string, state?: string): Promise<Answer> =>
  people.ask('PATCH', `/users/${id}/subscription`, { site, body: { state } });
const read = (id: string): Promise<ShownUser> =>
  userOf(people.ask('GET', `/users/${id}`, { site }));
const stateOf = async (id: string): Promise<unknown> => (await read(id))['subscription_state'];
const inMinutes = (minutes: number): string =>
  new Date((people.server.clock?.now() ?? start).getTime() + minutes * minuteMs)
    .toISOString()
    .replace('.000', '');

describe('a site with seats', () => {
  it('makes who comes without one suspended, and says so to everybody concerned', async () => {
    const owner = await addPerson(people.server, { siteId: site, role: 'owner' });
    await allow(1);
    const first = await add();
    expect(first.headers.get('clp-warning')).toBeNull();
    expect((await userOf(first))['subscription_state']).toBe('subscribed');
    for (const make of [add, addGuest]) {
      const answer = await make();
      expect(answer.headers.get('clp-warning')).toBe('seat_limit_reached');
      const made = await userOf(answer);
      expect(made['subscription_state']).toBe('suspended');
      const records = await people.server.database.pool.query<{ action: string }>(
        `select action from audit_log where object_id = $1 order by number`,
        [made.id],
      );
      expect(records.rows.map(({ action }) => action)).toEqual([
        'site_user.create',
        'site_user.seat_limit_reached',
      ]);
      expect(refusal(await subscribe(made.id, 'subscribed'))).toBe('403 2212');
      const pin = await people.ask('PUT', `/users/${made.id}/pin`, { site, body: {} });
      expect(refusal(pin)).toBe('403 2203');
    }
    const isTold = (address: string): boolean =>
      people.mailsTo(address).filter(({ subject }) => subject?.includes('seat')).length === 2;
    await until(() => isTold(owner.email) && isTold(people.admin.email), {
      what: 'owner and admin are told',
      timeoutMs: 60_000,
    });
  });

  it('gives a seat on at once when somebody is suspended or removed', async () => {
    await allow(1);
    const first = await userOf(add());
    const second = await userOf(add());
    const third = await userOf(add());
    expect((await subscribe(first.id, 'SUSPENDED')).status).toBe(204);
    expect(await stateOf(first.id)).toBe('suspended');
    const given = await subscribe(second.id, 'subscribed');
    expect([given.status, given.text]).toEqual([204, '']);
    expect((await subscribe(second.id, 'subscribed')).status).toBe(204);
    expect(refusal(await subscribe(third.id, 'subscribed'))).toBe('403 2212');
    expect((await people.ask('DELETE', `/users/${second.id}`, { site })).status).toBe(202);
    expect((await subscribe(third.id, 'subscribed')).status).toBe(204);
  });

  it('gives the last seat to one only, whoever asks at the same time', async () => {
    await allow(1);
    const made = await Promise.all([add(), addGuest(), add(), addGuest()].map(userOf));
    const states = made.map((user) => user['subscription_state']);
    expect(states.filter((state) => state === 'subscribed')).toHaveLength(1);
    const holder = made.find((user) => user['subscription_state'] === 'subscribed');
    await subscribe(holder?.id ?? '', 'suspended');
    const answers = await Promise.all(made.map(({ id }) => subscribe(id, 'subscribed')));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
  });

  it('has none at 0 and as many as wanted without a limit', async () => {
    await allow(0);
    expect((await userOf(add()))['subscription_state']).toBe('suspended');
    await allow(null);
    for (const make of [add, addGuest, add])
      expect((await userOf(make()))['subscription_state']).toBe('subscribed');
  });

  it('needs a state that there is', async () => {
    const { id } = await userOf(add());
    expect(refusal(await subscribe(id))).toBe('400 1101');
    expect(refusal(await subscribe(id, 'paused'))).toBe('400 1101');
  });
});

describe('a guest', () => {
  it('has an alias, the role of guests and no more, and is unknown under v1.1', async () => {
    const expires_at = inMinutes(600);
    const answer = await addGuest({ alias: 'Room 12', expires_at });
    expect(answer.status).toBe(201);
    const made = await userOf(answer);
    expect(made).toMatchObject({
      user: { first_name: null, last_name: null, email: null, has_profile: false },
      roles: [{ code: 'site_guest' }],
      alias: 'Room 12',
      use_pin: false,
      remote_access: false,
      subscription_state: 'subscribed',
      expires_at,
    });
    expect(await userOf(addGuest({ alias: 'Room 13', expires_at: null }))).toMatchObject({
      expires_at: null,
    });
    const earlier = { site, version: 'v1.1', body: { alias: 'Room 14' } } as const;
    expect((await people.ask('POST', '/guests', earlier)).status).toBe(404);
  });

  it('needs an alias and a time that lies ahead', async () => {
    expect(refusal(await addGuest({}))).toBe('400 1100');
    expect(refusal(await addGuest({ alias: ' ' }))).toBe('400 1101');
    for (const expires_at of [inMinutes(0), inMinutes(-1), 'tomorrow'])
      expect(refusal(await addGuest({ alias: 'Late', expires_at }))).toBe('400 1101');
  });

  it('keeps being one, with add-on roles or without', async () => {
    const { id } = await userOf(addGuest());
    const patch = (role_ids: string[]): Promise<ShownUser> =>
      userOf(people.ask('PATCH', `/users/${id}`, { site, body: { role_ids, use_pin: true } }));
    const mobile = await patch(roleIds('site_mobile_user'));
    expect(mobile.roles.map(({ code }) => code)).toEqual(['site_mobile_user', 'site_guest']);
    expect(mobile).toMatchObject({ use_pin: true, remote_access: true });
    const plain = await patch(roleIds('site_guest'));
    expect(plain.roles.map(({ code }) => code)).toEqual(['site_guest']);
  });

  it('is suspended when the time is over, for good, and the seat is free to the second', async () => {
    await allow(1);
    const guest = await userOf(addGuest({ alias: 'Short', expires_at: inMinutes(5) }));
    people.server.clock?.advance(5 * minuteMs - 1_000);
    expect(await stateOf(guest.id)).toBe('subscribed');
    expect((await userOf(add()))['subscription_state']).toBe('suspended');
    people.server.clock?.advance(1_000);
    expect(await stateOf(guest.id)).toBe('suspended');
    expect((await userOf(add()))['subscription_state']).toBe('subscribed');
    expect(refusal(await subscribe(guest.id, 'subscribed'))).toBe('403 2203');
    const setting = `/accessors/${guest.id}/collection_settings/${site}`;
    let polls = 0;
    await until(
      async () => {
        // Rounds begin by the clock; moved at each look it would outrun the token.
        if (polls % 25 === 0) people.server.clock?.advance(15_000);
        polls += 1;
        const { json } = await people.server.ask('GET', setting);
        return (json as { suspended: boolean }).suspended;
      },
      { what: 'the setting is suspended, which Core shows', timeoutMs: 60_000 },
    );
    const again = await people.server.ask('PATCH', setting, { body: { suspended: false } });
    expect(refusal(again)).toBe('403 2203');
    const records = await people.server.database.pool.query<{ action: string }>(
      'select action from audit_log where object_id = $1 order by number',
      [guest.id],
    );
    expect(records.rows.map(({ action }) => action)).toEqual([
      'site_user.create',
      'site_user.expire',
    ]);
  });

  it('opens no door from afar from that second on, before anything else has said so', async () => {
    const guest = await userOf(addGuest({ alias: 'Afar', expires_at: inMinutes(5) }));
    const body = { role_ids: roleIds('site_mobile_user') };
    await userOf(people.ask('PATCH', `/users/${guest.id}`, { site, body }));
    const iq = await insertIq(people.server, { collection_id: site });
    const place = { collection_id: site, iq_id: iq, iq_link_state: 'attached' };
    const lock = await insertLock(people.server, place);
    const open = async (): Promise<string> =>
      refusal(
        await people.server.ask('PATCH', `/locks/${lock}/locking`, {
          body: { locked_state: 'unlocked', accessor_id: guest.id },
        }),
      );
    // As far as the hub, which is out of reach.
    expect(await open()).toBe('400 3105');
    people.server.clock?.advance(5 * minuteMs);
    expect(await open()).toBe('403 2203');
  });
});
