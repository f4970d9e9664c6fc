/** Where the identity server answers (identity.md 1). */
export const paths = {
  discovery: '/.well-known/openid-configuration',
  keys: '/.well-known/openid-configuration/jwks',
  authorization: '/connect/authorize',
  authorizationCallback: '/connect/authorize/callback',
  token: '/connect/token',
  endSession: '/connect/endsession',
  userInfo: '/connect/userinfo',
  revocation: '/connect/revocation',
  introspection: '/connect/introspect',
  /** Pages for people, which other parts lay (identity.md 9). */
  loginPage: '/account/login',
  logoutPage: '/account/logout',
} as const;
