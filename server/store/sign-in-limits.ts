/** Failed sign-ins and request counts (identity.md 10). They come before the tenant, as clients and logins do. */
import type { LoginId } from '#contract/ids';
import type { Database } from './pool.ts';

export type FailureKind =
  'password' | 'client_secret' | 'second_factor' | 'recovery_code' | 'access_code';

export async function insertSignInFailure(
  database: Database,
  failure: {
    readonly kind: FailureKind;
    readonly account: string;
    readonly clientId: string | undefined;
    readonly network: string;
    readonly at: Date;
  },
): Promise<void> {
  await database.pool.query(
    `insert into sign_in_failures (kind, account, client_id, network, failed_at) values ($1, $2, $3, $4, $5)`,
    [failure.kind, failure.account, failure.clientId ?? null, failure.network, failure.at],
  );
}

/** The newest failures, newest first, of an account in a network, of the account anywhere, and of the network. */
export type PasswordFailures = {
  readonly pair: readonly Date[];
  readonly account: readonly Date[];
  readonly network: readonly Date[];
  /** When the login last signed in from this network. */
  readonly lastSuccessAt: Date | undefined;
};

export async function listPasswordFailures(
  database: Database,
  query: {
    readonly account: string;
    readonly loginId: LoginId | undefined;
    readonly network: string;
    readonly limits: {
      readonly pair: number;
      readonly account: number;
      readonly network: number;
    };
  },
): Promise<PasswordFailures> {
  const { rows } = await database.pool.query<{
    pair: Date[];
    account: Date[];
    network: Date[];
    last_success_at: Date | null;
  }>({
    name: 'list-password-failures',
    text: `select
      array(select failed_at from sign_in_failures where kind = 'password' and account = $1 and network = $2
            order by failed_at desc limit $4) as pair,
      array(select failed_at from sign_in_failures where kind = 'password' and account = $1
            order by failed_at desc limit $5) as account,
      array(select failed_at from sign_in_failures where kind = 'password' and network = $2
            order by failed_at desc limit $6) as network,
      (select last_success_at from sign_in_networks where login_id = $3 and network = $2) as last_success_at`,
    values: [
      query.account,
      query.network,
      query.loginId ?? null,
      query.limits.pair,
      query.limits.account,
      query.limits.network,
    ],
  });
  const row = rows[0];
  return {
    pair: row?.pair ?? [],
    account: row?.account ?? [],
    network: row?.network ?? [],
    lastSuccessAt: row?.last_success_at ?? undefined,
  };
}

/** Whether an account has had so many wrong passwords since. */
export async function hadWrongPasswords(
  database: Database,
  query: { readonly loginId: LoginId; readonly count: number; readonly since: Date },
): Promise<boolean> {
  const { rows } = await database.pool.query(
    `select 1 from sign_in_failures where kind = 'password' and account = $1 and failed_at > $2
     order by failed_at desc offset $3 limit 1`,
    [`login:${query.loginId}`, query.since, query.count - 1],
  );
  return rows.length > 0;
}

/** The newest failures, newest first, of an account in a network and anywhere. */
export type FactorFailures = Pick<PasswordFailures, 'pair' | 'account' | 'lastSuccessAt'>;

export async function listFactorFailures(
  database: Database,
  query: {
    readonly kind: FailureKind;
    readonly account: string;
    readonly loginId: LoginId;
    readonly network: string;
    readonly count: number;
  },
): Promise<FactorFailures> {
  const { rows } = await database.pool.query<{
    pair: Date[];
    account: Date[];
    last_success_at: Date | null;
  }>({
    name: 'list-factor-failures',
    text: `select
      array(select failed_at from sign_in_failures where kind = $1 and account = $2 and network = $3
            order by failed_at desc limit $5) as pair,
      array(select failed_at from sign_in_failures where kind = $1 and account = $2
            order by failed_at desc limit $5) as account,
      (select last_success_at from sign_in_networks where login_id = $4 and network = $3) as last_success_at`,
    values: [query.kind, query.account, query.network, query.loginId, query.count],
  });
  const row = rows[0];
  return {
    pair: row?.pair ?? [],
    account: row?.account ?? [],
    lastSuccessAt: row?.last_success_at ?? undefined,
  };
}

/** Remembers that a login signed in from a network; written at most once an hour per pair. */
export async function recordSignIn(
  database: Database,
  signIn: { readonly loginId: LoginId; readonly network: string; readonly at: Date },
): Promise<void> {
  await database.pool.query({
    name: 'record-sign-in',
    text: `insert into sign_in_networks as known (login_id, network, last_success_at) values ($1, $2, $3)
           on conflict (login_id, network) do update set last_success_at = excluded.last_success_at
             where known.last_success_at < excluded.last_success_at - interval '1 hour'`,
    values: [signIn.loginId, signIn.network, signIn.at],
  });
}

/** The newest wrong access codes, newest first, of a network and through a client. */
export async function listCodeFailures(
  database: Database,
  query: {
    readonly account: string;
    readonly network: string;
    readonly limits: { readonly network: number; readonly client: number };
  },
): Promise<{ readonly network: readonly Date[]; readonly client: readonly Date[] }> {
  const { rows } = await database.pool.query<{ network: Date[]; client: Date[] }>({
    name: 'list-code-failures',
    text: `select
      array(select failed_at from sign_in_failures where kind = 'access_code' and network = $2
            order by failed_at desc limit $3) as network,
      array(select failed_at from sign_in_failures where kind = 'access_code' and account = $1
            order by failed_at desc limit $4) as client`,
    values: [query.account, query.network, query.limits.network, query.limits.client],
  });
  return rows[0] ?? { network: [], client: [] };
}

/** Counts one request of the running minute, and gives that count and the newest failures of the pair, newest first. */
export async function countTokenRequest(
  database: Database,
  query: {
    readonly account: string;
    readonly network: string;
    readonly minute: Date;
    readonly failureLimit: number;
  },
): Promise<{ requests: number; failures: readonly Date[] }> {
  const { rows } = await database.pool.query<{ requests: number; failures: Date[] }>({
    name: 'count-token-request',
    text: `with counted as (
             insert into token_request_counts as c (account, network, minute, requests) values ($1, $2, $3, 1)
             on conflict (account, network) do update
               set minute = excluded.minute,
                   requests = case when c.minute = excluded.minute then c.requests + 1 else 1 end
             returning requests
           )
           select counted.requests, array(
             select failed_at from sign_in_failures where kind = 'client_secret' and account = $1 and network = $2
             order by failed_at desc limit $4
           ) as failures from counted`,
    values: [query.account, query.network, query.minute, query.failureLimit],
  });
  return { requests: rows[0]?.requests ?? 0, failures: rows[0]?.failures ?? [] };
}

/** Forgets what is older than its use: failures, networks and minutes before the given instants. */
export async function sweepSignInLimits(
  database: Database,
  before: { readonly failures: Date; readonly networks: Date; readonly minutes: Date },
): Promise<void> {
  await database.pool.query('delete from sign_in_failures where failed_at < $1', [before.failures]);
  await database.pool.query('delete from sign_in_networks where last_success_at < $1', [
    before.networks,
  ]);
  await database.pool.query('delete from token_request_counts where minute < $1', [before.minutes]);
}
