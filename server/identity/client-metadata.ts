/** Our clients as the library knows them, and back. */
import type { Adapter, AdapterPayload, Provider } from 'oidc-provider';
import type { TenantId } from '#contract/ids';
import type { ActiveClient } from '#server/store/clients';
import { isSecretRight, type Clients } from './clients.ts';
import { isRegistered } from '#server/domain/redirect-uris';

export const libraryGrants = [
  'access_code',
  'authorization_code',
  'client_credentials',
  'password',
  'refresh_token',
] as const;

/** Clients are asked for the rules of redirection themselves; the library insists on an address that it likes. */
const placeholderUri = 'https://placeholder.invalid/';

export const extraMetadata = [
  'cardea_kind',
  'cardea_grants',
  'cardea_scopes',
  'cardea_secret_hashes',
  'cardea_redirect_uris',
  'cardea_tenant_id',
  'cardea_product_id',
] as const;

export type ClientFacts = {
  readonly id: string;
  readonly kind: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly secretHashes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly tenantId: TenantId | null;
  readonly productId: string | null;
};

/**
 * Our rows as the library's client metadata. Every client is allowed every grant there, as it would answer
 * `invalid_request` for one that is not; the routes answer `unauthorized_client` instead. It also insists on a secret
 * it can read: it gets one that nobody knows, and never looks at it.
 */
export function clientAdapter({
  clients,
  placeholderSecret,
}: {
  readonly clients: Clients;
  readonly placeholderSecret: string;
}): Adapter {
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
    grant_types: [...libraryGrants],
    response_types: ['code'],
    redirect_uris: [placeholderUri],
    ...(client.kind === 'confidential'
      ? { token_endpoint_auth_method: 'client_secret_basic', client_secret: placeholderSecret }
      : { token_endpoint_auth_method: 'none' }),
    cardea_kind: client.kind,
    cardea_grants: client.grants,
    cardea_scopes: client.scopes,
    cardea_secret_hashes: client.secretHashes,
    cardea_redirect_uris: client.redirectUris,
    cardea_tenant_id: client.tenantId,
    cardea_product_id: client.productId,
  };
  return metadata as AdapterPayload;
}

/** What clientMetadata put in, read back from the library's client. */
export function clientFacts(client: object | undefined): ClientFacts {
  const metadata = (client ?? {}) as Record<string, unknown>;
  return {
    id: String(metadata['clientId']),
    kind: String(metadata['cardea_kind']),
    grants: metadata['cardea_grants'] as readonly string[],
    scopes: metadata['cardea_scopes'] as readonly string[],
    secretHashes: metadata['cardea_secret_hashes'] as readonly string[],
    redirectUris: metadata['cardea_redirect_uris'] as readonly string[],
    tenantId: metadata['cardea_tenant_id'] as TenantId | null,
    productId: metadata['cardea_product_id'] as string | null,
  };
}

/** Lets our clients answer what the library asks its own. */
export function teachClients(provider: Provider): void {
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: object, secret: string) {
      return isSecretRight(secret, clientFacts(this).secretHashes);
    },
    redirectUriAllowed(this: object, uri: unknown) {
      return typeof uri === 'string' && isRegistered(uri, clientFacts(this).redirectUris);
    },
    // Every token says of which session it is.
    includeSid: () => true,
  });
}
