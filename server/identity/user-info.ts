import type { TenantId } from '#contract/ids';
import { type TokenCheck, TokenError } from '#server/http/token';
import type { SignedInPerson } from '#server/store/signed-in-people';
import { userInfoOf } from './person-claims.ts';

export type UserInfoAnswer = {
  readonly status: 200 | 401 | 403;
  readonly challenge?: string;
  readonly claims?: Record<string, unknown>;
};

/** Answers what a token's scopes open of its person (identity.md 6), refused as the APIs do it (identity.md 8). */
export type UserInfo = (authorization: string | undefined) => Promise<UserInfoAnswer>;

export function createUserInfo({
  checkToken,
  audiences,
  findPerson,
}: {
  readonly checkToken: TokenCheck;
  /** Of all tokens that are made here. */
  readonly audiences: readonly string[];
  readonly findPerson: (
    sessionId: string,
    tenantId: TenantId | null,
  ) => Promise<SignedInPerson | undefined>;
}): UserInfo {
  return async (authorization) => {
    try {
      const caller = await checkToken(authorization, { audiences });
      if (!caller.scopes.has('openid'))
        return { status: 403, challenge: 'Bearer error="insufficient_scope"' };
      const person =
        caller.sessionId === undefined ? undefined : await findPerson(caller.sessionId, null);
      if (person === undefined) return { status: 401, challenge: 'Bearer' };
      return { status: 200, claims: userInfoOf(person, caller.scopes) };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return {
        status: error.status,
        ...(error.challenge === '' ? {} : { challenge: error.challenge }),
      };
    }
  };
}
