/** Sign-ins whose password was right and that wait for a second factor; and what nobody needs any more of the factors' tables. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type SignInAttempt = {
  readonly loginId: LoginId;
  readonly amr: readonly string[];
  readonly identityProvider: string;
  readonly isRemembered: boolean;
  readonly wrongCodes: number;
};

export async function insertSignInAttempt(
  database: Database,
  attempt: Omit<SignInAttempt, 'wrongCodes'> & {
    readonly secretHash: string;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await database.pool.query(
    `insert into sign_in_attempts (secret_hash, login_id, amr, identity_provider, is_remembered, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      attempt.secretHash,
      attempt.loginId,
      attempt.amr,
      attempt.identityProvider,
      attempt.isRemembered,
      attempt.expiresAt,
    ],
  );
}

/** The attempt of a cookie; undefined when it is over, or the login is disabled. */
export async function findSignInAttempt(
  database: Database,
  { secretHash, at }: { readonly secretHash: string; readonly at: Date },
): Promise<SignInAttempt | undefined> {
  const { rows } = await database.pool.query<{
    login_id: LoginId;
    amr: string[];
    identity_provider: string;
    is_remembered: boolean;
    wrong_codes: number;
  }>(
    `select a.login_id, a.amr, a.identity_provider, a.is_remembered, a.wrong_codes
     from sign_in_attempts a join logins l on l.id = a.login_id
     where a.secret_hash = $1 and a.expires_at > $2 and l.disabled_at is null`,
    [secretHash, at],
  );
  const row = rows[0];
  return (
    row && {
      loginId: row.login_id,
      amr: row.amr,
      identityProvider: row.identity_provider,
      isRemembered: row.is_remembered,
      wrongCodes: row.wrong_codes,
    }
  );
}

/** Counts a try before it is made, so that a volley does not slip past the limit; gives how many were made with it. */
export async function countTry(database: Database, secretHash: string): Promise<number> {
  const { rows } = await database.pool.query<{ wrong_codes: number }>(
    'update sign_in_attempts set wrong_codes = wrong_codes + 1 where secret_hash = $1 returning wrong_codes',
    [secretHash],
  );
  return rows[0]?.wrong_codes ?? Number.MAX_SAFE_INTEGER;
}

/** Ends an attempt; false when it was over, so that it is carried out once. */
export async function deleteSignInAttempt(
  database: Database,
  secretHash: string,
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'delete from sign_in_attempts where secret_hash = $1',
    [secretHash],
  );
  return rowCount === 1;
}

/** Notes that a challenge was answered; false when it was before. */
export async function insertAnsweredChallenge(
  database: Database,
  challenge: { readonly hash: string; readonly expiresAt: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'insert into answered_challenges (challenge_hash, expires_at) values ($1, $2) on conflict do nothing',
    [challenge.hash, challenge.expiresAt],
  );
  return rowCount === 1;
}

/** Forgets attempts and challenges that are over, and browsers not used since `unusedSince`. */
export async function sweepSignInAttempts(
  database: Database,
  { at, unusedSince }: { readonly at: Date; readonly unusedSince: Date },
): Promise<void> {
  await database.pool.query('delete from sign_in_attempts where expires_at < $1', [at]);
  await database.pool.query('delete from answered_challenges where expires_at < $1', [at]);
  await database.pool.query('delete from known_devices where last_used_at < $1', [unusedSince]);
}

/** Notes that more was proven; the attempt is still to be completed. */
export async function raiseSignInAttempt(
  database: Database,
  { secretHash, amr }: { readonly secretHash: string; readonly amr: readonly string[] },
): Promise<void> {
  await database.pool.query('update sign_in_attempts set amr = $2 where secret_hash = $1', [
    secretHash,
    amr,
  ]);
}
