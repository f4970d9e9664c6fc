import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Phone, signBy, type PhoneSigner } from '#simulator/phones';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { startOutsideVault, type OutsideVault } from '#test/kit/outside-signer';
import { enrolPhone, farAhead, signerOf } from '#test/kit/phones';

let cardea: TestServer;
let signer: PhoneSigner;

beforeAll(async () => {
  cardea = await startTestServer();
  signer = await signerOf(cardea);
}, 120_000);

afterAll(() => cardea.stop());

type Device = { readonly path: string; readonly accessorId: string; readonly id: string };

async function newDevice(server = cardea, body: object = {}): Promise<Device> {
  const accessor = await create(server, '/accessors');
  const { id } = await create(server, `/accessors/${accessor.id}/devices`, body);
  return { path: `/accessors/${accessor.id}/devices/${id}`, accessorId: accessor.id, id };
}

function begin(path: string, body: object = {}, method = 'POST'): Promise<Answer> {
  const { publicKey } = new Phone('a phone');
  return cardea.ask(method, `${path}/certificate`, {
    body: { public_key: publicKey, expiry_date: farAhead, ...body },
  });
}

async function dataOf(answer: Promise<Answer>): Promise<string> {
  const { status, json } = await answer;
  expect(status).toBe(200);
  return (json as { certificate_data: string }).certificate_data;
}

async function read(path: string): Promise<unknown> {
  return (await cardea.ask('GET', path)).json;
}

describe('a phone', () => {
  it('goes from none over pending to activated, and its key is listed', async () => {
    const { path, accessorId, id } = await newDevice(cardea, { customer_reference: 'My phone' });
    const shown = { id, customer_reference: 'My phone' };
    expect(await read(path)).toEqual({ ...shown, state: 'none', mkey: null });
    const first = await dataOf(begin(path));
    const data = await dataOf(begin(path));
    expect(data).not.toBe(first);
    expect(await read(path)).toEqual({ ...shown, state: 'pending', mkey: null });
    const signature = await signBy(signer, data);
    const finished = await cardea.ask('PATCH', `${path}/certificate`, { body: { signature } });
    expect(finished.status).toBe(200);
    const { certificate } = finished.json as { certificate: string };
    const made = new X509Certificate(Buffer.from(certificate, 'base64'));
    expect(made.subject).toBe(`CN=${id}`);
    expect(new Date(made.validTo).toISOString()).toBe('2050-01-01T00:00:00.000Z');
    expect(Buffer.from(certificate, 'base64').includes(Buffer.from(data, 'base64'))).toBe(true);
    const mkey = { id: expect.any(String), expiry_date: '2050-01-01T00:00:00Z' };
    const active = { ...shown, state: 'activated', mkey: { ...mkey, uid: expect.any(String) } };
    expect(await read(path)).toEqual(active);
    expect(await itemsOf(cardea, `/accessors/${accessorId}/devices`)).toEqual([active]);
    expect(await itemsOf(cardea, `/accessors/${accessorId}/keys`)).toMatchObject([
      { key_type: 'mkey', key_number: null, blocked: false },
    ]);
  });

  it('is found by state and reference', async () => {
    const { accessorId, id } = await newDevice(cardea, { customer_reference: 'Found' });
    const list = `/accessors/${accessorId}/devices?$filter=`;
    expect(await itemsOf(cardea, `${list}state eq 'none'`)).toMatchObject([{ id }]);
    expect(await itemsOf(cardea, `${list}state eq 'activated'`)).toEqual([]);
    expect(await itemsOf(cardea, `${list}customer_reference eq 'Found'`)).toHaveLength(1);
  });

  it('is found and sorted by the members of its mobile key', async () => {
    const { accessorId, id: keyless } = await newDevice();
    const { deviceId: id } = await enrolPhone(cardea, { accessorId, signer });
    const list = `/accessors/${accessorId}/devices`;
    const { mkey } = (await read(`${list}/${id}`)) as { mkey: { id: string; uid: string } };
    for (const filter of [`id eq ${mkey.id}`, `uid eq '${mkey.uid}'`, 'expiry_date gt now()'])
      expect(await itemsOf(cardea, `${list}?$filter=mkey/${filter}`)).toMatchObject([{ id }]);
    expect(await itemsOf(cardea, `${list}?$filter=mkey/id eq null`)).toMatchObject([
      { id: keyless },
    ]);
    for (const member of ['id', 'uid', 'expiry_date']) {
      const ids = async (way: string) =>
        (await itemsOf(cardea, `${list}?$orderby=mkey/${member} ${way}`)).map((item) => item.id);
      expect((await ids('desc')).toReversed()).toEqual(await ids('asc'));
    }
  });

  it('takes signatures of Azure as raw bytes too', async () => {
    const { path } = await newDevice();
    for (const encoding of ['base64url', 'base64'] as const) {
      const data = await dataOf(begin(path, {}, 'PUT'));
      const signature = (await signBy(signer, data)).replace('vault:v1:', '');
      const raw = rawOf(Buffer.from(signature, 'base64')).toString(encoding);
      const hand = (body: object) => cardea.ask('PATCH', `${path}/certificate`, { body });
      expect(refusal(await hand({ signature: raw }))).toBe('400 1101');
      expect((await hand({ signature: raw, vault_type: 'AzureKeyVault' })).status).toBe(200);
    }
  });

  it('is refused what does not fit its state', async () => {
    const { path } = await newDevice();
    const patch = { body: { signature: 'AAAA' } };
    expect(refusal(await cardea.ask('PATCH', `${path}/certificate`, patch))).toBe('403 2203');
    expect(refusal(await cardea.ask('GET', `${path}/mkey`))).toBe('403 2203');
    const { path: active } = await enrolPhone(cardea, {
      accessorId: (await create(cardea, '/accessors')).id,
      signer,
    });
    expect(refusal(await begin(active))).toBe('403 2203');
    expect((await begin(active, {}, 'PUT')).status).toBe(200);
    expect(await read(active)).toMatchObject({ state: 'activated' });
  });

  it('may begin by PUT', async () => {
    const { path } = await newDevice();
    expect((await begin(path, {}, 'PUT')).status).toBe(200);
    expect(await read(path)).toMatchObject({ state: 'pending' });
  });

  it.each([
    [{ public_key: 'no key' }, '400 1101'],
    [{ public_key: p384() }, '400 1101'],
    [{ public_key: null }, '400 1100'],
    [{ expiry_date: null }, '400 1100'],
    [{ expiry_date: '2020-01-01' }, '400 1101'],
    [{ expiry_date: 'soon' }, '400 1101'],
  ])('is refused a certificate from %j', async (body, answer) => {
    const { path } = await newDevice();
    expect(refusal(await begin(path, body))).toBe(answer);
    expect(await read(path)).toMatchObject({ state: 'none' });
  });

  it.each([
    { signature: '' },
    { signature: 'vault:v1:AAAA' },
    { signature: '€' },
    { signature: 'AAAA', vault_type: 'none' },
  ])('stays pending with %j for a signature', async (body) => {
    const { path } = await newDevice();
    await dataOf(begin(path));
    expect(refusal(await cardea.ask('PATCH', `${path}/certificate`, { body }))).toBe('400 1101');
    expect(await read(path)).toMatchObject({ state: 'pending' });
  });

  it('gets a new key each time, for the collections of its accessor', async () => {
    const home = await create(cardea, '/collections');
    const accessor = await create(cardea, '/accessors', { collection_id: home.id });
    const { path } = await enrolPhone(cardea, { accessorId: accessor.id, signer });
    const first = await cardea.ask('GET', `${path}/mkey`);
    const second = await cardea.ask('GET', `${path}/mkey?collection_id=${home.id}`);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.text).not.toBe(second.text);
    const other = await create(cardea, '/collections');
    for (const query of [`collection_id=${other.id}`, `iq_id=${other.id}`])
      expect(refusal(await cardea.ask('GET', `${path}/mkey?${query}`))).toBe('400 1101');
    await cardea.ask('PATCH', `/accessors/${accessor.id}`, { body: { blocked: true } });
    expect(refusal(await cardea.ask('GET', `${path}/mkey`))).toBe('403 2203');
  });

  it('gets no key while its accessor is suspended', async () => {
    const home = await create(cardea, '/collections');
    const accessor = await create(cardea, '/accessors', { collection_id: home.id });
    const { path } = await enrolPhone(cardea, { accessorId: accessor.id, signer });
    await create(cardea, `/accessors/${accessor.id}/collection_settings`, {
      collection_id: home.id,
      suspended: true,
    });
    expect(refusal(await cardea.ask('GET', `${path}/mkey`))).toBe('403 2203');
  });

  it('has nothing left when its key is removed', async () => {
    const accessor = await create(cardea, '/accessors');
    const { path } = await enrolPhone(cardea, { accessorId: accessor.id, signer });
    const [key] = await itemsOf(cardea, `/accessors/${accessor.id}/keys`);
    const removed = await cardea.ask('DELETE', `/accessors/${accessor.id}/keys/${key?.id}`);
    expect(removed.status).toBe(204);
    expect(await read(path)).toMatchObject({ state: 'none', mkey: null });
  });

  it('is gone after DELETE, with its key', async () => {
    const accessor = await create(cardea, '/accessors');
    const { path } = await enrolPhone(cardea, { accessorId: accessor.id, signer });
    expect((await cardea.ask('DELETE', path)).status).toBe(204);
    expect(refusal(await cardea.ask('GET', path))).toBe('404 1101');
    expect(await itemsOf(cardea, `/accessors/${accessor.id}/keys`)).toEqual([]);
  });

  it("is another tenant's and another accessor's secret", async () => {
    const { path, id } = await newDevice();
    const stranger = await cardea.addTenant('Stranger');
    const token = await cardea.token('core_api.full', stranger);
    const elsewhere = `/accessors/${(await create(cardea, '/accessors')).id}/devices/${id}`;
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/certificate'],
      ['PATCH', '/certificate'],
      ['PUT', '/certificate'],
      ['GET', '/mkey'],
    ] as const) {
      expect(refusal(await cardea.ask(method, `${path}${suffix}`, { token }))).toBe('404 1101');
      expect(refusal(await cardea.ask(method, `${elsewhere}${suffix}`))).toBe('404 1101');
    }
    expect(await read(path)).toMatchObject({ id });
  });
});

describe('the built-in signer', () => {
  async function post(path: string, body: unknown, token?: string): Promise<Answer> {
    const headers = token === undefined ? {} : { 'x-vault-token': token };
    return cardea.ask('POST', `//signer/v1/${path}`, {
      body: body ?? {},
      headers: { ...headers },
      token: null,
    });
  }

  async function login(of = signer): Promise<string> {
    const { role_id, secret_id } = of;
    const answer = await post('auth/approle/login', { role_id, secret_id });
    expect(answer.status).toBe(200);
    return (answer.json as { auth: { client_token: string } }).auth.client_token;
  }

  it('hands tokens of 26 characters to whoever knows role and secret', async () => {
    expect(await login()).toMatch(/^s\.[A-Za-z0-9]{24}$/);
    for (const body of [
      { role_id: signer.role_id, secret_id: 'wrong' },
      { role_id: crypto.randomUUID(), secret_id: signer.secret_id },
      { role_id: 'no role', secret_id: signer.secret_id },
      { role_id: signer.role_id },
      [],
    ]) {
      const { status, json } = await post('auth/approle/login', body);
      expect([status, json]).toEqual([400, { errors: [expect.any(String)] }]);
    }
  });

  it('signs in 105 characters, every time, and verifies', async () => {
    const { path } = await newDevice();
    const input = await dataOf(begin(path));
    const token = await login();
    const key = `${signer.mount}/sign/${signer.key}/sha2-256`;
    const lengths = new Set<number>();
    let signature = '';
    for (let round = 0; round < 50; round += 1) {
      const answer = await post(key, { input }, token);
      signature = (answer.json as { data: { signature: string } }).data.signature;
      lengths.add(signature.length);
    }
    expect([...lengths]).toEqual([105]);
    const check = `${signer.mount}/verify/${signer.key}/sha2-256`;
    const right = await post(check, { input, signature }, token);
    const other = Buffer.from('another text').toString('base64');
    const wrong = await post(check, { input: other, signature }, token);
    expect([right.json, wrong.json]).toEqual([
      { data: { valid: true } },
      { data: { valid: false } },
    ]);
  });

  it('signs for nobody else', async () => {
    const input = Buffer.from('text').toString('base64');
    const stranger = await cardea.addTenant('Stranger at the signer');
    const foreign = await login(await signerOf(cardea, stranger));
    const own = `${signer.mount}/sign/${signer.key}/sha2-256`;
    const tries: [string, string | undefined][] = [
      [own, undefined],
      [own, `s.${'A'.repeat(24)}`],
      [own, foreign],
      [`other/sign/${signer.key}/sha2-256`, await login()],
    ];
    for (const [path, token] of tries) {
      const { status, json } = await post(path, { input }, token);
      expect([status, json]).toEqual([403, { errors: ['permission denied'] }]);
    }
  });

  it('refuses what is no base64', async () => {
    const token = await login();
    for (const body of [{}, { input: '€' }, { input: 7 }, { input: '' }])
      expect((await post(`${signer.mount}/sign/${signer.key}/sha2-256`, body, token)).status).toBe(
        400,
      );
  });
});

describe('an outside signer', () => {
  let vault: OutsideVault;
  let server: TestServer;
  let key: string;

  beforeAll(async () => {
    vault = await startOutsideVault();
    server = await startTestServer({
      settings: {
        CARDEA_SIGNER_URL: vault.url,
        CARDEA_SIGNER_ROLE_ID: vault.roleId,
        CARDEA_SIGNER_SECRET_ID: vault.secretId,
      },
    });
    key = `tenant-${server.tenant.tenantId}`;
  }, 120_000);

  afterAll(async () => {
    await server.stop();
    await vault.stop();
  });

  async function certify(path: string, method: string): Promise<Answer> {
    const { publicKey } = new Phone('a phone');
    const body = { public_key: publicKey, expiry_date: farAhead };
    const begun = await server.ask(method, `${path}/certificate`, { body });
    expect(begun.status).toBe(200);
    const { certificate_data } = begun.json as { certificate_data: string };
    const signature = vault.sign(key, certificate_data);
    return server.ask('PATCH', `${path}/certificate`, { body: { signature } });
  }

  it('keeps the key of the tenant, whose versions follow its rotations', async () => {
    const { path } = await newDevice(server);
    expect((await certify(path, 'POST')).status).toBe(200);
    expect(vault.versions(key)).toBe(1);
    expect((await server.ask('POST', '/tenant/certificate')).json).toEqual({ items: [] });
    expect(vault.versions(key)).toBe(2);
    expect((await certify(path, 'PUT')).status).toBe(200);
    expect((await server.ask('POST', '//signer/v1/auth/approle/login')).status).toBe(404);
  });

  it('that fails is 3201, and nothing has changed', async () => {
    const { path } = await newDevice(server);
    await vault.stop();
    const before = await server.database.pool.query('select * from tenant_keys');
    expect(refusal(await server.ask('POST', '/tenant/certificate'))).toBe('500 3201');
    const stranger = await server.addTenant('Without a key so far');
    const token = await server.token('core_api.full', stranger);
    const accessor = await server.ask('POST', '/accessors', { body: {}, token });
    const devices = `/accessors/${(accessor.json as { id: string }).id}/devices`;
    const device = await server.ask('POST', devices, { body: {}, token });
    const body = { public_key: new Phone('a phone').publicKey, expiry_date: farAhead };
    const certificate = `${devices}/${(device.json as { id: string }).id}/certificate`;
    expect(refusal(await server.ask('POST', certificate, { body, token }))).toBe('500 3201');
    const after = await server.database.pool.query('select * from tenant_keys');
    expect(after.rows).toEqual(before.rows);
    expect((await server.ask('GET', path)).status).toBe(200);
  });
});

function p384(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
}

/** The 64 raw bytes of a signature in DER. */
function rawOf(der: Buffer): Buffer {
  const first = der[3] ?? 0;
  const r = der.subarray(4, 4 + first);
  const s = der.subarray(6 + first);
  const fixed = (bytes: Buffer) => Buffer.concat([Buffer.alloc(32), bytes]).subarray(-32);
  return Buffer.concat([fixed(r), fixed(s)]);
}
