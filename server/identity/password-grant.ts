import type { TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { TenantId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import { findLoginByEmail, findUserId, type Login } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import type { Person } from './access-token.ts';
import { temporarilyUnavailable } from './grant-errors.ts';
import type { Passwords } from './passwords.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import { createTurns } from './turns.ts';

/** No address is longer (RFC 5321 section 4.5.3.1.3); longer ones are nobody's. */
const LONGEST_ADDRESS = 254;
/** Tries of one account from one network are counted one after the other, so that a volley does not slip past the limit. */
const TRIES_AT_ONCE_PER_ACCOUNT = 1;
const TRIES_AT_ONCE_PER_NETWORK = 4;

export type PasswordSignIn = (
  ctx: TokenEndpointGrantContext,
  attempt: {
    readonly clientId: string;
    readonly tenantId: TenantId | null;
  } & Origin,
) => Promise<Person>;

/** Signs a person in by address and password, or throws what the token endpoint answers (identity.md 3 and 10). */
export function createPasswordSignIn({
  database,
  clock,
  ids,
  passwords,
  limits,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly passwords: Passwords;
  readonly limits: SignInLimits;
}): PasswordSignIn {
  const inTurnPerNetwork = createTurns(TRIES_AT_ONCE_PER_NETWORK);
  const inTurnPerAccount = createTurns(TRIES_AT_ONCE_PER_ACCOUNT);

  return async (ctx, { clientId, tenantId, network, requestId }) => {
    const { username, password } = ctx.oidc.params;
    if (typeof username !== 'string' || typeof password !== 'string') {
      throw new errors.InvalidRequest('username and password must be sent');
    }

    const check = async (): Promise<Login> => {
      const login = await findLogin(username);
      const from = { clientId, tenantId, network, requestId };
      const attempt = { email: username, loginId: login?.id, ...from };
      const waitSeconds = await limits.passwordWaitSeconds(attempt);
      if (waitSeconds !== undefined) throw temporarilyUnavailable(ctx, waitSeconds);
      const isRight = await passwords.isRight(password, login?.passwordHash ?? undefined);
      if (login === undefined || !isRight) {
        await limits.passwordFailed(attempt);
        throw new errors.InvalidGrant({ detail: 'wrong user or password' });
      }
      return login;
    };

    const accountKey = `${network} ${username.toLowerCase()}`;
    const login = await inTurnPerNetwork(network, () => inTurnPerAccount(accountKey, check));
    if (login.isDisabled || !login.isEmailVerified) {
      throw new errors.InvalidGrant({ detail: 'the account is disabled or not confirmed' });
    }
    await limits.passwordWasRight({ loginId: login.id, network });
    return {
      loginId: login.id,
      userId:
        tenantId === null ? undefined : await findUserId(database, { tenantId, loginId: login.id }),
      sessionId: ids.next<string>(),
      amr: ['password'],
      identityProvider: 'local',
      authTimeSeconds: Math.floor(clock.now().getTime() / 1000),
    };
  };

  async function findLogin(email: string): Promise<Login | undefined> {
    // PostgreSQL refuses a text with a zero character.
    const isPossible = email.length <= LONGEST_ADDRESS && !email.includes('\0');
    return isPossible ? findLoginByEmail(database, email) : undefined;
  }
}
