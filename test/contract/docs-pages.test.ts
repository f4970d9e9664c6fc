/** The documentation of the running server, and the programs of the guide for integrators as they stand there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceLinkDescription } from '#server/docs/device-link-description';
import { openBrowser } from '#test/kit/browser';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { faultsOf } from '#test/kit/page-check';
import { addPerson } from '#test/kit/people';
import { runnableLanguages, samplesOf, startSample } from '#test/kit/samples';
import { until } from '#test/kit/wait';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
let server: TestServer;
let house: TestBuilding;
beforeAll(async () => {
  server = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(server, { building });
  // The entry of an opening may come a moment after its answer: the guide's newest one is this at least.
  const lockId = house.lockId('Front door');
  await server.ask('PATCH', `/locks/${lockId}/locking`, { body: { locked_state: 'unlocked' } });
  await until(async () => (await server.ask('GET', '/entries?$top=1')).text.includes(lockId), {
    what: 'the entry of an opening',
    timeoutMs: 60_000,
  });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await server.stop();
});

const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  server.ask('GET', `/${path}`, { token: null, headers });

describe('every page of the documentation', () => {
  it('is reached from /docs by links, all of which lead somewhere, down to the heading', async () => {
    const texts = new Map<string, string>();
    const waiting = ['/docs'];
    const dead: string[] = [];
    const wanted: { from: string; path: string; anchor: string }[] = [];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (texts.has(path)) continue;
      const { status, headers, text } = await get(path);
      texts.set(path, text);
      if (status !== 200) dead.push(`${path}: ${String(status)}`);
      if (!path.startsWith('/docs') || !(headers.get('content-type') ?? '').includes('text/html'))
        continue;
      for (const [, link = ''] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
        if (/^https?:/.test(link)) continue;
        const { pathname, hash, origin } = new URL(link, `${server.url}${path}`);
        expect(origin).toBe(server.url);
        waiting.push(pathname);
        if (hash !== '') wanted.push({ from: path, path: pathname, anchor: hash.slice(1) });
      }
    }
    const lost = wanted.filter(
      ({ path, anchor }) =>
        texts.get(path)?.includes(` id="${decodeURIComponent(anchor)}"`) !== true,
    );
    expect([dead, lost]).toEqual([[], []]);
    const pages = files.filter((file) => file.endsWith('.md') && file !== 'generated/errors.md');
    for (const file of pages) expect([...texts.keys()]).toContain(`/docs/${file.slice(0, -3)}`);
    expect(texts.get('/docs/device-link.asyncapi.yaml')).toMatch(/^asyncapi:/m);
  });

  it('has links to files of the repository that exist there', () => {
    const lost = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => {
        const prose = readFileSync(join(root, 'docs', file), 'utf8').replaceAll(
          /```[^]*?```|`[^`\n]*`/g,
          '',
        );
        return [...prose.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
          .map(([, link = '']) => link)
          .filter((link) => !/^([a-z]+:|\/)/.test(link))
          .filter((link) => !existsSync(join(root, 'docs', dirname(file), link)))
          .map((link) => `${file}: ${link}`);
      });
    expect(lost).toEqual([]);
  });

  it('is kept by browsers until it changes, and runs scripts of this server only', async () => {
    const { headers, text } = await get('/docs/moving');
    expect(headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    );
    expect(text.match(/<script[^>]*>/g)).toEqual([
      expect.stringMatching(/^<script src="\/docs\/assets\/docs-[0-9a-f]{12}\.js">$/),
    ]);
    const kept = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await get('/docs/moving', kept)).status).toBe(304);
    const style = /href="(\/docs\/assets\/docs-[0-9a-f]{12}\.css)"/.exec(text)?.[1] ?? '';
    expect((await get(style)).headers.get('cache-control')).toContain('immutable');
  });

  it('shows code in colours and nothing of a file as HTML of its own', async () => {
    const { text } = await get('/docs/first-hour');
    expect(text).toContain('class="hljs-keyword"');
    expect((await get('/docs/search?q=%3Cimg%20src%3Dx%3E')).text).not.toContain('<img');
  });
});

describe('the search', () => {
  it.each([
    ['first hour', 'href="/docs/first-hour"'],
    ['3105', 'href="/docs/errors#3105"'],
    ['IQ_OFFLINE', 'href="/docs/errors#3105"'],
    ['locking open a door', '/docs/api/core#/locks/patch_locks_id_locking'],
    ['PATCH /v1.2/sites/{site_id}/locks/{id}/locking', '/docs/api/connect-v1.2#/'],
    ['CARDEA_CORS_ORIGINS', 'href="/docs/settings"'],
    ['device link messages', 'href="/docs/device-link-messages"'],
    ['xyzzy', 'Nothing here has'],
    ['what arrives', 'href="/docs/streaming#what-arrives"'],
  ])('for %s finds %s', async (question, found) => {
    const { status, text } = await get(`/docs/search?q=${encodeURIComponent(question)}`);
    expect(status).toBe(200);
    expect(text.slice(text.indexOf('<main'))).toContain(found);
  });
});

it('the first page has a request that this server answers', async () => {
  const { text } = await get('/docs');
  const [, code = ''] = /<pre[^>]*><code>([^]*?)<\/code>/.exec(text) ?? [];
  const shell = runnableLanguages.find(({ language }) => language === 'bash');
  if (shell === undefined) return;
  const { clientId, clientSecret } = server.tenant;
  const running = startSample(shell, {
    text: textOf(code),
    env: { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret },
  });
  await running.ended;
  expect(JSON.parse(running.said())).toMatchObject({
    items: [{ customer_reference: 'Front door' }],
  });
});

/** The text of HTML as a reader copies it. */
function textOf(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&');
}

it('the device link has every channel, message, member and an example to read', async () => {
  const { status, text } = await get('/docs/device-link-messages');
  expect(status).toBe(200);
  const { channels } = deviceLinkDescription();
  const names = Object.keys(channels);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) {
    const section = text.split('<section ').find((part) => part.startsWith(`id="${name}"`)) ?? '';
    expect(section).toContain(`/${name}</code>`);
    expect(section, name).toContain('Members of');
    expect(section, name).toContain('Example of');
  }
  expect(text).toContain('<code>locks[].battery_level</code>');
  expect(text).toContain('href="/docs/device-link.asyncapi.yaml" download');
});

type Description = {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly tags?: readonly string[] }>>>
  >;
};

it('the API reference has every operation on the page of one face', async () => {
  const { text } = await get('/docs/api');
  const faces = [...text.matchAll(/href="(\/docs\/api\/[^"]+\.json)"/g)].map(
    ([, path = '']) => path,
  );
  expect(faces.length).toBeGreaterThan(3);
  const listed: string[] = [];
  const operations = ({ paths }: Description): string[] =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  for (const face of faces) listed.push(...operations((await get(face)).json as Description));
  const whole = (await get('/openapi.json')).json as Description;
  expect(listed.sort()).toEqual(operations(whole).sort());
  expect((await get('/docs/api/nothing')).status).toBe(404);
});

it('is usable by everybody, and the reference signs in and asks this server', async () => {
  const owner = await addPerson(server, { siteId: house.collectionId, role: 'owner' });
  const browser = await openBrowser();
  try {
    const page = await browser.context.newPage();
    const refused: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') refused.push(message.text());
    });
    page.on('pageerror', ({ message }) => refused.push(message));
    // Cards; members of messages; errors with a table and programs, of whose many alike sections the first stand for all.
    for (const path of ['', '/device-link-messages', '/errors']) {
      await page.goto(`${server.url}/docs${path}`);
      await page.setViewportSize({ width: 360, height: 900 });
      await page.evaluate("document.querySelector('details')?.setAttribute('open', '')");
      const width = 'document.documentElement.scrollWidth';
      expect(await page.evaluate(width), path).toBe(360);
      await page.evaluate(
        "document.querySelectorAll('section:nth-of-type(n + 3), tr:nth-of-type(n + 6)').forEach((one) => one.remove())",
      );
      expect(await faultsOf(page)).toEqual([]);
    }
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${server.url}/docs/moving`);
    // It stands there for two seconds only, so that whoever looks must look before.
    await Promise.all([
      page.getByRole('status').getByText('Copied').waitFor(),
      page.locator('.code', { hasText: 'Python' }).getByRole('button', { name: 'Copy' }).click(),
    ]);
    const [program] = await samplesOf('moving', 'python');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(program);
    // Whoever has chosen dark in the dashboard reads in dark.
    await page.evaluate("localStorage.setItem('mantine-color-scheme-value', 'dark')");
    await page.emulateMedia({ colorScheme: 'light' });
    await page.reload();
    const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(paper).toBe('rgb(18, 21, 27)');
    await page.goto(`${server.url}/docs/api/connect-v1.2`);
    await page.locator('.auth-wrapper .authorize').click();
    const person = page.locator('.auth-container').filter({ hasText: 'authorizationCode' });
    const opened = page.waitForEvent('popup');
    await person.locator('button.authorize').click();
    const popup = await opened;
    await popup.getByLabel('E-mail').fill(owner.email);
    await popup.getByLabel('Password').fill(owner.password);
    await popup.locator('main button:not([type=button])').first().click();
    await person.getByText('Logout').waitFor();
    await person.locator('.btn-done').click();
    const { paths } = (await get('/docs/api/connect-v1.2.json')).json as Description;
    const tag = paths['/v1.2/sites']?.['get']?.tags?.[0] ?? '';
    await page.locator(`.opblock-tag[data-tag="${tag}"]`).click();
    const operation = page.locator('[id^="operations-"][id$="-v1_2_get_sites"]');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Try it out' }).click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    await operation
      .locator('.live-responses-table')
      .getByText(house.collectionId)
      .first()
      .waitFor();
    expect(refused).toEqual([]);
  } finally {
    await browser.stop();
  }
}, 180_000);

describe('the guide for integrators', () => {
  it('has a program that can be run here', () => {
    expect(runnableLanguages.map(({ language }) => language)).toContain('ts');
  });

  it.each(runnableLanguages)(
    'opens a door and meets an error in $language',
    async (sample) => {
      const [text = ''] = await samplesOf('first-hour', sample.language);
      const running = startSample(sample, {
        text,
        env: {
          BASE_URL: server.url,
          CLIENT_ID: server.tenant.clientId,
          CLIENT_SECRET: server.tenant.clientSecret,
          DOOR: 'Front door',
        },
      });
      await running.ended;
      const said = running.said();
      expect(said).toMatch(/^opened: (200|Front door)$/m);
      expect(said).toContain('lock_opened');
      expect(said).toContain('1101');
    },
    120_000,
  );
});
