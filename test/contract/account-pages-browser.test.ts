/** Sign-up, invitation and reset in a real Chromium, and every page of the account for everybody (identity.md 9). */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '#test/kit/browser';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { linkIn, mailsTo, nextMail } from '#test/kit/mailed-links';
import { faultsOf } from '#test/kit/page-check';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';

const patienceMs = 120_000;

let mailServer: TestMailServer;
let server: TestServer;
let siteId: string;
let owner: TestPerson;
let browser: Awaited<ReturnType<typeof openBrowser>>;
let page: Page;
beforeAll(async () => {
  mailServer = await startMailServer();
  const { smtpUrl, mailFrom } = mailSettings(mailServer.url);
  server = await startTestServer({
    settings: { CARDEA_SMTP_URL: smtpUrl, CARDEA_MAIL_FROM: mailFrom },
  });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  browser = await openBrowser();
  page = await browser.context.newPage();
}, patienceMs);
afterAll(async () => {
  await browser.stop();
  await server.stop();
  await mailServer.stop();
});

const newAddress = (): string => `eve+${randomBytes(6).toString('hex')}@example.test`;
const newPassword = (): string => randomBytes(12).toString('base64url');

async function open(path: string): Promise<void> {
  await page.goto(server.url + path);
}

async function press(name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.waitForLoadState();
}

async function signIn(email: string, password: string): Promise<void> {
  await browser.context.clearCookies();
  await open('/account/login');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.locator('button:visible').first().click();
  await page.waitForURL('**/account');
}

/** The page with this heading is there, and not the one before. */
const shows = (name: string) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();

describe('in Chromium', () => {
  it(
    'somebody makes an account, forgets the password and chooses another one',
    async () => {
      const [email, password, later] = [newAddress(), newPassword(), newPassword()];
      await open('/account/register');
      expect(await faultsOf(page)).toEqual([]);
      await page.getByLabel('First name').fill('Eve');
      await page.getByLabel('Last name').fill('Berg');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill('password1');
      await press('Make an account');
      expect(await page.getByRole('alert').textContent()).toContain('tried first');
      expect(await faultsOf(page)).toEqual([]);
      await page.getByLabel('Password').fill(password);
      await press('Make an account');
      await shows('Look into your mailbox');
      await open(linkIn(await nextMail(mailServer, { address: email }), 'confirm'));
      expect(await faultsOf(page)).toEqual([]);
      await page.getByLabel('Password').fill(password);
      await press('Confirm');
      await shows('Your account is there');
      await signIn(email, password);
      await browser.context.clearCookies();
      await open('/account/forgot');
      expect(await faultsOf(page)).toEqual([]);
      const seen = mailsTo(mailServer, email).length;
      await page.getByLabel('E-mail').fill(email);
      await press('Send the link');
      const reset = await nextMail(mailServer, { address: email, seen });
      await open(linkIn(reset, 'reset'));
      expect(await faultsOf(page)).toEqual([]);
      await page.getByLabel('New password').fill(later);
      await press('Change the password');
      await shows('Your password was changed');
      await signIn(email, later);
      for (const path of ['profile', 'security', 'data']) {
        await open(`/account/${path}`);
        expect(await faultsOf(page)).toEqual([]);
      }
    },
    patienceMs,
  );

  it(
    'somebody accepts an invitation, uploads a picture and asks to leave',
    async () => {
      const [email, password] = [newAddress(), newPassword()];
      await browser.context.clearCookies();
      const made = await server.ask('POST', `//v1.2/sites/${siteId}/users`, {
        token: owner.token,
        body: { first_name: 'Grace', last_name: 'Hopper', email },
      });
      expect(made.status).toBeLessThan(300);
      await open(linkIn(await nextMail(mailServer, { address: email }), 'invitation'));
      expect(await faultsOf(page)).toEqual([]);
      expect(await page.getByLabel('First name').inputValue()).toBe('Grace');
      await page.getByLabel('Password').fill(password);
      await press('Accept and make the account');
      await shows('Welcome');
      await signIn(email, password);
      await open('/account/profile');
      const folder = await mkdtemp(join(tmpdir(), 'cardea-picture-'));
      const picture = join(folder, 'me.png');
      await writeFile(picture, Buffer.from(onePixel, 'base64'));
      await page.getByLabel('Choose a picture').setInputFiles(picture);
      await press('Use this picture');
      await rm(folder, { recursive: true });
      const image = page.getByRole('img', { name: 'Your picture' });
      const width = () => image.evaluate((shown: { naturalWidth: number }) => shown.naturalWidth);
      await until(async () => (await width()) === 1, { what: 'the picture is loaded' });
      await open('/account/data');
      expect(await faultsOf(page)).toEqual([]);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download my data' }).click(),
      ]);
      expect(await readFile(await download.path(), 'utf8')).toContain(email);
      await page.getByLabel('Why do you want to be removed?').fill('I moved');
      await press('Ask to be removed');
      expect(await page.getByRole('status').textContent()).toContain('seven days');
      expect(await faultsOf(page)).toEqual([]);
    },
    patienceMs,
  );
});

/** A PNG of one pixel. */
const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
