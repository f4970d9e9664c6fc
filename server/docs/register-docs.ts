/** Lays the documentation below `/docs`: the files of docs/, the error reference, the API reference and a search over them. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { errorNames, errorRow } from '#contract/errors';
import { errorReferenceBody, raisedBy, type Description } from '#server/http/error-reference';
import { registerApiReference } from './api-reference.ts';
import { layAsset } from './assets.ts';
import { addressOf, readContents, type DocsContents } from './contents.ts';
import { escapeHtml, headingsOf, renderMarkdown } from './markdown.ts';
import { findPlaces, type Place } from './search.ts';
import { createShell, readingPolicy, sendKept, type DocsView } from './shell.ts';
import { docsStyle } from './style.ts';

const hide = { schema: { hide: true } };

/** Lays every page; `clientId` = the public client that the API reference signs people in with. */
export function registerDocs(
  app: FastifyInstance,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): void {
  const contents = readContents();
  const style = layAsset(app, {
    name: 'docs.css',
    type: 'text/css; charset=utf-8',
    text: docsStyle,
  });
  const page = createShell({ contents, styleAddress: style.address });
  const lay = (address: string, view: () => DocsView): void => {
    let text: string | undefined;
    app.get(address, hide, (request, reply) => {
      text ??= page(view());
      return sendKept({ request, reply }, { type: 'text/html', text, policy: readingPolicy });
    });
  };

  lay('/docs', () => ({ title: 'Documentation', address: '/docs', html: startHtml(contents) }));
  lay('/docs/errors', () => ({
    title: 'Error reference',
    address: '/docs/errors',
    html: errorReferenceBody(raisedBy(app.swagger() as Description)),
  }));
  lay('/docs/decisions', () => ({
    title: 'Decisions',
    address: '/docs/decisions',
    html: decisionsHtml(contents),
  }));
  for (const { file, address, title, text } of contents.pages.values())
    lay(address, () => {
      const { html, headings } = renderMarkdown(text, (link) =>
        addressOf(link, { from: file, contents }),
      );
      return { title, address, html, headings };
    });
  for (const [file, path] of contents.files)
    app.get(`/docs/${file}`, hide, (request, reply) =>
      sendKept(
        { request, reply },
        {
          type: file.endsWith('.json') ? 'application/json' : 'text/yaml',
          text: readFileSync(path, 'utf8'),
          policy: readingPolicy,
        },
      ),
    );
  const faces = registerApiReference(app, { issuer, clientId, page });

  let places: readonly Place[] | undefined;
  app.get<{ Querystring: { q?: string | string[] } }>('/docs/search', hide, (request, reply) => {
    places ??= [
      ...placesOf(contents),
      ...faces().map(({ key, title }) => ({
        page: `API reference: ${title}`,
        heading: '',
        address: `/docs/api/${key}`,
      })),
    ];
    const question = String(request.query.q ?? '').slice(0, 200);
    const text = page({
      title: 'Search',
      address: '/docs/search',
      question,
      html: foundHtml(findPlaces(places, question), question),
    });
    return sendKept({ request, reply }, { type: 'text/html', text, policy: readingPolicy });
  });
}

function placesOf({ pages }: DocsContents): readonly Place[] {
  // Decisions and tables of operations have a title only, and are most of the text there is to read through.
  const short: Place[] = [];
  const long: Place[] = [];
  for (const { file, title: page, address, text } of pages.values())
    if (file.includes('/')) short.push({ page, heading: '', address });
    else
      long.push(
        ...headingsOf(text).map(({ level, text: heading, anchor }) =>
          level === 1
            ? { page, heading: '', address }
            : { page, heading, address: `${address}#${anchor}` },
        ),
      );
  const errors = errorNames.map((name) => {
    const { code } = errorRow(name);
    const address = `/docs/errors#${String(code)}`;
    return { page: 'Error reference', heading: `${String(code)} ${name}`, address };
  });
  return [...long, ...errors, ...short];
}

function startHtml({ groups }: DocsContents): string {
  const cards = groups.map(
    ({ title, pages }) =>
      `<li><h2>${title}</h2><ul>${pages.map(({ address, title: name }) => `<li><a href="${address}">${escapeHtml(name)}</a></li>`).join('')}</ul></li>`,
  );
  return `<h1>Documentation</h1>
<p>Cardea is keys as a service on your own machine. These pages come from the server that runs here, so they fit its version.</p>
<ul class="cards">
<li><h2>Begin</h2><ul><li><a href="/docs/first-hour">First hour for integrators</a></li><li><a href="/docs/moving">From the vendor's cloud to your own</a></li><li><a href="/docs/running">Running Cardea</a></li></ul></li>
<li><h2>Look up</h2><ul><li><a href="/docs/api">API reference, to try here</a></li><li><a href="/docs/errors">Error reference</a></li><li><a href="/docs/device-link.asyncapi.yaml">Device link as AsyncAPI</a></li><li><a href="/docs/words">Words</a></li><li><a href="/docs/decisions">Decisions</a></li></ul></li>
${cards.join('\n')}</ul>`;
}

function decisionsHtml({ decisions }: DocsContents): string {
  const items = decisions.map(
    ({ address, title }) => `<li><a href="${address}">${escapeHtml(title)}</a></li>`,
  );
  return `<h1>Decisions</h1><p>What was chosen where more than one way was open, and what was not.</p><ul>${items.join('')}</ul>`;
}

function foundHtml(places: readonly Place[], question: string): string {
  if (question.trim() === '')
    return '<h1>Search</h1><p>Type words of a title or heading, or the number of an error.</p>';
  const items = places.map(
    ({ page, heading, address }) =>
      `<li><a href="${address}">${escapeHtml(heading === '' ? page : heading)}</a>${heading === '' ? '' : ` <span class="quiet">${escapeHtml(page)}</span>`}</li>`,
  );
  const said = places.length === 0 ? '<p>No title or heading has all of these words.</p>' : '';
  return `<h1>Search: ${escapeHtml(question)}</h1>${said}<ul>${items.join('')}</ul>`;
}
