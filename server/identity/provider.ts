/**
 * The OpenID Connect library, configured: what it is told here is all it does. Tokens are made by its own models; the
 * claims come from access-token.ts and person-claims.ts; who is signed in comes from sessions.ts.
 */
import { clientScopes, personScopes } from '#contract/clients';
import { Provider, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Account, Adapter, Client, ResourceServer } from 'oidc-provider';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { SignedInPerson } from '#server/store/signed-in-people';
import type { TenantId } from '#contract/ids';
import {
  ACCESS_TOKEN_SECONDS,
  accessTokenClaims,
  REFRESH_IN_ALL_SECONDS,
  REFRESH_UNUSED_SECONDS,
  secondsOf,
  tokenIdOf,
} from './access-token.ts';
import { demandNames, responseModes } from './authorize-request.ts';
import { clientAdapter, clientFacts, extraMetadata, teachClients } from './client-metadata.ts';
import type { Clients } from './clients.ts';
import { discoveryOf } from './discovery.ts';
import { errorPage, errorPageHeaders } from './error-page.ts';
import { errorBody } from './grant-errors.ts';
import { teachIdTokens } from './id-token.ts';
import { createInteractionPolicy } from './interaction-policy.ts';
import { INTERACTIONS_COOKIE, waitingCookie } from './interactions.ts';
import { API, factsOf, libraryCookies } from './library-request.ts';
import { paths } from './paths.ts';
import { claimsOfScopes, personClaims } from './person-claims.ts';
import { createPersonGrant, type PersonSignIn } from './person-grant.ts';
import { settleScopes } from './scopes.ts';
import { cookieText } from './session-cookie.ts';
import type { Sessions } from './sessions.ts';
import { activeKey, type KeySet } from './signing-keys.ts';

const CODE_SECONDS = 60;
const INTERACTION_SECONDS = 3_600;

export type ProviderParts = {
  readonly issuer: string;
  readonly keys: KeySet;
  readonly clients: Clients;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly log: Log;
  readonly placeholderSecret: string;
  /** 256 random bits as text. */
  readonly newId: () => string;
  readonly payloadAdapter: (model: string) => Adapter;
  readonly signInByPassword: PersonSignIn;
  readonly signInByAccessCode: PersonSignIn;
  /** The person of a session that was not ended, in the client's tenant or in all. */
  readonly findPerson: (
    sessionId: string,
    tenantId: TenantId | null,
  ) => Promise<SignedInPerson | undefined>;
  /** A code or refresh token came back that had been used: all that its grant gave is ended. */
  readonly onReuse: (ctx: KoaContextWithOIDC, person: SignedInPerson | undefined) => Promise<void>;
};

/** The library for one set of keys and one of them active; another one needs another library. */
export function createProvider(parts: ProviderParts): Provider {
  const { issuer, keys, clock, log } = parts;
  const key = activeKey(keys, clock.now());
  if (key === undefined) throw new Error('There is no active signing key.');
  const { kid } = key;
  // Id tokens are signed with the first that fits.
  const signing = [key, ...keys.signing.filter((other) => other !== key)];
  /** Whom a request is about, found once. */
  const people = new WeakMap<object, SignedInPerson>();
  const reused = new WeakSet<object>();

  const apiResource = (): ResourceServer => ({
    scope: clientScopes.join(' '),
    audience: API,
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256', kid } },
  });

  /** Undefined when the session was ended or the login is disabled: what was given for it is worth nothing any more. */
  async function findAccount(
    ctx: KoaContextWithOIDC,
    loginId: string,
    token?: object,
  ): Promise<Account | undefined> {
    const { sessionUid } = (token ?? {}) as { readonly sessionUid?: string };
    const sessionId = sessionUid ?? factsOf(ctx.req).session?.id;
    if (sessionId === undefined) return undefined;
    const person = await parts.findPerson(sessionId, clientFacts(ctx.oidc.client).tenantId);
    if (person?.loginId !== loginId) return undefined;
    people.set(ctx, person);
    return { accountId: loginId, claims: () => ({ ...personClaims(person), sub: loginId }) };
  }

  const provider = new Provider(issuer, {
    adapter: (model) => (model === 'Client' ? clientAdapter(parts) : parts.payloadAdapter(model)),
    jwks: { keys: signing.map(({ jwk }) => jwk) },
    routes: {
      authorization: paths.authorization,
      token: paths.token,
      jwks: paths.keys,
      revocation: paths.revocation,
      introspection: paths.introspection,
    },
    scopes: [...personScopes],
    claims: Object.fromEntries(
      Object.entries(claimsOfScopes).map(([scope, claims]) => [scope, [...claims]]),
    ),
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'RS256', response_types: ['code'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    // Never seen by a browser, so there is nothing to sign.
    cookies: { keys: [], names: libraryCookies, short: { signed: false }, long: { signed: false } },
    extraClientMetadata: { properties: [...extraMetadata] },
    extraParams: {
      [demandNames.max_age]: (_ctx, value) => checkMaxAge(value),
      [demandNames.response_mode]: (_ctx, value) => checkResponseMode(value),
      [demandNames.acr_values]: null,
      [demandNames.scope]: null,
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      Grant: REFRESH_IN_ALL_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
      Interaction: INTERACTION_SECONDS,
      RefreshToken: REFRESH_UNUSED_SECONDS,
      Session: ACCESS_TOKEN_SECONDS,
    },
    findAccount,
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, _client, source) => source.scopes.has('offline_access'),
    pkce: { required: (_ctx, client) => clientFacts(client).kind === 'public' },
    interactions: {
      policy: createInteractionPolicy(clock),
      url(ctx, { uid }) {
        const { waiting = [] } = factsOf(ctx.req);
        const value = waitingCookie(waiting, uid);
        const maxAgeSeconds = INTERACTION_SECONDS;
        const cookie = cookieText({ name: INTERACTIONS_COOKIE, value, maxAgeSeconds });
        ctx.res.appendHeader('Set-Cookie', cookie);
        return `${paths.loginPage}?interaction=${uid}`;
      },
    },
    // There is no consent page for clients that the operator made: who is signed in grants what the client may have.
    loadExistingGrant(ctx) {
      const { client, account, params, session } = ctx.oidc;
      if (client === undefined || account === undefined) return undefined;
      const grant = new provider.Grant({
        clientId: client.clientId,
        accountId: account.accountId,
      });
      const scopes = scopesOf(params);
      grant.addOIDCScope(scopes);
      grant.addResourceScope(API, scopes);
      grant.jti = parts.newId();
      // The session of a token is ours, not one for each client.
      session?.sidFor(client.clientId, session.uid);
      return grant;
    },
    // The last thing that is asked before a code is made. Only then the grant is kept, as most requests end at a page first.
    async expiresWithSession(ctx) {
      await ctx.oidc.entities.Grant?.save();
      return false;
    },
    renderError(ctx, out) {
      ctx.set(errorPageHeaders);
      ctx.body = errorPage({ error: out.error, description: out.error_description });
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      resourceIndicators: {
        enabled: true,
        // The first hook of a grant and of an authorisation, and so the place where its request is settled.
        defaultResource: (ctx, client) => {
          settleRequest(ctx, client);
          return API;
        },
        getResourceServerInfo: apiResource,
      },
    },
    formats: {
      bitsOfOpaqueRandomness: 256,
      customizers: {
        jwt(ctx, token, made) {
          const facts = clientFacts(token.client);
          const { grantId } = token as { readonly grantId?: string };
          made.payload = accessTokenClaims({
            issuer,
            tokenId: tokenIdOf({ jti: token.jti, grantId }),
            clientId: facts.id,
            tenantId: facts.tenantId,
            productId: facts.productId,
            scopes: [...token.scopes],
            person: people.get(ctx),
            now: clock.now(),
          });
        },
      },
    },
  });

  teachClients(provider);
  teachIdTokens(provider);
  const ofPerson = {
    ...parts,
    apiResource,
    settleRequest,
    notePerson: (ctx: KoaContextWithOIDC, person: SignedInPerson) => people.set(ctx, person),
  };
  const byPassword = { word: 'password', signInBy: parts.signInByPassword } as const;
  const byCode = { word: 'access_code', signInBy: parts.signInByAccessCode } as const;
  const passwordGrant = createPersonGrant(provider, ofPerson, byPassword);
  provider.registerGrantType('password', passwordGrant, ['username', 'password', 'scope']);
  const codeGrant = createPersonGrant(provider, ofPerson, byCode);
  provider.registerGrantType('access_code', codeGrant, ['access_code', 'scope']);
  // Behind a rewritten request the library takes its own address from these headers alone.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    await next();
    keepOwnCookies(ctx.res);
    if (ctx.path === paths.discovery) ctx.body = discoveryOf(issuer, ctx.body);
    if (!answersPrograms.has(ctx.path)) return;
    if (ctx.status >= 400) shapeError(ctx);
    if (ctx.path === paths.token) await settleTokens(ctx as unknown as KoaContextWithOIDC);
  });
  provider.on('grant.revoked', (ctx) => reused.add(ctx));
  provider.on('server_error', (ctx, error) => {
    log.error({ err: error, path: ctx.path }, 'the sign-in could not answer');
  });
  return provider;

  /** What has to be kept of tokens that were given, or ended since they came back used. */
  async function settleTokens(ctx: KoaContextWithOIDC): Promise<void> {
    const person = people.get(ctx);
    if (reused.has(ctx)) await parts.onReuse(ctx, person);
    if (person === undefined || ctx.status !== 200) return;
    const isRenewable = ctx.oidc.entities.RefreshToken !== undefined;
    const seconds = isRenewable ? REFRESH_UNUSED_SECONDS : ACCESS_TOKEN_SECONDS;
    const until = new Date((secondsOf(clock.now()) + seconds) * 1000);
    await parts.sessions.keepForTokens(person.sessionId, until);
  }
}

const answersPrograms: ReadonlySet<string> = new Set([
  paths.token,
  paths.revocation,
  paths.introspection,
]);

/** Settles what a request gets; throws `unauthorized_client` or `invalid_scope`. */
function settleRequest(ctx: KoaContextWithOIDC, client: Client): readonly string[] {
  const params = ctx.oidc.params ?? {};
  const { kind, grants, scopes: ofClient } = clientFacts(client);
  const isAuthorization = ctx.oidc.route === 'authorization';
  const grant = isAuthorization ? 'authorization_code' : String(params['grant_type']);
  const isOpen = isAuthorization || grant === 'access_code';
  const mayUse = grants.includes(grant) && (isOpen || kind === 'confidential');
  if (!mayUse) throw new errors.UnauthorizedClient('the client may not use this grant');
  const requested = isAuthorization ? params[demandNames.scope] : params['scope'];
  const ofGuests = grant === 'access_code' ? guestScopes(grants) : undefined;
  const scopes = settleScopes({
    requested: typeof requested === 'string' ? requested : ofGuests,
    ofClient,
    grantsOfClient: grants,
    hasPerson: grant !== 'client_credentials',
  });
  if (scopes === undefined) throw new errors.InvalidScope('scope is not allowed', '');
  params['scope'] = scopes.join(' ');
  return scopes;
}

/** What a guest gets who asks for nothing: all of the Connect face, and to stay signed in (identity.md 4). */
function guestScopes(grantsOfClient: readonly string[]): string {
  const staysSignedIn = grantsOfClient.includes('refresh_token');
  return staysSignedIn ? 'user_api.full_access offline_access' : 'user_api.full_access';
}

function scopesOf(params: { readonly scope?: unknown } | undefined): string {
  return typeof params?.scope === 'string' ? params.scope : '';
}

function checkMaxAge(value: string | undefined): void {
  if (value === undefined || /^\d{1,10}$/.test(value)) return;
  throw new errors.InvalidRequest('invalid max_age parameter value');
}

function checkResponseMode(value: string | undefined): void {
  if (value === undefined || responseModes.includes(value)) return;
  throw new errors.InvalidRequest(`response_mode must be ${responseModes.join(' or ')}`);
}

function isOwnToken(
  _ctx: KoaContextWithOIDC,
  client: Client,
  token: { readonly clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}

/** The library's own cookies go nowhere; ours may lie beside them. */
function keepOwnCookies(response: KoaContextWithOIDC['res']): void {
  const cookies = [response.getHeader('set-cookie') ?? []].flat().map(String);
  const own = cookies.filter(
    (cookie) => !Object.values(libraryCookies).some((name) => cookie.startsWith(name)),
  );
  if (own.length === cookies.length) return;
  if (own.length === 0) response.removeHeader('set-cookie');
  else response.setHeader('set-cookie', own);
}

/** 400 where the library says 401 (identity.md 8), 503 where it could not answer, and the two members alone. */
function shapeError(ctx: Pick<KoaContextWithOIDC, 'status' | 'body' | 'remove' | 'set'>): void {
  const { error, error_description: description } = ctx.body as {
    readonly error?: string;
    readonly error_description?: string;
  };
  if (ctx.status >= 500 || error === undefined) {
    ctx.status = 503;
    ctx.set('Retry-After', '5');
    ctx.body = errorBody('temporarily_unavailable', undefined);
    return;
  }
  if (ctx.status === 401) ctx.status = 400;
  ctx.remove('WWW-Authenticate');
  ctx.body = errorBody(error, description);
}
