/** Pictures of what went on, and what the configuration check finds, in the dashboard (docs/dashboard.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tag, untilSynced } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();

it('a group without hours is found, and a click opens its doors for good', async () => {
  const { page, house, server } = board;
  const { groupId } = await house.admit({ tagNumber: '00112233', locks: ['Front door'] });
  const schedules = `/access_groups/${groupId}/time_schedules`;
  const listed = (await server.ask('GET', schedules)).json as { items: { id: string }[] };
  await server.ask('PATCH', `/access_groups/${groupId}`, {
    body: { customer_reference: 'Cleaners' },
  });
  for (const { id } of listed.items) await server.ask('DELETE', `${schedules}/${id}`);
  await board.open('check', 'Configuration check');
  await seen('Groups without a schedule (1)');
  await board.check('check');
  await page.getByRole('button', { name: 'Open it always: Cleaners' }).click();
  await seen('The group "Cleaners" gets a schedule of seven days');
  await page.getByRole('dialog').getByRole('button', { name: 'Open it always' }).click();
  await seen('Done. The check is being repeated.');
  await page.getByText('Groups without a schedule (1)').waitFor({ state: 'detached' });
  // Shown once, when the hub knows: a refusal would be counted below.
  await untilSynced(server);
  expect((await house.simulated.lock('Front door').present(tag('00112233'))).did).toBe('opened');
});

it('what went on at the doors is a picture, a table, and a sentence', async () => {
  const { page, house } = board;
  await house.simulated.lock('Storage').present(tag('66667777'));
  await board.open('entries', 'Entries');
  await seen('Storage');
  await board.open('activity', 'Activity');
  await page.getByRole('img', { name: /^Openings: \d, refusals: 1/ }).waitFor();
  await page.locator('canvas').waitFor();
  const fields = await page.getByRole('table', { name: 'Who comes when' }).locator('td').all();
  expect(fields).toHaveLength(7 * 24);
  await board.check('activity');
});
