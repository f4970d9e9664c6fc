/** Battery and radio over time in the dashboard, and who is told of troubles: the real hub, simulated locks, a real browser. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { addPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
}, 180_000);
afterAll(() => board.stop());

const picture = (text: RegExp) => board.page.getByRole('img', { name: text }).first().waitFor();

it('a battery that falls and a radio that fades are in the pictures by themselves', async () => {
  const { page, house } = board;
  const storage = house.simulated.lock('Storage');
  await board.open(`locks/${house.lockId('Storage')}`, 'Storage');
  await picture(/^Battery: (Fresh|Good) since /);
  await picture(/^In contact all the time\. Signal from (\d+) to \1 of 31\.$/);
  await storage.drainBattery('critical');
  await storage.setSignal(4);
  await picture(/^Battery: Critical since /);
  await picture(/^In contact all the time\. Signal from 4 to \d+ of 31\.$/);
  await page.locator('canvas').nth(1).waitFor();
  await page.getByText('Every change in a table').click();
  const rows = page.getByRole('table', { name: 'Battery and radio' }).getByRole('row');
  await rows.filter({ hasText: 'Critical' }).first().waitFor();
  const newest = await rows.nth(1).innerText();
  expect(newest.split(/\t|\n/).slice(-3)).toEqual(['Critical', 'In contact', '4']);
  await page.getByLabel('Time', { exact: true }).selectOption('90');
  await picture(/^Battery: Critical since /);
  await board.check('lock-history');
});

it('what happened while the hub was alone is told in its place, once', async () => {
  const { house, server, owner } = board;
  const hub = house.simulated.hub('Ground floor hub');
  const front = house.simulated.lock('Front door');
  hub.setLink('cut');
  for (const level of ['low', 'critical', 'fresh'] as const) await front.drainBattery(level);
  const fellBefore = house.simulated.clock.now().getTime();
  hub.setLink('up');
  const path = `//ext/v1/sites/${house.collectionId}/locks/${house.lockId('Front door')}/condition_history`;
  const told = async () => {
    const { json } = await server.ask('GET', path, { token: owner.token });
    return (json as { items: { battery_level: string; utc_date_time: string }[] }).items;
  };
  await until(async () => (await told()).at(-1)?.battery_level === 'fresh', {
    what: 'the hub has told what happened',
  });
  const last = (await told()).slice(-3);
  expect(last.map(({ battery_level }) => battery_level)).toEqual(['low', 'critical', 'fresh']);
  for (const { utc_date_time: at } of last) expect(Date.parse(at)).toBeLessThanOrEqual(fellBefore);
});

it('the overview says which door needs somebody, and leads there', async () => {
  const { page } = board;
  await board.open('overview', 'Overview');
  const row = page.getByRole('row').filter({ hasText: 'Heard badly: 4 of 31' });
  await row.getByText('Critical').waitFor();
  await board.check('overview-ailing');
  await row.getByRole('link', { name: 'Storage' }).click();
  await page.getByRole('heading', { level: 1, name: 'Storage' }).waitFor();
});

it('a trouble is told of some doors only, and to whom it should be', async () => {
  const { page, house, server } = board;
  await addPerson(server, { siteId: house.collectionId, role: 'site_admin' });
  await board.open('rules', 'Message rules');
  await page.getByRole('link', { name: 'Weak battery' }).click();
  await page.getByRole('heading', { level: 1, name: 'Weak battery' }).waitFor();
  await page.getByRole('button', { name: 'Only some doors' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Storage/ })
    .click();
  await page.getByRole('button', { name: 'Remove Storage' }).waitFor();
  await page.getByRole('button', { name: 'Tell somebody else' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Ada Visser/ })
    .first()
    .click();
  await page.getByRole('button', { name: /^Remove Ada Visser/ }).waitFor();
  await board.check('trouble');
  await page.getByRole('button', { name: 'Remove Storage' }).click();
  await page.getByText('Every door').waitFor();
});
