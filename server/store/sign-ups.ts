/** People who asked for an account and have not confirmed their address (identity.md 9). */
import type { Database } from './pool.ts';

export type NewSignUp = {
  readonly id: string;
  /** null = counted only: there is nothing to confirm. */
  readonly tokenHash: string | null;
  readonly email: string;
  readonly passwordHash: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly language: string;
  readonly network: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

export async function insertSignUp(database: Database, row: NewSignUp): Promise<void> {
  await database.pool.query(
    `insert into sign_ups (id, token_hash, email, password_hash, first_name, last_name, language, network, created_at,
       expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.id,
      row.tokenHash,
      row.email,
      row.passwordHash,
      row.firstName,
      row.lastName,
      row.language,
      row.network,
      row.createdAt,
      row.expiresAt,
    ],
  );
}

/** When a network asked for accounts, the newest first. */
export async function listSignUpTimes(
  database: Database,
  query: { readonly network: string; readonly limit: number },
): Promise<Date[]> {
  const { rows } = await database.pool.query<{ created_at: Date }>(
    'select created_at from sign_ups where network = $1 order by created_at desc limit $2',
    [query.network, query.limit],
  );
  return rows.map((row) => row.created_at);
}

export type WaitingSignUp = {
  readonly email: string;
  readonly password_hash: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly language: string | null;
};

type ByToken = { readonly tokenHash: string; readonly now: Date };

/** The sign-up of a token; undefined when it was used or is too old. */
export async function findSignUp(
  database: Database,
  { tokenHash, now }: ByToken,
): Promise<WaitingSignUp | undefined> {
  const { rows } = await database.pool.query<WaitingSignUp>(
    `select email, password_hash, first_name, last_name, language from sign_ups
     where token_hash = $1 and expires_at > $2`,
    [tokenHash, now],
  );
  return rows[0];
}

/** Ends every sign-up of an address: it has an account from here on. What they counted stays. */
export async function endSignUps(database: Database, email: string): Promise<void> {
  await database.pool.query(
    `update sign_ups set token_hash = null, email = '', password_hash = '', first_name = '', last_name = ''
     where lower(email) = lower($1)`,
    [email],
  );
}

/** Forgets what nobody has confirmed in time. */
export async function eraseSignUps(database: Database, now: Date): Promise<void> {
  await database.pool.query('delete from sign_ups where expires_at <= $1', [now]);
}
