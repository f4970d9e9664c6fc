import type { TokenEndpointGrantContext } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { TenantId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import { findUserId } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import type { Person } from './access-token.ts';
import { temporarilyUnavailable } from './grant-errors.ts';
import type { PasswordCheck } from './password-check.ts';
import type { Origin } from './sign-in-audit.ts';
import type { SignInLimits } from './sign-in-limits.ts';

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
  checkPassword,
  limits,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly checkPassword: PasswordCheck;
  readonly limits: SignInLimits;
}): PasswordSignIn {
  return async (ctx, { clientId, tenantId, network, requestId }) => {
    const { username, password } = ctx.oidc.params;
    if (typeof username !== 'string' || typeof password !== 'string') {
      throw new errors.InvalidRequest('username and password must be sent');
    }
    const from = { clientId, tenantId, network, requestId };
    const answer = await checkPassword({ email: username, password, ...from });
    if (answer.word === 'wait') throw temporarilyUnavailable(ctx, answer.seconds);
    if (answer.word === 'wrong')
      throw new errors.InvalidGrant({ detail: 'wrong user or password' });
    const { login } = answer;
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
}
