import { errors, type KoaContextWithOIDC } from 'oidc-provider';

/** The refusal of someone who has to wait; `Retry-After` is true (identity.md 10). */
export function temporarilyUnavailable(
  ctx: KoaContextWithOIDC,
  waitSeconds: number,
): errors.OIDCProviderError {
  ctx.set('Retry-After', String(waitSeconds));
  return new errors.OIDCProviderError(429, 'temporarily_unavailable');
}

export type TokenEndpointAnswer = { readonly error: string; readonly error_description?: string };

/** Errors that clients compare as a whole; the rest may say more (core-api.md 1). */
const bareErrors: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_scope',
  'temporarily_unavailable',
]);

/** The body of an error of the token endpoint: nothing but the two members (identity.md 8). */
export function errorBody(error: string, description: string | undefined): TokenEndpointAnswer {
  return description === undefined || bareErrors.has(error)
    ? { error }
    : { error, error_description: description };
}
