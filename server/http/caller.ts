import type { LoginId, TenantId, UserId } from '#contract/ids';

/** Who calls, as the access token says and the sign-in server still confirms (identity.md 6). */
export type Caller = {
  readonly clientId: string;
  /**
   * The tenant of the client: a token acts there and nowhere else. The nil UUID for our own web pages and phone app, which serve a
   * person in all of their tenants.
   */
  readonly tenantId: TenantId;
  readonly scopes: ReadonlySet<string>;
  /** The login (`sub`); absent when a program acts for itself (client_credentials). */
  readonly subject?: LoginId;
  /** The person of that login in the tenant; absent when the login has nobody there. */
  readonly userId?: UserId;
  /** How the person proved to be it: `password`, `mfa`, `passkey`, `access_code`; empty for programs. */
  readonly amr: readonly string[];
  /** The access code of a pod that the token was given for; absent in every other token (identity.md 4). */
  readonly accessCodeId?: string;
  /** When the person signed in or the program took its token; seconds since 1970. */
  readonly authTimeSeconds: number;
  readonly sessionId?: string;
  /** The id of the token (`jti`). */
  readonly tokenId?: string;
  /** Until when the token holds; seconds since 1970. */
  readonly expiresAtSeconds: number;
};
