/** Somebody with a phone: signs in in a browser, adds the phone, opens a door with it, and loses it (connect-api.md 3.6, 4.8). */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Phone } from '#simulator/phones';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { openBrowser } from '#test/kit/browser';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { createOpenGroup, itemsOf } from '#test/kit/core';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { appToken, changeCode } from '#test/kit/phone-app';
import { freePort } from '#test/kit/ports';
import { authorizePath, codeBody, makePkce } from '#test/kit/sign-in-browser';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let person: TestPerson;
let token: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building });
  person = await addPerson(cardea, { siteId: house.collectionId, role: 'site_user' });
  await createOpenGroup(cardea, {
    accessors: [person.accessorId ?? ''],
    locks: [house.lockId('Front door')],
  });
  token = await signInByBrowser(person);
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const door = (name = 'Front door') => house.simulated.lock(name);

/** What the app does: it opens the sign-in in the browser and listens for the way back. */
async function signInByBrowser({ email, password }: TestPerson): Promise<string> {
  const port = await freePort();
  const app = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>The app</title>');
  });
  app.listen(port, '127.0.0.1');
  await once(app, 'listening');
  const redirectUri = `http://127.0.0.1:${port}/signed-in`;
  const browser = await openBrowser();
  try {
    const page = await browser.context.newPage();
    const { verifier, challenge } = makePkce();
    await page.goto(`${cardea.url}${authorizePath(challenge, { redirect_uri: redirectUri })}`);
    await page.fill('#email', email);
    await page.fill('#password', password);
    await page.click('main button:not([type=button])');
    await page.waitForURL((url) => url.href.startsWith(redirectUri));
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    return await changeCode(cardea, { ...codeBody(code, verifier), redirect_uri: redirectUri });
  } finally {
    await browser.stop();
    app.closeAllConnections();
    app.close();
  }
}

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await cardea.ask(method, `//v1.2/me/devices${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
  });
  expect([answer.status, answer.text]).toEqual([
    method === 'DELETE' ? 204 : 200,
    expect.any(String),
  ]);
  return answer.json as T;
}

type Added = { readonly id: string; readonly certificate: string };

/** Finds the phone by the name it has for itself, or adds it; then fetches its keys. */
async function enrol(phone: Phone, uid: string): Promise<string> {
  const found = await ask<{ items: Added[] }>('GET', `?$filter=device_uid eq '${uid}'`);
  expect(found.items).toEqual([]);
  const body = { device_name: phone.name, device_uid: uid, public_key: phone.publicKey };
  const { id, certificate } = await ask<Added>('POST', '', body);
  await phone.keep({ certificate });
  await fetchKeys(phone, id);
  return id;
}

async function fetchKeys(phone: Phone, id: string): Promise<void> {
  const { mkey_data: mkeyData } = await ask<{ mkey_data: string }>('GET', `/${id}/mkey`);
  await phone.keep({ mkeyData });
}

const untilRefused = (phone: Phone) =>
  until(async () => (await phone.showTo(door())).did === 'refused', {
    what: 'the door refuses the phone',
    timeoutMs: 60_000,
  });

it('a phone opens the doors of its person, and no others', async () => {
  const phone = new Phone('My phone');
  await enrol(phone, 'phone-one');
  await untilSynced(cardea);
  await expect(phone.showTo(door())).resolves.toEqual({ did: 'opened', decidedBy: 'hub' });
  await expect(phone.showTo(door('Storage'))).resolves.toMatchObject({ did: 'refused' });
  const filter = `lock_id eq ${house.lockId('Front door')} and access_by eq 'mkey'`;
  const [entry] = await until(
    async () => {
      const found = await itemsOf(cardea, `/entries?$filter=${filter}`);
      return found.length > 0 && found;
    },
    { what: 'the entry can be read' },
  );
  expect(entry).toMatchObject({ accessor_id: person.accessorId, event_category: 'lock_opened' });
});

it('a phone that is taken away is refused, also under the keys it still has', async () => {
  const phone = new Phone('Lost phone');
  const id = await enrol(phone, 'phone-two');
  await untilSynced(cardea);
  await expect(phone.showTo(door())).resolves.toMatchObject({ did: 'opened' });
  await ask('DELETE', `/${id}`);
  await untilRefused(phone);
  const gone = await cardea.ask('GET', `//v1.2/me/devices/${id}/mkey`, { token });
  expect(gone.status).toBe(404);
});

it('a renewed certificate ends the former one', async () => {
  const [former, phone] = [new Phone('Old key pair'), new Phone('New key pair')];
  const id = await enrol(former, 'phone-three');
  const body = { public_key: phone.publicKey };
  const { certificate } = await ask<Added>('PUT', `/${id}/certificate`, body);
  await phone.keep({ certificate });
  await fetchKeys(phone, id);
  await untilSynced(cardea);
  await expect(phone.showTo(door())).resolves.toMatchObject({ did: 'opened' });
  await expect(former.showTo(door())).resolves.toMatchObject({ did: 'refused' });
});

it('whoever is blocked opens nothing by phone, and again when the block is over', async () => {
  const phone = new Phone('A phone');
  const id = await enrol(phone, 'phone-four');
  const block = (blocked: boolean) =>
    cardea.ask('PATCH', `/accessors/${person.accessorId}`, { body: { blocked } });
  await block(true);
  await untilRefused(phone);
  const refused = await cardea.ask('GET', `//v1.2/me/devices/${id}/mkey`, { token });
  expect([refused.status, refused.text]).toEqual([
    403,
    expect.stringContaining('No site lets you in at present.') as string,
  ]);
  await block(false);
  await untilSynced(cardea);
  await expect(phone.showTo(door())).resolves.toMatchObject({ did: 'opened' });
});

it('our own app opens the doors of every tenant by one phone', async () => {
  const other = await cardea.addTenant('Other');
  const first = await addSite(cardea, other);
  // Known to the other tenant first: the certificate of the phone is by the signer of that one.
  const both = await addPerson(cardea, { siteId: first, role: 'site_user', tenant: other });
  const { tenantId } = cardea.tenant;
  const { loginId } = both;
  const userId = await cardea.cardea.identity.logins.joinTenant({ loginId, tenantId });
  const accessor = randomUUID();
  await cardea.database.pool.query(
    `insert into accessors (tenant_id, id, user_id, collection_id, role_ids, created_at)
     values ($1, $2, $3, $4, '{8f6081a3-80fb-11e8-a892-000d3a221c5b}', now())`,
    [tenantId, accessor, userId, house.collectionId],
  );
  await createOpenGroup(cardea, { accessors: [accessor], locks: [house.lockId('Front door')] });
  token = await appToken(cardea, { loginId });
  const phone = new Phone('A phone of two tenants');
  await enrol(phone, 'phone-five');
  expect(phone.keyCount).toBe(2);
  await untilSynced(cardea);
  await expect(phone.showTo(door())).resolves.toMatchObject({ did: 'opened' });
  await expect(phone.showTo(door('Storage'))).resolves.toMatchObject({ did: 'refused' });
});
