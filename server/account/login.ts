/** The page where somebody signs in: e-mail and password, or a passkey. */
import type { Words } from '#contract/languages';
import type { OutsideSignIn } from '#server/identity/outside-sign-in';
import type { PasswordCheck } from '#server/identity/password-check';
import type { Form } from './forms.ts';
import { outsideLinks } from './outside.ts';
import { markup, type Markup, type Page } from './page.ts';
import { passkeyButton } from './passkey-button.ts';
import type { Passkeys } from './passkeys.ts';
import { LOGIN_PATH, overPage, type SignIn, type Way } from './sign-in.ts';
import type { AccountPage, Answer, SignedIn, Visit } from './visits.ts';

type LoginWords = {
  readonly title: string;
  readonly to: (client: string) => string;
  readonly email: string;
  readonly password: string;
  readonly remember: string;
  readonly signIn: string;
  readonly passkey: string;
  readonly passkeyFault: string;
  readonly forgot: string;
  readonly register: string;
  readonly wrong: string;
  readonly wait: (seconds: number) => string;
  readonly again: string;
  readonly choose: string;
  readonly goOnAs: (email: string) => string;
  readonly other: string;
};

const words: Words<LoginWords> = {
  en: {
    title: 'Sign in',
    to: (client) => `to go on to ${client}`,
    email: 'E-mail',
    password: 'Password',
    remember: 'Stay signed in',
    signIn: 'Sign in',
    passkey: 'Sign in with a passkey',
    passkeyFault: 'The browser gave no passkey. Try again, or use your password.',
    forgot: 'Forgotten your password?',
    register: 'Make an account',
    wrong:
      'That is not right. Check e-mail and password; a new account works once its address is confirmed.',
    wait: (seconds) => `Too many tries. Wait ${seconds} seconds before the next.`,
    again: 'Please show once more that it is you.',
    choose: 'Who signs in?',
    goOnAs: (email) => `Go on as ${email}`,
    other: 'Somebody else',
  },
  de: {
    title: 'Anmelden',
    to: (client) => `um zu ${client} zu kommen`,
    email: 'E-Mail',
    password: 'Passwort',
    remember: 'Angemeldet bleiben',
    signIn: 'Anmelden',
    passkey: 'Mit einem Passkey anmelden',
    passkeyFault: 'Der Browser gab keinen Passkey. Noch einmal, oder mit dem Passwort.',
    forgot: 'Passwort vergessen?',
    register: 'Ein Konto anlegen',
    wrong:
      'Das stimmt nicht. Prüfen Sie E-Mail und Passwort; ein neues Konto geht erst, wenn seine Adresse bestätigt ist.',
    wait: (seconds) => `Zu viele Versuche. Warten Sie ${seconds} Sekunden bis zum nächsten.`,
    again: 'Bitte zeigen Sie noch einmal, dass Sie es sind.',
    choose: 'Wer meldet sich an?',
    goOnAs: (email) => `Weiter als ${email}`,
    other: 'Jemand anderes',
  },
};

export type LoginParts = {
  readonly signIn: SignIn;
  readonly passkeys: Passkeys;
  readonly checkPassword: PasswordCheck;
  readonly outside: OutsideSignIn;
  readonly isSignUpOpen: boolean;
};

/** What somebody sees again after a try. */
type Tried = { readonly email: string; readonly isRemembered: boolean };

export function loginPages(parts: LoginParts): readonly AccountPage[] {
  const { signIn, passkeys } = parts;

  async function get(visit: Visit): Promise<Answer> {
    const way = await signIn.wayOf(visit);
    if (way === undefined) return overPage(visit.language);
    const { person } = visit;
    if (person === undefined || visit.query('other') !== '') return formPage(visit, way, {});
    const { interaction } = way;
    if (interaction === undefined) return { to: way.next };
    if (interaction.prompt === 'select_account') return choicePage(visit, way, person);
    const lacksFactorOnly =
      interaction.reasons.length > 0 && interaction.reasons.every((reason) => reason === 'mfa');
    // Who the person is stands; only the second proof is missing.
    if (lacksFactorOnly) {
      const { loginId, amr, identityProvider, isRemembered } = person.session;
      return signIn.proceed(visit, way, { loginId, amr, identityProvider, isRemembered });
    }
    const said = words[way.language].again;
    return formPage(visit, way, { email: person.account.email, note: said });
  }

  async function post(visit: Visit, form: Form): Promise<Answer> {
    const way = await signIn.wayOf(visit);
    if (way === undefined) return overPage(visit.language);
    const { person } = visit;
    const isChoice = way.interaction?.prompt === 'select_account' && form.has('continue');
    if (isChoice && person !== undefined) {
      return signIn.goOn(visit, way, person.session);
    }
    const isRemembered = form.has('remember');
    if (form.text('credential') !== '') {
      const use = { browser: visit.formSecret(), loginId: undefined };
      const passkey = await passkeys.prove(use, form.text('credential'));
      const { passkeyFault } = words[way.language];
      if (passkey === undefined) {
        return formPage(visit, way, { isRemembered, fault: passkeyFault, status: 400 });
      }
      const proof = { amr: ['passkey'], identityProvider: 'local', isRemembered };
      return signIn.proceed(visit, way, { ...proof, loginId: passkey.loginId });
    }
    return byPassword(visit, way, { form, isRemembered });
  }

  async function byPassword(
    visit: Visit,
    way: Way,
    { form, isRemembered }: { readonly form: Form; readonly isRemembered: boolean },
  ): Promise<Answer> {
    const email = form.text('email').trim();
    const { wrong, wait } = words[way.language];
    const answer = await parts.checkPassword({
      email,
      password: form.text('password'),
      ...(await signIn.originOf(visit, way)),
      isKnownDevice: async (loginId) => (await signIn.knownDevice(visit, loginId)).isKnown,
    });
    const tried = { email, isRemembered };
    if (answer.word === 'wait') {
      const { seconds } = answer;
      const refusal = { fault: wait(seconds), status: 429, retryAfterSeconds: seconds };
      return formPage(visit, way, { ...tried, ...refusal });
    }
    if (answer.word === 'wrong') {
      return formPage(visit, way, { ...tried, fault: wrong, status: 400 });
    }
    const proof = { amr: ['password'], identityProvider: 'local', isRemembered };
    return signIn.proceed(visit, way, { ...proof, loginId: answer.login.id });
  }

  async function formPage(
    visit: Visit,
    way: Way,
    {
      email = way.interaction?.loginHint ?? '',
      isRemembered = false,
      note,
      fault,
      ...more
    }: Partial<Tried> &
      Pick<Page, 'status' | 'retryAfterSeconds'> & {
        readonly note?: string;
        readonly fault?: string;
      },
  ): Promise<Page> {
    const said = words[way.language];
    const { isPossible } = passkeys;
    const body = markup`
      ${way.interaction && markup`<p class="quiet">${said.to(way.interaction.clientName)}</p>`}
      ${note === undefined ? null : markup`<p>${note}</p>`}
      ${fault === undefined ? null : markup`<p class="fault" role="alert">${fault}</p>`}
      <form method="post" action="${LOGIN_PATH}${way.query}">
        ${visit.formToken()}
        <label for="email">${said.email}</label>
        <input id="email" name="email" type="email" autocomplete="username" maxlength="254" required
          value="${email}" ${email === '' ? markup`autofocus` : null}>
        <label for="password">${said.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" maxlength="128"
          required ${email === '' ? null : markup`autofocus`}>
        <label class="check"><input type="checkbox" name="remember"${isRemembered ? markup` checked` : null}>
          ${said.remember}</label>
        <p><button class="wide">${said.signIn}</button></p>
        ${isPossible ? await passkeyPart(visit, way) : null}
      </form>
      ${await outsideLinks(parts.outside, way, way.query)}
      <p><a href="/account/forgot">${said.forgot}</a></p>
      ${parts.isSignUpOpen ? markup`<p><a href="/account/register">${said.register}</a></p>` : null}`;
    const { title } = said;
    const { language, formTargets } = way;
    return { title, language, formTargets, hasPasskeys: isPossible, body, ...more };
  }

  async function passkeyPart(visit: Visit, way: Way): Promise<Markup> {
    const { passkey: label, passkeyFault: fault } = words[way.language];
    const use = { browser: visit.formSecret(), loginId: undefined, known: [] };
    const options = await passkeys.provingOptions(use);
    return passkeyButton({ act: 'get', options, label, fault });
  }

  function choicePage(visit: Visit, way: Way, { account }: SignedIn): Page {
    const said = words[way.language];
    const other = `${LOGIN_PATH}${way.query}&other=1`;
    const body = markup`<form method="post" action="${LOGIN_PATH}${way.query}">
        ${visit.formToken()}
        <p><button class="wide" name="continue" value="1">${said.goOnAs(account.email)}</button></p>
      </form>
      <p><a class="button second wide" href="${other}">${said.other}</a></p>`;
    const { language, formTargets } = way;
    return { title: said.choose, language, formTargets, body };
  }

  return [{ path: LOGIN_PATH, get, post }];
}
