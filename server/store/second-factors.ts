/**
 * What a login proves itself with besides its password (identity.md 9): authenticators, passkeys and recovery codes; and the
 * clients it lets in without. Across tenants, as logins are.
 */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type Passkey = {
  readonly kind: 'passkey';
  readonly loginId: LoginId;
  readonly id: string;
  readonly name: string;
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

export type Authenticator = {
  readonly kind: 'authenticator';
  readonly loginId: LoginId;
  readonly id: string;
  readonly name: string;
  readonly sealedSecret: Buffer;
  /** The newest time step a code was taken of; it and the ones before are used up. */
  readonly lastStep: number;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
};

export type SecondFactor = Passkey | Authenticator;

type Row = {
  readonly login_id: LoginId;
  readonly id: string;
  readonly kind: 'passkey' | 'authenticator';
  readonly name: string;
  readonly sealed_secret: Buffer;
  readonly last_step: string;
  readonly credential_id: string;
  readonly public_key: Buffer;
  readonly sign_count: string;
  readonly transports: string[];
  readonly created_at: Date;
  readonly last_used_at: Date | null;
};

function factorOf(row: Row): SecondFactor {
  const shared = {
    loginId: row.login_id,
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
  return row.kind === 'passkey'
    ? {
        ...shared,
        kind: row.kind,
        credentialId: row.credential_id,
        publicKey: row.public_key,
        signCount: Number(row.sign_count),
        transports: row.transports,
      }
    : {
        ...shared,
        kind: row.kind,
        sealedSecret: row.sealed_secret,
        lastStep: Number(row.last_step),
      };
}

/** Whether a login proves itself with more than its password. */
export async function hasSecondFactor(database: Database, loginId: LoginId): Promise<boolean> {
  const { rows } = await database.pool.query({
    name: 'has-second-factor',
    text: 'select 1 from second_factors where login_id = $1 limit 1',
    values: [loginId],
  });
  return rows.length > 0;
}

/** The factors of a login, the oldest first. */
export async function listSecondFactors(
  database: Database,
  loginId: LoginId,
): Promise<readonly SecondFactor[]> {
  const { rows } = await database.pool.query<Row>(
    'select * from second_factors where login_id = $1 order by created_at, id',
    [loginId],
  );
  return rows.map(factorOf);
}

/** The passkey of a credential id, whosever it is, unless the login is disabled. */
export async function findPasskey(
  database: Database,
  credentialId: string,
): Promise<Passkey | undefined> {
  const { rows } = await database.pool.query<Row>(
    `select f.* from second_factors f join logins l on l.id = f.login_id
     where f.credential_id = $1 and l.disabled_at is null and l.email_verified`,
    [credentialId],
  );
  const factor = rows[0] && factorOf(rows[0]);
  return factor?.kind === 'passkey' ? factor : undefined;
}

/** Adds a factor; false when the passkey is somebody's already, or the login has `atMost`. */
export async function insertSecondFactor(
  database: Database,
  { factor, atMost }: { readonly factor: SecondFactor; readonly atMost: number },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `insert into second_factors (login_id, id, kind, name, sealed_secret, last_step, credential_id, public_key, sign_count,
       transports, created_at, last_used_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
     where (select count(*) from second_factors where login_id = $1) < $13
     on conflict (credential_id) where credential_id is not null do nothing`,
    [
      factor.loginId,
      factor.id,
      factor.kind,
      factor.name,
      ...(factor.kind === 'authenticator'
        ? [factor.sealedSecret, factor.lastStep, null, null, null, null]
        : [null, null, factor.credentialId, factor.publicKey, factor.signCount, factor.transports]),
      factor.createdAt,
      factor.lastUsedAt,
      atMost,
    ],
  );
  return rowCount === 1;
}

/** Takes a factor away, and the recovery codes with the last one; gives its name, or undefined when there is none. */
export async function deleteSecondFactor(
  database: Database,
  { loginId, id }: { readonly loginId: LoginId; readonly id: string },
): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ name: string }>(
    `with gone as (
       delete from second_factors where login_id = $1 and id = $2 returning id, name
     ), codes as (
       delete from recovery_codes where login_id = $1 and exists (select from gone)
         and not exists (select from second_factors f where f.login_id = $1 and f.id <> $2)
     )
     select name from gone`,
    [loginId, id],
  );
  return rows[0]?.name;
}

/** Takes all factors and recovery codes of a login away, and the trust in its browsers; gives how many factors there were. */
export async function deleteSecondFactors(database: Database, loginId: LoginId): Promise<number> {
  const { rowCount } = await database.pool.query(
    `with codes as (
       delete from recovery_codes where login_id = $1
     ), trust as (
       update known_devices set trusted_until = null where login_id = $1 and trusted_until is not null
     )
     delete from second_factors where login_id = $1`,
    [loginId],
  );
  return rowCount ?? 0;
}

/** Uses a time step of an authenticator up; false when it is used already. */
export async function useStep(
  database: Database,
  used: {
    readonly loginId: LoginId;
    readonly id: string;
    readonly step: number;
    readonly at: Date;
  },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `update second_factors set last_step = $3, last_used_at = $4
     where login_id = $1 and id = $2 and kind = 'authenticator' and last_step < $3`,
    [used.loginId, used.id, used.step, used.at],
  );
  return rowCount === 1;
}

/** Notes the use of a passkey. */
export async function touchPasskey(
  database: Database,
  used: {
    readonly loginId: LoginId;
    readonly id: string;
    readonly signCount: number;
    readonly at: Date;
  },
): Promise<void> {
  await database.pool.query(
    'update second_factors set sign_count = $3, last_used_at = $4 where login_id = $1 and id = $2',
    [used.loginId, used.id, used.signCount, used.at],
  );
}

/** Puts these recovery codes in the place of all others. */
export async function replaceRecoveryCodes(
  database: Database,
  codes: {
    readonly loginId: LoginId;
    readonly hashes: readonly string[];
    readonly at: Date;
  },
): Promise<void> {
  await database.pool.query(
    `with gone as (
       delete from recovery_codes where login_id = $1 and code_hash <> all ($2::text[])
     )
     insert into recovery_codes (login_id, code_hash, created_at) select $1, unnest($2::text[]), $3`,
    [codes.loginId, codes.hashes, codes.at],
  );
}

/** Uses a recovery code up; false when there is none such. */
export async function useRecoveryCode(
  database: Database,
  code: { readonly loginId: LoginId; readonly hash: string; readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update recovery_codes set used_at = $3 where login_id = $1 and code_hash = $2 and used_at is null',
    [code.loginId, code.hash, code.at],
  );
  return rowCount === 1;
}

/** How many recovery codes are left. */
export async function countRecoveryCodes(database: Database, loginId: LoginId): Promise<number> {
  const { rows } = await database.pool.query<{ left: number }>(
    'select count(*)::int as left from recovery_codes where login_id = $1 and used_at is null',
    [loginId],
  );
  return rows[0]?.left ?? 0;
}

type Pair = { readonly loginId: LoginId; readonly clientId: string };

/** Whether the person lets this client in with the password alone, in spite of a second factor (identity.md 3). */
export async function isIntegrationAccount(
  database: Database,
  { loginId, clientId }: Pair,
): Promise<boolean> {
  const { rows } = await database.pool.query({
    name: 'is-integration-account',
    text: 'select 1 from integration_accounts where login_id = $1 and client_id = $2',
    values: [loginId, clientId],
  });
  return rows.length > 0;
}

export type IntegrationClient = {
  readonly clientId: string;
  readonly name: string;
  readonly isMarked: boolean;
};

/** The clients that could sign a person in by password: those of the person's tenants, and the ones that are marked. */
export async function listIntegrationClients(
  database: Database,
  loginId: LoginId,
): Promise<readonly IntegrationClient[]> {
  const { rows } = await database.pool.query<{ id: string; name: string; is_marked: boolean }>(
    `select c.id, c.name, i.client_id is not null as is_marked from clients c
     left join integration_accounts i on i.client_id = c.id and i.login_id = $1
     where c.disabled_at is null and 'password' = any (c.grants) and (i.client_id is not null
       or c.tenant_id in (select tenant_id from users where login_id = $1))
     order by c.name, c.id limit 200`,
    [loginId],
  );
  return rows.map((row) => ({ clientId: row.id, name: row.name, isMarked: row.is_marked }));
}

export async function markIntegrationAccount(
  database: Database,
  { loginId, clientId, at }: Pair & { readonly at: Date },
): Promise<void> {
  await database.pool.query(
    `insert into integration_accounts (login_id, client_id, marked_at)
     select $1, id, $3 from clients where id = $2 on conflict do nothing`,
    [loginId, clientId, at],
  );
}

export async function unmarkIntegrationAccount(
  database: Database,
  { loginId, clientId }: Pair,
): Promise<void> {
  await database.pool.query(
    'delete from integration_accounts where login_id = $1 and client_id = $2',
    [loginId, clientId],
  );
}
