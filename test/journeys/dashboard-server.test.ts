/** Clients, sign-in by others and PINs for hubs in the dashboard: in a real Chromium, against real hubs. */
import { execFile, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codeAt, keyIn } from '#test/kit/authenticator';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { activatedPhone } from '#test/kit/otp-phone';
import { addPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';

const run = promisify(execFile);

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
  await board.server.database.pool.query('update logins set is_operator = true where id = $1', [
    board.owner.loginId,
  ]);
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string) => board.page.getByRole('button', { name, exact: true }).click();
const dialog = () => board.page.getByRole('dialog');
const confirm = (name: string) => dialog().getByRole('button', { name, exact: true }).click();

/** The secret that is shown this once, after which its window is closed. */
async function takeSecret(): Promise<string> {
  await seen('It is not shown again');
  const secret = (await dialog().locator('pre').textContent()) ?? '';
  await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
  return secret;
}

async function tokenStatus(id: string, secret: string): Promise<number> {
  const { status } = await fetch(`${board.server.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: id,
      client_secret: secret,
    }),
  });
  return status;
}

it('a program gets a key, reads doors by the lines on the page, changes its secret, and ends', async () => {
  const { page } = board;
  await board.open('clients', 'Clients and API keys');
  await press('Add a client');
  await dialog().getByLabel('Name').fill('Hotel reception');
  await confirm('Add a client');
  const first = await takeSecret();
  await page.getByRole('heading', { level: 1, name: 'Hotel reception' }).waitFor();
  const id = page.url().split('/').at(-1) ?? '';

  const lines = (await page.locator('pre').first().textContent()) ?? '';
  expect(lines).toContain(id);
  expect(lines).not.toContain(first);
  const shell = await run('bash', ['-c', lines.replace('…', first)]);
  expect(shell.stdout).toContain('Front door');

  await press('Make another secret');
  await seen('The present one goes on working');
  await confirm('Make another secret');
  const second = await takeSecret();
  await seen('newest');
  expect([await tokenStatus(id, first), await tokenStatus(id, second)]).toEqual([200, 200]);
  await board.check('client');
  await page
    .getByRole('button', { name: /^End the secret made/ })
    .last()
    .click();
  await seen('Tokens that are out work for up to an hour.');
  await confirm('End');
  await page.getByText('newest').waitFor({ state: 'detached' });
  expect([await tokenStatus(id, first), await tokenStatus(id, second)]).toEqual([400, 200]);

  await press('Change');
  await dialog().getByLabel('Hardware and keys: all but licence plates').uncheck();
  await seen('Choose at least one.');
  await dialog().getByLabel('Hardware and keys: reading and daily work').check();
  await confirm('Change');
  await page.getByText('core_api.standard').waitFor();

  await press('End for good');
  await seen(/refused within a minute/);
  await confirm('End for good');
  await seen(/^Ended .* It gets no tokens any more\.$/);
  expect(await tokenStatus(id, second)).toBe(400);
}, 120_000);

/** Runs the lines of an app, opens what they print as somebody who is signed in, and gives them the code; what they read. */
async function readByBrowser(lines: string): Promise<string> {
  const shell = spawn('bash', ['-c', lines], { stdio: ['pipe', 'pipe', 'inherit'] });
  const tab = await board.page.context().newPage();
  try {
    const [printed] = (await once(shell.stdout, 'data')) as [Buffer];
    const back = tab.waitForRequest(/^http:\/\/127\.0\.0\.1\/back\?/);
    // Nobody listens at the address of the app.
    await tab.goto(printed.toString().trim()).catch(() => undefined);
    const code = new URL((await back).url()).searchParams.get('code') ?? '';
    shell.stdin.end(`${code}\n`);
    return await text(shell.stdout);
  } finally {
    shell.kill();
    await tab.close();
  }
}

it('the list finds clients by name, and shows those of people and those that have ended', async () => {
  const { page } = board;
  await board.open('clients', 'Clients and API keys');
  await press('Add a client');
  await dialog().getByLabel('Name').fill('Resident app');
  await dialog().getByLabel('An app or page on devices of people').check();
  const back = dialog().getByLabel('Where people come back to after signing in');
  await back.fill('http://app.example.test/back');
  await confirm('Add a client');
  await dialog().getByText('1101').waitFor();
  await back.fill('http://127.0.0.1/back');
  await confirm('Add a client');
  await page.getByRole('heading', { level: 1, name: 'Resident app' }).waitFor();
  await seen('This client has no secret');
  expect(await readByBrowser((await page.locator('pre').first().textContent()) ?? '')).toContain(
    'Harbour',
  );
  await board.open('clients', 'Clients and API keys');
  const list = page.getByRole('table', { name: 'Clients and API keys' });
  await list.getByText('Comes with Cardea').first().waitFor();
  await board.check('clients');
  await page.getByLabel('Search').fill('resident');
  await until(async () => (await list.getByRole('row').count()) === 2, {
    what: 'the client sought is alone in the list',
  });
  await page.getByLabel('Search').fill('');
  await page.getByLabel('Show').selectOption('Ended');
  await list.getByText('Hotel reception').waitFor();
}, 120_000);

it('people sign in by another provider once it is added, until it is removed', async () => {
  const { page, server } = board;
  await board.open('providers', 'Sign-in by others');
  await seen('People sign in with their account here');
  await press('Add a provider');
  await dialog().getByLabel('Name on the button').fill('Harbour & Söhne');
  await dialog().getByLabel('Address of the provider').fill('http://127.0.0.1:11001');
  await dialog().getByLabel('Client id there').fill('cardea');
  await dialog().getByLabel('Secret there').fill('a secret of theirs');
  await confirm('Add a provider');
  await seen(`${server.url}/account/outside/harbour-sohne/callback`);
  await board.check('providers');

  const stranger = await page.context().browser()?.newPage();
  if (stranger === undefined) throw new Error('the page has no browser');
  const button = stranger.getByRole('link', { name: /Harbour & Söhne/ });
  await stranger.goto(server.url);
  await button.waitFor();
  await press('Change Harbour & Söhne');
  await dialog().getByLabel('Name on the button').fill('The Harbour');
  await confirm('Change');
  await press('Remove The Harbour');
  await confirm('Remove');
  await seen('People sign in with their account here');
  await stranger.reload();
  await stranger.getByLabel('E-mail').waitFor();
  expect(await button.count()).toBe(0);
  await stranger.close();
}, 120_000);

it('an owner resets the PIN for a hub of somebody who has lost it, and the own one by a second factor', async () => {
  const { page, server, house, owner } = board;
  const siteId = house.collectionId;
  const { rows } = await server.database.pool.query<{ id: string }>(
    'select id from iqs where collection_id = $1',
    [siteId],
  );
  const iqId = rows[0]?.id ?? '';
  await server.ask('PATCH', `/iqs/${iqId}`, { body: { otp_enabled: true } });
  const grace = await addPerson(server, { siteId, role: 'site_admin' });
  const [phone] = await Promise.all([
    activatedPhone(server, { siteId, iqId, person: owner }),
    activatedPhone(server, { siteId, iqId, person: grace }),
  ]);
  await board.open(`people/${grace.accessorId ?? ''}`, 'Ada Visser');
  await board.check('person-codes');
  await press('Reset the PIN for Ground floor hub');
  await dialog().getByLabel('One-time code').fill(phone.code());
  await confirm('Reset');
  await page.getByRole('region', { name: 'PIN for hubs' }).waitFor({ state: 'detached' });

  // Who looks after hubs needs no other: a second factor, set up on the way, stands for the lost PIN.
  const submit = () => page.locator('main button:not([type=button])').first().click();
  await board.open(`hubs/${iqId}`, 'Ground floor hub');
  await page.context().clearCookies();
  await press('I have forgotten my PIN');
  await confirm('To the sign-in page');
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await submit();
  await page.waitForURL(/\/account\/login\/set-up/);
  const key = keyIn({ text: await page.content() });
  await page.locator('main input[name=code]').fill(codeAt(key, new Date()));
  await submit();
  await page.getByText('recovery codes').first().waitFor();
  await submit();
  await confirm('Reset your PIN');
  await seen('You have none yet.');
}, 120_000);

it('who runs the server and has no site reaches its pages, on a desk and on a phone', async () => {
  const { page, server, house } = board;
  const person = await addPerson(server, { siteId: house.collectionId, role: null });
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
  const about = page.getByRole('region', { name: 'Server' });
  const pages = page.getByRole('navigation', { name: 'Pages' }).getByRole('link');
  await board.signIn(person, { path: '/sites', heading: 'Sites' });
  await page.goto(`${server.url}/server/outbox`);
  await seen('It is for whoever runs this server.');
  expect(await pages.count()).toBe(0);

  await server.database.pool.query('update logins set is_operator = true where id = $1', [
    person.loginId,
  ]);
  await page.goto(`${server.url}/sites`);
  await seen('You have no place in any site yet');
  await about.waitFor();
  await board.check('sites-of-operator');
  await about.getByRole('link', { name: 'Clients and API keys' }).click();
  await heading('Clients and API keys');
  expect(await pages.allInnerTexts()).toEqual([
    'System health',
    'Outbox',
    'Clients and API keys',
    'Sign-in by others',
    'Vouchers',
  ]);
  await press('Add a client');
  await dialog().getByLabel('Name').fill('Hotel in town');
  await confirm('Add a client');
  await takeSecret();
  await heading('Hotel in town');
  expect(new URL(page.url()).pathname).toMatch(/^\/server\/clients\/.+/);
  await board.check('client-without-site');

  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${server.url}/sites`);
  await about.getByRole('link', { name: 'Vouchers' }).click();
  await heading('Vouchers');
  await page.getByLabel('Menu', { exact: true }).click();
  await pages.filter({ hasText: 'Outbox' }).click();
  await heading('Outbox');
  await page.goto(`${server.url}/server`);
  await heading('System health');
  await page.setViewportSize({ width: 1440, height: 900 });
}, 120_000);
