/** What a person's password or access code is worth at the token endpoint: an access token, and on request a refresh token and an id token. */
import { personScopes } from '#contract/clients';
import {
  errors,
  type Client,
  type KoaContextWithOIDC,
  type Provider,
  type ResourceServer,
  type TokenEndpointGrantContext,
} from 'oidc-provider';
import type { LoginId, TenantId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { SignedInPerson } from '#server/store/signed-in-people';
import { ACCESS_TOKEN_SECONDS, REFRESH_UNUSED_SECONDS, secondsOf } from './access-token.ts';
import { clientFacts } from './client-metadata.ts';
import { API, factsOf } from './library-request.ts';
import { personClaims } from './person-claims.ts';
import type { Origin } from './sign-in-audit.ts';
import type { Sessions } from './sessions.ts';

/** Says who it is by the fields of a request, or throws what the token endpoint answers. */
export type PersonSignIn = (
  ctx: TokenEndpointGrantContext,
  attempt: { readonly clientId: string; readonly tenantId: TenantId | null } & Origin,
) => Promise<LoginId>;

export type PersonGrantParts = {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly findPerson: (
    sessionId: string,
    tenantId: TenantId | null,
  ) => Promise<SignedInPerson | undefined>;
  readonly apiResource: () => ResourceServer;
  readonly settleRequest: (ctx: KoaContextWithOIDC, client: Client) => readonly string[];
  /** Whom the tokens of this request are about. */
  readonly notePerson: (ctx: KoaContextWithOIDC, person: SignedInPerson) => void;
};

type Given = { readonly client: Client; readonly person: SignedInPerson; readonly scope: string };

/** A grant of the token endpoint by which a person signs in with what the form says (identity.md 3 and 4). */
export function createPersonGrant(
  provider: Provider,
  parts: PersonGrantParts,
  {
    word,
    signInBy,
  }: { readonly word: 'password' | 'access_code'; readonly signInBy: PersonSignIn },
): (ctx: TokenEndpointGrantContext) => Promise<void> {
  return async (ctx) => {
    const { client } = ctx.oidc;
    const scope = parts.settleRequest(ctx, client).join(' ');
    const person = await signIn(ctx, scope);
    parts.notePerson(ctx, person);
    const given = { client, person, scope };
    const refreshToken = wants(scope, 'offline_access') ? await makeRefreshToken(given) : undefined;
    const accessToken = await makeAccessToken(ctx, given, refreshToken?.grantId);
    ctx.body = {
      access_token: accessToken,
      expires_in: ACCESS_TOKEN_SECONDS,
      token_type: 'Bearer',
      scope,
      ...(refreshToken === undefined ? {} : { refresh_token: await refreshToken.save() }),
      ...(wants(scope, 'openid') ? { id_token: await makeIdToken(ctx, given) } : {}),
    };
  };

  async function signIn(ctx: TokenEndpointGrantContext, scope: string): Promise<SignedInPerson> {
    const { id: clientId, tenantId } = clientFacts(ctx.oidc.client);
    const { network, requestId } = factsOf(ctx.req);
    const from = { clientId, tenantId, network, requestId };
    const loginId = await signInBy(ctx, from);
    const seconds = wants(scope, 'offline_access') ? REFRESH_UNUSED_SECONDS : ACCESS_TOKEN_SECONDS;
    const session = await parts.sessions.beginForProgram({
      loginId,
      clientId,
      amr: [word],
      identityProvider: 'local',
      isRemembered: false,
      network,
      userAgent: null,
      tokensUntil: new Date(parts.clock.now().getTime() + seconds * 1000),
    });
    const person = await parts.findPerson(session.id, tenantId);
    if (person === undefined) throw new errors.InvalidGrant({ detail: 'the account is disabled' });
    return person;
  }

  async function makeAccessToken(
    ctx: KoaContextWithOIDC,
    { client, person, scope }: Given,
    grantId: string | undefined,
  ): Promise<string> {
    const token = new provider.AccessToken({
      client,
      accountId: person.loginId,
      grantId: grantId ?? person.sessionId,
      gty: word,
      sid: person.sessionId,
      sessionUid: person.sessionId,
      scope,
      resourceServer: new provider.ResourceServer(API, parts.apiResource()),
    });
    ctx.oidc.entity('AccessToken', token);
    return token.save();
  }

  async function makeRefreshToken({ client, person, scope }: Given) {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: person.loginId });
    grant.addOIDCScope(scope);
    grant.addResourceScope(API, scope);
    const grantId = await grant.save();
    return new provider.RefreshToken({
      client,
      accountId: person.loginId,
      amr: [...person.amr],
      authTime: secondsOf(person.authTime),
      grantId,
      gty: word,
      resource: API,
      rotations: 0,
      scope,
      sessionUid: person.sessionId,
      sid: person.sessionId,
    });
  }

  async function makeIdToken(ctx: KoaContextWithOIDC, { person, scope }: Given): Promise<string> {
    const token = new provider.IdToken(
      { ...personClaims(person), amr: [...person.amr], auth_time: secondsOf(person.authTime) },
      { ctx },
    );
    const scopes = scope.split(' ').filter((one) => personScopes.some((other) => other === one));
    Object.assign(token, { scope: scopes.join(' ') });
    token.set('sid', person.sessionId);
    return token.issue({ use: 'idtoken' });
  }
}

function wants(scope: string, one: string): boolean {
  return scope.split(' ').includes(one);
}
