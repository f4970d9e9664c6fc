/** Links that open an account once: to choose another password, or to make the first operator. One of each at a time. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

type NewLink = {
  readonly id: string;
  readonly tokenHash: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** Stores the link of a login in the place of the one before. */
export async function insertResetLink(
  database: Database,
  link: NewLink & { readonly loginId: LoginId },
): Promise<void> {
  await database.pool.query(
    `with former as (delete from account_links where purpose = 'reset' and login_id = $3)
     insert into account_links (id, purpose, token_hash, login_id, created_at, expires_at)
     values ($1, 'reset', $2, $3, $4, $5)`,
    [link.id, link.tokenHash, link.loginId, link.createdAt, link.expiresAt],
  );
}

/** Stores the link of the first operator in the place of the one before. */
export async function insertFirstLink(database: Database, link: NewLink): Promise<void> {
  await database.pool.query(
    `with former as (delete from account_links where purpose = 'first')
     insert into account_links (id, purpose, token_hash, created_at, expires_at) values ($1, 'first', $2, $3, $4)`,
    [link.id, link.tokenHash, link.createdAt, link.expiresAt],
  );
}

type Held = {
  readonly purpose: 'reset' | 'first';
  readonly tokenHash: string;
  readonly now: Date;
};

export type AccountLink = { readonly login_id: LoginId | null };

/** The link of a token; undefined when it was used, replaced or is too old. */
export async function findLink(
  database: Database,
  { purpose, tokenHash, now }: Held,
): Promise<AccountLink | undefined> {
  const { rows } = await database.pool.query<AccountLink>(
    'select login_id from account_links where purpose = $1 and token_hash = $2 and expires_at > $3',
    [purpose, tokenHash, now],
  );
  return rows[0];
}

/** Uses a link up: of two who try, one is given it. */
export async function takeLink(
  database: Database,
  { purpose, tokenHash, now }: Held,
): Promise<AccountLink | undefined> {
  const { rows } = await database.pool.query<AccountLink>(
    'delete from account_links where purpose = $1 and token_hash = $2 and expires_at > $3 returning login_id',
    [purpose, tokenHash, now],
  );
  return rows[0];
}

/** Makes the first operator unless there is one; false when there is, or the link was used meanwhile. */
export async function makeFirstOperator(
  database: Database,
  order: {
    readonly tokenHash: string;
    readonly now: Date;
    readonly loginId: LoginId;
    readonly email: string;
    readonly passwordHash: string;
    readonly firstName: string;
    readonly lastName: string;
    readonly language: string;
  },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `with used as (
       delete from account_links where purpose = 'first' and token_hash = $1 and expires_at > $2 returning id
     )
     insert into logins (id, email, password_hash, first_name, last_name, language, email_verified, is_operator, created_at)
     select $3, $4, $5, $6, $7, $8, true, true, $2 from used
     where not exists (select from logins where is_operator and disabled_at is null)
     on conflict (lower(email)) do nothing`,
    [
      order.tokenHash,
      order.now,
      order.loginId,
      order.email,
      order.passwordHash,
      order.firstName,
      order.lastName,
      order.language,
    ],
  );
  return rowCount === 1;
}

/** Whether somebody runs the installation. */
export async function hasOperator(database: Database): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'select 1 from logins where is_operator and disabled_at is null limit 1',
  );
  return rowCount === 1;
}

export async function eraseLinks(database: Database, now: Date): Promise<void> {
  await database.pool.query('delete from account_links where expires_at <= $1', [now]);
}
