/** What people do with doors in the dashboard: in a real Chromium, against real hubs (docs/dashboard.md). */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { otpAt } from '#server/domain/otp';
import { tag } from '#test/kit/building';
import { startTestDashboard, type TestDashboard } from '#test/kit/dashboard';
import { addPerson } from '#test/kit/people';

let board: TestDashboard;
beforeAll(async () => {
  board = await startTestDashboard();
}, 180_000);
afterAll(() => board.stop());

const seen = (text: string | RegExp) => board.page.getByText(text).first().waitFor();
const press = (name: string) => board.page.getByRole('button', { name, exact: true }).click();

it('the owner opens a door, and the lock has confirmed it', async () => {
  const { page } = board;
  await board.open('locks', 'Locks');
  await seen('Storage');
  await board.check('locks');
  await press('Open Front door');
  await page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
  await seen('Front door is open: the lock has confirmed it.');
  await board.open('entries', 'Entries');
  await seen('From afar');
});

it('a jammed door is not said to be open', async () => {
  const { page, house } = board;
  house.simulated.lock('Storage').jam();
  await board.open('locks', 'Locks');
  await press('Open Storage');
  await page.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('alert').first().waitFor();
  expect(await page.getByRole('alert').first().textContent()).toContain(
    'It is not known whether the door has opened',
  );
  await seen(/^Code \d+/);
  await house.simulated.lock('Storage').unjam();
});

it('a refused stranger appears by himself, with the reason', async () => {
  const { page, house } = board;
  await board.open('overview', 'Overview');
  await seen('Live');
  await house.simulated.lock('Front door').present(tag('66667777'));
  await page.getByRole('button', { name: 'Why was this refused?' }).first().click();
  await seen('The door has written down: Unknown key');
  await press('Close');
  await seen('Refused: 1');
  await board.check('overview');
  await board.open('entries', 'Entries');
  await board.check('entries');
  await page.getByLabel('Who').fill('Nobody of this name');
  await seen('Nothing matches what you are looking for.');
  expect(await page.getByText('Nobody has used a door yet').count()).toBe(0);
});

it('an alarm is an open incident until it is over', async () => {
  const { page, house } = board;
  const incident = () => page.getByRole('table', { name: 'Open incidents' });
  await board.open('overview', 'Overview');
  await seen('No incident is open');
  const lock = house.simulated.lock('Storage');
  await lock.tamper(true);
  await incident().getByText('Tamper alarm').waitFor();
  await lock.tamper(false);
  await seen('No incident is open');
});

it('the owner gives a door its hours and another name, and the hub learns it', async () => {
  const { page, house } = board;
  await board.open(`locks/${house.lockId('Front door')}`, 'Front door');
  await page.getByLabel('From', { exact: true }).fill('09:00');
  await page.getByLabel('Saturday').check();
  await press('Save the hours');
  await seen('Saved. The hub is being told.');
  await page.getByRole('button', { name: 'Remove the hours' }).waitFor();
  await page.getByLabel('Name of the lock').fill('Gate');
  await press('Save');
  await page.getByRole('heading', { level: 1, name: 'Gate' }).waitFor();
  await board.check('lock');
  await press('Remove the hours');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the hours' }).click();
  await seen('This door has no hours in which it stays unlocked.');
});

it('on a phone the pages are behind a button, in German as well', async () => {
  const { page } = board;
  await page.setViewportSize({ width: 360, height: 740 });
  await board.open('locks', 'Locks');
  await page.getByLabel('Menu', { exact: true }).click();
  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.getByRole('heading', { level: 1, name: 'Incidents' }).waitFor();
  await page.locator('summary[aria-label="Language"]').click();
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { level: 1, name: 'Vorfälle' }).waitFor();
  expect(await page.getAttribute('html', 'lang')).toBe('de');
  await page.locator('summary[aria-label="Sprache"]').click();
  await page.getByRole('button', { name: 'English' }).click();
  await page.setViewportSize({ width: 1440, height: 900 });
  await board.check('incidents');
});

it('in German everything is German: sign-in, why a door refused, what failed, the check', async () => {
  const { page, server, house, owner } = board;
  const english = /\b(the|of|and|is|to|not)\b/i;
  await page.goto(`${server.url}/docs/errors`);
  await page.context().clearCookies();
  await page.evaluate("localStorage.clear(), localStorage.setItem('cardea.language', 'de')");
  await page.goto(`${server.url}/sites/${house.collectionId}/overview`);
  await page.getByLabel('E-Mail').fill(owner.email);
  await page.getByLabel('Passwort').fill('not the password');
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('main').innerText()).not.toMatch(english);
  await page.getByLabel('Passwort').fill(owner.password);
  await page.getByRole('button', { name: 'Anmelden', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Übersicht' }).waitFor();

  await house.simulated.lock('Front door').present(tag('66668888'));
  await page.getByRole('button', { name: 'Warum abgewiesen?' }).first().click();
  await seen('Niemand, den dieser Hub kennt, hat einen solchen Schlüssel.');
  await press('Schließen');

  house.simulated.lock('Storage').jam();
  await board.open('locks', 'Schlösser');
  await press('Storage öffnen');
  await page.getByRole('dialog').getByRole('button', { name: 'Öffnen', exact: true }).click();
  await seen('Der Hub hat es nicht getan: der Riegel klemmt.');
  expect(await page.getByRole('dialog').innerText()).not.toMatch(english);
  await house.simulated.lock('Storage').unjam();

  await board.open('check', 'Prüfung der Einrichtung');
  await seen(/^Die Tür ist in keiner Gruppe/);
  expect(await page.getByRole('main').innerText()).not.toMatch(english);
  await board.check('german-check');
  await board.signIn(owner);
});

/** Signed in as the same person, with the same codes; it signs in anew, since a session of one browser is that browser's. */
async function browserHoursAhead(): Promise<Page> {
  const context = board.page.context();
  const { cookies, origins } = await context.storageState();
  const state = {
    cookies,
    origins: origins.map(({ origin, localStorage }) => ({
      origin,
      localStorage: localStorage.filter(({ name }) => name.startsWith('cardea.hub-secret.')),
    })),
  };
  const other = await context.browser()?.newContext({ storageState: state });
  if (other === undefined) throw new Error('the page has no browser');
  other.setDefaultTimeout(90_000);
  await other.clock.setSystemTime(Date.now() + 2 * 3_600_000);
  return other.newPage();
}

/** A PIN whose codes of the next minutes are none of those that count: of a million, each second counts a few hundred. */
async function wrongPin(page: Page, pin: string): Promise<string> {
  const secret = await page.evaluate(
    "Object.entries(localStorage).find(([name]) => name.startsWith('cardea.hub-secret.'))?.[1]",
  );
  if (typeof secret !== 'string') throw new Error('the browser keeps no secret');
  const nowMs = Date.now();
  const codesOf = (of: string, seconds: { readonly from: number; readonly until: number }) =>
    Array.from({ length: seconds.until - seconds.from }, (_, index) =>
      otpAt(new Date(nowMs + (seconds.from + index) * 1_000), { secret, pin: of }),
    );
  const counting = new Set(codesOf(pin, { from: -240, until: 480 }));
  const wrong = Array.from({ length: 100 }, (_, number) => String(number).padStart(4, '0')).find(
    (other) =>
      other !== pin &&
      codesOf(other, { from: -5, until: 180 }).every((code) => !counting.has(code)),
  );
  if (wrong === undefined) throw new Error('every PIN would do');
  return wrong;
}

it('a hub that wants a PIN gives one, and its doors open with it, whatever time the browser has', async () => {
  const { page, server, house } = board;
  const hub = house.iqId('Ground floor hub');
  await server.ask('PATCH', `/iqs/${hub}`, { body: { otp_enabled: true } });
  await board.open('locks', 'Locks');
  await press('Open Storage');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Send me a PIN by e-mail' }).click();
  // There is no mail server here, as in a building that begins.
  await dialog.getByRole('link', { name: 'Messages sent' }).click();
  await page.getByRole('heading', { level: 1, name: 'Messages sent' }).waitFor();
  await page
    .getByRole('row')
    .filter({ hasText: 'PIN' })
    .getByRole('button', { name: /^Read the letter/ })
    .first()
    .click();
  const [pin = ''] = /\b\d{4}\b/.exec(await dialog.innerText()) ?? [];
  await dialog.getByRole('button', { name: 'Close' }).click();
  await board.check('messages');

  await page.setViewportSize({ width: 360, height: 740 });
  await board.open('locks', 'Locks');
  await press('Open Storage');
  await dialog.getByRole('button', { name: 'I have one' }).click();
  await type(pin);
  await dialog.getByRole('button', { name: 'Use this PIN' }).click();
  await dialog.getByText('Your PIN', { exact: true }).waitFor();
  await type(await wrongPin(page, pin));
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await seen(/^Code 3102/);
  await type(pin);
  await dialog.getByRole('button', { name: 'Open', exact: true }).click();
  await seen('Storage is open: the lock has confirmed it.');
  await page.setViewportSize({ width: 1440, height: 900 });

  const late = await browserHoursAhead();
  await late.goto(`${server.url}/sites/${house.collectionId}/locks`);
  await late.getByRole('button', { name: 'Open Storage', exact: true }).click();
  await late.getByRole('dialog').locator('input').first().click();
  await late.keyboard.type(pin);
  await late.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click();
  await late.getByText('Storage is open: the lock has confirmed it.').waitFor();
  await late.context().close();
  await server.ask('PATCH', `/iqs/${hub}`, { body: { otp_enabled: false } });

  async function type(digits: string): Promise<void> {
    await dialog.locator('input').first().click();
    for (let count = 0; count < 4; count += 1) await page.keyboard.press('Backspace');
    await dialog.locator('input').first().click();
    await page.keyboard.type(digits);
  }
});

it('whoever may do little sees little; signing out ends it in every tab', async () => {
  const { page, server, house } = board;
  const person = await addPerson(server, { siteId: house.collectionId, role: 'site_user' });
  await board.signIn(person);
  await page.getByRole('link', { name: 'Entries' }).first().waitFor();
  expect(await page.getByRole('link', { name: 'Incidents' }).count()).toBe(0);
  await board.open('incidents', 'You may not see this page');
  const other = await page.context().newPage();
  await other.goto(`${server.url}/sites/${house.collectionId}/locks`);
  await other.getByRole('heading', { level: 1, name: 'Locks' }).waitFor();
  await page.locator('summary[aria-label="Account and settings"]').click();
  await press('Sign out');
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await other.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await other.close();
});
