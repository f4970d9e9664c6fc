import type { LoginId, TenantId } from '#contract/ids';
import { findLoginByEmail, type Login } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import type { Passwords } from './passwords.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import { createTurns } from './turns.ts';

/** No address is longer (RFC 5321 section 4.5.3.1.3); longer ones are nobody's. */
const LONGEST_ADDRESS = 254;
/** Tries of one account from one network are counted one after the other, so that a volley does not slip past the limit. */
const TRIES_AT_ONCE_PER_ACCOUNT = 1;
const TRIES_AT_ONCE_PER_NETWORK = 4;

export type PasswordAttempt = Origin & {
  readonly email: string;
  readonly password: string;
  /** The program it is for, and its tenant. */
  readonly clientId: string;
  readonly tenantId: TenantId | null;
  /** Whether the login has signed in in this browser before; asked for unknown addresses too, so that time tells nothing. */
  readonly isKnownDevice?: (loginId: LoginId | undefined) => Promise<boolean>;
};

export type PasswordAnswer =
  | { readonly word: 'right'; readonly login: Login }
  /** Unknown, wrong, disabled or not confirmed: nobody is told which. */
  | { readonly word: 'wrong' }
  /** Nothing was checked; so many seconds are to pass first. */
  | { readonly word: 'wait'; readonly seconds: number };

/** The one check of a person's password, for the token endpoint and the sign-in page alike (identity.md 10). */
export type PasswordCheck = (attempt: PasswordAttempt) => Promise<PasswordAnswer>;

export function createPasswordCheck({
  database,
  passwords,
  limits,
  onWrong,
}: {
  readonly database: Database;
  readonly passwords: Passwords;
  readonly limits: SignInLimits;
  /** Told of every wrong password of somebody's account; what it begins is not waited for, as time must tell nothing. */
  readonly onWrong: (loginId: LoginId) => void;
}): PasswordCheck {
  const inTurnPerNetwork = createTurns(TRIES_AT_ONCE_PER_NETWORK);
  const inTurnPerAccount = createTurns(TRIES_AT_ONCE_PER_ACCOUNT);

  async function check({
    password,
    isKnownDevice,
    ...attempt
  }: PasswordAttempt): Promise<PasswordAnswer> {
    const login = await findLogin(attempt.email);
    const tried = {
      ...attempt,
      loginId: login?.id,
      isKnownDevice: (await isKnownDevice?.(login?.id)) ?? false,
    };
    const seconds = await limits.passwordWaitSeconds(tried);
    if (seconds !== undefined) return { word: 'wait', seconds };
    const isRight = await passwords.isRight(password, login?.passwordHash ?? undefined);
    if (login === undefined || !isRight) {
      await limits.passwordFailed(tried);
      if (login !== undefined) onWrong(login.id);
      return { word: 'wrong' };
    }
    return login.isDisabled || !login.isEmailVerified
      ? { word: 'wrong' }
      : { word: 'right', login };
  }

  async function findLogin(email: string): Promise<Login | undefined> {
    // PostgreSQL refuses a text with a zero character.
    const isPossible = email.length <= LONGEST_ADDRESS && !email.includes('\0');
    return isPossible ? findLoginByEmail(database, email) : undefined;
  }

  return (attempt) => {
    const accountKey = `${attempt.network} ${attempt.email.toLowerCase()}`;
    return inTurnPerNetwork(attempt.network, () =>
      inTurnPerAccount(accountKey, () => check(attempt)),
    );
  };
}
