/** Signing out: it asks first, as a link of a stranger must not sign anybody out; it may lead on to the client that wished it. */
import type { Words } from '#contract/languages';
import type { EndSession, SignOutWish } from '#server/identity/end-session';
import { clearSessionCookie } from '#server/identity/session-cookie';
import type { Sessions } from '#server/identity/sessions';
import { markup } from './page.ts';
import type { AccountPage, Answer, Visit } from './visits.ts';

const PATH = '/account/logout';

type LogoutWords = {
  readonly title: string;
  readonly ask: (email: string) => string;
  readonly signOut: string;
  readonly stay: string;
  readonly done: string;
  readonly doneText: string;
  readonly signIn: string;
};

const words: Words<LogoutWords> = {
  en: {
    title: 'Sign out?',
    ask: (email) =>
      `You are signed in as ${email}. Programs you opened from here lose access as well.`,
    signOut: 'Sign out',
    stay: 'Stay signed in',
    done: 'You are signed out',
    doneText: 'You can close this page.',
    signIn: 'Sign in again',
  },
  de: {
    title: 'Abmelden?',
    ask: (email) =>
      `Sie sind als ${email} angemeldet. Auch Programme, die Sie von hier geöffnet haben, verlieren den Zugang.`,
    signOut: 'Abmelden',
    stay: 'Angemeldet bleiben',
    done: 'Sie sind abgemeldet',
    doneText: 'Sie können diese Seite schließen.',
    signIn: 'Wieder anmelden',
  },
};

export function logoutPages({
  sessions,
  endSession,
}: {
  readonly sessions: Sessions;
  readonly endSession: EndSession;
}): readonly AccountPage[] {
  async function get(visit: Visit): Promise<Answer> {
    const { language, person, query } = visit;
    const said = words[language];
    if (person === undefined) return leave(visit);
    const kept = new URLSearchParams();
    for (const name of MEMBERS) if (query(name) !== '') kept.set(name, query(name));
    const action = kept.size === 0 ? PATH : `${PATH}?${kept.toString()}`;
    const to = await endSession.returnAddress(wishOf(visit));
    const body = markup`<p>${said.ask(person.account.email)}</p>
      <form method="post" action="${action}">${visit.formToken()}
        <button class="wide">${said.signOut}</button></form>
      <p><a href="/account">${said.stay}</a></p>`;
    return { title: said.title, body, formTargets: to === undefined ? [] : [to] };
  }

  async function post(visit: Visit): Promise<Answer> {
    if (visit.person !== undefined) await sessions.end(visit.person.session.id);
    clearSessionCookie(visit.reply);
    return leave({ ...visit, person: undefined });
  }

  /** On to the client that wished it, when the address is registered; else the page says it is done. */
  async function leave(visit: Visit): Promise<Answer> {
    const to = await endSession.returnAddress(wishOf(visit));
    if (to !== undefined) return { to };
    if (visit.request.method === 'POST') return { to: PATH };
    const said = words[visit.language];
    const body = markup`<p class="done" role="status">${said.doneText}</p>
      <p><a href="/account/login">${said.signIn}</a></p>`;
    return { title: said.done, body };
  }

  return [{ path: PATH, get, post }];
}

const MEMBERS = ['client_id', 'post_logout_redirect_uri', 'state'] as const;

function wishOf({ query }: Visit): SignOutWish {
  const [clientId, uri, state] = MEMBERS.map((name) => query(name) || null);
  return { clientId: clientId ?? null, uri: uri ?? null, state: state ?? null };
}
