import { clientScopes } from '#contract/clients';
import { responseModes } from './authorize-request.ts';
import { claimsOfScopes } from './person-claims.ts';
import { paths } from './paths.ts';

/** The names of identity.md 1 that are true; the library describes parts that are not offered too (docs/decisions/0052). */
const offered = [
  'grant_types_supported',
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_methods_supported',
  'code_challenge_methods_supported',
];

/** The library's description, narrowed to what works. */
export function discoveryOf(issuer: string, description: unknown): Record<string, unknown> {
  const members = Object.entries(description as Record<string, unknown>);
  return {
    issuer,
    jwks_uri: `${issuer}${paths.keys}`,
    authorization_endpoint: `${issuer}${paths.authorization}`,
    token_endpoint: `${issuer}${paths.token}`,
    userinfo_endpoint: `${issuer}${paths.userInfo}`,
    end_session_endpoint: `${issuer}${paths.endSession}`,
    revocation_endpoint: `${issuer}${paths.revocation}`,
    introspection_endpoint: `${issuer}${paths.introspection}`,
    scopes_supported: [...clientScopes],
    claims_supported: [...Object.values(claimsOfScopes).flat(), 'sid'],
    response_modes_supported: [...responseModes],
    prompt_values_supported: ['none', 'login', 'select_account'],
    acr_values_supported: ['mfa'],
    authorization_response_iss_parameter_supported: true,
    ...Object.fromEntries(members.filter(([name]) => offered.includes(name))),
  };
}
