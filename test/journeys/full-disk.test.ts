/** A hub whose disk something else has filled: its door goes on, and what happens there is neither lost nor kept secret. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HubEvent } from '#contract/events';
import type { SimulatedHub } from '#simulator/hub';
import {
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
/** What the hub kept, oldest first. */
const kept: HubEvent[] = [];

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(cardea, { building });
  hub = house.simulated.hub('Ground floor hub');
  await house.admit({ tagNumber: '00004711', locks: ['Front door'] });
  await untilSynced(cardea);
  house.simulated.onEvent((_hub, event) => {
    // Battery and radio are no entries and no incidents.
    if (event.kind !== 'lock_condition') kept.push(event);
  });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const frontDoor = () => house.simulated.lock('Front door');

async function stored(): Promise<string[]> {
  const { rows } = await cardea.database.pool.query<{ place: string }>(
    `select sequence || ' ' || id as place from (
       select number, sequence, id from entries where iq_id = $1 and boot > 0
       union all select number, sequence, id from incidents where iq_id = $1 and boot > 0) events order by number`,
    [house.iqId('Ground floor hub')],
  );
  return rows.map(({ place }) => place);
}

/** Everything kept has been stored, once and in order. */
async function untilAllStored(): Promise<void> {
  const all = await until(
    async () => {
      const places = await stored();
      return places.at(-1) === placeOf(kept.at(-1)) && places;
    },
    { what: 'the last event is stored', timeoutMs: 60_000 },
  );
  const wanted = kept.map(placeOf);
  expect(all.slice(-wanted.length)).toEqual(wanted);
}

function placeOf(event: HubEvent | undefined): string {
  return `${String(event?.sequence)} ${String(event?.id)}`;
}

async function details(): Promise<unknown[]> {
  const unknown = await itemsOf(
    cardea,
    `/incidents?$top=1000&$orderby=utc_date_time&$filter=event_category eq 'unknown'`,
  );
  return unknown.map((incident) => incident['event_detail']);
}

it('answers its door, and the server hears of the disk and of everything that happens', async () => {
  hub.fillDisk();
  for (let visit = 0; visit < 5; visit += 1)
    expect(await frontDoor().present(tag('00004711'))).toEqual({ did: 'opened', decidedBy: 'hub' });
  await untilAllStored();
  expect(await details()).toEqual(['disk_full']);
}, 120_000);

it('keeps what happens without line and disk, and tells it when the line is back', async () => {
  hub.setLink('cut');
  for (let visit = 0; visit < 3; visit += 1) await frontDoor().pressHandle();
  hub.setLink('up');
  await untilAllStored();
}, 120_000);

it('writes down what it holds when there is room, so that even a pulled plug loses nothing', async () => {
  hub.setLink('cut');
  await frontDoor().pressHandle();
  hub.freeDisk();
  await frontDoor().pressHandle();
  await until(() => kept.some((event) => 'detail' in event && event.detail === 'disk_writable'), {
    what: 'the hub has written what it held',
    timeoutMs: 60_000,
  });
  await hub.pullPlug();
  hub.setLink('up');
  await hub.plugIn();
  await untilAllStored();
  expect(await details()).toEqual(['disk_full', 'disk_writable']);
}, 120_000);
