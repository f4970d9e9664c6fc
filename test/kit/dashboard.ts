/** The dashboard in a real Chromium, of a server with a simulated building, signed in as the owner of its site. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Building } from '#contract/building';
import { openBrowser } from './browser.ts';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from './building.ts';
import { startTestServer, type TestServer } from './cardea.ts';
import { faultsOf } from './page-check.ts';
import { addPerson, type TestPerson } from './people.ts';
import { until } from './wait.ts';

const output = fileURLToPath(new URL('../../test-output/dashboard', import.meta.url));

type Landing = { readonly path: string; readonly heading: string };

export type TestDashboard = {
  readonly server: TestServer;
  readonly house: TestBuilding;
  readonly owner: TestPerson;
  readonly page: Page;
  /** Opens a page of the site: `locks`, `locks/<id>`; waits for its heading. */
  open(path: string, heading: string): Promise<void>;
  /** Signs somebody else in, in the same browser; who has no place in the site lands elsewhere than on its overview. */
  signIn(person: TestPerson, to?: Landing): Promise<void>;
  /** Refuses mistakes that everybody would meet, and leaves pictures of the page in test-output/. */
  check(name: string): Promise<void>;
  stop(): Promise<void>;
};

/** Starts server, building (absent = one hub and two doors of the harbour) and browser. */
export async function startTestDashboard(
  options: {
    readonly building?: Building;
    readonly settings?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestDashboard> {
  const server = await startTestServer(
    options.settings === undefined ? {} : { settings: options.settings },
  );
  const building =
    options.building ??
    partOf(await readBuilding('harbour'), {
      hubs: ['Ground floor hub'],
      locks: ['Front door', 'Storage'],
    });
  const house = await startTestBuilding(server, { building });
  await server.ask('PATCH', `/collections/${house.collectionId}`, {
    body: { customer_reference: 'Harbour' },
  });
  const siteId = house.collectionId;
  const owner = await addPerson(server, { siteId, role: 'owner' });
  const browser = await openBrowser();
  const page = await browser.context.newPage();
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));

  const overview = { path: `/sites/${siteId}/overview`, heading: 'Overview' };

  async function signIn({ email, password }: TestPerson, to: Landing = overview): Promise<void> {
    await browser.context.clearCookies();
    await page.goto(`${server.url}/docs/errors`);
    await page.evaluate('localStorage.clear(), sessionStorage.clear()');
    await page.goto(server.url + to.path);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.locator('main button:not([type=button])').first().click();
    await page.waitForURL(`**${to.path}`);
    await page.getByRole('heading', { level: 1, name: to.heading }).waitFor();
  }

  await signIn(owner);
  return {
    server,
    house,
    owner,
    page,
    signIn,
    async open(path, heading) {
      await page.goto(`${server.url}/sites/${siteId}/${path}`);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    },
    async check(name) {
      await mkdir(output, { recursive: true });
      // A toast lies above whatever is below it.
      const toasts = page.locator('.mantine-Notification-closeButton');
      await until(
        async () => {
          const [first] = await toasts.all();
          await first?.click({ timeout: 1000 }).catch(() => undefined);
          return first === undefined;
        },
        { what: 'no toast is shown' },
      );
      const found = await faultsOf(page, (view) =>
        page.screenshot({ path: join(output, `${name}-${view}.png`), fullPage: true }),
      );
      expect([...found, ...faults]).toEqual([]);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.emulateMedia({ colorScheme: 'light' });
    },
    async stop() {
      await browser.stop();
      await house.stop();
      await server.stop();
    },
  };
}
