import { nilUuid } from '#contract/ids';
import type { SignedInPerson } from '#server/store/signed-in-people';
import { audienceOf } from './scopes.ts';

const DAY_SECONDS = 86_400;
export const ACCESS_TOKEN_SECONDS = 3600;
/** Unused for so long, a refresh token has expired; the whole family has a year after its grant (identity.md 6). */
export const REFRESH_UNUSED_SECONDS = 30 * DAY_SECONDS;
export const REFRESH_IN_ALL_SECONDS = 365 * DAY_SECONDS;

/** The claims of an access token (identity.md 6); those about a person are left out when a program acts for itself. */
export function accessTokenClaims(token: {
  readonly issuer: string;
  readonly tokenId: string;
  readonly clientId: string;
  readonly tenantId: string | null;
  readonly productId: string | null;
  readonly scopes: readonly string[];
  readonly person: SignedInPerson | undefined;
  readonly now: Date;
}): Record<string, unknown> {
  const issuedAt = Math.floor(token.now.getTime() / 1000);
  return {
    iss: token.issuer,
    aud: audienceOf(token.scopes, token.issuer),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + ACCESS_TOKEN_SECONDS,
    jti: token.tokenId,
    client_id: token.clientId,
    scope: [...token.scopes],
    // Our own web pages and phone app have none: they serve a person in all of theirs (identity.md 2).
    tenant_id: token.tenantId ?? nilUuid,
    product_id: token.productId ?? nilUuid,
    ...(token.person === undefined ? {} : personClaims(token.person)),
  };
}

function personClaims(person: SignedInPerson): Record<string, unknown> {
  const profiles = person.profiles.map(({ tenantId, userId }) => [
    `profile_id_${tenantId}`,
    userId,
  ]);
  return {
    sub: person.loginId,
    identity_id: person.loginId,
    sid: person.sessionId,
    idp: person.identityProvider,
    amr: [...person.amr],
    auth_time: secondsOf(person.authTime),
    skip_email: false,
    ...(person.pass === null
      ? {}
      : {
          site_id: person.pass.siteId,
          pod_id: person.pass.podId,
          access_code_id: person.pass.accessCodeId,
        }),
    ...Object.fromEntries(profiles),
  };
}

/** The instant in seconds since 1970, as tokens count. */
export function secondsOf(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}

/** An id of a token that also says of which grant it is, so that all tokens of a grant can be refused by one word. */
export function tokenIdOf(token: {
  readonly jti: string;
  readonly grantId: string | undefined;
}): string {
  return token.grantId === undefined ? token.jti : `${token.grantId}.${token.jti}`;
}

/** The words under which a token may have been revoked: its own id, and its grant when it has one. */
export function revocableIds(tokenId: string): readonly string[] {
  const [grantId = '', own] = tokenId.split('.');
  return own === undefined ? [tokenId] : [tokenId, grantId];
}
