/** The second step of signing in: a second factor is proven, or set up by who must have one and has none. */
import type { Words } from '#contract/languages';
import type { FactorKind, SignInLimits } from '#server/identity/sign-in-limits';
import { createTurns } from '#server/identity/turns';
import type { Database } from '#server/store/pool';
import type { Passkey, SecondFactor } from '#server/store/second-factors';
import { countTry, raiseSignInAttempt } from '#server/store/sign-in-attempts';
import { type FactorForms, recoveryCodesPart } from './factor-forms.ts';
import type { Factors } from './factors.ts';
import type { Form } from './forms.ts';
import { markup, type Page } from './page.ts';
import { passkeyButton } from './passkey-button.ts';
import type { Passkeys } from './passkeys.ts';
import {
  FACTOR_PATH,
  LOGIN_PATH,
  overPage,
  SET_UP_PATH,
  type SignIn,
  type Waiting,
  type Way,
} from './sign-in.ts';
import type { AccountPage, Answer, Visit } from './visits.ts';

/** identity.md 10: then the sign-in starts again. */
const MOST_WRONG_CODES = 5;

type FactorWords = {
  readonly title: string;
  readonly text: string;
  readonly code: string;
  readonly trust: string;
  readonly goOn: string;
  readonly passkey: string;
  readonly passkeyFault: string;
  readonly wrong: string;
  readonly wait: (seconds: number) => string;
  readonly restart: string;
  readonly restartText: string;
  readonly restartLink: string;
  readonly setUp: string;
  readonly setUpText: string;
  readonly ready: string;
  readonly readyText: string;
};

const words: Words<FactorWords> = {
  en: {
    title: 'One more step',
    text: 'Your account has a second factor. Type the code of your authenticator app, or one of your recovery codes.',
    code: 'Code',
    trust: 'Do not ask in this browser for 60 days',
    goOn: 'Go on',
    passkey: 'Use a passkey',
    passkeyFault: 'The browser gave no passkey. Try again, or use a code.',
    wrong: 'That code is not right, or was used already. Wait for the next one.',
    wait: (seconds) => `Too many wrong codes. Wait ${seconds} seconds before the next.`,
    restart: 'Please begin again',
    restartText: 'There were too many wrong codes, or it took too long.',
    restartLink: 'Sign in',
    setUp: 'Set up a second factor',
    setUpText: 'Your account must have a second factor before you can go on.',
    ready: 'Your second factor is set up',
    readyText: 'It will be asked for when you sign in.',
  },
  de: {
    title: 'Noch ein Schritt',
    text: 'Ihr Konto hat einen zweiten Faktor. Tippen Sie den Code Ihrer Authenticator-App ein, oder einen Ihrer Notfallcodes.',
    code: 'Code',
    trust: 'In diesem Browser 60 Tage lang nicht fragen',
    goOn: 'Weiter',
    passkey: 'Passkey benutzen',
    passkeyFault: 'Der Browser gab keinen Passkey. Noch einmal, oder mit einem Code.',
    wrong: 'Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.',
    wait: (seconds) => `Zu viele falsche Codes. Warten Sie ${seconds} Sekunden bis zum nächsten.`,
    restart: 'Bitte von vorn',
    restartText: 'Es waren zu viele falsche Codes, oder es dauerte zu lange.',
    restartLink: 'Anmelden',
    setUp: 'Einen zweiten Faktor einrichten',
    setUpText: 'Ihr Konto muss einen zweiten Faktor haben, bevor es weitergeht.',
    ready: 'Ihr zweiter Faktor ist eingerichtet',
    readyText: 'Nach ihm wird gefragt, wenn Sie sich anmelden.',
  },
};

export type LoginFactorParts = {
  readonly database: Database;
  readonly signIn: SignIn;
  readonly factors: Factors;
  readonly forms: FactorForms;
  readonly passkeys: Passkeys;
  readonly limits: SignInLimits;
};

type Shown = { readonly waiting: Waiting; readonly way: Way };

export function loginFactorPages(parts: LoginFactorParts): readonly AccountPage[] {
  const { database, signIn, factors, forms, passkeys, limits } = parts;
  // Codes of one account are tried one after the other, so that a volley does not slip past the limit.
  const inTurn = createTurns(1);

  /** Shows a page of a sign-in that waits; without one the person begins again. */
  const whileWaiting =
    (show: (visit: Visit, shown: Shown, form: Form | undefined) => Answer | Promise<Answer>) =>
    async (visit: Visit, form?: Form): Promise<Answer> => {
      const way = await signIn.wayOf(visit);
      if (way === undefined) return overPage(visit.language);
      const waiting = await signIn.attempt(visit);
      return waiting === undefined ? restartPage(way) : show(visit, { waiting, way }, form);
    };

  async function prove(visit: Visit, shown: Shown, form?: Form): Promise<Answer> {
    const { waiting, way } = shown;
    const present = await factors.list(waiting.loginId);
    // Somebody who has none is not asked for one, whatever page the browser is on.
    if (present.length === 0) return { to: `${SET_UP_PATH}${way.query}` };
    if (waiting.amr.includes('mfa')) return completed(visit, shown, { isTrusted: false });
    if (form === undefined) return codePage(visit, shown, { present });
    return inTurn(waiting.loginId, () => tryFactor(visit, shown, { form, present }));
  }

  async function tryFactor(
    visit: Visit,
    shown: Shown,
    { form, present }: { readonly form: Form; readonly present: readonly SecondFactor[] },
  ): Promise<Answer> {
    const { waiting, way } = shown;
    const { loginId } = waiting;
    const said = words[way.language];
    const code = form.text('code');
    const credential = form.text('credential');
    const isDigits = credential !== '' || /^[\d\s]{0,8}$/.test(code);
    const kind: FactorKind = isDigits ? 'second_factor' : 'recovery_code';
    const { isKnown: isKnownDevice } = await signIn.knownDevice(visit, loginId);
    const attempt = {
      kind,
      loginId,
      isKnownDevice,
      ...(await signIn.originOf(visit, way)),
    };
    const seconds = await limits.factorWaitSeconds(attempt);
    if (seconds !== undefined) {
      const refusal = { fault: said.wait(seconds), status: 429, retryAfterSeconds: seconds };
      return codePage(visit, shown, { present, ...refusal });
    }
    const tries = await countTry(database, waiting.secretHash);
    const isRight = tries <= MOST_WRONG_CODES && (await isProven());
    if (isRight) return completed(visit, shown, { isTrusted: form.has('trust') });
    await limits.factorFailed(attempt);
    if (tries < MOST_WRONG_CODES) {
      return codePage(visit, shown, { present, fault: said.wrong, status: 400 });
    }
    await signIn.giveUp(waiting);
    return restartPage(way);

    async function isProven(): Promise<boolean> {
      if (credential !== '') {
        const use = { browser: visit.formSecret(), loginId };
        return (await passkeys.prove(use, credential)) !== undefined;
      }
      return kind === 'second_factor'
        ? factors.isCodeRight(loginId, code)
        : factors.isRecoveryCodeRight(loginId, code);
    }
  }

  function completed(
    visit: Visit,
    { waiting, way }: Shown,
    { isTrusted }: { readonly isTrusted: boolean },
  ): Promise<Answer> {
    return signIn.complete(visit, way, { waiting, amr: withFactor(waiting), isTrusted });
  }

  async function codePage(
    visit: Visit,
    { waiting, way }: Shown,
    {
      present,
      fault,
      ...more
    }: Pick<Page, 'status' | 'retryAfterSeconds'> & {
      readonly present: readonly SecondFactor[];
      readonly fault?: string;
    },
  ): Promise<Page> {
    const said = words[way.language];
    const known = present.filter((factor) => factor.kind === 'passkey');
    const hasPasskeys = known.length > 0 && passkeys.isPossible;
    const body = markup`<p>${said.text}</p>
      ${fault === undefined ? null : markup`<p class="fault" role="alert">${fault}</p>`}
      <form method="post" action="${FACTOR_PATH}${way.query}">
        ${visit.formToken()}
        <label for="code">${said.code}</label>
        <input id="code" name="code" autocomplete="one-time-code" maxlength="40" required autofocus
          autocapitalize="none" spellcheck="false"${fault === undefined ? null : markup` aria-invalid="true"`}>
        <label class="check"><input type="checkbox" name="trust"> ${said.trust}</label>
        <p><button class="wide">${said.goOn}</button></p>
        ${hasPasskeys ? await passkeyPart(visit, { waiting, way }, known) : null}
      </form>`;
    const { language, formTargets } = way;
    return { title: said.title, language, formTargets, hasPasskeys, body, ...more };
  }

  async function passkeyPart(visit: Visit, { waiting, way }: Shown, known: readonly Passkey[]) {
    const { passkey: label, passkeyFault: fault } = words[way.language];
    const use = { browser: visit.formSecret(), loginId: waiting.loginId, known };
    const options = await passkeys.provingOptions(use);
    return passkeyButton({ act: 'get', options, label, fault });
  }

  async function setUp(visit: Visit, shown: Shown, form?: Form): Promise<Answer> {
    const { waiting, way } = shown;
    const { account } = waiting;
    // Who has a factor proves it: setting up another one is no way around.
    if (await factors.has(waiting.loginId)) return { to: `${FACTOR_PATH}${way.query}` };
    const added = form && (await forms.add(visit, { account, form }));
    if (added !== undefined) {
      const { secretHash } = waiting;
      await raiseSignInAttempt(database, { secretHash, amr: withFactor(waiting) });
      return readyPage(visit, way, added.codes ?? []);
    }
    const { language, formTargets } = way;
    const said = words[language];
    const action = `${SET_UP_PATH}${way.query}`;
    const body = markup`<p>${said.setUpText}</p>
      ${await forms.show(visit, { account, action, language, tried: form })}`;
    const status = form === undefined ? 200 : 400;
    const hasPasskeys = passkeys.isPossible;
    return { title: said.setUp, language, formTargets, hasPasskeys, status, body };
  }

  function readyPage(visit: Visit, way: Way, codes: readonly string[]): Page {
    const { language, formTargets } = way;
    const said = words[language];
    const body = markup`<p class="done" role="status">${said.readyText}</p>
      ${recoveryCodesPart(codes, language)}
      <form method="post" action="${FACTOR_PATH}${way.query}">
        ${visit.formToken()}
        <button class="wide">${said.goOn}</button>
      </form>`;
    return { title: said.ready, language, formTargets, body };
  }

  return [
    { path: FACTOR_PATH, get: whileWaiting(prove), post: whileWaiting(prove) },
    { path: SET_UP_PATH, get: whileWaiting(setUp), post: whileWaiting(setUp) },
  ];
}

/** What was proven first, and the second factor. */
function withFactor({ amr }: Waiting): readonly string[] {
  return amr.includes('mfa') ? amr : [...amr, 'mfa'];
}

function restartPage({ language, query }: Way): Page {
  const said = words[language];
  const link = `${LOGIN_PATH}${query}`;
  const body = markup`<p>${said.restartText}</p>
    <p><a class="button" href="${link}">${said.restartLink}</a></p>`;
  return { title: said.restart, language, status: 400, body };
}
