import { errors } from 'oidc-provider';
import type { LoginId } from '#contract/ids';
import { temporarilyUnavailable } from './grant-errors.ts';
import type { PasswordCheck } from './password-check.ts';
import type { PersonSignIn } from './person-grant.ts';
import type { SignInLimits } from './sign-in-limits.ts';

/** Signs a person in by address and password, or throws what the token endpoint answers (identity.md 3 and 10). */
export function createPasswordSignIn({
  checkPassword,
  mayGoWithoutFactor,
  limits,
}: {
  readonly checkPassword: PasswordCheck;
  /** Whether the password alone is enough: no second factor, or an integration account of the client. */
  readonly mayGoWithoutFactor: (account: {
    readonly loginId: LoginId;
    readonly clientId: string;
  }) => Promise<boolean>;
  readonly limits: SignInLimits;
}): PersonSignIn {
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
    const loginId = answer.login.id;
    if (!(await mayGoWithoutFactor({ loginId, clientId })))
      throw new errors.InvalidGrant({ detail: 'the account has a second factor' });
    await limits.passwordWasRight({ loginId, network });
    return loginId;
  };
}
