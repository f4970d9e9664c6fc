import { apiScopes } from './scopes.ts';
import { paths } from './paths.ts';

/** What the library lists although it belongs to parts that are not offered. */
const notOffered = [
  'authorization_endpoint',
  'authorization_response_iss_parameter_supported',
  'claims_parameter_supported',
  'code_challenge_methods_supported',
  'request_uri_parameter_supported',
  'response_modes_supported',
];

/** The library's description, narrowed to what works (docs/decisions/0052). */
export function discoveryOf(issuer: string, description: unknown): Record<string, unknown> {
  const members = Object.entries(description as Record<string, unknown>);
  return {
    ...Object.fromEntries(members.filter(([name]) => !notOffered.includes(name))),
    issuer,
    jwks_uri: `${issuer}${paths.keys}`,
    token_endpoint: `${issuer}${paths.token}`,
    scopes_supported: [...apiScopes],
    claims_supported: ['sub', 'auth_time', 'amr', 'idp', 'sid'],
  };
}
