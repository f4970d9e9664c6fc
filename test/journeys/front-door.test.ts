import {
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  type HubConnection,
} from '@microsoft/signalr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  readBuilding,
  startTestBuilding,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { until } from '#test/kit/wait';

type Entry = {
  readonly id: string;
  readonly event_category: string;
  readonly event_detail: string | null;
  readonly access_by: string;
  readonly access_detail: string;
  readonly reject_reason: string | null;
  readonly lock_id: string;
  readonly accessor_id: string | null;
};

let cardea: TestServer;
let house: TestBuilding;
let door: string;
let listener: HubConnection;
const heard: Entry[] = [];

beforeAll(async () => {
  cardea = await startTestServer();
  house = await startTestBuilding(cardea, { building: await readBuilding('harbour') });
  door = house.lockId('Front door');
  listener = await listenAsOwner(cardea, house.collectionId, heard);
}, 120_000);

afterAll(async () => {
  await listener.stop();
  await house.stop();
  await cardea.stop();
});

it('opens the front door by API, and the entry comes back by API and by stream', async () => {
  const answer = await cardea.ask('PATCH', `/locks/${door}/locking`, {
    body: { locked_state: 'unlocked' },
  });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ id: door, locked_state: 'locked', online: true });
  const entry = await newestEntry(({ access_by }) => access_by === 'remote');
  expect(entry).toMatchObject({ event_category: 'lock_opened', lock_id: door, access_detail: '' });
  await until(() => heard.some(({ id }) => id === entry.id), { what: 'the stream tells of it' });
});

it('opens for a tag inside its schedule and refuses one outside, each with its entry', async () => {
  const inside = await house.admit({ tagNumber: '00001001', locks: ['Front door'] });
  const outside = await house.admit({
    tagNumber: '00001002',
    locks: ['Front door'],
    schedule: { ...everyDay, end_date: '2020-01-01' },
  });
  await untilSynced(cardea);
  const lock = house.simulated.lock('Front door');
  await expect(lock.present(tag('00001001'))).resolves.toMatchObject({ did: 'opened' });
  await expect(lock.present(tag('00001002'))).resolves.toMatchObject({ did: 'refused' });
  expect(await newestEntry(({ access_detail }) => access_detail === '00001001')).toMatchObject({
    event_category: 'lock_opened',
    accessor_id: inside.accessorId,
    reject_reason: null,
  });
  expect(await newestEntry(({ access_detail }) => access_detail === '00001002')).toMatchObject({
    event_category: 'lock_rejected',
    event_detail: 'out_of_schedule',
    reject_reason: 'outside_schedule',
    accessor_id: outside.accessorId,
  });
});

it('opens by its own table while the server is away, and tells of it once', async () => {
  await house.admit({ tagNumber: '00001003', locks: ['Front door'] });
  await untilSynced(cardea);
  await cardea.pause();
  const lock = house.simulated.lock('Front door');
  await expect(lock.present(tag('00001003'))).resolves.toMatchObject({ did: 'opened' });
  await cardea.resume();
  const entry = await newestEntry(({ access_detail }) => access_detail === '00001003');
  expect(entry).toMatchObject({ event_category: 'lock_opened', lock_id: door });
  // Events come in order, so the one after it is the sign that the ledger is told to its end.
  await lock.pressHandle();
  await newestEntry(({ access_by }) => access_by === 'inside_handle');
  const all = await entriesAt(door);
  expect(all.filter(({ access_detail }) => access_detail === '00001003')).toHaveLength(1);
});

it('stops a revoked tag at the door, and says when the revocation is there', async () => {
  const { keyId, accessorId } = await house.admit({ tagNumber: '00001004', locks: ['Front door'] });
  await untilSynced(cardea);
  const lock = house.simulated.lock('Front door');
  await expect(lock.present(tag('00001004'))).resolves.toMatchObject({ did: 'opened' });
  await cardea.ask('PATCH', `/accessors/${accessorId}/keys/${keyId}`, { body: { blocked: true } });
  await untilSynced(cardea);
  await expect(lock.present(tag('00001004'))).resolves.toMatchObject({ did: 'refused' });
  expect(await newestEntry(({ reject_reason }) => reject_reason === 'key_blocked')).toMatchObject({
    event_detail: 'blocked',
    accessor_id: accessorId,
  });
});

const everyDay = {
  start_time: '00:00',
  end_time: '23:59',
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
};

function tag(tagNumber: string) {
  return { what: { type: 'tag' as const, tagNumber, rfidUid: null }, heldMs: 0 };
}

async function entriesAt(lockId: string): Promise<Entry[]> {
  const answer = await cardea.ask('GET', `/entries?$top=1000&$filter=lock_id eq ${lockId}`);
  expect(answer.status).toBe(200);
  return (answer.json as { items: Entry[] }).items;
}

function newestEntry(is: (entry: Entry) => boolean): Promise<Entry> {
  return until(async () => (await entriesAt(door)).find(is), { what: 'the entry can be read' });
}

/** Signs in as the owner of the site and listens with the official client. */
async function listenAsOwner(
  server: TestServer,
  siteId: string,
  into: Entry[],
): Promise<HubConnection> {
  const { logins } = server.cardea.identity;
  const password = 'a long and quiet harbour';
  const made = await logins.createLogin({
    email: 'owner@harbour.example',
    password,
    firstName: 'Olga',
    lastName: 'Haven',
    isEmailVerified: true,
  });
  if (!('loginId' in made)) throw new Error(made.fault);
  const { tenantId, clientId, clientSecret } = server.tenant;
  const userId = await logins.joinTenant({ loginId: made.loginId, tenantId });
  await server.database.pool.query('update collections set owner_user_id = $1 where id = $2', [
    userId,
    siteId,
  ]);
  const connection = new HubConnectionBuilder()
    .withUrl(`${server.url}/v1/hub/entries?site_id=${siteId}`, {
      transport: HttpTransportType.WebSockets,
      accessTokenFactory: async () => {
        const response = await fetch(`${server.url}/connect/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'password',
            username: 'owner@harbour.example',
            password,
            client_id: clientId,
            client_secret: clientSecret,
            scope: 'user_api.full_access',
          }),
        });
        return ((await response.json()) as { access_token: string }).access_token;
      },
    })
    .configureLogging(LogLevel.None)
    .withAutomaticReconnect([0, 100, 500, 1000, 2000, 5000])
    .build();
  connection.on('ReceiveMessage', (json: string) => into.push(JSON.parse(json) as Entry));
  await connection.start();
  return connection;
}
