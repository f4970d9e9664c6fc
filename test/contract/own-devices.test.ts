import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId, UserId } from '#contract/ids';
import { Phone } from '#simulator/phones';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { itemsOf, refusal } from '#test/kit/core';
import { startOutsideVault } from '#test/kit/outside-signer';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { appToken } from '#test/kit/phone-app';
import { mobileKeysIn } from '#test/kit/phones';
import { insertIq } from '#test/kit/rows';

/** One's own phones and their mobile keys (connect-api.md 3.6, 4.8, behaviour.md 11). */
let server: TestServer;
let siteId: string;
let person: TestPerson;

beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  person = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(async () => {
  await server.stop();
});

type Device = {
  readonly id: string;
  readonly certificate: string;
  readonly mkey: { readonly id: string; readonly key_id: string; readonly expiry_date: string };
};

function ask(method: string, path: string, body?: object, by = person): Promise<Answer> {
  return server.ask(method, `//v1.2/me/devices${path}`, {
    token: by.token,
    ...(body === undefined ? {} : { body }),
  });
}

async function add(by = person, phone = new Phone('a phone'), more: object = {}): Promise<Device> {
  const body = { device_name: 'Phone', device_uid: randomUUID(), public_key: phone.publicKey };
  const answer = await ask('POST', '', { ...body, ...more }, by);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.json as Device;
}

const somebody = () => addPerson(server, { siteId, role: 'site_user' });
const mkeyOf = (id: string, by: TestPerson) => ask('GET', `/${id}/mkey`, undefined, by);
const keysOf = (of: TestPerson) => itemsOf(server, `/accessors/${of.accessorId}/keys`);
const corePath = (of: TestPerson, id: string) => `/accessors/${of.accessorId}/devices/${id}`;

/** Lets the person of a test take part in another site of the tenant; gives the accessor. */
const join = (by: TestPerson, site: string) => joinAt(server.tenant.tenantId, by.userId, site);

describe('a phone', () => {
  it('is added with a certificate at once, and found by the name it has for itself', async () => {
    const uid = randomUUID();
    const phone = new Phone('mine');
    const made = await add(person, phone, { device_uid: uid, device_name: 'My phone' });
    const { certificate, ...shown } = made;
    expect(shown).toEqual({
      id: expect.any(String) as string,
      device_name: 'My phone',
      device_uid: uid,
      mkey: {
        id: expect.any(String) as string,
        key_id: made.mkey.id,
        expiry_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
        registration_date: expect.stringMatching(/Z$/) as string,
      },
    });
    const x509 = new X509Certificate(Buffer.from(certificate, 'base64'));
    expect(x509.subject).toBe(`CN=${made.id}`);
    expect(x509.issuer).toContain(server.tenant.tenantId);
    const key = x509.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    expect(key).toBe(phone.publicKey);
    const days = (Date.parse(x509.validTo) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBeGreaterThanOrEqual(364);
    expect(Math.round(days)).toBeLessThanOrEqual(366);
    const found = await ask('GET', `?$filter=device_uid eq '${uid}'`);
    expect((found.json as { items: unknown[] }).items).toEqual([shown]);
    expect((await ask('GET', `/${made.id}`)).json).toEqual(shown);
    const earlier = await server.ask('GET', `//v1.1/me/devices/${made.id}`, {
      token: person.token,
    });
    expect(earlier.json).toEqual(shown);
  });

  it('is the same to the person and, under each accessor of the person, to programs', async () => {
    const by = await somebody();
    const other = await join(by, await addSite(server));
    const { id, mkey } = await add(by);
    for (const accessorId of [by.accessorId, other]) {
      const shown = await server.ask('GET', `/accessors/${accessorId}/devices/${id}`);
      expect(shown.json).toMatchObject({ id, state: 'activated', mkey: { id: mkey.id } });
      const keys = await itemsOf(server, `/accessors/${accessorId}/keys`);
      expect(keys).toMatchObject([{ key_type: 'mkey', key_id: mkey.id }]);
    }
    expect(refusal(await server.ask('GET', corePath(person, id)))).toBe('404 1101');
  });

  it('renews itself under the name it has for itself, and keeps its id', async () => {
    const by = await somebody();
    const uid = randomUUID();
    const first = await add(by, new Phone('old'), { device_uid: uid });
    const again = await add(by, new Phone('new'), { device_uid: uid, device_name: 'Renamed' });
    expect(again).toMatchObject({
      id: first.id,
      device_name: 'Renamed',
      mkey: { id: first.mkey.id },
    });
    expect(again.certificate).not.toBe(first.certificate);
    expect((await ask('GET', '?$count=true', undefined, by)).json).toMatchObject({ count: 1 });
    expect(await keysOf(by)).toHaveLength(1);
  });

  it('gets a new certificate on demand, for the same key pair or another', async () => {
    const by = await somebody();
    const phone = new Phone('mine');
    const made = await add(by, phone);
    const put = (body: object) => ask('PUT', `/${made.id}/certificate`, body, by);
    const renewed = (await put({ public_key: phone.publicKey })).json as Device;
    expect(renewed).toMatchObject({ id: made.id, device_name: 'Phone' });
    expect(renewed.certificate).not.toBe(made.certificate);
    await phone.keep(await keptOf(made.id, by));
    expect(phone.keyCount).toBe(1);
    expect(refusal(await put({}))).toBe('400 1100');
    expect(refusal(await put({ public_key: 'MFkw' }))).toBe('400 1101');
  });

  it.each([
    [{ device_uid: undefined }, '400 1100'],
    [{ device_uid: '' }, '400 1101'],
    [{ public_key: undefined }, '400 1100'],
    [{ public_key: 'AAAA' }, '400 1101'],
    [{ device_name: 'x'.repeat(51) }, '400 1101'],
    [{ public_key: otherCurve() }, '400 1101'],
  ])('is not added with %j', async (change, expected) => {
    const body = { device_name: 'P', device_uid: 'p', public_key: new Phone('p').publicKey };
    expect(refusal(await ask('POST', '', { ...body, ...change }))).toBe(expected);
  });

  it('may have no name, and fifty characters of one', async () => {
    const by = await somebody();
    expect(await add(by, new Phone('a'), { device_name: null })).toMatchObject({
      device_name: null,
    });
    const name = 'ü'.repeat(50);
    expect(await add(by, new Phone('b'), { device_name: name })).toMatchObject({
      device_name: name,
    });
  });

  it('is one of ten at most', async () => {
    const by = await somebody();
    for (let count = 0; count < 10; count += 1) await add(by);
    const body = { device_uid: randomUUID(), public_key: new Phone('eleventh').publicKey };
    expect(refusal(await ask('POST', '', body, by))).toBe('403 2203');
    const { items } = (await ask('GET', '', undefined, by)).json as { items: Device[] };
    expect((await ask('DELETE', `/${items[0]?.id}`, undefined, by)).status).toBe(204);
    expect((await ask('POST', '', body, by)).status).toBe(200);
  });

  it('is nobody else’s', async () => {
    const { id } = await add();
    const other = await somebody();
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/mkey'],
    ] as const)
      expect((await ask(method, `/${id}${path}`, undefined, other)).json).toEqual({
        ErrorCode: '2202',
        Message: 'Device not found',
      });
  });

  it('is taken away with all its keys, by the person or by a program', async () => {
    const by = await somebody();
    const [first, second] = [await add(by), await add(by)];
    expect((await ask('DELETE', `/${first.id}`, undefined, by)).status).toBe(204);
    expect(refusal(await ask('GET', `/${first.id}`, undefined, by))).toBe('404 2202');
    expect((await server.ask('DELETE', corePath(by, second.id))).status).toBe(204);
    expect((await ask('GET', '', undefined, by)).json).toMatchObject({ items: [] });
    expect(await keysOf(by)).toEqual([]);
  });
});

describe('a mobile key', () => {
  it('is made for every site that lets the person in, also for those joined later', async () => {
    const by = await somebody();
    const phone = new Phone('mine');
    const { id, certificate } = await add(by, phone);
    await phone.keep({ certificate });
    const second = await addSite(server);
    const accessor = await join(by, second);
    const keys = await mobileKeysIn(phone, await mkeyData(id, by));
    const placed = keys.map((jws) => decodeJwt(jws));
    expect(placed.map(({ collection_id, accessor_id }) => [collection_id, accessor_id])).toEqual([
      [siteId, by.accessorId],
      [second, accessor],
    ]);
    expect(await server.ask('GET', `/accessors/${accessor}/devices/${id}`)).toMatchObject({
      json: { state: 'activated' },
    });
  });

  it('is per hub where the site asks for that', async () => {
    const by = await somebody();
    const phone = new Phone('mine');
    const site = await addSite(server);
    await join(by, site);
    await server.ask('PATCH', `/collections/${site}`, { body: { sync_mkey: false } });
    const hubs = [
      await insertIq(server, { collection_id: site }),
      await insertIq(server, { collection_id: site }),
    ];
    const { id } = await add(by, phone);
    const keys = await mobileKeysIn(phone, await mkeyData(id, by));
    const placed = keys.map((jws) => decodeJwt(jws));
    expect(placed.map(({ collection_id, iq_id }) => [collection_id, iq_id])).toEqual([
      [siteId, undefined],
      [site, hubs[0]],
      [site, hubs[1]],
    ]);
    await server.database.pool.query('delete from iqs where id = any ($1)', [hubs]);
  });

  it('is not made where somebody is blocked, or the key was taken away', async () => {
    const by = await somebody();
    const phone = new Phone('mine');
    const { id } = await add(by, phone);
    const set = (blocked: boolean) =>
      server.ask('PATCH', `/accessors/${by.accessorId}`, { body: { blocked } });
    await set(true);
    expect(refusal(await mkeyOf(id, by))).toBe('403 2203');
    await set(false);
    expect((await mkeyOf(id, by)).status).toBe(200);
    const [key] = await keysOf(by);
    await server.ask('DELETE', `/accessors/${by.accessorId}/keys/${key?.id}`);
    expect(refusal(await mkeyOf(id, by))).toBe('403 2203');
    expect(await keysOf(by)).toEqual([]);
  });

  it('is not made for somebody without any site, nor where the guest’s time is over', async () => {
    const nobody = await addPerson(server, { siteId, role: null });
    const { id } = await add(nobody);
    expect(refusal(await mkeyOf(id, nobody))).toBe('403 2203');
    const guest = await somebody();
    const phone = await add(guest);
    await server.database.pool.query(
      `update accessors set expires_at = now() - interval '1 minute' where id = $1`,
      [guest.accessorId],
    );
    expect(refusal(await mkeyOf(phone.id, guest))).toBe('403 2203');
  });

  it('is not made under a certificate of a tenant key that has retired', async () => {
    const by = await somebody();
    const phone = new Phone('mine');
    const { id } = await add(by, phone);
    expect((await server.ask('POST', '/tenant/certificate')).status).toBe(200);
    expect(refusal(await mkeyOf(id, by))).toBe('403 2203');
    const body = { public_key: phone.publicKey };
    expect((await ask('PUT', `/${id}/certificate`, body, by)).status).toBe(200);
    expect((await mkeyOf(id, by)).status).toBe(200);
  });
});

describe('our own app, which serves every tenant', () => {
  it('gives the phone one id, and a key for each site of each tenant, under that tenant’s certificate', async () => {
    const by = await somebody();
    const other = await server.addTenant('Other');
    const { userId } = await joinTenant(by, other.tenantId);
    const app = { ...by, token: await appToken(server, by) };
    const phone = new Phone('mine');
    const { id, certificate } = await add(app, phone);
    const site = await addSite(server, other);
    const accessor = await joinAt(other.tenantId, userId, site);
    const keys = await mobileKeysIn(phone, await mkeyData(id, app));
    const shown = keys.map((jws) => {
      const [x5c = ''] = decodeProtectedHeader(jws).x5c ?? [];
      const { issuer, subject } = new X509Certificate(Buffer.from(x5c, 'base64'));
      return [decodeJwt(jws)['accessor_id'], subject, issuer];
    });
    expect(shown).toEqual([
      [by.accessorId, `CN=${id}`, `CN=Cardea tenant ${server.tenant.tenantId}`],
      [accessor, `CN=${id}`, `CN=Cardea tenant ${other.tenantId}`],
    ]);
    const own = new X509Certificate(Buffer.from(certificate, 'base64'));
    expect(own.issuer).toContain(server.tenant.tenantId);
    // A client of one tenant sees the same phone, and acts there alone.
    expect((await ask('GET', `/${id}`, undefined, by)).status).toBe(200);
    expect((await ask('DELETE', `/${id}`, undefined, by)).status).toBe(204);
    expect((await ask('GET', `/${id}`, undefined, by)).status).toBe(404);
    expect((await ask('GET', `/${id}`, undefined, app)).status).toBe(200);
    expect((await ask('DELETE', `/${id}`, undefined, app)).status).toBe(204);
    expect((await ask('GET', `?$count=true`, undefined, app)).json).toMatchObject({ count: 0 });
  });

  it('adds no phone for a login that no tenant knows', async () => {
    const made = await server.cardea.identity.logins.createLogin({
      email: `${randomUUID()}@example.test`,
      password: randomUUID(),
      firstName: 'Grace',
      lastName: 'Hopper',
      isEmailVerified: true,
    });
    if ('fault' in made) throw new Error(made.fault);
    const app = { ...person, token: await appToken(server, made) };
    expect((await ask('GET', '', undefined, app)).json).toMatchObject({ items: [] });
    const body = { device_uid: 'p', public_key: new Phone('p').publicKey };
    expect(refusal(await ask('POST', '', body, app))).toBe('403 2203');
  });
});

it('an outside signer signs for phones, and nothing is added while it does not answer', async () => {
  const vault = await startOutsideVault();
  const elsewhere = await startTestServer({
    settings: {
      ROLES: 'http',
      CARDEA_SIGNER_URL: vault.url,
      CARDEA_SIGNER_ROLE_ID: vault.roleId,
      CARDEA_SIGNER_SECRET_ID: vault.secretId,
    },
  });
  const site = await addSite(elsewhere);
  const { token } = await addPerson(elsewhere, { siteId: site, role: 'site_user' });
  const body = { device_uid: 'p', public_key: new Phone('p').publicKey };
  const post = () => elsewhere.ask('POST', '//v1.2/me/devices', { token, body });
  const made = await post();
  expect(made.status).toBe(200);
  await vault.stop();
  expect(refusal(await post())).toBe('500 3201');
  const { id } = made.json as Device;
  const again = await elsewhere.ask('PUT', `//v1.2/me/devices/${id}/certificate`, { token, body });
  expect(refusal(again)).toBe('500 3201');
  await elsewhere.stop();
});

async function joinTenant({ loginId }: TestPerson, tenantId: TenantId) {
  const userId = await server.cardea.identity.logins.joinTenant({ loginId, tenantId });
  return { userId };
}

async function joinAt(tenantId: TenantId, userId: UserId, site: string): Promise<string> {
  const id = randomUUID();
  await server.database.pool.query(
    `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
     values ($1, $2, $3, $4, '{8f6081a3-80fb-11e8-a892-000d3a221c5b}', now())`,
    [tenantId, id, userId, site],
  );
  return id;
}

async function mkeyData(id: string, by: TestPerson): Promise<string> {
  const answer = await mkeyOf(id, by);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return (answer.json as { mkey_data: string }).mkey_data;
}

async function keptOf(id: string, by: TestPerson): Promise<{ mkeyData: string }> {
  return { mkeyData: await mkeyData(id, by) };
}

function otherCurve(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}
