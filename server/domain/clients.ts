/** Who may ask for tokens (identity.md 2): programs, as operators of the installation make, change and end them. */
import { hash } from 'node:crypto';
import { ApiError } from '#contract/api-error';
import { isUuid, type LoginId, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  changeClient,
  type ClientKind,
  type ClientRow,
  deleteClientSecret,
  disableClient,
  findClient,
  insertClient,
  insertClientSecret,
  listClients,
  type NewSecret,
} from '#server/store/clients';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { findTenant } from '#server/store/tenants';
import { redirectUriFault } from './redirect-uris.ts';

const SECRET_BYTES = 32;

/** Whoever administers clients: an operator by the API, or nobody known by the command line. */
export type ClientOperator = {
  readonly loginId: LoginId | null;
  readonly clientId: string | null;
  readonly requestId: string | null;
};

export type ClientUses = {
  readonly name: string;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
};

export type ClientOrder = ClientUses & { readonly kind: ClientKind; readonly tenantId: TenantId };

export type MadeSecret = { readonly id: string; readonly secret: string; readonly createdAt: Date };

/** VALUE_INVALID names the member that is wrong, NOT_FOUND a client that is not there. */
export type ClientAdministration = {
  list(options: ListOptions): Promise<ListResult<ClientRow>>;
  get(id: string): Promise<ClientRow>;
  /** The secret is told this once; null for a public client. */
  create(
    by: ClientOperator,
    order: ClientOrder,
  ): Promise<{ readonly client: ClientRow; readonly secret: string | null }>;
  /** OPERATION_NOT_ALLOWED for our own clients, which are the same everywhere. */
  change(by: ClientOperator, id: string, uses: Partial<ClientUses>): Promise<ClientRow>;
  /** Ends a client for good; its tokens are refused within a minute. */
  disable(by: ClientOperator, id: string): Promise<void>;
  /** A further secret for a change; of the older ones only the newest stays. OPERATION_NOT_ALLOWED for a public client. */
  addSecret(by: ClientOperator, id: string): Promise<MadeSecret>;
  /** OPERATION_NOT_ALLOWED for the only one that is left. */
  removeSecret(by: ClientOperator, id: string, secretId: string): Promise<void>;
};

export function createClientAdministration({
  database,
  audit,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): ClientAdministration {
  async function get(id: string): Promise<ClientRow> {
    const client = await findClient(database, id);
    if (client === undefined) throw new ApiError('NOT_FOUND', { thing: 'Client' });
    return client;
  }

  /** Writes with a record in the log of the client's tenant; our own clients have none, and nothing to write of them. */
  async function write<Result>(
    by: ClientOperator,
    {
      client,
      verb,
    }: { readonly client: Pick<ClientRow, 'id' | 'tenant_id'>; readonly verb: string },
    work: (scope: WriteScope) => Promise<Result>,
  ): Promise<Result> {
    const tenantId = client.tenant_id as TenantId | null;
    if (tenantId === null) throw new ApiError('OPERATION_NOT_ALLOWED');
    return inTransaction({ database, tenantId }, async (scope) => {
      const result = await work(scope);
      const { clientId, requestId } = by;
      audit.record(
        scope,
        { tenantId, clientId, userId: null, requestId },
        {
          action: `client.${verb}`,
          objectType: 'client',
          objectId: isUuid(client.id) ? client.id : null,
          detail: by.loginId === null ? null : `login ${by.loginId}`,
        },
      );
      return result;
    });
  }

  return {
    list: (options) => listClients(database, options),
    get,
    async create(by, order) {
      checkUses(order.kind, order);
      if ((await findTenant(database, order.tenantId)) === undefined)
        throw invalid('tenant_id', 'There is no such tenant.');
      const createdAt = clock.now();
      const id = ids.next<string>();
      const made = order.kind === 'public' ? null : makeClientSecret(ids, createdAt);
      const client = { id, tenant_id: order.tenantId };
      await write(by, { client, verb: 'create' }, (scope) =>
        insertClient(scope, {
          client: { ...order, id, createdAt },
          ...(made === null ? {} : { secret: made.row }),
        }),
      );
      return { client: await get(id), secret: made?.secret ?? null };
    },
    async change(by, id, uses) {
      const client = await get(id);
      checkUses(client.kind, { ...usesOf(client), ...uses });
      await write(by, { client, verb: 'update' }, (scope) => changeClient(scope, id, uses));
      return get(id);
    },
    async disable(by, id) {
      const client = await get(id);
      const at = clock.now();
      await write(by, { client, verb: 'disable' }, (scope) =>
        disableClient(scope, { clientId: id, at }),
      );
    },
    async addSecret(by, id) {
      const client = await get(id);
      if (client.kind === 'public' || client.disabled_at !== null)
        throw new ApiError('OPERATION_NOT_ALLOWED');
      const { secret, row } = makeClientSecret(ids, clock.now());
      await write(by, { client, verb: 'add_secret' }, (scope) =>
        insertClientSecret(scope, { clientId: id, secret: row }),
      );
      return { id: row.id, secret, createdAt: row.createdAt };
    },
    async removeSecret(by, id, secretId) {
      const client = await get(id);
      if (!client.secrets.some((secret) => secret.id === secretId))
        throw new ApiError('NOT_FOUND', { thing: 'Secret' });
      await write(by, { client, verb: 'remove_secret' }, async (scope) => {
        if (!(await deleteClientSecret(scope, { clientId: id, secretId })))
          throw new ApiError('OPERATION_NOT_ALLOWED');
      });
    },
  };
}

/** A secret to be told once, and what is kept of it. */
export function makeClientSecret(
  ids: Ids,
  createdAt: Date,
): { readonly secret: string; readonly row: NewSecret } {
  const secret = ids.bytes(SECRET_BYTES).toString('base64url');
  return {
    secret,
    row: { id: ids.next<string>(), secretHash: hashClientSecret(secret), createdAt },
  };
}

/** 256 random bits cannot be guessed, so a fast hash keeps them as safe as a slow one (docs/decisions/0051). */
export function hashClientSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function usesOf(client: ClientRow): ClientUses {
  const { name, grants, scopes } = client;
  return {
    name,
    grants,
    scopes,
    redirectUris: client.redirect_uris,
    postLogoutRedirectUris: client.post_logout_redirect_uris,
  };
}

/** Refuses what could never work or should not. */
function checkUses(kind: ClientKind, uses: ClientUses): void {
  const { grants, scopes, redirectUris } = uses;
  const has = (grant: string): boolean => grants.includes(grant);
  const isOfPeople = has('authorization_code') || has('password') || has('access_code');
  if (grants.length === 0) throw invalid('grants', 'A client needs a grant.');
  if (kind === 'public' && (has('password') || has('client_credentials')))
    throw invalid('grants', 'password and client_credentials are for confidential clients.');
  if (kind === 'confidential' && has('access_code'))
    throw invalid('grants', 'access_code is for public clients.');
  if (has('refresh_token') && !isOfPeople)
    throw invalid('grants', 'refresh_token goes with a grant of people.');
  if (scopes.length === 0) throw invalid('scopes', 'A client needs a scope.');
  if (scopes.includes('offline_access') && !has('refresh_token'))
    throw invalid('scopes', 'offline_access goes with the grant refresh_token.');
  if (!isOfPeople && scopes.some((scope) => !/^core_api|^hardware_api/.test(scope)))
    throw invalid('scopes', 'Without a person there are only scopes of the Core face.');
  if (has('authorization_code') && redirectUris.length === 0)
    throw invalid('redirect_uris', 'authorization_code needs an address to go back to.');
  checkAddresses('redirect_uris', redirectUris);
  checkAddresses('post_logout_redirect_uris', uses.postLogoutRedirectUris);
}

function checkAddresses(parameter: string, uris: readonly string[]): void {
  for (const uri of uris) {
    const fault = redirectUriFault(uri);
    if (fault !== undefined) throw invalid(parameter, fault);
  }
}

function invalid(parameter: string, reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter, reason });
}
