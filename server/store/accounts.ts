/** What a login knows of its person, and what changes it: password, address, names. Across tenants, as logins are. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type Account = {
  readonly id: LoginId;
  readonly email: string;
  readonly passwordHash: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string | null;
  readonly language: string | null;
  readonly imageUrl: string | null;
  readonly isOperator: boolean;
  readonly createdAt: Date;
};

type Row = {
  readonly id: LoginId;
  readonly email: string;
  readonly password_hash: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly phone: string | null;
  readonly language: string | null;
  readonly image_url: string | null;
  readonly is_operator: boolean;
  readonly created_at: Date;
};

const columns = `id, email, password_hash, first_name, last_name, phone, language, image_url, is_operator, created_at`;

function accountOf(row: Row): Account {
  return {
    id: row.id,
    email: row.email,
    passwordHash: row.password_hash,
    firstName: row.first_name,
    lastName: row.last_name,
    phone: row.phone,
    language: row.language,
    imageUrl: row.image_url,
    isOperator: row.is_operator,
    createdAt: row.created_at,
  };
}

/** The account of a login that is not disabled. */
export async function findAccount(
  database: Database,
  loginId: LoginId,
): Promise<Account | undefined> {
  const { rows } = await database.pool.query<Row>(
    `select ${columns} from logins where id = $1 and disabled_at is null and removal_requested_at is null`,
    [loginId],
  );
  return rows[0] && accountOf(rows[0]);
}

/** The account of an address in any letter case, disabled or not. */
export async function findAccountByEmail(
  database: Database,
  email: string,
): Promise<(Account & { readonly isDisabled: boolean }) | undefined> {
  const { rows } = await database.pool.query<Row & { readonly is_disabled: boolean }>(
    `select ${columns}, disabled_at is not null or removal_requested_at is not null as is_disabled
     from logins where lower(email) = lower($1)`,
    [email],
  );
  const row = rows[0];
  return row && { ...accountOf(row), isDisabled: row.is_disabled };
}

/** The mailbox of a login has answered. */
export async function confirmAddress(database: Database, loginId: LoginId): Promise<void> {
  await database.pool.query('update logins set email_verified = true where id = $1', [loginId]);
}

/** Sets another password; sign-ins that wait for a second factor after the former one are over. */
export async function setPassword(
  database: Database,
  { loginId, passwordHash }: { readonly loginId: LoginId; readonly passwordHash: string },
): Promise<void> {
  await database.pool.query(
    `with waiting as (delete from sign_in_attempts where login_id = $1)
     update logins set password_hash = $2 where id = $1`,
    [loginId, passwordHash],
  );
}

export async function setProfile(
  database: Database,
  profile: {
    readonly loginId: LoginId;
    readonly firstName: string;
    readonly lastName: string;
    readonly language: string | null;
  },
): Promise<void> {
  await database.pool.query(
    'update logins set first_name = $2, last_name = $3, language = $4 where id = $1',
    [profile.loginId, profile.firstName, profile.lastName, profile.language],
  );
}

/** An account as whoever runs the installation sees it. */
export type ListedAccount = {
  readonly id: LoginId;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly email_verified: boolean;
  readonly is_operator: boolean;
  readonly is_disabled: boolean;
  readonly created_at: Date;
};

/** Every account, by address. */
export async function listAccounts(database: Database): Promise<ListedAccount[]> {
  const { rows } = await database.pool.query<ListedAccount>(
    `select id, email, first_name, last_name, email_verified, is_operator, disabled_at is not null as is_disabled, created_at
     from logins where email is not null order by lower(email)`,
  );
  return rows;
}

/** Gives the right to run the installation; false when the account is disabled. */
export async function makeOperator(database: Database, loginId: LoginId): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update logins set is_operator = true where id = $1 and disabled_at is null',
    [loginId],
  );
  return rowCount === 1;
}
