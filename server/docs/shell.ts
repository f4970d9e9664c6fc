/** What is around every page of the documentation: a way to everything else. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { hash } from 'node:crypto';
import type { DocsContents } from './contents.ts';
import { deviceLinkAddress } from './device-link-page.ts';
import { escapeHtml, type Heading } from './markdown.ts';

export type DocsView = {
  readonly title: string;
  readonly html: string;
  /** Address of the page, to mark it in the navigation. */
  readonly address: string;
  readonly headings?: readonly Heading[];
  readonly question?: string;
  /** Scripts and style sheets of the API reference; with them the navigation is left away. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
};

/** Makes pages with this navigation and style sheet. */
export function createShell({
  contents,
  styleAddress,
  scriptAddress,
}: {
  readonly contents: DocsContents;
  readonly styleAddress: string;
  readonly scriptAddress: string;
}): (view: DocsView) => string {
  const links: readonly (readonly [string, string])[] = [
    ['/docs', 'Start'],
    ['/docs/api', 'API reference'],
    ['/docs/errors', 'Error reference'],
    [deviceLinkAddress, 'Device link messages'],
    ['/docs/decisions', 'Decisions'],
  ];
  const item = (address: string, title: string, current: string): string =>
    `<li><a href="${address}"${address === current ? ' aria-current="page"' : ''}>${escapeHtml(title)}</a></li>`;
  const navigation = (current: string): string => {
    const groups = contents.groups.map(
      ({ title, pages }) =>
        `<h2>${title}</h2><ul>${pages.map((page) => item(page.address, page.title, current)).join('')}</ul>`,
    );
    const first = links.map(([address, title]) => item(address, title, current)).join('');
    return `<nav id="contents" aria-label="Documentation"><ul>${first}</ul>${groups.join('')}</nav>`;
  };
  return ({ title, html, address, headings = [], question = '', scripts = [], styles = [] }) => {
    const isWide = scripts.length > 0;
    const sheets = [...styles, styleAddress].map(
      (href) => `<link rel="stylesheet" href="${href}">`,
    );
    // The first sets the colours before anything is shown.
    const programs = [
      `<script src="${scriptAddress}"></script>`,
      ...scripts.map((src) => `<script src="${src}" defer></script>`),
    ];
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Cardea</title><link rel="icon" href="/mark.svg">${sheets.join('')}${programs.join('')}</head>
<body><a class="skip" href="#main">To the text</a>
<header><a class="brand" href="/docs">Cardea <span>documentation</span></a>
<nav aria-label="Main">${isWide ? '' : '<a class="to-contents" href="#contents">Contents</a>'}<a href="/docs/first-hour">First hour</a><a href="/docs/api">API</a><a href="/docs/errors">Errors</a><a href="/">Dashboard</a></nav>
<form role="search" action="/docs/search"><input type="search" name="q" aria-label="Search titles, operations and errors" placeholder="Title, operation, error" value="${escapeHtml(question)}"><button>Search</button></form></header>
<div class="columns${isWide ? ' wide' : ''}"><main id="main">${withPlaces(html, headings)}</main>${isWide ? '' : navigation(address)}</div></body></html>`;
  };
}

/** The list of headings goes below the first one. */
function withPlaces(html: string, headings: readonly Heading[]): string {
  const parts = headings.filter(({ level }) => level === 2);
  if (parts.length < 3) return html;
  const list = parts.map(
    ({ anchor, text }) => `<li><a href="#${anchor}">${escapeHtml(text)}</a></li>`,
  );
  const here = `<nav class="here" aria-label="On this page"><ul>${list.join('')}</ul></nav>`;
  return html.replace('</h1>', () => `</h1>${here}`);
}

/** Answers with a text that browsers keep, and ask about by its hash. */
export function sendKept(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { type, text, policy }: { readonly type: string; readonly text: string; readonly policy: string },
): FastifyReply {
  const tag = `"${hash('sha256', text, 'hex').slice(0, 16)}"`;
  void reply.headers({
    etag: tag,
    'cache-control': 'no-cache',
    'content-security-policy': policy,
    'referrer-policy': 'same-origin',
  });
  if (request.headers['if-none-match'] === tag) return reply.code(304).send();
  return reply.type(`${type}; charset=utf-8`).send(text);
}

/** Nothing but what this server has itself. */
export const readingPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
