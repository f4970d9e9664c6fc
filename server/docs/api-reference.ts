/** The API reference: Swagger UI on the description of one face, with requests to this server. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { layAsset } from './assets.ts';
import { apiFaces, type ApiFace, type WholeDescription } from './api-faces.ts';
import { escapeHtml } from './markdown.ts';
import { readingPolicy, sendKept, type DocsView } from './shell.ts';

/** Where the sign-in window of the reference comes back to; `cardea-web` is registered with it. */
const signedInPath = '/docs/api/signed-in';

const script = `
'use strict';
const place = document.getElementById('api');
const dark = matchMedia('(prefers-color-scheme: dark)');
const { scheme } = document.documentElement.dataset;
const isDark = () => (scheme === undefined ? dark.matches : scheme === 'dark');
const follow = () => document.documentElement.classList.toggle('dark-mode', isDark());
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  oauth2RedirectUrl: place.dataset.signedIn,
  docExpansion: 'none',
  filter: true,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: -1,
  syntaxHighlight: { activated: false },
  validatorUrl: null,
}).initOAuth({
  clientId: place.dataset.client,
  scopes: 'openid user_api.full_access',
  usePkceWithAuthorizationCodeGrant: true,
});
`;

/** Swagger UI sets sizes in the page itself and has its pictures in its style sheet. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Lays `/docs/api` and what is below it; returns the faces, which are known once all routes are laid. */
export function registerApiReference(
  app: FastifyInstance,
  {
    issuer,
    clientId,
    page,
  }: {
    readonly issuer: string;
    readonly clientId: string;
    readonly page: (view: DocsView) => string;
  },
): () => readonly ApiFace[] {
  const require = createRequire(import.meta.url);
  const read = (name: string): string =>
    readFileSync(require.resolve(`swagger-ui-dist/${name}`), 'utf8');
  const type = 'text/javascript; charset=utf-8';
  const library = layAsset(app, { name: 'api.js', type, text: read('swagger-ui-bundle.js') });
  const start = layAsset(app, { name: 'api-start.js', type, text: script });
  const back = layAsset(app, {
    name: 'api-signed-in.js',
    type,
    text: read('oauth2-redirect.js'),
  });
  const style = layAsset(app, {
    name: 'api.css',
    type: 'text/css; charset=utf-8',
    text: read('swagger-ui.css'),
  });
  let known: readonly ApiFace[] | undefined;
  const faces = (): readonly ApiFace[] =>
    (known ??= apiFaces(app.swagger() as WholeDescription, {
      authorization: `${issuer}/connect/authorize`,
      token: `${issuer}/connect/token`,
    }));
  const hide = { schema: { hide: true } };
  app.get('/docs/api', hide, (request, reply) => {
    const text = page({ title: 'API reference', address: '/docs/api', html: startHtml(faces()) });
    return sendKept({ request, reply }, { type: 'text/html', text, policy: readingPolicy });
  });
  app.get(signedInPath, hide, (request, reply) => {
    const text = `<!doctype html><html lang="en"><title>Signed in</title><script src="${back.address}"></script></html>`;
    return sendKept({ request, reply }, { type: 'text/html', text, policy });
  });
  app.get<{ Params: { face: string } }>('/docs/api/:face', hide, (request, reply) => {
    const [, key = '', ending] = /^(.*?)(\.json)?$/.exec(request.params.face) ?? [];
    const face = faces().find((one) => one.key === key);
    if (face === undefined) {
      const html = '<h1>No such API</h1><p><a href="/docs/api">Those that are here</a></p>';
      const text = page({ title: 'No such API', address: '/docs/api', html });
      return sendKept(
        { request, reply: reply.code(404) },
        { type: 'text/html', text, policy: readingPolicy },
      );
    }
    if (ending !== undefined) {
      const text = JSON.stringify(face.description);
      return sendKept({ request, reply }, { type: 'application/json', text, policy });
    }
    const text = page({
      title: `API: ${face.title}`,
      address: '/docs/api',
      html: faceHtml(face, { issuer, clientId }),
      scripts: [library.address, start.address],
      styles: [style.address],
    });
    return sendKept({ request, reply }, { type: 'text/html', text, policy });
  });
  return faces;
}

function startHtml(faces: readonly ApiFace[]): string {
  const rows = faces.map(
    ({ key, title, operations }) =>
      `<li><h2><a href="/docs/api/${key}">${escapeHtml(title)}</a></h2><p>${operations.length === 1 ? '1 operation' : `${String(operations.length)} operations`}, to read and to try here.</p><p><a href="/docs/api/${key}.json">Description (OpenAPI 3.1)</a></p></li>`,
  );
  return `<h1>API reference</h1>
<p>Core is for programs that know hardware and the people it lets in; Connect is for people of sites and what is made for them. Both show
the same locks. Site is what this server adds: webhooks, roles, the audit history, clients.
<a href="/docs/first-hour">First hour for integrators</a> begins with a token and ends with an open door; what can go wrong is in the <a href="/docs/errors">error reference</a>. All faces in one file: <a href="/openapi.json">/openapi.json</a>.</p>
<ul class="cards">${rows.join('')}</ul>`;
}

function faceHtml(
  { key, title }: ApiFace,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): string {
  return `<h1>${escapeHtml(title)}</h1>
<p>Requests go to this server and are real: a door opens. “Authorize” signs you in as a person, or as a client of yours, or takes a
token. <a href="/docs/api">All APIs</a> · <a href="/docs/errors">Errors</a> · <a href="/docs/api/${key}.json">Description</a></p>
<noscript><p>Trying requests takes scripts. The description is the file above, without them.</p></noscript>
<div id="api" data-description="/docs/api/${key}.json" data-client="${escapeHtml(clientId)}" data-signed-in="${escapeHtml(issuer)}${signedInPath}"></div>`;
}
