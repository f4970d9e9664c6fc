import type { HubConnection } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  always,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { listenAsOwner, type HeardEvent } from '#test/kit/listener';
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
const heard: HeardEvent[] = [];

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
    schedule: { ...always, end_date: '2020-01-01' },
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

async function entriesAt(lockId: string): Promise<Entry[]> {
  const answer = await cardea.ask('GET', `/entries?$top=1000&$filter=lock_id eq ${lockId}`);
  expect(answer.status).toBe(200);
  return (answer.json as { items: Entry[] }).items;
}

function newestEntry(is: (entry: Entry) => boolean): Promise<Entry> {
  return until(async () => (await entriesAt(door)).find(is), { what: 'the entry can be read' });
}
