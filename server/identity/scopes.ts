import { clientScopes, type apiScopes } from '#contract/clients';

type ApiScope = (typeof apiScopes)[number];

/** The audience that each scope of the APIs is for (identity.md 5). */
const audiences: Readonly<Record<ApiScope, string>> = {
  'user_api.full_access': 'user_api',
  'user_api.eloxx': 'user_api',
  'core_api.full': 'core_api',
  'core_api.standard': 'core_api',
  'core_api.license_plate': 'core_api',
  hardware_api: 'hardware_api',
};

const audienceOfScope: ReadonlyMap<string, string> = new Map(Object.entries(audiences));

export const apiAudiences: readonly string[] = [...new Set(audienceOfScope.values())];

/** The audiences of the scopes: one as a string, several as a list; `issuer` when they are of none (identity.md 5, RFC 9068). */
export function audienceOf(scopes: readonly string[], issuer: string): string | readonly string[] {
  const audiences = [...new Set(scopes.flatMap((scope) => audienceOfScope.get(scope) ?? []))];
  const [first = issuer] = audiences;
  return audiences.length > 1 ? audiences : first;
}

/**
 * What a request gets: the scopes asked for, or all API scopes of the client when none is named (identity.md 3). Undefined
 * when one is unknown, not the client's, or, without a person, of the Connect face; that is `invalid_scope`.
 */
export function settleScopes(request: {
  readonly requested: string | undefined;
  readonly ofClient: readonly string[];
  readonly grantsOfClient: readonly string[];
  readonly hasPerson: boolean;
}): readonly string[] | undefined {
  const allowed: readonly string[] = clientScopes.filter(
    (scope) => request.ofClient.includes(scope) && mayHave(scope, request),
  );
  const requested = [...new Set((request.requested ?? '').split(/\s+/).filter(Boolean))];
  const settled =
    requested.length === 0 ? allowed.filter((scope) => audienceOfScope.has(scope)) : requested;
  if (settled.length === 0 || settled.some((scope) => !allowed.includes(scope))) return undefined;
  return settled;
}

function mayHave(
  scope: string,
  request: { readonly hasPerson: boolean; readonly grantsOfClient: readonly string[] },
): boolean {
  if (scope === 'offline_access' && !request.grantsOfClient.includes('refresh_token')) return false;
  const isOfPerson = audienceOfScope.get(scope) === 'user_api' || !audienceOfScope.has(scope);
  return request.hasPerson || !isOfPerson;
}
