/**
 * The shell of the pages for people (identity.md 9): markup that escapes whatever is put into it, one frame around every
 * page, and headers under which nothing but our own style sheet and script can run.
 */
import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Language, Words } from '#contract/languages';
import { passkeyScript } from './passkey-script.ts';
import { styleSheet } from './style.ts';

/** Text that is markup already; only `markup` makes it. */
export type Markup = { readonly markup: string };
type Piece = string | number | Markup | readonly Piece[] | null | undefined;

/** Markup from a template; what is put in is escaped, pieces of markup and lists of them are taken as they are. */
export function markup(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const parts = strings.map((text, index) => text + textOf(pieces[index]));
  return { markup: parts.join('') };
}

function textOf(piece: Piece): string {
  if (piece === null || piece === undefined) return '';
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece));
  if ('markup' in piece) return piece.markup;
  return piece.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** One page; the frame around it is the same for all. */
export type Page = {
  readonly title: string;
  readonly body: Markup;
  /** Where the page is not in the language of the visit. */
  readonly language?: Language;
  /** 200 unless said. */
  readonly status?: number;
  /** Seconds, for 429. */
  readonly retryAfterSeconds?: number;
  /** Whether the page speaks to passkeys, which needs a script. */
  readonly hasPasskeys?: boolean;
  /** Where else than to us a form of the page may end up: browsers hold redirects after a form to `form-action` too. */
  readonly formTargets?: readonly string[];
};

/** Who looks at a page, as far as its frame goes. */
export type Viewer = { readonly language: Language; readonly isSignedIn: boolean };

export const STYLE_PATH = '/account/style.css';
export const SCRIPT_PATH = '/account/passkeys.js';

const frameWords: Words<{ account: string; signOut: string; skip: string }> = {
  en: { account: 'Your account', signOut: 'Sign out', skip: 'Skip to content' },
  de: { account: 'Ihr Konto', signOut: 'Abmelden', skip: 'Zum Inhalt' },
};

/** Another text of a file gets another address, so that browsers may keep the file for long. */
const stamped = (path: string, text: string): string =>
  `${path}?v=${hash('sha256', text, 'hex').slice(0, 12)}`;
const styleAddress = stamped(STYLE_PATH, styleSheet);
const scriptAddress = stamped(SCRIPT_PATH, passkeyScript);

/** The whole page as HTML. */
export function renderPage(page: Page, { language, isSignedIn }: Viewer): string {
  const words = frameWords[language];
  const links = markup`<nav aria-label="${words.account}"><a href="/account">${words.account}</a>
      <a href="/account/logout">${words.signOut}</a></nav>`;
  const { markup: text } = markup`<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${page.title} · Cardea</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${styleAddress}">
    ${page.hasPasskeys === true ? markup`<script src="${scriptAddress}" defer></script>` : null}
  </head>
  <body>
    <a class="skip" href="#content">${words.skip}</a>
    <header><span class="brand">Cardea</span>${isSignedIn ? links : null}</header>
    <main id="content">
      <h1>${page.title}</h1>
      ${page.body}
    </main>
  </body>
</html>
`;
  return text;
}

/** Answers with a page. */
export async function sendPage(reply: FastifyReply, page: Page, viewer: Viewer): Promise<void> {
  if (page.retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(page.retryAfterSeconds));
  }
  await reply
    .code(page.status ?? 200)
    .headers(pageHeaders(page))
    .type('text/html; charset=utf-8')
    .send(renderPage(page, viewer));
}

/** Answers with another page of ours, or an address to leave to, by GET. */
export async function sendAway(reply: FastifyReply, to: string): Promise<void> {
  await reply.headers(pageHeaders({})).redirect(to, 303);
}

function pageHeaders({
  hasPasskeys = false,
  formTargets = [],
}: Pick<Page, 'hasPasskeys' | 'formTargets'>): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self' data:",
    hasPasskeys ? "script-src 'self'" : undefined,
    ["form-action 'self'", ...formTargets.map(sourceOf)].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.filter(Boolean).join('; '),
    'cache-control': 'no-store',
    // Links in mails carry secrets in their path; no other site gets to see where somebody came from.
    'referrer-policy': 'same-origin',
  };
}

/**
 * An address as a source of a content policy: its origin, or the scheme of an app. Sources name no IPv6 address (CSP level 3,
 * section 2.3.1), so the scheme must do for those.
 */
export function sourceOf(address: string): string {
  const { origin, protocol, hostname } = new URL(address);
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin;
}
