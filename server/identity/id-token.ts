import type { Provider } from 'oidc-provider';

type AnyMethod = (this: unknown, ...given: unknown[]) => Promise<unknown>;

/** What is used of the library's id token; its types leave it out. */
type IdToken = {
  readonly ctx?: { readonly oidc: { readonly entities: { readonly AccessToken?: object } } };
  set(name: string, value: unknown): void;
};

/**
 * Makes id tokens name the access token they came with (`at_hash`, identity.md 6). The library knows how to hash it but leaves
 * it out at the token endpoint, where OpenID Connect Core 3.1.3.6 lets it.
 */
export function teachIdTokens(provider: Provider): void {
  const values = new WeakMap<object, unknown>();
  const accessToken = provider.AccessToken.prototype as unknown as Record<'save', AnyMethod>;
  const save = accessToken.save;
  accessToken.save = async function saveAndRemember(this: unknown, ...given) {
    const value = await save.apply(this, given);
    values.set(this as object, value);
    return value;
  };
  const idToken = provider.IdToken.prototype as unknown as Record<'payload', AnyMethod>;
  const payload = idToken.payload;
  idToken.payload = async function payloadWithHash(this: unknown, ...given) {
    const token = this as IdToken;
    const beside = token.ctx?.oidc.entities.AccessToken;
    if (beside !== undefined) token.set('at_hash', values.get(beside));
    return payload.apply(this, given);
  };
}
