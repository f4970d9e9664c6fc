import type { SignedInPerson } from '#server/store/signed-in-people';
import { secondsOf } from './access-token.ts';

/** Which members of a person each scope opens in id token and user info (identity.md 6). */
export const claimsOfScopes = {
  openid: ['sub', 'auth_time', 'amr', 'idp'],
  profile: ['name', 'given_name', 'family_name', 'locale'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
} as const;

/** All that id token and user info may say of a person; what is not known is left out. */
export function personClaims(person: SignedInPerson): Record<string, unknown> {
  const name = `${person.firstName} ${person.lastName}`.trim();
  const known: Record<string, unknown> = {
    sub: person.loginId,
    idp: person.identityProvider,
    name,
    given_name: person.firstName,
    family_name: person.lastName,
    locale: person.language,
    email: person.email,
    email_verified: person.isEmailVerified,
    phone_number: person.phone,
    // A number is only kept once its owner has confirmed it (identity.md 9).
    phone_number_verified: person.phone === null ? null : true,
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== null && value !== ''),
  );
}

/** What user info tells to a token of these scopes: the members of its id token that are about the person. */
export function userInfoOf(
  person: SignedInPerson,
  scopes: ReadonlySet<string>,
): Record<string, unknown> {
  const open: readonly string[] = Object.entries(claimsOfScopes).flatMap(([scope, claims]) =>
    scopes.has(scope) ? claims : [],
  );
  const known = {
    ...personClaims(person),
    auth_time: secondsOf(person.authTime),
    amr: [...person.amr],
  };
  return Object.fromEntries(Object.entries(known).filter(([name]) => open.includes(name)));
}
