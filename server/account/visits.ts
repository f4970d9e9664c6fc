/**
 * How a page is served: who looks, in which language, with which form; and what comes back. A page decides and says its
 * answer; writing it is done here.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Language, Words } from '#contract/languages';
import type { TrustedProxies } from '#server/http/list-origin';
import { clientAddress } from '#server/identity/client-address';
import { readSessionSecret } from '#server/identity/session-cookie';
import type { Sessions, SignInSession } from '#server/identity/sessions';
import { networkOf } from '#server/identity/sign-in-limits';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { type Account, findAccount } from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import {
  type Form,
  formSecret,
  formTokenField,
  isOurForm,
  LONGEST_FORM_BYTES,
  readForm,
} from './forms.ts';
import { pickLanguage } from './languages.ts';
import { markup, type Markup, type Page, sendAway, sendPage } from './page.ts';

/** Somebody looks at a page or sends its form. */
export type Visit = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly language: Language;
  /** Who is signed in in this browser; undefined = nobody. */
  readonly person: SignedIn | undefined;
  /** As the limits against guessing name it: an IPv4 address, or the first half of an IPv6 address. */
  readonly network: string;
  readonly userAgent: string | null;
  /** The hidden field that every form needs; sets a cookie when the browser has none. */
  readonly formToken: () => Markup;
  /** The secret of this browser's forms, to which challenges of passkeys are bound. */
  readonly formSecret: () => string;
  /** A member of the query; empty when it is missing or doubled. */
  readonly query: (name: string) => string;
  /** A part of the path. */
  readonly param: (name: string) => string;
};

export type SignedIn = { readonly session: SignInSession; readonly account: Account };
export type SignedInVisit = Visit & { readonly person: SignedIn };

/** A page, a place to go to by GET, or nothing more to say since the answer is written already. */
export type Answer = Page | { readonly to: string } | 'answered';

export type AccountPage = {
  readonly path: string;
  /** 32 KiB unless said. */
  readonly longestFormBytes?: number;
  readonly get: (visit: Visit) => Answer | Promise<Answer>;
  /** The form was sent from a page of ours; otherwise it never gets here. */
  readonly post?: (visit: Visit, form: Form) => Answer | Promise<Answer>;
};

export type VisitParts = {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly ids: Ids;
  readonly log: Log;
  readonly isTrustedProxy: TrustedProxies;
};

type FaultWords = {
  readonly [Fault in 'stale' | 'missing' | 'broken' | 'tooLarge']: {
    readonly title: string;
    readonly text: string;
  };
};

const faultWords: Words<FaultWords> = {
  en: {
    stale: {
      title: 'Please try again',
      text: 'The form was open too long, or this browser keeps no cookies. Go back, load the page again and send it once more.',
    },
    missing: {
      title: 'There is no such page',
      text: 'Check the address, or begin at your account.',
    },
    broken: {
      title: 'That did not work',
      text: 'The fault is ours. Nothing is known to have changed; please try again in a moment.',
    },
    tooLarge: { title: 'That is too large', text: 'Go back and send less.' },
  },
  de: {
    stale: {
      title: 'Bitte noch einmal',
      text: 'Das Formular war zu lange offen, oder dieser Browser behält keine Cookies. Gehen Sie zurück, laden Sie die Seite neu und senden Sie es noch einmal.',
    },
    missing: {
      title: 'Diese Seite gibt es nicht',
      text: 'Prüfen Sie die Adresse, oder beginnen Sie bei Ihrem Konto.',
    },
    broken: {
      title: 'Das ging nicht',
      text: 'Der Fehler liegt bei uns. Soweit bekannt, hat sich nichts geändert; bitte versuchen Sie es gleich noch einmal.',
    },
    tooLarge: { title: 'Das ist zu viel', text: 'Gehen Sie zurück und senden Sie weniger.' },
  },
};

/** A page for who is signed in; others sign in first and come back to it. */
export function whenSignedIn<Rest extends readonly unknown[]>(
  show: (visit: SignedInVisit, ...rest: Rest) => Answer | Promise<Answer>,
): (visit: Visit, ...rest: Rest) => Answer | Promise<Answer> {
  return (visit, ...rest) => {
    const { person } = visit;
    if (person !== undefined) return show({ ...visit, person }, ...rest);
    // What a form held is lost; its page is not.
    const path = visit.request.url.split('?')[0] ?? '';
    return { to: `/account/login?next=${encodeURIComponent(path)}` };
  };
}

/** Lays the pages on the server, with pages of our own for what goes wrong under their paths. */
export function registerAccountPages(
  app: FastifyInstance,
  { pages, parts }: { readonly pages: readonly AccountPage[]; readonly parts: VisitParts },
): void {
  void app.register(async (scope) => {
    scope.setErrorHandler(async (thrown, request, reply) => {
      const { statusCode } = (thrown ?? {}) as { readonly statusCode?: unknown };
      if (statusCode !== 413) {
        parts.log.error({ err: thrown, requestId: request.id }, 'a page could not be shown');
      }
      const fault = statusCode === 413 ? ('tooLarge' as const) : ('broken' as const);
      const language = languageOf(request, undefined);
      const page = faultPage({ fault, status: statusCode === 413 ? 413 : 500, language });
      await sendPage(reply, page, { language, isSignedIn: false });
    });
    for (const page of pages) layPage(scope, { page, parts });
    layPage(scope, {
      page: {
        path: '/account/*',
        get: ({ language }) => faultPage({ fault: 'missing', status: 404, language }),
      },
      parts,
    });
  });
}

function layPage(
  scope: FastifyInstance,
  { page, parts }: { readonly page: AccountPage; readonly parts: VisitParts },
): void {
  const { path: url, get, post } = page;
  scope.get(url, { schema: { hide: true } }, async (request, reply) => {
    const visit = await beginVisit(parts, { request, reply });
    await answer(visit, await get(visit));
    return reply;
  });
  if (post === undefined) return;
  const bodyLimit = page.longestFormBytes ?? LONGEST_FORM_BYTES;
  scope.post(url, { schema: { hide: true }, bodyLimit }, async (request, reply) => {
    const visit = await beginVisit(parts, { request, reply });
    const form = await readForm(request);
    const { language } = visit;
    const isOurs = form !== undefined && isOurForm(request, form);
    const stale = faultPage({ fault: 'stale', status: 403, language });
    await answer(visit, isOurs ? await post(visit, form) : stale);
    return reply;
  });
}

async function beginVisit(
  { database, sessions, ids, isTrustedProxy }: VisitParts,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<Visit> {
  const session = await sessions.find(readSessionSecret(request));
  const account = session && (await findAccount(database, session.loginId));
  const person = session && account && { session, account };
  const { headers, socket } = request.raw;
  const { remoteAddress } = socket;
  let made: string | undefined;
  const ownSecret = (): string => (made ??= formSecret(request, reply, ids));
  return {
    request,
    reply,
    language: languageOf(request, person),
    person,
    network: networkOf(clientAddress({ headers, remoteAddress }, isTrustedProxy)),
    userAgent: headers['user-agent'] ?? null,
    formToken: () => formTokenField(ownSecret()),
    formSecret: ownSecret,
    query: (name) => memberOf(request.query, name),
    param: (name) => memberOf(request.params, name),
  };
}

async function answer(visit: Visit, given: Answer): Promise<void> {
  if (given === 'answered') return;
  if ('to' in given) return sendAway(visit.reply, given.to);
  const language = given.language ?? visit.language;
  return sendPage(visit.reply, given, { language, isSignedIn: visit.person !== undefined });
}

function languageOf(request: FastifyRequest, person: SignedIn | undefined): Language {
  return pickLanguage({
    uiLocales: memberOf(request.query, 'ui_locales'),
    ofPerson: person?.account.language,
    acceptLanguage: request.headers['accept-language'],
  });
}

function memberOf(members: unknown, name: string): string {
  const value = (members as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

function faultPage({
  fault,
  status,
  language,
}: {
  readonly fault: keyof FaultWords;
  readonly status: number;
  readonly language: Language;
}): Page {
  const { title, text } = faultWords[language][fault];
  return { title, status, body: markup`<p>${text}</p><p><a href="/account">Cardea</a></p>` };
}
