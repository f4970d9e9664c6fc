/** Signing in through an identity provider outside: to it, back from it, and on as every other sign-in goes. */
import type { Words } from '#contract/languages';
import type { OutsideFault, OutsideSignIn } from '#server/identity/outside-sign-in';
import { addCookie, readCookie } from '#server/identity/session-cookie';
import { markup, type Markup, type Page } from './page.ts';
import { LOGIN_PATH, overPage, type SignIn } from './sign-in.ts';
import type { AccountPage, Answer, Visit } from './visits.ts';

const COOKIE = '__Host-cardea-outside';
const COOKIE_SECONDS = 600;
const PATH = '/account/outside';

const words: Words<{
  title: string;
  again: string;
  with: (name: string) => string;
  faults: Readonly<Record<OutsideFault, string>>;
}> = {
  en: {
    title: 'That did not work',
    again: 'Sign in another way',
    with: (name) => `Sign in with ${name}`,
    faults: {
      refused: 'The other place did not let you in, or the sign-in took too long.',
      unknown:
        'Nobody here can be found by it. An account must exist here first, with the same confirmed e-mail address.',
      unreachable: 'The other place cannot be reached just now.',
    },
  },
  de: {
    title: 'Das hat nicht geklappt',
    again: 'Anders anmelden',
    with: (name) => `Mit ${name} anmelden`,
    faults: {
      refused: 'Die andere Stelle hat Sie nicht eingelassen, oder es hat zu lange gedauert.',
      unknown:
        'Damit ist hier niemand zu finden. Erst muss hier ein Konto mit derselben bestätigten E-Mail-Adresse bestehen.',
      unreachable: 'Die andere Stelle ist gerade nicht zu erreichen.',
    },
  },
};

/** The ways out of a sign-in page to the providers; `query` keeps where the sign-in leads to. */
export async function outsideLinks(
  outside: OutsideSignIn,
  { language }: Pick<Visit, 'language'>,
  query: string,
): Promise<Markup | null> {
  const providers = await outside.list();
  if (providers.length === 0) return null;
  return markup`${providers.map(
    ({ id, name }) =>
      markup`<p><a class="button wide" href="${PATH}/${id}${query}">${words[language].with(name)}</a></p>`,
  )}`;
}

export function outsidePages({
  signIn,
  outside,
}: {
  readonly signIn: SignIn;
  readonly outside: OutsideSignIn;
}): readonly AccountPage[] {
  async function begin(visit: Visit): Promise<Answer> {
    const way = await signIn.wayOf(visit);
    if (way === undefined) return overPage(visit.language);
    const begun = await outside.begin(visit.param('provider'), way.query);
    if (begun === undefined) return { to: `${LOGIN_PATH}${way.query}` };
    if (typeof begun === 'string') return faultPage(visit, begun);
    addCookie(visit.reply, { name: COOKIE, value: begun.secret, maxAgeSeconds: COOKIE_SECONDS });
    return { to: begun.url };
  }

  async function comeBack(visit: Visit): Promise<Answer> {
    const { url = '' } = visit.request.raw;
    const cut = url.indexOf('?');
    const provider = visit.param('provider');
    const done = await outside.complete(provider, {
      secret: readCookie(visit.request, COOKIE),
      search: cut < 0 ? '' : url.slice(cut),
    });
    if (typeof done === 'string') return faultPage(visit, done);
    return { to: `${PATH}/${provider}/done${done.query}` };
  }

  /** By an address of its own, which says again where the sign-in leads to. */
  async function finish(visit: Visit): Promise<Answer> {
    const way = await signIn.wayOf(visit);
    if (way === undefined) return overPage(visit.language);
    const proof = await outside.take(readCookie(visit.request, COOKIE));
    addCookie(visit.reply, { name: COOKIE, value: '', maxAgeSeconds: 0 });
    if (proof?.query !== way.query) return { to: `${LOGIN_PATH}${way.query}` };
    const { loginId, identityProvider } = proof;
    const amr = ['external'];
    return signIn.proceed(visit, way, { loginId, identityProvider, amr, isRemembered: false });
  }

  return [
    { path: `${PATH}/:provider`, get: begin },
    { path: `${PATH}/:provider/callback`, get: comeBack },
    { path: `${PATH}/:provider/done`, get: finish },
  ];
}

function faultPage({ language }: Visit, fault: OutsideFault): Page {
  const { title, faults, again } = words[language];
  const status = fault === 'unreachable' ? 503 : 400;
  const body = markup`<p role="alert">${faults[fault]}</p><p><a href="${LOGIN_PATH}">${again}</a></p>`;
  return { title, language, status, body };
}
