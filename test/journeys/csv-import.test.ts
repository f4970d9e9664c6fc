/** A building moves in from another system by three CSV files, and its doors do what the files say (docs/csv-import.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CsvImportKind, CsvImportResponse } from '#contract/csv-imports';
import { createMovableClock } from '#simulator/clock';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';

const doorClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let owner: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Office'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock, timeZone: 'UTC' });
  owner = await addPerson(cardea, { siteId: house.collectionId, role: 'owner' });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const staff = '61000001';
const cleaner = '61000002';
const files = {
  tags: `tag_number\n${staff}\n${cleaner}\n`,
  groups:
    'name;locks;days;start_time;end_time\r\n' +
    'Staff;"Front door; Office";mon-fri;08:00;18:00\r\n' +
    'Cleaners;Front door;all;;\r\n',
  people:
    'alias,first_name,last_name,groups,tags\n' +
    `Desk 1,Grace,Hopper,Staff,${staff}\nNights,Ben,Prins,Cleaners,${cleaner}\n`,
} as const satisfies Readonly<Record<CsvImportKind, string>>;

async function send(kind: CsvImportKind): Promise<CsvImportResponse> {
  const path = `//ext/v1/sites/${house.collectionId}/csv_imports`;
  const body = { kind, csv: files[kind] };
  const answer = await cardea.ask('POST', path, { token: owner.token, body });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as CsvImportResponse;
}

/** The version of what the hub must know. */
async function version(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ version: string }>(
    'select desired_version as version from iqs where id = $1',
    [house.iqId('Ground floor hub')],
  );
  return Number(rows[0]?.version);
}

/** The next Monday in two weeks at this hour, and so many days later. */
async function doorsAt(hour: number, daysLater = 0): Promise<void> {
  const today = new Date();
  const untilMonday = 14 + ((8 - today.getUTCDay()) % 7);
  const day = today.getUTCDate() + untilMonday + daysLater;
  await doorClock.set(new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), day, hour)));
}

async function show(lock: string, number: string): Promise<string> {
  return (await house.simulated.lock(lock).present(tag(number))).did;
}

it('opens to whom the files name, in the hours of their groups and at no other door', async () => {
  expect(await show('Front door', staff)).toBe('refused');
  for (const kind of ['tags', 'groups'] as const)
    expect(await send(kind)).toMatchObject({ state: 'applied', created: 2 });
  const before = await version();
  expect(await send('people')).toMatchObject({ state: 'applied', created: 2 });
  // However many people come, the hub is told once.
  expect(await version()).toBe(before + 1);
  await untilSynced(cardea);

  await doorsAt(9);
  expect(await show('Front door', staff)).toBe('opened');
  expect(await show('Office', staff)).toBe('opened');
  expect(await show('Front door', cleaner)).toBe('opened');
  expect(await show('Office', cleaner)).toBe('refused');
  await doorsAt(20);
  expect(await show('Front door', staff)).toBe('refused');
  expect(await show('Front door', cleaner)).toBe('opened');
  await doorsAt(9, 5);
  expect(await show('Office', staff)).toBe('refused');
}, 120_000);

it('does not tell the hub anything when the same files come again', async () => {
  const before = await version();
  for (const kind of ['tags', 'groups', 'people'] as const)
    expect(await send(kind)).toMatchObject({ state: 'applied', unchanged: 2, updated: 0 });
  expect(await version()).toBe(before);
}, 120_000);
