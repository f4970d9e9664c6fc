/** Sites over HTTP: made, seen, changed, handed over and deleted by people (connect-api.md 3.1, 4.1, 5, 7). */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
let siteId: string;
let owner: TestPerson;
let admin: TestPerson;
let user: TestPerson;
let stranger: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  admin = await addPerson(server, { siteId, role: 'site_admin' });
  user = await addPerson(server, { siteId, role: 'site_user' });
  stranger = await addPerson(server, { siteId, role: null });
});
afterAll(() => server.stop());

type Asked = { readonly by?: TestPerson; readonly body?: unknown; readonly version?: string };

function ask(method: string, path: string, { by = owner, body, version }: Asked = {}) {
  return server.ask(method, `//${version ?? 'v1.1'}${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function given(answer: Promise<Answer>): Promise<Json> {
  const { status, text, json } = await answer;
  expect([status, text]).toEqual([200, expect.any(String)]);
  return json as Json;
}

const harbour = {
  customer_reference: 'Harbour',
  country_code: 'nl',
  time_zone: 'Europe/Amsterdam',
};

async function made(by: TestPerson, more: Json = {}): Promise<Json> {
  return given(ask('POST', '/sites', { by, body: { ...harbour, ...more } }));
}

async function give(person: TestPerson, tag: string): Promise<void> {
  const answer = await server.ask('POST', `/accessors/${String(person.accessorId)}/keys`, {
    body: { tag_id: tag },
  });
  expect(answer.status).toBe(200);
}

const idOf = (site: Json): string => String(site['id']);
const ownerOf = (site: Json): Json => site['owner'] as Json;

describe('a site that somebody creates', () => {
  it('has its maker as owner and admin, and is usable at once', async () => {
    const maker = await addPerson(server, { siteId, role: null });
    const site = await made(maker);
    expect(site).toEqual({
      id: expect.any(String) as string,
      customer_reference: 'Harbour',
      subscribed_user_amount: null,
      subscription_valid: true,
      country_code: 'NL',
      site_uid: expect.stringMatching(/^NL\d{10}$/) as string,
      time_zone: 'Europe/Amsterdam',
      owner: {
        id: maker.userId,
        first_name: 'Ada',
        last_name: 'Visser',
        email: maker.email,
        image_url: null,
        tag_number: null,
        is_managed_by_current_site: false,
        has_profile: true,
      },
      installation_state: 'self_installed',
      mkey_compatible: true,
    });
    const managed = await given(ask('GET', `/sites/${idOf(site)}`, { by: maker }));
    expect(managed).toEqual({
      ...site,
      active_user_amount: 1,
      active_iq_amount: 0,
      pin_enabled: false,
    });
    const listed = await given(ask('GET', '/sites', { by: maker }));
    expect(listed).toEqual({ items: [site], next_page_link: null, count: null });
    const roles = await given(ask('GET', `/sites/${idOf(site)}/roles`, { by: maker }));
    expect((roles['items'] as Json[]).map(({ code }) => code)).toContain('site_admin');
  });

  it('is created by a body that a form sends, too', async () => {
    const answer = await server.ask('POST', '//v1.2/sites', {
      token: owner.token,
      body: String(new URLSearchParams(harbour)),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.json).toMatchObject({ customer_reference: 'Harbour', country_code: 'NL' });
  });

  it.each([
    ['no name', { customer_reference: null }, '400 1100'],
    ['a blank name', { customer_reference: ' ' }, '400 1101'],
    ['a name of 256 characters', { customer_reference: 'é'.repeat(256) }, '400 1101'],
    ['no country', { country_code: undefined }, '400 1100'],
    ['no country that is one', { country_code: 'XX' }, '400 1101'],
    ['an empty country', { country_code: '' }, '400 1101'],
    ['no zone', { time_zone: undefined }, '400 1100'],
    ['an offset as its zone', { time_zone: '+02:00' }, '400 1101'],
  ])('is refused with %s', async (_what, wrong, expected) => {
    const body = { ...harbour, ...wrong };
    expect(refusal(await ask('POST', '/sites', { body }))).toBe(expected);
  });

  it('is refused with all its faults at once (errors.md, rule 4)', async () => {
    const body = { customer_reference: '', country_code: 'UK', time_zone: 'Moon/Sea' };
    const message =
      "Value of 'customer_reference' is invalid. " +
      "Value of 'country_code' is invalid. Send an ISO 3166 code of two letters. " +
      "Value of 'time_zone' is invalid. Send an IANA name such as Europe/Amsterdam.";
    const site = await made(owner);
    for (const answer of [
      await ask('POST', '/sites', { body }),
      await ask('PATCH', `/sites/${idOf(site)}`, { body }),
    ])
      expect([answer.status, answer.json]).toEqual([400, { ErrorCode: '1101', Message: message }]);
  });
});

describe('one site', () => {
  it('tells how long its events are kept at v1.2 only', async () => {
    const earlier = await given(ask('GET', `/sites/${siteId}`));
    expect(earlier).not.toHaveProperty('store_events_ttl');
    const later = await given(ask('GET', `/sites/${siteId}`, { version: 'v1.2' }));
    expect(later).toEqual({ ...earlier, store_events_ttl: '90.00:00:00' });
  });

  it('counts people who are not suspended and IQs, and knows whether a lock takes PINs', async () => {
    const site = await made(owner);
    const place = { collection_id: idOf(site) };
    await insertIq(server, place);
    const lock = await insertLock(server, place);
    const read = () => given(ask('GET', `/sites/${idOf(site)}`));
    expect(await read()).toMatchObject({ active_iq_amount: 1, pin_enabled: false });
    await server.database.pool.query('update locks set lock_type = $2 where id = $1', [
      lock,
      'wall_reader_pin',
    ]);
    expect(await read()).toMatchObject({ pin_enabled: true, active_user_amount: 1 });
    await server.database.pool.query(
      'update collection_settings set suspended = true where collection_id = $1',
      [idOf(site)],
    );
    expect(await read()).toMatchObject({ active_user_amount: 0 });
  });

  it('is shown to everybody of it, and does not exist for others', async () => {
    expect((await ask('GET', `/sites/${siteId}`, { by: user })).status).toBe(200);
    const answer = await ask('GET', `/sites/${siteId}`, { by: stranger });
    expect(refusal(answer)).toBe('404 2202');
    expect(answer.json).toMatchObject({ Message: 'Site not found' });
    expect(refusal(await ask('GET', `/sites/${randomUUID()}`))).toBe('404 2202');
  });

  it('is not found by its readable name', async () => {
    const site = await made(owner);
    expect(refusal(await ask('GET', `/sites/${String(site['site_uid'])}`))).toBe('400 1100');
  });
});

describe('the list of sites', () => {
  it('filters and orders by every member, nested ones too, and counts', async () => {
    const maker = await addPerson(server, { siteId, role: null });
    const [alpha, beta] = [
      await made(maker, { customer_reference: 'Alpha' }),
      await made(maker, { customer_reference: 'Beta', country_code: 'BE' }),
    ];
    const list = async (query: string): Promise<unknown> =>
      (await given(ask('GET', `/sites?${query}`, { by: maker })))['items'];
    for (const filter of [
      "customer_reference eq 'BETA'",
      "country_code eq 'BE'",
      `site_uid eq '${String(beta['site_uid'])}'`,
      `id eq ${idOf(beta)}`,
      `owner/email eq '${maker.email}' and country_code ne 'NL'`,
      `owner/id eq ${maker.userId} and contains(customer_reference, 'et')`,
      "subscription_valid eq true and startswith(customer_reference, 'B')",
      "installation_state eq 'self_installed' and country_code eq 'BE'",
      "subscribed_user_amount eq null and mkey_compatible eq true and owner/tag_number eq null and country_code eq 'BE'",
    ])
      expect(await list(`$filter=${encodeURIComponent(filter)}`)).toEqual([beta]);
    expect(await list('$orderby=customer_reference desc')).toEqual([beta, alpha]);
    expect(await list('$orderby=owner/last_name,time_zone,country_code')).toEqual([beta, alpha]);
    const scalars = Object.keys(beta).filter((name) => name !== 'owner');
    for (const name of [...scalars, ...Object.keys(ownerOf(beta)).map((of) => `owner/${of}`)])
      expect(await list(`$orderby=${name},customer_reference`)).toHaveLength(2);
    const page = await given(ask('GET', '/sites?$top=1&$inlinecount=allpages', { by: maker }));
    expect(page).toMatchObject({ items: [alpha], count: 2 });
    expect(page['next_page_link']).toMatch(/\$skip=1/);
    expect(refusal(await ask('GET', '/sites?$filter=owner/secret eq 1'))).toBe('400 1102');
  });

  it('shows a site to everybody with a place there and to nobody else', async () => {
    const ids = async (by: TestPerson): Promise<readonly unknown[]> =>
      ((await given(ask('GET', '/sites?$top=1000', { by })))['items'] as Json[]).map(
        ({ id }) => id,
      );
    expect(await ids(user)).toEqual([siteId]);
    expect(await ids(admin)).toEqual([siteId]);
    expect(await ids(stranger)).toEqual([]);
  });
});

describe('changing a site', () => {
  it('takes what is sent and leaves the rest', async () => {
    const site = await made(owner);
    const answer = await given(
      ask('PATCH', `/sites/${idOf(site)}`, {
        body: { customer_reference: 'Quay', country_code: 'be', time_zone: null, unknown: 1 },
      }),
    );
    expect(answer).toEqual({ ...site, customer_reference: 'Quay', country_code: 'BE' });
    for (const body of [
      { time_zone: 'Moon/Sea' },
      { country_code: 'ZZ' },
      { customer_reference: '' },
    ])
      expect(refusal(await ask('PATCH', `/sites/${idOf(site)}`, { body }))).toBe('400 1101');
  });

  it('is for the owner and admins', async () => {
    const body = { customer_reference: 'Harbour' };
    expect((await ask('PATCH', `/sites/${siteId}`, { by: admin, body })).status).toBe(200);
    const refused = await ask('PATCH', `/sites/${siteId}`, { by: user, body });
    expect([refused.status, refused.text]).toEqual([403, '']);
  });

  it('hands it over to an admin, by the owner alone', async () => {
    const place = await addSite(server);
    const former = await addPerson(server, { siteId: place, role: 'owner' });
    const next = await addPerson(server, { siteId: place, role: 'site_admin' });
    const plain = await addPerson(server, { siteId: place, role: 'site_user' });
    const { id: tag } = await insertTag(server, { collection_id: place });
    await give(next, tag);
    const patch = (by: TestPerson, ownerId: string) =>
      ask('PATCH', `/sites/${place}`, { by, body: { owner_id: ownerId } });
    const refused = await patch(next, next.userId);
    expect([refused.status, refused.text]).toEqual([403, '']);
    expect(refusal(await patch(former, randomUUID()))).toBe('404 2202');
    expect(refusal(await patch(former, stranger.userId))).toBe('404 2202');
    expect(refusal(await patch(former, plain.userId))).toBe('403 2203');
    expect(ownerOf(await given(patch(former, next.userId)))).toMatchObject({ id: next.userId });
    const { rows } = await server.database.pool.query(
      'select masterkey_id from collections where id = $1',
      [place],
    );
    expect(rows).toEqual([{ masterkey_id: tag }]);
    expect((await patch(former, former.userId)).status).toBe(403);
    expect(ownerOf(await given(patch(next, former.userId)))).toMatchObject({ id: former.userId });
  });
});

describe('deleting a site', () => {
  it('is refused while an IQ is registered, and then takes people and hardware with it', async () => {
    const site = await made(owner);
    const place = { collection_id: idOf(site) };
    const iq = await insertIq(server, place);
    const lock = await insertLock(server, place);
    expect(refusal(await ask('DELETE', `/sites/${idOf(site)}`))).toBe('403 2203');
    await server.database.pool.query('delete from iqs where id = $1', [iq]);
    const answer = await ask('DELETE', `/sites/${idOf(site)}`);
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect(refusal(await ask('GET', `/sites/${idOf(site)}`))).toBe('404 2202');
    expect(refusal(await ask('DELETE', `/sites/${idOf(site)}`))).toBe('404 2202');
    const { rows } = await server.database.pool.query('select 1 from locks where id = $1', [lock]);
    expect(rows).toEqual([]);
  });

  it('is for the owner alone', async () => {
    const answer = await ask('DELETE', `/sites/${siteId}`, { by: admin });
    expect([answer.status, answer.text]).toEqual([403, '']);
  });
});

describe('whoever is signed in', () => {
  it('reads the own profile, with the tag; the chip of the tag at v1.2 only', async () => {
    const place = await addSite(server);
    const person = await addPerson(server, { siteId: place, role: 'site_user' });
    const { id: tag, tag_number } = await insertTag(server, { collection_id: place });
    await server.database.pool.query('update tags set rfid_uid = $2 where id = $1', [tag, '04A1']);
    await give(person, tag);
    const earlier = await given(ask('GET', '/me', { by: person }));
    expect(earlier).toEqual({
      id: person.userId,
      first_name: 'Ada',
      last_name: 'Visser',
      phone: null,
      email: person.email,
      language: null,
      tag_number,
      image_url: null,
    });
    const later = await given(ask('GET', '/me', { by: person, version: 'v1.2' }));
    expect(later).toEqual({ ...earlier, tag_rf_id_uid: '04A1' });
  });
});

describe('the export of a site', () => {
  const exported = (by: TestPerson, query = '') =>
    ask('GET', `/sites/${siteId}/export${query}`, { by, version: 'ext/v1' });

  it('is one signed file for the owner, without secrets unless a key is named', async () => {
    const file = await given(exported(owner, '?events=true'));
    expect(file).toMatchObject({
      format: 'cardea-export',
      collection: { id: siteId },
      events: { is_complete: true, entries: [] },
      secrets: null,
      signature: { public_key: { crv: 'Ed25519' } },
    });
    expect((file['people'] as Json[]).map(({ id }) => id)).toContain(admin.userId);
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const sealed = await given(exported(owner, `?public_key=${encodeURIComponent(key)}`));
    expect(sealed).toMatchObject({ events: null, secrets: expect.any(String) as string });
    expect(refusal(await exported(owner, '?public_key=AAAA'))).toBe('400 1101');
    const { rows } = await server.database.pool.query(
      `select user_id, detail from audit_log where action = 'collection.export' and collection_id = $1 order by number`,
      [siteId],
    );
    expect(rows).toEqual([
      { user_id: owner.userId, detail: 'without secrets, with events' },
      { user_id: owner.userId, detail: 'with secrets' },
    ]);
  });

  it('is for nobody else', async () => {
    const answer = await exported(admin);
    expect([answer.status, answer.text]).toEqual([403, '']);
    expect(refusal(await exported(stranger))).toBe('404 2202');
  });
});
