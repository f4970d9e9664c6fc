/** Where the identity server answers (identity.md 1). */
export const paths = {
  discovery: '/.well-known/openid-configuration',
  keys: '/.well-known/openid-configuration/jwks',
  token: '/connect/token',
} as const;
