import type { LoginId, UserId } from '#contract/ids';
import { audienceOf } from './scopes.ts';

export const ACCESS_TOKEN_SECONDS = 3600;

/** Who signed in, and how. */
export type Person = {
  readonly loginId: LoginId;
  /** The person of that login in the tenant of the client, when there is one. */
  readonly userId: UserId | undefined;
  readonly sessionId: string;
  readonly amr: readonly string[];
  readonly identityProvider: string;
  readonly authTimeSeconds: number;
};

/** The claims of an access token (identity.md 6); those about a person are left out when a program acts for itself. */
export function accessTokenClaims(token: {
  readonly issuer: string;
  readonly tokenId: string;
  readonly clientId: string;
  readonly tenantId: string | null;
  readonly productId: string | null;
  readonly scopes: readonly string[];
  readonly person: Person | undefined;
  readonly now: Date;
}): Record<string, unknown> {
  const issuedAt = Math.floor(token.now.getTime() / 1000);
  return {
    iss: token.issuer,
    aud: audienceOf(token.scopes),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + ACCESS_TOKEN_SECONDS,
    jti: token.tokenId,
    client_id: token.clientId,
    scope: [...token.scopes],
    ...(token.tenantId === null ? {} : { tenant_id: token.tenantId }),
    ...(token.productId === null ? {} : { product_id: token.productId }),
    ...(token.person === undefined ? {} : personClaims(token.person, token.tenantId)),
  };
}

function personClaims(person: Person, tenantId: string | null): Record<string, unknown> {
  return {
    sub: person.loginId,
    identity_id: person.loginId,
    sid: person.sessionId,
    idp: person.identityProvider,
    amr: [...person.amr],
    auth_time: person.authTimeSeconds,
    skip_email: false,
    ...(tenantId === null || person.userId === undefined
      ? {}
      : { [`profile_id_${tenantId}`]: person.userId }),
  };
}
