import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** A page of its own origin in the Chromium of this machine, with scripts of installed packages. */
export type BrowserPage = {
  readonly page: Page;
  readonly stop: () => Promise<void>;
};

/** The Chromium of this machine with a profile of its own, which `stop` removes. */
export async function openBrowser(): Promise<{
  readonly context: BrowserContext;
  readonly stop: () => Promise<void>;
}> {
  // `npm test` finds it, or says how to get it.
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  const profile = await mkdtemp(join(tmpdir(), 'cardea-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    timeout: 90_000,
  });
  // Machines that test many things at once are slow; nothing here is a measurement.
  context.setDefaultTimeout(90_000);
  return {
    context,
    async stop() {
      await context.close();
      // Helpers of a browser that has ended may write on for a moment.
      await rm(profile, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** Serves an empty page with these scripts (`package/file.js`) on a port and opens it. */
export async function openPage(port: number, scripts: readonly string[]): Promise<BrowserPage> {
  const { resolve } = createRequire(import.meta.url);
  const tags = scripts.map((_, index) => `<script src="/${String(index)}.js"></script>`).join('');
  const server = createServer((request, response) => {
    const script = scripts[Number(/^\/(\d+)\.js$/.exec(request.url ?? '')?.[1] ?? -1)];
    if (script === undefined) {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>A page</title>${tags}`);
      return;
    }
    response.setHeader('content-type', 'text/javascript');
    readFile(resolve(script)).then(
      (text) => response.end(text),
      () => response.destroy(),
    );
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', () => listening()));
  const { context, stop } = await openBrowser();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${String(port)}/`);
  return {
    page,
    async stop() {
      await stop();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
