/** Hubs and their trees in the dashboard, against simulated radios (docs/dashboard.md). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partOf, readBuilding, readObject, tag } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { until } from '#test/kit/wait';

let board: TestDashboard;
beforeAll(async () => {
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Upstairs hub'],
    locks: ['Flat 1', 'Flat 2'],
  });
  const [stairs] = building.repeaters;
  if (stairs === undefined) throw new Error('the building has no repeater');
  const attic = { ...stairs, id: randomUUID(), name: 'Attic repeater', code: '012E77A2' };
  board = await startTestDashboard({
    building: { ...building, repeaters: [stairs, attic] },
  });
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string) => board.page.getByRole('button', { name, exact: true }).click();

it('the owner hangs a lock below another repeater, sees what it does, and the hub has it', async () => {
  const { page, house, server } = board;
  const place = page.getByLabel('Flat 2 hangs on');
  const shown = (name: string) =>
    page.getByRole('listitem').filter({ has: page.locator('p', { hasText: name }) });
  await board.open('hubs', 'Hubs');
  await seen('In contact');
  await board.check('hubs');
  await page.getByRole('link', { name: 'Upstairs hub' }).click();
  await page.getByRole('heading', { level: 1, name: 'Upstairs hub' }).waitFor();
  await place.selectOption({ label: 'Attic repeater' });
  await seen('Changes that are not sent yet: 1');
  await press('Discard');
  await until(async () => (await page.getByText('not sent yet').count()) === 0, {
    what: 'the changes are discarded',
  });
  // By the mouse this time.
  await shown('Flat 2').dragTo(shown('Attic repeater'));
  await press('See what it does');
  await seen(/^Flat 2 hangs on Attic repeater\. Its keys stay/);
  await press('Send the changes');
  await seen('The hub has the new tree.');
  await board.check('hub');
  const lock = await readObject(server, `/locks/${house.lockId('Flat 2')}`);
  expect(lock['iq_link_state']).toBe('attached');
  const attic = house.simulated.repeater('Attic repeater');
  await until(() => house.simulated.lock('Flat 2').attachment?.parentMac === attic.mac, {
    what: 'the lock hears the other repeater',
    timeoutMs: 60_000,
  });
});

it('the owner makes a rule, and hears by mail of whom a door refused', async () => {
  const { page, house, server } = board;
  await board.open('rules', 'Message rules');
  await seen('No rule tells of doors yet');
  await press('Make a rule');
  await page.getByLabel('Name').fill('Strangers');
  await press('Make it');
  await page.getByRole('heading', { level: 1, name: 'Strangers' }).waitFor();
  await press('Only some doors');
  await press('Flat 1');
  await page.getByRole('button', { name: 'Remove Flat 1' }).waitFor();
  await press('Only in some hours');
  await page.getByRole('dialog').getByLabel('From').fill('00:00');
  await page.getByRole('dialog').getByRole('button', { name: 'Only in some hours' }).click();
  await seen(/^Every day/);
  await board.check('rule');
  await house.simulated.lock('Flat 1').present(tag('66667777'));
  await until(
    async () => {
      const { rows } = await server.database.pool.query(
        "select 1 from messages where collection_id = $1 and kind = 'entry' and body like '%Flat 1%'",
        [house.collectionId],
      );
      return rows.length > 0;
    },
    { what: 'a message of the rule is written', timeoutMs: 60_000 },
  );
  await board.open('rules', 'Message rules');
  await seen('Strangers');
  const box = page.getByLabel('Weak battery: E-mail');
  await box.click();
  await seen('Saved.');
  await page.reload();
  await box.waitFor();
  expect(await box.isChecked()).toBe(false);
  await board.check('rules');
});

it('the owner allows what the site did not, and the site keeps it', async () => {
  const { page } = board;
  await board.open('settings', 'Settings');
  const mixed = page.getByLabel('Locks may hang directly on a hub');
  await page.getByLabel('A door counts as left open after').fill('45');
  await mixed.press('Space');
  await page.getByRole('region', { name: 'Doors and hubs' }).getByText('Save').click();
  await seen('Saved.');
  await page.reload();
  expect(await mixed.isChecked()).toBe(true);
  expect(await page.getByLabel('A door counts as left open after').inputValue()).toBe('45 seconds');
  await board.check('settings');
});

it('a table with a fault is imported once it is right, and not before', async () => {
  const { page } = board;
  const choose = (csv: string) =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name: 'tags.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await board.open('import', 'Import');
  await choose('tag_number\n7.53E+06\n');
  await press('See what would be done');
  await seen('Nothing is imported: some rows have faults');
  await board.check('import');
  await choose('tag_number\n00007527\n00007528\n');
  await press('See what would be done');
  await press('Import');
  await seen('This is done now: 2 added, 0 changed.');
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click();
  await seen('This was done');
  await board.open('tags', 'Tags');
  await seen('00007528');
});
