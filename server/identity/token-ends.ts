/** What programs may ask about a token and its end: revocation (RFC 7009) and introspection (RFC 7662) of access tokens. */
import { decodeJwt } from 'jose';
import type { TokenCheck } from '#server/http/token';
import { TokenError } from '#server/http/token';
import type { ActiveClient } from '#server/store/clients';
import type { Database } from '#server/store/pool';
import { insertRevokedToken } from '#server/store/sign-in-sessions';
import type { RememberedState } from './session-state.ts';

/** Beyond its own end, for clocks that differ. */
const KEPT_AFTER_SECONDS = 300;

export type TokenEnds = {
  /** Ends an access token that the client was given; anybody else's, and what is none, stays as it is. */
  revoke(token: string, client: ActiveClient): Promise<void>;
  /** What a token of the client's tenant says, or that it is not in force. */
  introspect(token: string, client: ActiveClient): Promise<Record<string, unknown>>;
};

export function createTokenEnds({
  database,
  checkToken,
  sessionState,
  audiences,
}: {
  readonly database: Database;
  readonly checkToken: TokenCheck;
  /** What `checkToken` remembers of the ends of tokens. */
  readonly sessionState: RememberedState;
  /** Of all tokens that are made here. */
  readonly audiences: readonly string[];
}): TokenEnds {
  async function claimsOf(token: string): Promise<Record<string, unknown> | undefined> {
    try {
      await checkToken(`Bearer ${token}`, { audiences });
      return decodeJwt(token);
    } catch (error) {
      if (error instanceof TokenError) return undefined;
      throw error;
    }
  }

  return {
    async revoke(token, client) {
      const claims = await claimsOf(token);
      if (claims === undefined || claims['client_id'] !== client.id) return;
      const expiresAt = new Date((Number(claims['exp']) + KEPT_AFTER_SECONDS) * 1000);
      await insertRevokedToken(database, { id: String(claims['jti']), expiresAt });
      sessionState.forget(String(claims['jti']));
    },
    async introspect(token, client) {
      const known = await claimsOf(token);
      // Who asks wants to know whether it is in force, not whether it lately was.
      if (known !== undefined) sessionState.forget(String(known['jti']));
      const claims = known === undefined ? undefined : await claimsOf(token);
      const isOwn = claims?.['client_id'] === client.id;
      const isOfTenant = client.tenantId !== null && claims?.['tenant_id'] === client.tenantId;
      if (claims === undefined || (!isOwn && !isOfTenant)) return { active: false };
      const { scope, ...rest } = claims;
      const scopes = Array.isArray(scope) ? scope.join(' ') : scope;
      return { ...rest, scope: scopes, token_type: 'Bearer', active: true };
    },
  };
}
