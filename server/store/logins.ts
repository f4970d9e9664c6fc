/** Logins come before the tenant, as clients do: a person has one, whatever the number of tenants. */
import type { LoginId, TenantId, UserId } from '#contract/ids';
import type { Database } from './pool.ts';

export type Login = {
  readonly id: LoginId;
  readonly email: string;
  /** Argon2id in PHC form; null when the person signs in in another way. */
  readonly passwordHash: string | null;
  readonly isEmailVerified: boolean;
  readonly isDisabled: boolean;
};

export type NewLogin = {
  readonly id: LoginId;
  readonly email: string;
  readonly passwordHash: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly isEmailVerified: boolean;
  readonly createdAt: Date;
};

/** Adds a login; false when the address has one already, in whatever letter case. */
export async function insertLogin(database: Database, login: NewLogin): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `insert into logins (id, email, password_hash, first_name, last_name, email_verified, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (lower(email)) do nothing`,
    [
      login.id,
      login.email,
      login.passwordHash,
      login.firstName,
      login.lastName,
      login.isEmailVerified,
      login.createdAt,
    ],
  );
  return rowCount === 1;
}

/** The login of an address in any letter case. */
export async function findLoginByEmail(
  database: Database,
  email: string,
): Promise<Login | undefined> {
  const { rows } = await database.pool.query<{
    id: LoginId;
    email: string;
    password_hash: string | null;
    email_verified: boolean;
    disabled_at: Date | null;
  }>({
    name: 'find-login-by-email',
    text: `select id, email, password_hash, email_verified, disabled_at from logins where lower(email) = lower($1)`,
    values: [email],
  });
  const row = rows[0];
  return (
    row && {
      id: row.id,
      email: row.email,
      passwordHash: row.password_hash,
      isEmailVerified: row.email_verified,
      isDisabled: row.disabled_at !== null,
    }
  );
}

/** Ends a login; its tokens are refused within a minute. False when there is none. */
export async function disableLogin(
  database: Database,
  { loginId, at }: { readonly loginId: LoginId; readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update logins set disabled_at = coalesce(disabled_at, $2) where id = $1',
    [loginId, at],
  );
  return rowCount === 1;
}

/** Makes the login a person of the tenant, once; gives the id of that person, old or new. */
export async function ensureUser(
  database: Database,
  user: {
    readonly tenantId: TenantId;
    readonly id: UserId;
    readonly loginId: LoginId;
    readonly createdAt: Date;
  },
): Promise<UserId> {
  const { rows } = await database.pool.query<{ id: UserId }>(
    // The row of the login is held, so that two callers at once make one person.
    `with login as (
       select id from logins where id = $3 for update
     ), made as (
       insert into users (tenant_id, id, login_id, created_at)
       select $1, $2, login.id, $4 from login
       where not exists (select from users u where u.tenant_id = $1 and u.login_id = $3)
       returning id
     )
     select id from made
     union all
     select id from users where tenant_id = $1 and login_id = $3
     limit 1`,
    [user.tenantId, user.id, user.loginId, user.createdAt],
  );
  const row = rows[0];
  if (!row) throw new Error(`There is no login ${user.loginId}.`);
  return row.id;
}

/** The person of a login in a tenant. */
export async function findUserId(
  database: Database,
  { tenantId, loginId }: { readonly tenantId: TenantId; readonly loginId: LoginId },
): Promise<UserId | undefined> {
  const { rows } = await database.pool.query<{ id: UserId }>({
    name: 'find-user-of-login',
    text: 'select id from users where tenant_id = $1 and login_id = $2 order by created_at, id limit 1',
    values: [tenantId, loginId],
  });
  return rows[0]?.id;
}

/** Whether a login that is not disabled belongs to whoever runs the installation. */
export async function isOperatorLogin(database: Database, loginId: LoginId): Promise<boolean> {
  const { rows } = await database.pool.query({
    name: 'is-operator-login',
    text: 'select 1 from logins where id = $1 and is_operator and disabled_at is null',
    values: [loginId],
  });
  return rows.length > 0;
}
