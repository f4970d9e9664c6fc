/** What changes how somebody signs in asks who it is once more, unless that was proven in the last five minutes. */
import type { Words } from '#contract/languages';
import type { PasswordCheck } from '#server/identity/password-check';
import type { Sessions, SignInSession } from '#server/identity/sessions';
import type { Clock } from '#server/runtime/clock';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import { passkeyButton } from './passkey-button.ts';
import type { Passkeys } from './passkeys.ts';
import { ownPath, type SignIn, strongest } from './sign-in.ts';
import { type AccountPage, type Answer, type SignedInVisit, whenSignedIn } from './visits.ts';

const FRESH_MS = 5 * 60_000;
export const CONFIRM_PATH = '/account/confirm';

/** Whether the person proved to be it, by password or passkey, in the last five minutes. */
export function isFresh(session: Pick<SignInSession, 'authTime'>, now: Date): boolean {
  return now.getTime() - session.authTime.getTime() < FRESH_MS;
}

type Show<Rest extends readonly unknown[]> = (
  visit: SignedInVisit,
  ...rest: Rest
) => Answer | Promise<Answer>;

/** A page for who has proven it just now; others do so first and come back to it. */
export function whenFresh<Rest extends readonly unknown[]>(
  clock: Clock,
  show: Show<Rest>,
): ReturnType<typeof whenSignedIn<Rest>> {
  return whenSignedIn((visit, ...rest) => {
    if (isFresh(visit.person.session, clock.now())) return show(visit, ...rest);
    const path = visit.request.url.split('?')[0] ?? '';
    return { to: `${CONFIRM_PATH}?next=${encodeURIComponent(path)}` };
  });
}

type ConfirmWords = {
  readonly title: string;
  readonly text: (email: string) => string;
  readonly password: string;
  readonly goOn: string;
  readonly passkey: string;
  readonly passkeyFault: string;
  readonly wrong: string;
  readonly wait: (seconds: number) => string;
};

const words: Words<ConfirmWords> = {
  en: {
    title: 'Is it you?',
    text: (email) => `Before you change how ${email} signs in, show that it is you.`,
    password: 'Password',
    goOn: 'Go on',
    passkey: 'Use a passkey',
    passkeyFault: 'The browser gave no passkey. Try again, or use your password.',
    wrong: 'That is not right.',
    wait: (seconds) => `Too many tries. Wait ${seconds} seconds before the next.`,
  },
  de: {
    title: 'Sind Sie es?',
    text: (email) => `Bevor Sie ändern, wie ${email} sich anmeldet, zeigen Sie, dass Sie es sind.`,
    password: 'Passwort',
    goOn: 'Weiter',
    passkey: 'Passkey benutzen',
    passkeyFault: 'Der Browser gab keinen Passkey. Noch einmal, oder mit dem Passwort.',
    wrong: 'Das stimmt nicht.',
    wait: (seconds) => `Zu viele Versuche. Warten Sie ${seconds} Sekunden bis zum nächsten.`,
  },
};

export type FreshnessParts = {
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly passkeys: Passkeys;
  readonly checkPassword: PasswordCheck;
  readonly clock: Clock;
};

export function confirmPages(parts: FreshnessParts): readonly AccountPage[] {
  const { sessions, signIn, passkeys, clock } = parts;
  const get = whenSignedIn((visit) => confirmPage(visit, {}));

  const post = whenSignedIn(async (visit, form: Form) => {
    const { session, account } = visit.person;
    const said = words[visit.language];
    const credential = form.text('credential');
    const { loginId } = session;
    if (credential !== '') {
      const use = { browser: visit.formSecret(), loginId };
      const passkey = await passkeys.prove(use, credential);
      if (passkey === undefined) {
        return confirmPage(visit, { fault: said.passkeyFault, status: 400 });
      }
      return proven(visit, ['passkey']);
    }
    const answer = await parts.checkPassword({
      email: account.email,
      password: form.text('password'),
      ...(await signIn.originOf(visit)),
      // Who is signed in here has signed in here.
      isKnownDevice: async () => true,
    });
    if (answer.word === 'right' && answer.login.id === loginId) return proven(visit, ['password']);
    if (answer.word !== 'wait') return confirmPage(visit, { fault: said.wrong, status: 400 });
    const { seconds } = answer;
    const refusal = { fault: said.wait(seconds), status: 429, retryAfterSeconds: seconds };
    return confirmPage(visit, refusal);
  });

  async function proven(visit: SignedInVisit, amr: readonly string[]): Promise<Answer> {
    const { session } = visit.person;
    const proof = { amr: strongest(session.amr, amr), authTime: clock.now() };
    await sessions.strengthen(session.id, proof);
    return { to: ownPath(visit.query('next')) };
  }

  async function confirmPage(
    visit: SignedInVisit,
    { fault, ...more }: Pick<Page, 'status' | 'retryAfterSeconds'> & { readonly fault?: string },
  ): Promise<Page> {
    const said = words[visit.language];
    const { account } = visit.person;
    const { isPossible } = passkeys;
    const action = `${CONFIRM_PATH}?next=${encodeURIComponent(ownPath(visit.query('next')))}`;
    const body = markup`<p>${said.text(account.email)}</p>
      ${fault === undefined ? null : markup`<p class="fault" role="alert">${fault}</p>`}
      <form method="post" action="${action}">
        ${visit.formToken()}
        <input type="hidden" name="username" autocomplete="username" value="${account.email}">
        <label for="password">${said.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" maxlength="128"
          required autofocus>
        <p><button class="wide">${said.goOn}</button></p>
        ${isPossible ? await passkeyPart(visit) : null}
      </form>`;
    return { title: said.title, hasPasskeys: isPossible, body, ...more };
  }

  async function passkeyPart(visit: SignedInVisit) {
    const { passkey: label, passkeyFault: fault } = words[visit.language];
    const { loginId } = visit.person.session;
    const use = { browser: visit.formSecret(), loginId, known: [] };
    const options = await passkeys.provingOptions(use);
    return passkeyButton({ act: 'get', options, label, fault });
  }

  return [{ path: CONFIRM_PATH, get, post }];
}
