/** Lays the documentation below `/docs`: the files of docs/, the error reference, the API reference and a search over them. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { raisedBy, type Description } from '#server/http/error-reference';
import { registerApiReference } from './api-reference.ts';
import { layAsset } from './assets.ts';
import { addressOf, readContents, type DocsContents } from './contents.ts';
import { deviceLinkAddress, deviceLinkHtml } from './device-link-page.ts';
import { errorPageHtml } from './error-page.ts';
import { escapeHtml, renderMarkdown } from './markdown.ts';
import { findPlaces, foundHtml, placesOf, type Place } from './search.ts';
import { createShell, readingPolicy, sendKept, type DocsView } from './shell.ts';
import { docsScript } from './script.ts';
import { startHtml } from './start-page.ts';
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
  const script = layAsset(app, {
    name: 'docs.js',
    type: 'text/javascript; charset=utf-8',
    text: docsScript,
  });
  const page = createShell({
    contents,
    styleAddress: style.address,
    scriptAddress: script.address,
  });
  const lay = (address: string, view: () => DocsView): void => {
    let text: string | undefined;
    app.get(address, hide, (request, reply) => {
      text ??= page(view());
      return sendKept({ request, reply }, { type: 'text/html', text, policy: readingPolicy });
    });
  };

  lay('/docs', () => ({
    title: 'Documentation',
    address: '/docs',
    html: startHtml({ contents, issuer }),
  }));
  lay('/docs/errors', () => ({
    title: 'Error reference',
    address: '/docs/errors',
    html: errorPageHtml(raisedBy(app.swagger() as Description)),
  }));
  lay(deviceLinkAddress, () => ({
    title: 'Device link messages',
    address: deviceLinkAddress,
    html: deviceLinkHtml(contents.pages.get('device-link.md')?.text ?? ''),
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
    places ??= placesOf({ contents, faces: faces() });
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

function decisionsHtml({ decisions }: DocsContents): string {
  const items = decisions.map(
    ({ address, title }) => `<li><a href="${address}">${escapeHtml(title)}</a></li>`,
  );
  return `<h1>Decisions</h1><p>What was chosen where more than one way was open, and what was not.</p><ul>${items.join('')}</ul>`;
}
