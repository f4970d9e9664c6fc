import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';

const now = new Date('2026-11-22T12:00:00Z');
const nil = '00000000-0000-0000-0000-000000000000';
let server: TestServer;
let siteId: string;
let other: string;
let iqId: string;
let lockId: string;
let owner: TestPerson;
let ada: TestPerson;
let bob: TestPerson;

type Stored = {
  readonly minutesAgo: number;
  readonly site?: string;
  readonly category?: string;
  readonly detail?: string | null;
  readonly accessorId?: string | null;
  readonly accessBy?: string;
  readonly accessDetail?: string;
  readonly reason?: string | null;
  readonly isReadable?: boolean;
};

/** Stores an entry as a hub's upload leaves it, and gives its id. */
async function entry(of: Stored): Promise<string> {
  const id = randomUUID();
  await server.database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, event_detail, utc_date_time,
       local_date_time, lock_id, lock_customer_reference, lock_mac_address, iq_customer_reference, iq_mac_address, iq_revision,
       accessor_id, exit_requested, access_by, access_detail, reject_reason, is_readable, stored_at)
     values ($1, $2, nextval('event_numbers'), $3, 1, nextval('event_numbers'), $4, $5, $6, $7::timestamptz,
       $7::timestamptz at time zone 'Europe/Amsterdam', $8, 'Front door', 'ABCDEF01234567', 'Hub', '0A.1B.2C', '1.0.0', $9, false, $10,
       $11, $12, $13, $14)`,
    [
      server.tenant.tenantId,
      id,
      iqId,
      of.site ?? siteId,
      of.category ?? 'lock_opened',
      of.detail ?? null,
      new Date(now.getTime() - of.minutesAgo * 60_000),
      lockId,
      of.accessorId ?? null,
      of.accessBy ?? 'tag',
      of.accessDetail ?? '00000042',
      of.reason ?? null,
      of.isReadable ?? true,
      now,
    ],
  );
  return id;
}

async function incident(minutesAgo: number, site = siteId): Promise<string> {
  const id = randomUUID();
  await server.database.pool.query(
    `insert into incidents (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, lock_id, lock_customer_reference, stored_at)
     values ($1, $2, nextval('event_numbers'), $3, 1, nextval('event_numbers'), $4, 'lock_reset', $5::timestamptz,
       $5::timestamptz at time zone 'Europe/Amsterdam', $6, 'Front door', $7)`,
    [
      server.tenant.tenantId,
      id,
      iqId,
      site,
      new Date(now.getTime() - minutesAgo * 60_000),
      lockId,
      now,
    ],
  );
  return id;
}

type Page = {
  readonly items: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[];
  readonly continuation_token: string | null;
  readonly next_page_link: string | null;
  readonly count: number | null;
};

const ask = (
  path: string,
  {
    token = owner.token,
    headers = {},
  }: { readonly token?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> => server.ask('GET', `//v1.1/sites/${siteId}${path}`, { token, headers });

async function page(path: string, more: Parameters<typeof ask>[1] = {}): Promise<Page> {
  const answer = await ask(path, more);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Page;
}

beforeAll(async () => {
  server = await startTestServer({ clock: now });
  siteId = await addSite(server);
  other = await addSite(server);
  iqId = await insertIq(server, { collection_id: siteId });
  lockId = await insertLock(server, { collection_id: siteId });
  owner = await addPerson(server, { siteId, role: 'owner' });
  ada = await addPerson(server, { siteId, role: 'site_user' });
  bob = await addPerson(server, { siteId, role: 'site_super_user' });
  await server.database.pool.query(`update accessors set alias = 'Night watch' where id = $1`, [
    ada.accessorId,
  ]);
});
afterAll(() => server.stop());

describe('the access log of a site', () => {
  it('shows every member of an entry, with the person behind it', async () => {
    const id = await entry({ minutesAgo: 5, accessorId: ada.accessorId });
    const { items } = await page(`/entries?$filter=id eq ${id}&$count=true`);
    expect(items).toEqual([
      {
        id,
        event_category: 'lock_opened',
        event_detail: null,
        utc_date_time: '2026-11-22T11:55:00Z',
        local_date_time: '2026-11-22T12:55:00',
        lock_id: lockId,
        lock_mac_address: 'ABCDEF01234567',
        lock_customer_reference: 'Front door',
        iq_id: iqId,
        iq_customer_reference: 'Hub',
        iq_mac_address: '0A.1B.2C',
        iq_revision: '1.0.0',
        ttl_in_seconds: 7_776_000,
        expiration_date_time: '2027-02-20T11:55:00Z',
        user_id: ada.userId,
        user_first_name: 'Ada',
        user_last_name: 'Visser',
        user_image_url: null,
        user_alias: 'Night watch',
        exit_requested: false,
        access_by: 'tag',
        access_detail: '00000042',
        reject_reason: null,
      },
    ]);
  });

  it('shows an unknown tag by its number, and an unknown PIN as the nil UUID without a name', async () => {
    const refused = {
      category: 'lock_rejected',
      detail: 'no_access',
      reason: 'unknown_credential',
    };
    const tag = await entry({ ...refused, minutesAgo: 7, accessDetail: '87654321' });
    const pin = await entry({ ...refused, minutesAgo: 6, accessBy: 'pin_code', accessDetail: '' });
    const found = async (id: string) => (await page(`/entries?$filter=id eq ${id}`)).items[0];
    expect(await found(tag)).toMatchObject({
      user_id: null,
      access_detail: '87654321',
      reject_reason: 'unknown_credential',
      event_detail: 'no_access',
    });
    expect(await found(pin)).toMatchObject({
      user_id: nil,
      user_first_name: null,
      user_last_name: null,
      user_alias: null,
      access_detail: '',
    });
    const { items } = await page(`/entries?$filter=user_id eq ${nil}`);
    expect(items.map(({ id }) => id)).toEqual([pin]);
  });

  it('shows the names of a person without a profile, and nobody when the person is gone', async () => {
    const [userId, accessorId] = [randomUUID(), randomUUID()];
    await server.database.pool.query(
      `insert into users (tenant_id, id, first_name, last_name, managing_site_id, created_at)
       values ($1, $2, 'Tag', 'Holder', $3, now())`,
      [server.tenant.tenantId, userId, siteId],
    );
    await server.database.pool.query(
      'insert into accessors (tenant_id, id, user_id, collection_id, created_at) values ($1, $2, $3, $4, now())',
      [server.tenant.tenantId, accessorId, userId, siteId],
    );
    const id = await entry({ minutesAgo: 8, accessorId });
    const found = async () => (await page(`/entries?$filter=id eq ${id}`)).items[0];
    expect(await found()).toMatchObject({ user_id: userId, user_first_name: 'Tag' });
    await server.database.pool.query('delete from accessors where id = $1', [accessorId]);
    expect(await found()).toMatchObject({
      user_id: null,
      user_first_name: null,
      user_last_name: null,
      access_detail: '00000042',
    });
  });

  it('is of this site only, without what is hidden or past its date', async () => {
    const elsewhere = await entry({ minutesAgo: 1, site: other });
    const hidden = await entry({ minutesAgo: 1, isReadable: false });
    const old = await entry({ minutesAgo: 91 * 24 * 60 });
    const { items } = await page('/entries?$top=1000');
    const ids = items.map(({ id }) => id);
    for (const id of [elsewhere, hidden, old]) expect(ids).not.toContain(id);
  });

  it('is filtered and ordered by any scalar member', async () => {
    const { items } = await page('/entries?$top=1000');
    for (const [member, value] of Object.entries(items[0] ?? {})) {
      const order = await ask(`/entries?$orderby=${member} desc,id&$top=1`);
      expect(order.status, member).toBe(200);
      expect((await ask(`/entries?$filter=${member} ne null`)).status, member).toBe(200);
      expect(value).not.toBeUndefined();
    }
    const named = await page(
      `/entries?$filter=contains(user_alias,'night') and user_first_name eq 'ada'`,
    );
    expect(named.items.length).toBeGreaterThan(0);
  });

  it('shows an ordinary user the own uses alone, uncounted the rest', async () => {
    const own = await entry({ minutesAgo: 3, accessorId: ada.accessorId });
    await entry({ minutesAgo: 2, accessorId: bob.accessorId });
    const seen = await page('/entries?$top=1000&$count=true', { token: ada.token });
    expect(seen.items.map(({ id }) => id)).toContain(own);
    expect(new Set(seen.items.map((item) => item['user_id']))).toEqual(new Set([ada.userId]));
    expect(seen.count).toBe(seen.items.length);
    const everybody = await page('/entries?$top=1000', { token: bob.token });
    expect(everybody.items.map((item) => item['user_id'])).toContain(ada.userId);
    expect(everybody.items.map((item) => item['user_id'])).toContain(bob.userId);
  });

  it('shows an owner who is no site user everything', async () => {
    const { rows } = await server.database.pool.query<{ id: string }>(
      'select id from accessors where user_id = $1',
      [owner.userId],
    );
    expect(rows).toHaveLength(1);
    const lone = await addSite(server);
    const person = await addPerson(server, { siteId: lone, role: 'owner' });
    await server.database.pool.query('delete from accessors where id = $1', [person.accessorId]);
    const id = await entry({ minutesAgo: 1, site: lone });
    const answer = await server.ask('GET', `//v1.1/sites/${lone}/entries`, { token: person.token });
    expect(answer.json).toMatchObject({ items: [{ id }] });
  });

  it('fails with 3201 when the event store cannot be read', async () => {
    await server.database.pool.query('alter table entries rename to entries_away');
    try {
      expect(refusal(await ask('/entries'))).toBe('500 3201');
      expect(refusal(await ask('/entries/export'))).toBe('500 3201');
    } finally {
      await server.database.pool.query('alter table entries_away rename to entries');
    }
    expect((await ask('/entries')).status).toBe(200);
  });
});

describe('the incidents of a site', () => {
  it('know nothing of how long they are kept', async () => {
    for (const member of ['ttl_in_seconds', 'expiration_date_time'])
      expect(refusal(await ask(`/incidents?$filter=${member} ne null`))).toBe('400 1102');
  });

  it('show every member, newest first', async () => {
    const older = await incident(20);
    const id = await incident(10);
    const elsewhere = await incident(1, other);
    const { items } = await page('/incidents');
    expect(items.map((item) => item.id).slice(0, 2)).toEqual([id, older]);
    expect(items.map((item) => item.id)).not.toContain(elsewhere);
    expect(items[0]).toEqual({
      id,
      event_category: 'lock_reset',
      event_detail: null,
      utc_date_time: '2026-11-22T11:50:00Z',
      local_date_time: '2026-11-22T12:50:00',
      lock_id: lockId,
      lock_mac_address: null,
      lock_customer_reference: 'Front door',
      iq_id: iqId,
      iq_customer_reference: null,
      iq_mac_address: null,
      iq_revision: null,
    });
  });

  it.each(['/incidents', '/incidents/export', '/entries/export'])(
    '%s is an empty 403 to an ordinary user',
    async (path) => {
      const answer = await ask(path, { token: ada.token });
      expect([answer.status, answer.text]).toEqual([403, '']);
      expect((await ask(path, { token: bob.token })).status).toBe(200);
    },
  );

  it('fail with 3201 when the event store cannot be read', async () => {
    await server.database.pool.query('alter table incidents rename to incidents_away');
    try {
      expect(refusal(await ask('/incidents'))).toBe('500 3201');
      expect(refusal(await ask('/incidents/export'))).toBe('500 3201');
    } finally {
      await server.database.pool.query('alter table incidents_away rename to incidents');
    }
  });
});

describe.each(['entries', 'incidents'])('paging of %s (connect-api.md 1.6)', (list) => {
  const store = (minutesAgo: number): Promise<string> =>
    list === 'entries' ? entry({ minutesAgo }) : incident(minutesAgo);

  it('goes on with the token in a header, another header or the query, and ends with null', async () => {
    for (let minutes = 100; minutes < 105; minutes += 1) await store(minutes);
    const all = (await page(`/${list}?$top=1000`)).items.map(({ id }) => id);
    const first = `/v1.1/sites/${siteId}/${list}?$top=3`;
    type Next = { readonly path: string; readonly headers?: Readonly<Record<string, string>> };
    const ways: readonly ((token: string, link: string) => Next)[] = [
      (token) => ({ path: first, headers: { 'CLP-Continuation-Token': token } }),
      (token) => ({ path: first, headers: { continuationToken: token } }),
      (token) => ({ path: `${first}&continuation_token=${token}` }),
      (token) => ({ path: `${first}&$continuationToken=${token}` }),
      (_token, link) => ({ path: link.replace(server.url, '') }),
    ];
    for (const way of ways) {
      const seen: string[] = [];
      let next: Next | null = { path: first };
      while (next !== null && seen.length <= all.length) {
        const { path, headers = {} }: Next = next;
        const answer = await server.ask('GET', `/${path}`, { token: owner.token, headers });
        const { items, continuation_token: token, next_page_link: link } = answer.json as Page;
        seen.push(...items.map(({ id }) => id));
        if (token !== null) expect(token).toMatch(/^[\w-]{1,512}$/);
        next = token === null || link === null ? null : way(token, link);
      }
      expect(seen).toEqual(all);
    }
  });

  it('refuses a token of another query or site, and a damaged one, with 1101', async () => {
    const { continuation_token: token } = await page(`/${list}?$top=1`);
    const headers = { 'CLP-Continuation-Token': token ?? '' };
    const filtered = `/${list}?$top=1&$filter=event_detail eq null`;
    expect(refusal(await ask(filtered, { headers }))).toBe('400 1101');
    const damaged = { 'CLP-Continuation-Token': `${token ?? ''}x` };
    expect(refusal(await ask(`/${list}?$top=1`, { headers: damaged }))).toBe('400 1101');
    const lone = await addSite(server);
    const person = await addPerson(server, { siteId: lone, role: 'owner' });
    const elsewhere = await server.ask('GET', `//v1.1/sites/${lone}/${list}?$top=1`, {
      token: person.token,
      headers,
    });
    expect(refusal(elsewhere)).toBe('400 1101');
  });

  it('refuses $skip above 0 and unknown fields with 1102', async () => {
    expect((await ask(`/${list}?$skip=0`)).status).toBe(200);
    for (const query of ['$skip=1', '$filter=collection_id ne null', '$orderby=unknown'])
      expect(refusal(await ask(`/${list}?${query}`))).toBe('400 1102');
  });

  it('counts what the filter matches', async () => {
    const { count, items } = await page(`/${list}?$top=0&$inlinecount=allpages`);
    expect(count).toBeGreaterThan(4);
    expect(items).toEqual([]);
  });
});
