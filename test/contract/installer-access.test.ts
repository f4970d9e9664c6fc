/** Installers whom a site lets in for a day, over HTTP (connect-api.md 3.9, 4.11, 8; behaviour.md 17). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessorId } from '#contract/ids';
import { openSeal } from '#server/runtime/seal';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { publishedOperations } from '#test/kit/operations';
import { otpPhone, type OtpPhone } from '#test/kit/otp-phone';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertActivePin, insertIq, insertLock } from '#test/kit/rows';

type Json = Readonly<Record<string, unknown>>;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

type House = {
  readonly siteId: string;
  readonly owner: TestPerson;
  readonly admin: TestPerson;
  readonly user: TestPerson;
  readonly phone: OtpPhone;
  /** One that asks for codes, one that does not. */
  readonly iqs: readonly [strict: string, plain: string];
};

/** A site with an owner who has activated one-time codes at the first of two hubs. */
async function house(): Promise<House> {
  const siteId = await addSite(server);
  await server.database.pool.query('update collections set site_uid = $2 where id = $1', [
    siteId,
    `NL${String(BigInt(`0x${siteId.replaceAll('-', '')}`)).slice(-10)}`,
  ]);
  const owner = await addPerson(server, { siteId, role: 'owner' });
  const admin = await addPerson(server, { siteId, role: 'site_admin' });
  const user = await addPerson(server, { siteId, role: 'site_user' });
  const strict = await insertIq(server, { collection_id: siteId });
  const plain = await insertIq(server, { collection_id: siteId });
  await server.database.pool.query('update iqs set otp_enabled = true where id = $1', [strict]);
  const phone = otpPhone('ABCDEFGHIJKLMNOP', '1234');
  await insertActivePin(server, { accessor_id: owner.accessorId as AccessorId, iq_id: strict });
  const seal = await openSeal(server.dataDir);
  await server.database.pool.query(
    'update iq_pins set secret_sealed = $2, pin_sealed = $3 where iq_id = $1',
    [strict, seal.seal(Buffer.from(phone.secret)), seal.seal(Buffer.from(phone.pin))],
  );
  return { siteId, owner, admin, user, phone, iqs: [strict, plain] };
}

type Asked = { readonly by?: TestPerson; readonly body?: unknown };

function at(
  { siteId, owner }: House,
  method: string,
  path: string,
  { by = owner, body }: Asked = {},
): Promise<Answer> {
  return server.ask(method, `//v1.1/sites/${siteId}${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

const put = (place: House, action: string, more: Asked & { readonly isDefault?: boolean } = {}) =>
  at(place, 'PUT', '/installer_access', {
    ...more,
    body: { action, update_default_installer: more.isDefault ?? false },
  });

function enableIq(place: House, iq: string, more: Json = {}): Promise<Answer> {
  const body = { enable: true, otp: place.phone.code(), ...more };
  return at(place, 'PATCH', `/installer_access/iqs/${iq}`, { body });
}

const comeIn = (by: TestPerson, token: unknown): Promise<Answer> =>
  server.ask('POST', '//ext/v1/installer_access', { token: by.token, body: { token } });

const stranger = ({ siteId }: House): Promise<TestPerson> =>
  addPerson(server, { siteId, role: null });

/** Somebody who has come in, with the plain hub enabled. */
async function installer(place: House): Promise<TestPerson> {
  const { token } = (await put(place, 'enable')).json as { token: string };
  expect((await enableIq(place, place.iqs[1])).status).toBe(200);
  const person = await stranger(place);
  expect((await comeIn(person, token)).status).toBe(200);
  return person;
}

const items = ({ json }: Answer): Json[] => (json as { items: Json[] }).items;

describe('letting an installer in', () => {
  it('gives a day and a token that is shown once', async () => {
    const place = await house();
    expect(refusal(await at(place, 'GET', '/installer_access'))).toBe('404 2202');
    expect(refusal(await put(place, 'disable'))).toBe('404 2202');
    const before = Date.now();
    const given = (await put(place, 'ENABLE', { by: place.admin })).json as Json;
    expect(given).toEqual({
      customer_uid: expect.stringMatching(/^NL\d{10}$/) as string,
      expiry_date: expect.any(String) as string,
      is_active: true,
      token: expect.any(String) as string,
    });
    const hours = (Date.parse(String(given['expiry_date'])) - before) / 3_600_000;
    expect(Math.round(hours)).toBe(24);
    const read = await at(place, 'GET', '/installer_access');
    expect(read.json).toEqual({ ...given, token: null });
    expect((await put(place, 'disable')).json).toMatchObject({ is_active: false, token: null });
    expect((await at(place, 'GET', '/installer_access')).json).toMatchObject({ is_active: false });
  });

  it.each([
    ['no action', {}, '400 1100'],
    ['an unknown action', { action: 'invite' }, '400 1101'],
    ['a number for a switch', { action: 'enable', update_default_installer: 5 }, '400 1100'],
  ])('is refused with %s', async (_what, body, expected) => {
    const place = await house();
    expect(refusal(await at(place, 'PUT', '/installer_access', { body }))).toBe(expected);
  });

  it('is for owner and admins; plain users do not even read it', async () => {
    const place = await house();
    const { user } = place;
    for (const answer of [
      await put(place, 'enable', { by: user }),
      await at(place, 'GET', '/installer_access', { by: user }),
      await at(place, 'GET', '/installer_access/iqs', { by: user }),
      await at(place, 'PATCH', `/installer_access/iqs/${place.iqs[0]}`, { by: user, body: {} }),
    ])
      expect([answer.status, answer.text]).toEqual([403, '']);
  });

  it('begins with no IQ enabled, and takes them away again when it ends or begins anew', async () => {
    const place = await house();
    const list = async () => items(await at(place, 'GET', '/installer_access/iqs'));
    await put(place, 'enable');
    expect(await list()).toEqual(
      place.iqs.map((iq_id) => ({
        iq_id,
        customer_reference: null,
        online: false,
        enabled: false,
        access_expiry_date: null,
      })),
    );
    const enabled = await enableIq(place, place.iqs[1], { otp: 'ignored' });
    expect(enabled.json).toEqual({
      items: [
        {
          iq_id: place.iqs[1],
          customer_reference: null,
          online: false,
          enabled: true,
          access_expiry_date: expect.any(String) as string,
        },
      ],
      next_page_link: null,
      count: null,
    });
    const filtered = await at(place, 'GET', '/installer_access/iqs?$filter=enabled eq true');
    expect(items(filtered).map(({ iq_id: id }) => id)).toEqual([place.iqs[1]]);
    await put(place, 'enable');
    expect((await list()).map(({ enabled: is }) => is)).toEqual([false, false]);
    await enableIq(place, place.iqs[1]);
    await enableIq(place, place.iqs[1], { enable: false });
    expect((await list()).map(({ enabled: is }) => is)).toEqual([false, false]);
    await enableIq(place, place.iqs[1]);
    await put(place, 'disable');
    expect((await list()).map(({ enabled: is }) => is)).toEqual([false, false]);
  });
});

describe('enabling an IQ', () => {
  it('wants a code of the caller for that IQ, before and after asking whether access is active', async () => {
    const place = await house();
    const [strict] = place.iqs;
    expect(refusal(await enableIq(place, strict, { otp: null }))).toBe('400 1100');
    expect(refusal(await enableIq(place, strict))).toBe('403 2203');
    await put(place, 'enable');
    expect(refusal(await enableIq(place, strict, { otp: undefined }))).toBe('400 1100');
    const wrong = await enableIq(place, strict, { otp: '-----' });
    expect(refusal(wrong)).toBe('400 3102');
    expect(wrong.text).toContain('otp_invalid');
    const byAdmin = await at(place, 'PATCH', `/installer_access/iqs/${strict}`, {
      by: place.admin,
      body: { enable: true, otp: place.phone.code() },
    });
    expect([refusal(byAdmin), byAdmin.text]).toEqual([
      '400 3102',
      expect.stringContaining('pin_not_changed'),
    ]);
    expect((await enableIq(place, strict)).status).toBe(200);
    for (let tries = 0; tries < 5; tries += 1) await enableIq(place, strict, { otp: '-----' });
    const blocked = await enableIq(place, strict);
    expect([refusal(blocked), blocked.text]).toEqual([
      '403 3102',
      expect.stringContaining('otp_blocked'),
    ]);
  });

  it('is for IQs of the site', async () => {
    const place = await house();
    const elsewhere = await house();
    await put(place, 'enable');
    expect(refusal(await enableIq(place, elsewhere.iqs[1]))).toBe('404 2202');
    expect(refusal(await enableIq(place, randomUUID()))).toBe('404 2202');
  });
});

describe('an installer', () => {
  it('comes in by the token, once and for all the first to show it', async () => {
    const place = await house();
    const { token } = (await put(place, 'enable', { isDefault: true })).json as { token: string };
    const [person, other] = [await stranger(place), await stranger(place)];
    expect(refusal(await comeIn(person, 'guess'))).toBe('400 1101');
    expect(refusal(await comeIn(person, null))).toBe('400 1100');
    const answer = await comeIn(person, token);
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ id: place.siteId, customer_reference: 'Harbour' }),
    ]);
    expect((await comeIn(person, token)).status).toBe(200);
    expect(refusal(await comeIn(other, token))).toBe('400 1101');
    const { rows } = await server.database.pool.query(
      'select default_installer_id from collections where id = $1',
      [place.siteId],
    );
    expect(rows).toEqual([{ default_installer_id: person.userId }]);
    const listed = await server.ask('GET', '//v1.1/sites', { token: person.token });
    expect(items(listed).map(({ id }) => id)).toEqual([place.siteId]);
  });

  it('sees the hardware of enabled IQs alone', async () => {
    const place = await house();
    const [strict, plain] = place.iqs;
    const hidden = await insertLock(server, { collection_id: place.siteId, iq_id: strict });
    const seen = await insertLock(server, { collection_id: place.siteId, iq_id: plain });
    const loose = await insertLock(server, { collection_id: place.siteId });
    const by = await installer(place);
    const ids = async (path: string) =>
      items(await at(place, 'GET', path, { by })).map(({ id }) => String(id));
    expect(await ids('/iqs')).toEqual([plain]);
    expect((await ids('/locks')).toSorted((a, b) => a.localeCompare(b))).toEqual(
      [seen, loose].toSorted((a, b) => a.localeCompare(b)),
    );
    for (const path of [`/iqs/${plain}`, `/iqs/${plain}/tree`, `/locks/${seen}`, `/locks/${loose}`])
      expect((await at(place, 'GET', path, { by })).status).toBe(200);
    for (const path of [`/iqs/${strict}`, `/iqs/${strict}/tree`, `/locks/${hidden}`])
      expect(refusal(await at(place, 'GET', path, { by }))).toBe('404 2202');
    const rename = { by, body: { customer_reference: 'Mine' } };
    expect((await at(place, 'PATCH', `/locks/${seen}`, rename)).status).toBe(200);
    expect(refusal(await at(place, 'PATCH', `/locks/${hidden}`, rename))).toBe('404 2202');
    const { rows } = await server.database.pool.query(
      `select distinct user_id from audit_log where action = 'lock.update' and object_id = $1`,
      [seen],
    );
    expect(rows).toEqual([{ user_id: by.userId }]);
  });

  it('may do to a site what concerns hardware, and nothing else whatever', async () => {
    const place = await house();
    const by = await installer(place);
    const operations = (await publishedOperations(server)).filter(({ path }) =>
      /^\/(v1\.[12]|ext\/v1)\/sites\/\{/.test(path),
    );
    const open = new Set<string>();
    for (const { method, path } of operations) {
      const asked = path
        .replace(/\{(id|site_id)\}/, place.siteId)
        .replaceAll(/\{\w+\}/g, () => randomUUID());
      const answer = await server.ask(method, `/${asked}`, {
        token: by.token,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }),
      });
      const isClosed = (answer.status === 403 || answer.status === 401) && answer.text === '';
      if (!isClosed) open.add(`${method} ${path.replace(/^\/v1\.[12]/, '')}`);
    }
    expect([...open].toSorted((a, b) => a.localeCompare(b))).toEqual(
      [
        // What one may do oneself.
        'GET /ext/v1/sites/{site_id}/rights',
        // How well a lock is heard over time.
        'GET /ext/v1/sites/{site_id}/locks/{id}/condition_history',
        'GET /sites/{id}',
        'GET /sites/{site_id}/iqs',
        'GET /sites/{site_id}/iqs/{id}',
        'PATCH /sites/{site_id}/iqs/{id}',
        'POST /sites/{site_id}/iqs/{id}/replace',
        'POST /sites/{site_id}/iqs/{id}/restore',
        'GET /sites/{site_id}/iqs/{id}/signal_strength',
        'GET /sites/{site_id}/iqs/{id}/tree',
        'PUT /sites/{site_id}/iqs/{id}/tree',
        'GET /sites/{site_id}/locks',
        'POST /sites/{site_id}/locks',
        'GET /sites/{site_id}/locks/{id}',
        'PATCH /sites/{site_id}/locks/{id}',
        'DELETE /sites/{site_id}/locks/{id}',
        'PATCH /sites/{site_id}/locks/{id}/detach',
        'GET /sites/{site_id}/locks/{id}/settings',
        'PUT /sites/{site_id}/locks/{id}/settings',
        'GET /sites/{site_id}/repeaters',
        'POST /sites/{site_id}/repeaters',
        'GET /sites/{site_id}/repeaters/{id}',
        'PATCH /sites/{site_id}/repeaters/{id}',
        'DELETE /sites/{site_id}/repeaters/{id}',
      ].toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it('is told that hardware alone is his, and until when', async () => {
    const place = await house();
    const by = await installer(place);
    const { expiry_date: end } = (await at(place, 'GET', '/installer_access')).json as Json;
    const rights = await server.ask('GET', `//ext/v1/sites/${place.siteId}/rights`, {
      token: by.token,
    });
    expect(rights.json).toEqual({
      rights: [],
      owns_site: false,
      runs_server: false,
      takes_part: false,
      installer_until: end,
    });
  });

  it('is out as soon as the site says so', async () => {
    const place = await house();
    const by = await installer(place);
    expect((await at(place, 'GET', '/iqs', { by })).status).toBe(200);
    await put(place, 'disable');
    expect(refusal(await at(place, 'GET', '/iqs', { by }))).toBe('404 2202');
    expect(items(await server.ask('GET', '//v1.1/sites', { token: by.token }))).toEqual([]);
  });

  it('is out when another is let in, and locks nobody else out meanwhile', async () => {
    const place = await house();
    const by = await installer(place);
    expect((await at(place, 'GET', '/locks')).status).toBe(200);
    await put(place, 'enable');
    expect(refusal(await at(place, 'GET', '/iqs', { by }))).toBe('404 2202');
  });
});

describe('the day of an installer', () => {
  it('ends by itself after 24 hours, with the token', async () => {
    const standing = await startTestServer({ clock: new Date() });
    try {
      const siteId = await addSite(standing);
      const owner = await addPerson(standing, { siteId, role: 'owner' });
      const person = await addPerson(standing, { siteId, role: null });
      const given = await standing.ask('PUT', `//v1.2/sites/${siteId}/installer_access`, {
        token: owner.token,
        body: { action: 'enable' },
      });
      const { token } = given.json as { token: string };
      const body = { token };
      const enter = () =>
        standing.ask('POST', '//ext/v1/installer_access', { token: person.token, body });
      expect((await enter()).status).toBe(200);
      const iqs = () => standing.ask('GET', `//v1.2/sites/${siteId}/iqs`, { token: person.token });
      expect((await iqs()).status).toBe(200);
      // The row moves and not the clock, so that the tokens of the people hold.
      await standing.database.pool.query('update installer_accesses set expires_at = $1', [
        standing.clock?.now(),
      ]);
      expect(refusal(await iqs())).toBe('404 2202');
      expect(refusal(await enter())).toBe('400 1101');
      const read = await standing.ask('GET', `//v1.2/sites/${siteId}/installer_access`, {
        token: owner.token,
      });
      expect(read.json).toMatchObject({ is_active: false });
    } finally {
      await standing.stop();
    }
  });
});
