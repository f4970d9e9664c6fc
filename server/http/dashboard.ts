/** The dashboard's files, as the build has made them (docs/dashboard.md). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import serveStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Addresses that the page knows by itself; every other one keeps the answer it has without a dashboard. */
const pages = ['/', '/signed-in', '/sites', '/sites/*', '/server', '/server/*'];

/**
 * No script but the files of the build. Styles in the page itself are Mantine's way of setting sizes; pictures of people may lie
 * elsewhere.
 */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob: https:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'content-security-policy': contentPolicy,
  'referrer-policy': 'same-origin',
  // The page names the files of its build, so it is asked for again each time; those never change.
  'cache-control': 'no-cache',
};

/** From the sources the build lies beside them in dist/. */
function builtFolder(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(
    new URL(isSource ? '../../dist/dashboard' : '../../dashboard', import.meta.url),
  );
}

/**
 * Lays the dashboard on `/` and what lies below its own addresses. `folder` = where the build is; `hasSimulator` = doors of this
 * server can be played with (docs/decisions/0278).
 */
export function registerDashboard(
  app: FastifyInstance,
  {
    folder = builtFolder(),
    hasSimulator = false,
  }: { readonly folder?: string; readonly hasSimulator?: boolean } = {},
): void {
  const pagePath = join(folder, 'index.html');
  for (const url of pages)
    app.get(url, { schema: { hide: true } }, (_request, reply) =>
      sendPage(reply, { pagePath, hasSimulator }),
    );
  const mark = join(folder, 'mark.svg');
  app.get('/mark.svg', { schema: { hide: true } }, (_request, reply) =>
    existsSync(mark)
      ? reply
          .type('image/svg+xml')
          .header('cache-control', 'max-age=86400')
          .send(readFileSync(mark))
      : reply.callNotFound(),
  );
  const assets = join(folder, 'assets');
  if (!existsSync(assets)) return;
  void app.register(serveStatic, {
    root: assets,
    prefix: '/assets/',
    schemaHide: true,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
    index: false,
  });
}

type Sent = { readonly pagePath: string; readonly hasSimulator: boolean };

function sendPage(reply: FastifyReply, { pagePath, hasSimulator }: Sent): FastifyReply {
  void reply.headers(headers).type('text/html; charset=utf-8');
  // Read each time: a build may have come since, and the file is small.
  if (!existsSync(pagePath)) return reply.code(503).send(notBuilt);
  const page = readFileSync(pagePath, 'utf8');
  return reply.send(hasSimulator ? page.replace('</head>', `${simulatorMark}</head>`) : page);
}

/** Read by dashboard/data/site.tsx: without it no page of the simulator is offered. */
const simulatorMark = '<meta name="cardea-simulator" content="on" />';

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Cardea</title>
<h1>The dashboard is not built</h1>
<p>Run <code>npm run build</code> in the folder of Cardea and load this page again. Everything else works:
<a href="/account">your account</a>, <a href="/docs">the documentation</a>.</p></html>`;
