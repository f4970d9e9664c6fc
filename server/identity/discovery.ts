import { apiScopes } from './scopes.ts';
import { paths } from './paths.ts';

/** The names of identity.md 1 that are true; the library describes parts that are not offered too (docs/decisions/0052). */
const offered = [
  'grant_types_supported',
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_methods_supported',
];

/** The library's description, narrowed to what works. */
export function discoveryOf(issuer: string, description: unknown): Record<string, unknown> {
  const members = Object.entries(description as Record<string, unknown>);
  return {
    issuer,
    jwks_uri: `${issuer}${paths.keys}`,
    token_endpoint: `${issuer}${paths.token}`,
    scopes_supported: [...apiScopes],
    claims_supported: ['sub', 'auth_time', 'amr', 'idp', 'sid'],
    ...Object.fromEntries(members.filter(([name]) => offered.includes(name))),
  };
}
