/**
 * Signing in with a browser (identity.md 9), from the first proof to the session:
 *
 *   nobody ── password ──→ is a second factor needed? ── no ──→ signed in
 *      └───── passkey ──────────────────────────────────────→ signed in
 *             password, needed and there: waits for it ── factor ──→ signed in
 *             password, needed and not there: sets one up ── factor ──→ signed in
 *
 * What waits is a row with a cookie of its own, ten minutes long; there is no session before the last proof.
 */
import { hash } from 'node:crypto';
import type { LoginId, TenantId } from '#contract/ids';
import type { Language, Words } from '#contract/languages';
import type { Interaction, Interactions } from '#server/identity/interactions';
import { addCookie, readCookie, setSessionCookie } from '#server/identity/session-cookie';
import type { Sessions, SignInSession } from '#server/identity/sessions';
import type { SignInLimits } from '#server/identity/sign-in-limits';
import type { Clock } from '#server/runtime/clock';
import type { Config } from '#server/runtime/config';
import type { Ids } from '#server/runtime/ids';
import { type Account, findAccount } from '#server/store/accounts';
import { findActiveClient } from '#server/store/clients';
import { findKnownDevice, type KnownDevice, rememberDevice } from '#server/store/known-devices';
import type { Database } from '#server/store/pool';
import { type FactorDemand, findFactorDemand } from '#server/store/second-factor-demands';
import { hasSecondFactor } from '#server/store/second-factors';
import {
  deleteSignInAttempt,
  findSignInAttempt,
  insertSignInAttempt,
  type SignInAttempt,
} from '#server/store/sign-in-attempts';
import { deviceName } from './device-name.ts';
import { newDeviceMail } from './factor-mails.ts';
import { pickLanguage } from './languages.ts';
import type { AccountMails } from './mails.ts';
import { markup, type Page } from './page.ts';
import type { Answer, Visit } from './visits.ts';

const ATTEMPT_COOKIE = '__Host-cardea-sign-in';
const DEVICE_COOKIE = '__Host-cardea-device';
const ATTEMPT_MS = 10 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** identity.md 9. */
const TRUSTED_MS = 60 * DAY_MS;
/** Browsers keep a cookie for 400 days at most. */
export const DEVICE_KNOWN_MS = 400 * DAY_MS;
const SECRET_BYTES = 32;
/** The client of what somebody does here without coming from a program. */
const OWN_CLIENT = 'cardea-web';

export type Step = 'done' | 'prove' | 'set_up';

/** What is left to do once the first proof is there. */
export function nextStep(facts: {
  readonly amr: readonly string[];
  readonly hasFactor: boolean;
  /** The browser was told to be trusted. */
  readonly isTrusted: boolean;
  /** The program asks for it (`acr_values=mfa`). */
  readonly isAskedFor: boolean;
  /** The operator or a site demands it. */
  readonly isDemanded: boolean;
}): Step {
  if (facts.amr.includes('passkey') || facts.amr.includes('mfa')) return 'done';
  if (facts.hasFactor) return facts.isTrusted && !facts.isAskedFor ? 'done' : 'prove';
  return facts.isAskedFor || facts.isDemanded ? 'set_up' : 'done';
}

/** Whether the rules in force demand a second factor of somebody. */
export function isFactorDemanded(
  setting: Config['secondFactor'],
  { isAdmin, isDemandedBySite }: FactorDemand,
): boolean {
  return setting === 'everybody' || (setting === 'admins' && isAdmin) || isDemandedBySite;
}

/** What a session stands on after another proof: the password alone takes nothing from what was proven before. */
export function strongest(before: readonly string[], proven: readonly string[]): readonly string[] {
  const isWeaker = !proven.includes('mfa') && !proven.includes('passkey');
  return isWeaker && nextStep({ ...plain, amr: before }) === 'done' ? before : proven;
}

const plain = { hasFactor: true, isTrusted: false, isAskedFor: true, isDemanded: true };

/** Where a sign-in leads to. */
export type Way = {
  /** The program that waits for it. */
  readonly interaction: Interaction | undefined;
  /** Else the page of ours. */
  readonly next: string;
  /** What keeps the way in the addresses of the sign-in's pages. */
  readonly query: string;
  readonly language: Language;
  readonly formTargets: readonly string[];
};

export type Proof = {
  readonly loginId: LoginId;
  readonly amr: readonly string[];
  readonly identityProvider: string;
  readonly isRemembered: boolean;
};

export type SignInParts = {
  readonly database: Database;
  readonly sessions: Sessions;
  readonly interactions: Interactions;
  readonly limits: SignInLimits;
  readonly mails: AccountMails;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secondFactor: Config['secondFactor'];
};

/** Where a failure comes from, as limits and audit want it. */
export type SignInOrigin = {
  readonly clientId: string;
  readonly tenantId: TenantId | null;
  readonly network: string;
  readonly requestId: string;
};

export type SignIn = {
  /** Where the visit leads to; undefined when it names a program's request that does not wait here. */
  wayOf(visit: Visit): Promise<Way | undefined>;
  /** `way` absent = of what somebody does in the account. */
  originOf(visit: Visit, way?: Way): Promise<SignInOrigin>;
  /** What a login knows of the visit's browser. */
  knownDevice(visit: Visit, loginId: LoginId | undefined): Promise<KnownDevice>;
  /** After the first proof: on to the second, or signed in. */
  proceed(visit: Visit, way: Way, proof: Proof): Promise<Answer>;
  /** The sign-in of this browser that waits for a second factor. */
  attempt(visit: Visit): Promise<Waiting | undefined>;
  /** Ends a sign-in that waits, without its being completed. */
  giveUp(waiting: Waiting): Promise<void>;
  /** After the second proof; once per attempt. */
  complete(
    visit: Visit,
    way: Way,
    done: {
      readonly waiting: Waiting;
      readonly amr: readonly string[];
      readonly isTrusted: boolean;
    },
  ): Promise<Answer>;
  /** Back to the program, or to the next page, as who is signed in already. */
  goOn(visit: Visit, way: Way, session: SignInSession): Promise<Answer>;
};

export type Waiting = SignInAttempt & { readonly secretHash: string; readonly account: Account };

const overWords: Words<{ title: string; text: string }> = {
  en: {
    title: 'This sign-in is over',
    text: 'It was finished, given up, or begun in another browser. Go back to the program you came from and begin again.',
  },
  de: {
    title: 'Diese Anmeldung ist vorbei',
    text: 'Sie wurde beendet, aufgegeben oder in einem anderen Browser begonnen. Gehen Sie zurück zum Programm, aus dem Sie kamen, und beginnen Sie von vorn.',
  },
};

/** Said when a program's request waits no longer. */
export function overPage(language: Language): Page {
  const { title, text } = overWords[language];
  return { title, language, status: 400, body: markup`<p>${text}</p>` };
}

export function createSignIn(parts: SignInParts): SignIn {
  const { database, sessions, interactions, clock, ids } = parts;

  /** The secret of this browser; a browser without one has none until it signs in. */
  function deviceHash(visit: Visit): string | undefined {
    const secret = readCookie(visit.request, DEVICE_COOKIE);
    return secret !== undefined && /^[\w-]{43}$/.test(secret) ? hashOf(secret) : undefined;
  }

  async function knownDevice(visit: Visit, loginId: LoginId | undefined): Promise<KnownDevice> {
    // Asked for unknown addresses too, as time must not tell them from others.
    const nobody = '00000000-0000-0000-0000-000000000000' as LoginId;
    const secretHash = deviceHash(visit) ?? '';
    return findKnownDevice(database, {
      loginId: loginId ?? nobody,
      secretHash,
      at: clock.now(),
    });
  }

  async function wait(visit: Visit, proof: Proof): Promise<void> {
    const secret = ids.bytes(SECRET_BYTES).toString('base64url');
    const expiresAt = new Date(clock.now().getTime() + ATTEMPT_MS);
    await insertSignInAttempt(database, { ...proof, secretHash: hashOf(secret), expiresAt });
    addCookie(visit.reply, {
      name: ATTEMPT_COOKIE,
      value: secret,
      maxAgeSeconds: ATTEMPT_MS / 1000,
    });
  }

  async function signIn(
    visit: Visit,
    way: Way,
    { proof, isTrusted }: { readonly proof: Proof; readonly isTrusted: boolean },
  ): Promise<Answer> {
    const { person, network } = visit;
    await parts.limits.passwordWasRight({ loginId: proof.loginId, network });
    await rememberBrowser(visit, { loginId: proof.loginId, isTrusted });
    if (person?.session.loginId === proof.loginId) {
      const stronger = { amr: strongest(person.session.amr, proof.amr), authTime: clock.now() };
      await sessions.strengthen(person.session.id, stronger);
      return goOn(visit, way, { ...person.session, ...stronger });
    }
    // One person per browser: whoever was signed in before is not any more.
    if (person !== undefined) await sessions.end(person.session.id);
    const { userAgent } = visit;
    const { session, secret } = await sessions.begin({ ...proof, network, userAgent });
    setSessionCookie(visit.reply, { secret, isRemembered: proof.isRemembered });
    return goOn(visit, way, session);
  }

  /** Tells the person of a browser the account does not know, unless it is the account's first. */
  async function rememberBrowser(
    visit: Visit,
    { loginId, isTrusted }: { readonly loginId: LoginId; readonly isTrusted: boolean },
  ): Promise<void> {
    const at = clock.now();
    const { isKnown, isFirst } = await knownDevice(visit, loginId);
    const present = readCookie(visit.request, DEVICE_COOKIE);
    const secret =
      present !== undefined && deviceHash(visit) !== undefined
        ? present
        : ids.bytes(SECRET_BYTES).toString('base64url');
    addCookie(visit.reply, {
      name: DEVICE_COOKIE,
      value: secret,
      maxAgeSeconds: DEVICE_KNOWN_MS / 1000,
    });
    const trustedUntil = isTrusted ? new Date(at.getTime() + TRUSTED_MS) : null;
    await rememberDevice(database, { loginId, secretHash: hashOf(secret), at, trustedUntil });
    const account = isKnown || isFirst ? undefined : await findAccount(database, loginId);
    if (account === undefined) return;
    const device = deviceName(visit.userAgent) ?? '–';
    await parts.mails.send(newDeviceMail(account, { device, network: visit.network }));
  }

  async function goOn(visit: Visit, way: Way, session: SignInSession): Promise<Answer> {
    if (way.interaction === undefined) return { to: way.next };
    const isAnswered = await interactions.finish(visit.request, visit.reply, { session });
    return isAnswered ? 'answered' : overPage(way.language);
  }

  return {
    async wayOf(visit) {
      const isAsked = visit.query('interaction') !== '';
      const interaction = isAsked ? await interactions.find(visit.request, visit.reply) : undefined;
      if (isAsked && interaction === undefined) return undefined;
      const next = ownPath(visit.query('next'));
      const language = pickLanguage({
        uiLocales: interaction?.uiLocales.join(' '),
        ofPerson: visit.language,
      });
      if (interaction === undefined) {
        const query = next === '/account' ? '' : `?next=${encodeURIComponent(next)}`;
        return { interaction, next, query, language, formTargets: [] };
      }
      return {
        interaction,
        next,
        query: `?interaction=${interaction.uid}`,
        language,
        formTargets: [interaction.redirectUri],
      };
    },
    async originOf({ network, request }, way) {
      const clientId = way?.interaction?.clientId ?? OWN_CLIENT;
      const client = await findActiveClient(database, { clientId, at: clock.now() });
      return { clientId, tenantId: client?.tenantId ?? null, network, requestId: request.id };
    },
    knownDevice,
    async proceed(visit, way, proof) {
      const { loginId, amr } = proof;
      const step = nextStep({
        amr,
        hasFactor: await hasSecondFactor(database, loginId),
        isTrusted: (await knownDevice(visit, loginId)).isTrusted,
        isAskedFor: way.interaction?.acrValues.includes('mfa') ?? false,
        isDemanded: isFactorDemanded(parts.secondFactor, await findFactorDemand(database, loginId)),
      });
      if (step === 'done') return signIn(visit, way, { proof, isTrusted: false });
      await wait(visit, proof);
      const page = step === 'prove' ? FACTOR_PATH : SET_UP_PATH;
      return { to: `${page}${way.query}` };
    },
    async attempt(visit) {
      const secret = readCookie(visit.request, ATTEMPT_COOKIE);
      if (secret === undefined) return undefined;
      const secretHash = hashOf(secret);
      const attempt = await findSignInAttempt(database, { secretHash, at: clock.now() });
      const account = attempt && (await findAccount(database, attempt.loginId));
      return attempt && account && { ...attempt, secretHash, account };
    },
    async giveUp({ secretHash }) {
      await deleteSignInAttempt(database, secretHash);
    },
    async complete(visit, way, { waiting, amr, isTrusted }) {
      const isStillThere = await deleteSignInAttempt(database, waiting.secretHash);
      if (!isStillThere) return { to: `${LOGIN_PATH}${way.query}` };
      addCookie(visit.reply, { name: ATTEMPT_COOKIE, value: '', maxAgeSeconds: 0 });
      const { loginId, identityProvider, isRemembered } = waiting;
      const proof = { loginId, amr, identityProvider, isRemembered };
      return signIn(visit, way, { proof, isTrusted });
    },
    goOn,
  };
}

export const LOGIN_PATH = '/account/login';
export const FACTOR_PATH = '/account/login/factor';
export const SET_UP_PATH = '/account/login/set-up';

/** 256 random bits cannot be guessed, so a fast hash keeps them. */
function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** A page of ours, whatever the query says: nobody is led elsewhere after signing in. */
export function ownPath(path: string): string {
  const isOwn = /^\/account(\/[\w/-]*)?$/.test(path) && !path.includes('//');
  return isOwn && !path.startsWith(LOGIN_PATH) ? path : '/account';
}
