/** What people do with doors in the dashboard: in a real Chromium, against real hubs (docs/dashboard.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tag } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();

it('the owner opens a door, and the lock has confirmed it', async () => {
  const { page } = board;
  await board.open('locks', 'Locks');
  await seen('Storage');
  await board.check('locks');
  await page.getByRole('button', { name: 'Open Front door' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
  await seen('Front door is open: the lock has confirmed it.');
  await board.open('entries', 'Entries');
  await seen('From afar');
});

it('a jammed door is not said to be open', async () => {
  const { page, house } = board;
  house.simulated.lock('Storage').jam();
  await board.open('locks', 'Locks');
  await page.getByRole('button', { name: 'Open Storage' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('alert').first().waitFor();
  expect(await page.getByRole('alert').first().textContent()).toContain(
    'It is not known whether the door has opened',
  );
});

it('a refused stranger appears by itself, with the reason', async () => {
  const { page, house } = board;
  await board.open('entries', 'Entries');
  await seen('From afar');
  await house.simulated.lock('Front door').present(tag('66667777'));
  await page.getByRole('button', { name: 'Why was this refused?' }).first().click();
  await seen('The door has written down: Unknown key');
});
