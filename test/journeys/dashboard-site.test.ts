/** Pods, webhooks and the history of a site in the dashboard: in a real Chromium, against real hubs (docs/dashboard.md). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tag } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { startReceiver, verify, type TestReceiver } from '#test/kit/receiver';

let board: TestDashboard;
let receiver: TestReceiver;
beforeAll(async () => {
  [board, receiver] = await Promise.all([
    startTestDashboard({ settings: { CARDEA_WEBHOOK_ALLOW: '127.0.0.1' } }),
    startReceiver(),
  ]);
}, 180_000);
afterAll(async () => {
  await board.stop();
  await receiver.stop();
});

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string) => board.page.getByRole('button', { name, exact: true }).click();
const dialog = () => board.page.getByRole('dialog');
const confirm = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

it('a flat gets a member, a guest with hours, a code, and is cleaned for the next', async () => {
  const { page } = board;
  await board.open('pods', 'Pods');
  await seen('No pods yet');
  await press('Add a pod');
  await dialog().getByLabel('Name').fill('Flat 12');
  await dialog().getByLabel('Front door').check();
  await confirm('Add a pod');
  await page.getByRole('heading', { level: 1, name: 'Flat 12' }).waitFor();

  await press('Add a member');
  await dialog().getByLabel('First name').fill('Grace');
  await dialog().getByLabel('Last name').fill('Hopper');
  await dialog().getByLabel('E-mail (optional)').fill('grace@example.test');
  await confirm('Add a member');
  await seen('grace@example.test');

  await press('Add a guest');
  await dialog().getByLabel('First name').fill('Alan');
  await dialog().getByLabel('Last name').fill('Turing');
  await dialog().getByLabel('Chosen hours and doors').check();
  await dialog().getByLabel('Sun').uncheck();
  await dialog().getByLabel('Front door').check();
  await confirm('Add a guest');
  const hours = 'Mon, Tue, Wed, Thu, Fri, Sat, 09:00–17:00 · 1 door';
  await seen(hours);
  await seen('Guests · 1 of 2 places free');

  await press('Make a code');
  await confirm('Make a code');
  await seen('Hand it on now');
  expect((await dialog().locator('pre').textContent())?.length).toBeGreaterThan(9);
  await dialog().getByRole('button', { name: 'Copy', exact: true }).waitFor();
  await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  await seen(/^A code is valid until/);

  await press('Change the times');
  await dialog().getByLabel('A stay, from check-in to check-out').check();
  await dialog().getByLabel('Check-in', { exact: true }).fill('2027-03-01T16:00');
  await dialog().getByLabel('Check-out', { exact: true }).fill('2027-03-05T10:00');
  await confirm('Change the times');
  await seen('1 Mar 2027, 16:00 – 5 Mar 2027, 10:00');
  await board.check('pod');

  await board.open('pods', 'Pods');
  await seen(hours);
  await seen('1 Mar 2027, 16:00 – 5 Mar 2027, 10:00');
  await board.check('pods');
  await page.getByRole('link', { name: 'Flat 12' }).click();
  await press('Clean');
  await seen(/members \(1\), guests \(1\) and access codes go/);
  await confirm('Clean');
  await seen('Nobody lives here.');
  await seen('No guests.');
}, 120_000);

it('a webhook is made, a refusal at a door is delivered and sent once more', async () => {
  const { page, house } = board;
  await board.open('webhooks', 'Webhooks');
  await press('Add a webhook');
  await dialog().getByLabel('Address').fill(receiver.url);
  await confirm('Add a webhook');
  await seen('It is not shown again.');
  const secret = (await dialog().locator('pre').textContent()) ?? '';
  await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByRole('heading', { level: 1, name: 'Webhook' }).waitFor();
  await press('Send a test');
  await seen('The test was taken: answer 204.');
  await house.simulated.lock('Front door').present(tag('66667777'));
  const log = page.getByRole('table', { name: 'Deliveries' });
  const again = log.getByRole('button', { name: /^Send the delivery of/ });
  await again.waitFor();
  const [, entry] = await receiver.untilReceived(2);
  if (entry === undefined) throw new Error('nothing but the test arrived');
  expect(verify(secret, entry)).toMatchObject({ type: 'entry' });
  await again.click();
  await receiver.untilReceived(3);
  await board.check('webhook');
  await board.open('webhooks', 'Webhooks');
  await seen('Works');
  await board.check('webhooks');
}, 120_000);

it('the history names what was done and by whom, and fits its fingerprints', async () => {
  const { page } = board;
  await board.open('audit', 'Audit history');
  const log = page.getByRole('table', { name: 'Audit history' });
  await log.getByText('Webhook: created').waitFor();
  await page.getByLabel('About').selectOption('pod');
  await log.getByText('Webhook: created').waitFor({ state: 'detached' });
  await log.getByText('Pod: created').waitFor();
  await log.getByRole('link', { name: 'Flat 12' }).first().waitFor();
  await press('Check the history');
  await seen(/^\d+ records checked: nothing was touched$/);
  await board.check('audit');
});

it('a site makes a role of its own, and removes it', async () => {
  const { page } = board;
  await board.open('roles', 'Roles');
  await press('Add a role');
  await dialog().getByLabel('Role').fill('Porter');
  await dialog().getByLabel('look after lockers').check();
  await confirm('Add a role');
  const porter = page.getByRole('row', { name: /Porter/ });
  await porter.getByText('look after lockers').waitFor();
  await board.check('roles');
  await press('Remove Porter');
  await confirm('Remove');
  await porter.waitFor({ state: 'detached' });
});

it('whoever runs the server sees how it does and what it has written', async () => {
  const { page, server, owner } = board;
  await server.database.pool.query('update logins set is_operator = true where id = $1', [
    owner.loginId,
  ]);
  await board.open('health', 'System health');
  await seen('Everything is up');
  await page.getByRole('table', { name: 'Parts' }).getByText('Database').waitFor();
  await board.check('health');
  await board.open('outbox', 'Outbox');
  await board.check('outbox');
  await board.open('lockers', 'Lockers');
  await seen('No lockers yet');
  await board.check('lockers');
}, 120_000);

it('the owner makes another site, which says what it lacks', async () => {
  const { page } = board;
  await page.setViewportSize({ width: 360, height: 740 });
  await board.open('overview', 'Overview');
  await page.locator('summary', { hasText: 'Harbour' }).click();
  await page.getByRole('link', { name: 'All sites, a new one' }).click();
  await page.getByRole('heading', { level: 1, name: 'Sites' }).waitFor();
  await press('Make a site');
  await dialog().getByLabel('Name').fill('Annex');
  await dialog().getByLabel('Country').fill('ZZ');
  await confirm('Make a site');
  await seen(/^Code 1101/);
  await dialog().getByLabel('Country').fill('nl');
  await dialog().getByLabel('Time zone').selectOption('Europe/Amsterdam');
  await confirm('Make a site');
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await seen('First steps');
  await board.check('site-new');
  await page.getByRole('link', { name: 'Add a hub' }).click();
  await page.getByRole('heading', { level: 1, name: 'Hubs' }).waitFor();
});
