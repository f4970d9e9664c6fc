import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  always,
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  tag,
  untilSynced,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** A floor behind a repeater, and what people do at its doors (behaviour.md 4.4, 5.1, 7.2, 7.3). */
let cardea: TestServer;
let house: TestBuilding;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const part = partOf(await readBuilding('harbour'), { hubs: ['Upstairs hub'] });
  // One with the shortest code there is.
  const locks = part.locks.map((lock) =>
    lock.name === 'Flat 1' ? { ...lock, code: '01F3C7' } : lock,
  );
  house = await startTestBuilding(cardea, { building: { ...part, locks } });
  iq = house.iqId('Upstairs hub');
}, 120_000);
afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

const show = (name: string, card: string, heldMs = 0) =>
  house.simulated.lock(name).present(tag(card, heldMs));
const byHub = (did: string) => ({ did, decidedBy: 'hub' });
const doorOf = (name: string) => readObject(cardea, `/locks/${house.lockId(name)}`);
const untilState = (name: string, state: string) =>
  until(async () => (await doorOf(name))['locked_state'] === state, { what: `${name}: ${state}` });
/** What the log says of a card, oldest first. */
const logOf = async (card: string) =>
  (await itemsOf(cardea, `/entries?$filter=access_detail eq '${card}'&$orderby=utc_date_time`)).map(
    (entry) => `${String(entry['event_category'])} ${String(entry['event_detail'])}`,
  );
const untilLogged = (card: string, words: readonly string[]) =>
  until(async () => (await logOf(card)).join() === words.join(), {
    what: `the log of ${card} is ${words.join(', ')}`,
  });

it('attaches hardware with a code of six digits like any other', async () => {
  expect(await doorOf('Flat 1')).toMatchObject({
    mac: '01.F3.C7',
    online: true,
    repeater: { id: house.lockId('Stairwell repeater') },
  });
  await house.admit({ tagNumber: '00007001', locks: ['Flat 1'] });
  await untilSynced(cardea);
  expect(await show('Flat 1', '00007001')).toEqual(byHub('opened'));
});

it('keeps the number of each device at its hub when the order of the tree changes', async () => {
  type Item = { readonly id: string; readonly hardware_type: string };
  const read = async () => (await cardea.ask('GET', `/iqs/${iq}/tree`)).json as readonly Item[];
  const slots = () =>
    new Map(
      [...(house.simulated.hub('Upstairs hub').view()?.table?.locks.values() ?? [])].map(
        ({ item }) => [item.id, item.slot],
      ),
    );
  await untilSynced(cardea);
  const before = slots();
  const [first, ...rest] = await read();
  const turned = [first, ...rest.toReversed()];
  const body = { iq_tree_items: turned };
  expect((await cardea.ask('PUT', `/iqs/${iq}/tree`, { body })).status).toBe(204);
  await untilSynced(cardea);
  expect((await read()).map(({ id }) => id)).toEqual(turned.map((item) => item?.id));
  expect(before.size).toBe(3);
  expect(slots()).toEqual(before);
});

it('opens every door for the master key, which cannot be deleted', async () => {
  const { tagId } = await house.admit({ tagNumber: '00007002', locks: [] });
  await untilSynced(cardea);
  expect(await show('Flat 2', '00007002')).toEqual(byHub('refused'));
  const path = `/collections/${house.collectionId}`;
  await cardea.ask('PATCH', path, { body: { masterkey_id: tagId } });
  await untilSynced(cardea);
  expect(await show('Flat 2', '00007002')).toEqual(byHub('opened'));
  expect(refusal(await cardea.ask('DELETE', `/tags/${tagId}?force=true`))).toBe('403 2203');
});

it('opens for the tag that takes the place of a lost one, and for the lost one no more', async () => {
  const { accessorId, keyId } = await house.admit({ tagNumber: '00007003', locks: ['Flat 2'] });
  const found = await house.admit({ tagNumber: '00007004', locks: [] });
  const keys = (accessor: string) => `/accessors/${accessor}/keys`;
  await cardea.ask('DELETE', `${keys(found.accessorId)}/${found.keyId}?force=true`);
  const swapped = await cardea.ask('PATCH', `${keys(accessorId)}/${keyId}`, {
    body: { key_id: found.tagId },
  });
  expect(swapped.json).toMatchObject({ id: keyId, key_number: '00007004' });
  await untilSynced(cardea);
  expect(await show('Flat 2', '00007003')).toEqual(byHub('refused'));
  expect(await show('Flat 2', '00007004')).toEqual(byHub('opened'));
});

it('stays open for a card held by somebody who may, and only for that', async () => {
  const locks = ['Flat 2'];
  await house.admit({ tagNumber: '00007005', locks, flags: { toggle_manual_office_mode: true } });
  await house.admit({ tagNumber: '00007006', locks });
  await untilSynced(cardea);
  expect(await show('Flat 2', '00007006', 6_000)).toEqual(byHub('opened'));
  expect(await show('Flat 2', '00007005', 6_000)).toEqual(byHub('office_mode_started'));
  await untilState('Flat 2', 'office_mode');
  expect(await show('Flat 2', '00007006')).toEqual(byHub('opened'));
  const learning = await cardea.ask('PATCH', `/locks/${house.lockId('Flat 2')}/tag_registration`, {
    body: { duration_in_seconds: 60 },
  });
  expect(refusal(learning)).toBe('403 2203');
  expect(await show('Flat 2', '00007005', 6_000)).toEqual(byHub('office_mode_ended'));
  await untilState('Flat 2', 'locked');
  await untilLogged('00007005', ['office_mode start', 'office_mode end']);
  await untilLogged('00007006', ['lock_opened null', 'lock_opened null']);
});

it('is switched by a card inside a window that does not start by itself', async () => {
  const locks = ['Roof terrace'];
  await house.admit({ tagNumber: '00007007', locks, flags: { toggle_easy_office_mode: true } });
  await house.admit({ tagNumber: '00007008', locks });
  const schedule = `/locks/${house.lockId('Roof terrace')}/easy_office_mode_schedule`;
  const put = await cardea.ask('PUT', schedule, { body: { ...always, eom_auto_start: false } });
  expect(put.status).toBe(200);
  await untilSynced(cardea);
  expect(await show('Roof terrace', '00007008')).toEqual(byHub('opened'));
  expect(await show('Roof terrace', '00007007')).toEqual(byHub('office_mode_started'));
  await untilState('Roof terrace', 'office_mode');
  expect(await show('Roof terrace', '00007007')).toEqual(byHub('office_mode_ended'));
  await untilState('Roof terrace', 'locked');
  await untilLogged('00007007', ['easy_office_mode start', 'easy_office_mode end']);
  expect((await cardea.ask('DELETE', schedule)).status).toBe(204);
});
