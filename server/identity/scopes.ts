/** The scopes of the APIs and the audience each one is for (identity.md 5). */
const audienceOfScope: ReadonlyMap<string, string> = new Map([
  ['user_api.full_access', 'user_api'],
  ['user_api.eloxx', 'user_api'],
  ['core_api.full', 'core_api'],
  ['core_api.standard', 'core_api'],
  ['core_api.license_plate', 'core_api'],
  ['hardware_api', 'hardware_api'],
]);

export const apiScopes: readonly string[] = [...audienceOfScope.keys()];

/** The audiences of the scopes: one as a string, several as a list (identity.md 5). */
export function audienceOf(scopes: readonly string[]): string | readonly string[] {
  const audiences = [...new Set(scopes.map((scope) => audienceOfScope.get(scope) ?? scope))];
  return audiences.length === 1 && audiences[0] !== undefined ? audiences[0] : audiences;
}

/**
 * What a request gets: the scopes asked for, or all API scopes of the client when none is named (identity.md 3). Undefined
 * when one is unknown, not the client's, or, without a person, of the Connect face; that is `invalid_scope`.
 */
export function settleScopes(request: {
  readonly requested: string | undefined;
  readonly ofClient: readonly string[];
  readonly hasPerson: boolean;
}): readonly string[] | undefined {
  const allowed = apiScopes.filter(
    (scope) =>
      request.ofClient.includes(scope) &&
      (request.hasPerson || audienceOfScope.get(scope) !== 'user_api'),
  );
  const requested = [...new Set((request.requested ?? '').split(/\s+/).filter(Boolean))];
  const settled = requested.length === 0 ? allowed : requested;
  if (settled.length === 0 || settled.some((scope) => !allowed.includes(scope))) return undefined;
  return settled;
}
