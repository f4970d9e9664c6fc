/**
 * The OpenID Connect library, configured: what it is told here is all it does. Tokens are made by its own models; the
 * claims come from access-token.ts through its customiser.
 */
import { Provider, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type {
  Adapter,
  AdapterPayload,
  ResourceServer,
  TokenEndpointGrantContext,
} from 'oidc-provider';
import type { TenantId } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import type { ActiveClient } from '#server/store/clients';
import type { Log } from '#server/runtime/log';
import { ACCESS_TOKEN_SECONDS, accessTokenClaims, type Person } from './access-token.ts';
import { isSecretRight, type Clients } from './clients.ts';
import type { Origin } from './sign-in-audit.ts';
import { discoveryOf } from './discovery.ts';
import { errorBody } from './grant-errors.ts';
import type { PasswordSignIn } from './password-grant.ts';
import { paths } from './paths.ts';
import { apiScopes, settleScopes } from './scopes.ts';
import { activeKey, type KeySet } from './signing-keys.ts';

/** One name for all our APIs: the library knows one audience per token, the claims know the real ones. */
const API = 'urn:cardea:api';
const grants = ['client_credentials', 'password'] as const;

/** Where a request comes from; the library sees a rewritten request that no longer says so. */
export type OriginOf = (ctx: KoaContextWithOIDC) => Origin;

export type ProviderParts = {
  readonly issuer: string;
  readonly keys: KeySet;
  readonly clients: Clients;
  readonly clock: Clock;
  readonly log: Log;
  readonly cookieKey: string;
  readonly placeholderSecret: string;
  readonly payloadAdapter: (model: string) => Adapter;
  readonly signInByPassword: PasswordSignIn;
  readonly originOf: OriginOf;
};

/** The library for one set of keys; another set needs another one. */
export function createProvider(parts: ProviderParts): Provider {
  const { issuer, keys, clock, log } = parts;
  const persons = new WeakMap<object, Person>();

  const apiResource = (): ResourceServer => {
    const kid = activeKey(keys, clock.now())?.kid;
    if (kid === undefined) throw new Error('There is no active signing key.');
    return {
      scope: apiScopes.join(' '),
      audience: API,
      accessTokenTTL: ACCESS_TOKEN_SECONDS,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256', kid } },
    };
  };

  const provider = new Provider(issuer, {
    adapter: (model) => (model === 'Client' ? clientAdapter(parts) : parts.payloadAdapter(model)),
    jwks: { keys: keys.signing.map(({ jwk }) => jwk) },
    routes: { token: paths.token, jwks: paths.keys },
    scopes: [...apiScopes],
    responseTypes: [],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    clientDefaults: { id_token_signed_response_alg: 'RS256', response_types: [] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    cookies: { keys: [parts.cookieKey] },
    extraClientMetadata: { properties: [...extraMetadata] },
    ttl: { AccessToken: ACCESS_TOKEN_SECONDS, ClientCredentials: ACCESS_TOKEN_SECONDS },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: false },
      introspection: { enabled: false },
      resourceIndicators: {
        enabled: true,
        // The first hook of the client_credentials grant, and so the place where its request is settled.
        defaultResource: (ctx, client) => {
          settleRequest(ctx, clientFacts(client));
          return API;
        },
        getResourceServerInfo: apiResource,
      },
    },
    formats: {
      customizers: {
        jwt: (_ctx, token, parts) => {
          const facts = clientFacts(token.client);
          parts.payload = accessTokenClaims({
            issuer,
            tokenId: token.jti,
            clientId: facts.id,
            tenantId: facts.tenantId,
            productId: facts.productId,
            scopes: [...token.scopes],
            person: persons.get(token),
            now: clock.now(),
          });
        },
      },
    },
  });

  provider.Client.prototype.compareClientSecret = function compareClientSecret(secret) {
    return isSecretRight(secret, clientFacts(this).secretHashes);
  };
  provider.registerGrantType('password', passwordGrant, ['username', 'password', 'scope']);
  // Behind a rewritten request the library takes its own address from these headers alone.
  provider.proxy = true;
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === paths.discovery) ctx.body = discoveryOf(issuer, ctx.body);
    if (ctx.path === paths.token && ctx.status >= 400) shapeError(ctx);
  });
  provider.on('server_error', (ctx, error) => {
    log.error({ err: error, path: ctx.path }, 'the sign-in could not answer');
  });
  return provider;

  async function passwordGrant(ctx: TokenEndpointGrantContext): Promise<void> {
    const facts = clientFacts(ctx.oidc.client);
    const scopes = settleRequest(ctx, facts);
    const person = await parts.signInByPassword(ctx, {
      clientId: facts.id,
      tenantId: facts.tenantId,
      ...parts.originOf(ctx),
    });
    const token = new provider.AccessToken({
      client: ctx.oidc.client,
      accountId: person.loginId,
      grantId: person.sessionId,
      gty: 'password',
      sid: person.sessionId,
      scope: scopes.join(' '),
      resourceServer: new provider.ResourceServer(API, apiResource()),
    });
    persons.set(token, person);
    ctx.body = {
      access_token: await token.save(),
      expires_in: ACCESS_TOKEN_SECONDS,
      token_type: 'Bearer',
      scope: scopes.join(' '),
    };
  }
}

/** Whether the client may use the grant, and which scopes it gets; throws `unauthorized_client` or `invalid_scope`. */
function settleRequest(ctx: KoaContextWithOIDC, client: ClientFacts): readonly string[] {
  const params = ctx.oidc.params ?? {};
  const grant = String(params['grant_type']);
  if (client.kind !== 'confidential' || !client.grants.includes(grant)) {
    throw new errors.UnauthorizedClient('the client may not use this grant');
  }
  const { scope } = params;
  const scopes = settleScopes({
    requested: typeof scope === 'string' ? scope : undefined,
    ofClient: client.scopes,
    hasPerson: grant === 'password',
  });
  if (scopes === undefined) throw new errors.InvalidScope('scope is not allowed', '');
  params['scope'] = scopes.join(' ');
  return scopes;
}

const extraMetadata = [
  'cardea_kind',
  'cardea_grants',
  'cardea_scopes',
  'cardea_secret_hashes',
  'cardea_tenant_id',
  'cardea_product_id',
] as const;

type ClientFacts = {
  readonly id: string;
  readonly kind: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly secretHashes: readonly string[];
  readonly tenantId: TenantId | null;
  readonly productId: string | null;
};

/**
 * Our rows as the library's client metadata. Every client is allowed every grant there, as it would answer
 * `invalid_request` for one that is not; settleRequest answers `unauthorized_client` instead. It also insists on a secret
 * it can read: it gets one that nobody knows, and compareClientSecret never looks at it.
 */
function clientAdapter({ clients, placeholderSecret }: ProviderParts): Adapter {
  return {
    async find(id) {
      const client = await clients.findActive(id);
      return client && clientMetadata(client, placeholderSecret);
    },
    upsert: readOnly,
    findByUserCode: readOnly,
    findByUid: readOnly,
    consume: readOnly,
    destroy: readOnly,
    revokeByGrantId: readOnly,
  };
}

function readOnly(): Promise<never> {
  return Promise.reject(new Error('Clients are administered, never registered.'));
}

function clientMetadata(client: ActiveClient, placeholderSecret: string): AdapterPayload {
  const metadata = {
    client_id: client.id,
    grant_types: [...grants],
    response_types: [],
    redirect_uris: [],
    ...(client.kind === 'confidential'
      ? { token_endpoint_auth_method: 'client_secret_basic', client_secret: placeholderSecret }
      : { token_endpoint_auth_method: 'none' }),
    cardea_kind: client.kind,
    cardea_grants: client.grants,
    cardea_scopes: client.scopes,
    cardea_secret_hashes: client.secretHashes,
    cardea_tenant_id: client.tenantId,
    cardea_product_id: client.productId,
  };
  return metadata as AdapterPayload;
}

/** What clientMetadata put in, read back from the library's client. */
function clientFacts(client: object | undefined): ClientFacts {
  const metadata = (client ?? {}) as Record<string, unknown>;
  return {
    id: String(metadata['clientId']),
    kind: String(metadata['cardea_kind']),
    grants: metadata['cardea_grants'] as readonly string[],
    scopes: metadata['cardea_scopes'] as readonly string[],
    secretHashes: metadata['cardea_secret_hashes'] as readonly string[],
    tenantId: metadata['cardea_tenant_id'] as TenantId | null,
    productId: metadata['cardea_product_id'] as string | null,
  };
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
