/** What a site may use, whom it lets in for a day, and how it leaves, in the dashboard: in a real Chromium, against real hubs. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MigrationResult } from '#contract/migrations';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { addPerson } from '#test/kit/people';

let board: TestDashboard;
let next: TestServer;
beforeAll(async () => {
  [board, next] = await Promise.all([startTestDashboard(), startTestServer()]);
  const { server, owner } = board;
  await server.database.pool.query('update logins set is_operator = true where id = $1', [
    owner.loginId,
  ]);
}, 180_000);
afterAll(async () => {
  await board.stop();
  await next.stop();
});

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string) => board.page.getByRole('button', { name, exact: true }).click();
const dialog = () => board.page.getByRole('dialog');
const confirm = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

/** What a dialog shows this once. */
async function takeShown(): Promise<string> {
  const text = (await dialog().locator('pre').textContent()) ?? '';
  await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  return text;
}

it('a voucher is issued, looked into and becomes the plan, and doors open without one', async () => {
  const { page, server, house } = board;
  await board.open('vouchers', 'Vouchers');
  await seen('No vouchers yet');
  const issue = async (label: string) => {
    await press('Issue a voucher');
    await dialog().getByLabel('Label').fill(label);
    await dialog().getByLabel('Seats', { exact: true }).fill('50');
    await dialog().getByLabel('Months', { exact: true }).fill('12');
    await dialog().getByLabel('All features').uncheck();
    await dialog().getByLabel('Lockers').uncheck();
    await confirm('Issue');
    await seen('Hand this code to the site.');
    return takeShown();
  };
  const code = await issue('Fifty');
  const spare = await issue('Spare');
  await seen('Seats: 50 · Months: 12 · Features: 5 of 6');
  await board.check('vouchers');
  await press(`Take back ${spare}`);
  await confirm('Take back');
  await page.getByRole('row', { name: /Spare/ }).waitFor({ state: 'detached' });

  await board.open('subscription', 'Subscription');
  await seen('Doors never wait for a subscription.');
  await page.getByRole('row', { name: 'Runs until Without end' }).waitFor();
  await page.getByLabel('Code of the voucher').fill(code.toLowerCase());
  await press('See what it gives');
  await seen('Months: 12');
  await press('Enter this voucher');
  await confirm('Enter this voucher');
  await page.getByRole('row', { name: /^Seats in use \d+ of 50$/ }).waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: 'Lockers' })
    .getByText('Not included')
    .waitFor();
  await board.check('subscription');

  await server.database.pool.query(
    'update collections set subscription_ends_at = created_at where id = $1',
    [house.collectionId],
  );
  await board.open('subscription', 'Subscription');
  await seen('The plan has ended');
  await board.open('locks', 'Locks');
  await press('Open Front door');
  await confirm('Open');
  await seen('Front door is open: the lock has confirmed it.');
}, 120_000);

it('an installer comes in by the token, sees the hub that was opened, and is out again', async () => {
  const { page, server, owner, house } = board;
  await board.open('installers', 'Installer access');
  await seen('No installer is let in');
  await press('Let an installer in');
  await confirm('Let an installer in');
  await seen('Hand it on now: it is not shown again.');
  const token = await takeShown();
  await press('Give access to Ground floor hub');
  await confirm('Give access');
  await press('Take away the access to Ground floor hub');
  await confirm('Cancel');
  await board.check('installers');

  const stranger = await addPerson(server, { siteId: house.collectionId, role: null });
  await board.signIn(stranger, { path: '/sites', heading: 'Sites' });
  await seen('You have no place in any site yet');
  await press('I am an installer');
  await board.check('come-in');
  await dialog().getByLabel('Token').fill('wrong');
  await confirm('Come in');
  await dialog().getByText('1101').waitFor();
  await dialog().getByLabel('Token').fill(token);
  await confirm('Come in');
  await page.getByRole('heading', { level: 1, name: 'Hubs' }).waitFor();
  await seen(/^You are here as an installer, until/);
  const menu = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  expect(await menu.allTextContents()).toEqual(['Locks', 'Hubs']);
  await board.check('installer-hubs');
  await page.getByRole('link', { name: 'Ground floor hub' }).click();
  await seen('Front door');
  await page.getByRole('button', { name: 'Restore' }).waitFor();
  await board.check('installer-hub');
  await page.getByRole('link', { name: 'Locks', exact: true }).click();
  await page.getByRole('link', { name: 'Front door' }).click();
  await page.getByRole('heading', { level: 1, name: 'Front door' }).waitFor();
  await page.getByLabel('Name of the lock').waitFor();
  expect(await page.getByRole('button', { name: /^Open/ }).count()).toBe(0);
  await board.check('installer-lock');

  await board.signIn(owner);
  await board.open('installers', 'Installer access');
  await press('End it now');
  await confirm('End it now');
  await seen('No installer is let in');
  const gone = await server.ask('GET', `//v1.2/sites/${house.collectionId}/iqs`, {
    token: stranger.token,
  });
  expect(gone.status).toBe(404);
}, 120_000);

it('the owner saves the site as a file with its key, and another server would take it', async () => {
  const { page } = board;
  await board.open('moving', 'Move and export');
  await page.getByLabel('With keypad codes and one-time codes').check();
  await press('Make the file');
  await seen('The file is ready');
  await page.getByRole('row', { name: 'Locks 2' }).waitFor();
  await seen(/cardea import --file harbour-.*\.json --key harbour-.*\.key .* --dry-run/);
  await board.check('moving');
  const saved = async (name: RegExp) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ]);
    return readFile(await download.path(), 'utf8');
  };
  const file = JSON.parse(await saved(/^Save the file/)) as unknown;
  const pem = await saved(/^Save the private key$/);
  const key = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const { json } = await next.ask('POST', '/migrations', {
    body: { kind: 'site_import', export: file, private_key: key, dry_run: true },
  });
  const result = json as MigrationResult;
  expect(result.state).toBe('checked');
  expect(result.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
}, 120_000);
