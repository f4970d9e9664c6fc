/** Who is signed in where. Sessions come before the tenant, as logins do: a person signs in once for all of them. */
import type { LoginId } from '#contract/ids';
import { hasLeftPod } from './pod-passes.ts';
import type { Database } from './pool.ts';

export type SignInSessionRow = {
  readonly id: string;
  readonly loginId: LoginId;
  readonly amr: readonly string[];
  readonly identityProvider: string;
  readonly authTime: Date;
  readonly isRemembered: boolean;
  readonly network: string;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** The program that signed the person in by their password; null = a browser. */
  readonly clientId: string | null;
  readonly clientName: string | null;
};

export type NewSignInSession = Omit<
  SignInSessionRow,
  'createdAt' | 'lastUsedAt' | 'authTime' | 'clientName'
> & {
  /** Null for a program, which has no cookie. */
  readonly secretHash: string | null;
  readonly tokensUntil: Date | null;
  readonly at: Date;
};

const columns = `s.id, s.login_id as "loginId", s.amr, s.identity_provider as "identityProvider",
  s.auth_time as "authTime", s.is_remembered as "isRemembered", s.network, s.user_agent as "userAgent",
  s.created_at as "createdAt", s.last_used_at as "lastUsedAt", s.client_id as "clientId", c.name as "clientName"`;

export async function insertSignInSession(
  database: Database,
  session: NewSignInSession,
): Promise<void> {
  await database.pool.query({
    name: 'insert-sign-in-session',
    text: `insert into sign_in_sessions
             (id, login_id, secret_hash, client_id, amr, identity_provider, auth_time, is_remembered, network, user_agent,
              created_at, last_used_at, tokens_until)
           values ($1, $2, $3, $4, $5, $6, $11, $7, $8, $9, $11, $11, $10)`,
    values: [
      session.id,
      session.loginId,
      session.secretHash,
      session.clientId,
      session.amr,
      session.identityProvider,
      session.isRemembered,
      session.network,
      session.userAgent,
      session.tokensUntil,
      session.at,
    ],
  });
}

/** Since when a session must have been used, or begun when it is remembered, to be alive. */
export type AliveSince = { readonly idle: Date; readonly remembered: Date };

/** The session of a cookie, unless it has ended or expired or its login is disabled. */
export async function findSignInSession(
  database: Database,
  { secretHash, since }: { readonly secretHash: string; readonly since: AliveSince },
): Promise<SignInSessionRow | undefined> {
  const { rows } = await database.pool.query<SignInSessionRow>({
    name: 'find-sign-in-session',
    text: `select ${columns}
           from sign_in_sessions s join logins l on l.id = s.login_id left join clients c on c.id = s.client_id
           where s.secret_hash = $1 and s.ended_at is null and l.disabled_at is null
             and case when s.is_remembered then s.created_at > $3 else s.last_used_at > $2 end`,
    values: [secretHash, since.idle, since.remembered],
  });
  return rows[0];
}

/** Notes that a session was used. */
export async function touchSignInSession(
  database: Database,
  { id, at }: { readonly id: string; readonly at: Date },
): Promise<void> {
  await database.pool.query({
    name: 'touch-sign-in-session',
    text: 'update sign_in_sessions set last_used_at = $2 where id = $1 and last_used_at < $2',
    values: [id, at],
  });
}

/** Notes how and when the person proved to be it once more. */
export async function strengthenSignInSession(
  database: Database,
  proof: { readonly id: string; readonly amr: readonly string[]; readonly authTime: Date },
): Promise<void> {
  await database.pool.query(
    'update sign_in_sessions set amr = $2, auth_time = $3 where id = $1 and ended_at is null',
    [proof.id, proof.amr, proof.authTime],
  );
}

/** Keeps a session in mind for as long as tokens of it may be in use. */
export async function keepForTokens(
  database: Database,
  { id, until }: { readonly id: string; readonly until: Date },
): Promise<void> {
  await database.pool.query({
    name: 'keep-sign-in-session',
    text: `update sign_in_sessions set tokens_until = $2
           where id = $1 and (tokens_until is null or tokens_until < $2)`,
    values: [id, until],
  });
}

/** The sessions of a login that live, or whose tokens do, the last used first. */
export async function listSignInSessions(
  database: Database,
  {
    loginId,
    since,
    at,
  }: { readonly loginId: LoginId; readonly since: AliveSince; readonly at: Date },
): Promise<SignInSessionRow[]> {
  const { rows } = await database.pool.query<SignInSessionRow>(
    `select ${columns} from sign_in_sessions s left join clients c on c.id = s.client_id
     where s.login_id = $1 and s.ended_at is null
       and (s.tokens_until > $4
         or (s.secret_hash is not null
           and case when s.is_remembered then s.created_at > $3 else s.last_used_at > $2 end))
     order by s.last_used_at desc, s.id`,
    [loginId, since.idle, since.remembered, at],
  );
  return rows;
}

/** Ends a session. False when there is none that could end. */
export async function endSignInSession(
  database: Database,
  { id, at }: { readonly id: string; readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update sign_in_sessions set ended_at = $2 where id = $1 and ended_at is null',
    [id, at],
  );
  return rowCount === 1;
}

/** Ends all sessions of a login but one. */
export async function endSignInSessions(
  database: Database,
  {
    loginId,
    except,
    at,
  }: { readonly loginId: LoginId; readonly except: string | null; readonly at: Date },
): Promise<void> {
  await database.pool.query(
    `update sign_in_sessions set ended_at = $3
     where login_id = $1 and ended_at is null and ($2::uuid is null or id <> $2)`,
    [loginId, except, at],
  );
}

/** Forgets sessions that neither live nor have tokens in use, and revoked tokens that have expired. */
export async function sweepSignInSessions(
  database: Database,
  { since, at }: { readonly since: AliveSince; readonly at: Date },
): Promise<void> {
  await database.pool.query(
    `delete from sign_in_sessions
     where (tokens_until is null or tokens_until < $3)
       and (ended_at is not null or secret_hash is null
         or case when is_remembered then created_at <= $2 else last_used_at <= $1 end)`,
    [since.idle, since.remembered, at],
  );
  await database.pool.query('delete from revoked_tokens where expires_at < $1', [at]);
}

/** Remembers an access token or a whole grant as ended until its last token has expired. */
export async function insertRevokedToken(
  database: Database,
  token: { readonly id: string; readonly expiresAt: Date },
): Promise<void> {
  await database.pool.query(
    'insert into revoked_tokens (id, expires_at) values ($1, $2) on conflict (id) do nothing',
    [token.id, token.expiresAt],
  );
}

/**
 * Whether what a token was given for still stands: client and login there and not disabled, session there and not ended, and
 * neither the token nor its grant revoked.
 */
export async function isTokenInForce(
  database: Database,
  token: {
    readonly clientId: string;
    readonly loginId: string | null;
    readonly sessionId: string | null;
    readonly tokenIds: readonly string[];
  },
): Promise<boolean> {
  const { rows } = await database.pool.query<{ active: boolean }>({
    name: 'is-token-in-force',
    text: `select exists (select from clients where id = $1 and disabled_at is null)
             and ($2::uuid is null or exists (select from logins where id = $2 and disabled_at is null))
             and ($2::uuid is null or not ${hasLeftPod('$2::uuid')})
             and ($3::uuid is null or exists (
               select from sign_in_sessions where id = $3 and login_id = $2 and ended_at is null))
             and not exists (select from revoked_tokens where id = any ($4::text[])) as active`,
    values: [token.clientId, token.loginId, token.sessionId, token.tokenIds],
  });
  return rows[0]?.active === true;
}
