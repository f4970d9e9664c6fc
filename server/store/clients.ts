/**
 * Clients come before the tenant: whoever asks for a token names a client, and the client says which tenant. So these
 * calls take no scope; nothing but sign-in and client administration may use them.
 */
import { sql } from 'kysely';
import { clientKinds } from '#contract/clients';
import { nilUuid, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { compileSql, listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type Scope } from './scope.ts';

export type ClientKind = (typeof clientKinds)[number];

export type NewClient = {
  readonly id: string;
  /** Absent for the first-party clients, which serve every tenant. */
  readonly tenantId?: TenantId;
  readonly name: string;
  readonly kind: ClientKind;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly createdAt: Date;
};

export type NewSecret = {
  readonly id: string;
  readonly secretHash: string;
  readonly createdAt: Date;
};

/** A client that may sign in, with the hashes of the secrets that are valid at the time asked for. */
export type ActiveClient = {
  readonly id: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly tenantId: TenantId | null;
  readonly productId: string | null;
  readonly secretHashes: readonly string[];
};

/** Adds a client and, when it is confidential, its first secret. */
export async function insertClient(
  scope: Scope,
  { client, secret }: { readonly client: NewClient; readonly secret?: NewSecret },
): Promise<void> {
  await scope.query(
    `with client as (
       insert into clients (id, tenant_id, name, kind, grants, scopes, redirect_uris, post_logout_redirect_uris, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id
     )
     insert into client_secrets (id, client_id, secret_hash, created_at)
     select $10, client.id, $11, $9 from client where $10::uuid is not null`,
    [
      client.id,
      client.tenantId ?? null,
      client.name,
      client.kind,
      client.grants,
      client.scopes,
      client.redirectUris,
      client.postLogoutRedirectUris,
      client.createdAt,
      secret?.id ?? null,
      secret?.secretHash ?? null,
    ],
  );
}

/**
 * Adds a secret to a confidential client; of the older ones the newest stays and the others are gone, so that two are
 * valid at a time. False when there is no such client.
 */
export async function insertClientSecret(
  scope: Scope,
  { clientId, secret }: { readonly clientId: string; readonly secret: NewSecret },
): Promise<boolean> {
  const rows = await scope.query(
    `with client as (
       select id from clients where id = $1 and kind = 'confidential' for update
     ), older as (
       delete from client_secrets s using client
       where s.client_id = client.id and s.id not in (
         select id from client_secrets where client_id = $1 order by created_at desc, id limit 1
       )
     )
     insert into client_secrets (id, client_id, secret_hash, created_at)
     select $2, client.id, $3, $4 from client returning 1`,
    [clientId, secret.id, secret.secretHash, secret.createdAt],
  );
  return rows.length === 1;
}

/** Ends a client for good; its tokens are refused within a minute. False when there is no such client. */
export async function disableClient(
  scope: Scope,
  { clientId, at }: { readonly clientId: string; readonly at: Date },
): Promise<boolean> {
  const rows = await scope.query(
    'update clients set disabled_at = coalesce(disabled_at, $2) where id = $1 returning 1',
    [clientId, at],
  );
  return rows.length === 1;
}

export type ClientChange = Partial<
  Pick<NewClient, 'name' | 'grants' | 'scopes' | 'redirectUris' | 'postLogoutRedirectUris'>
>;

/** Writes the members that are there. */
export async function changeClient(
  scope: Scope,
  clientId: string,
  change: ClientChange,
): Promise<void> {
  await scope.query(
    `update clients set name = coalesce($2, name), grants = coalesce($3, grants), scopes = coalesce($4, scopes),
       redirect_uris = coalesce($5, redirect_uris), post_logout_redirect_uris = coalesce($6, post_logout_redirect_uris)
     where id = $1`,
    [
      clientId,
      change.name ?? null,
      change.grants ?? null,
      change.scopes ?? null,
      change.redirectUris ?? null,
      change.postLogoutRedirectUris ?? null,
    ],
  );
}

/** Ends a secret at once, unless it is the only one of the client. */
export async function deleteClientSecret(
  scope: Scope,
  { clientId, secretId }: { readonly clientId: string; readonly secretId: string },
): Promise<boolean> {
  const rows = await scope.query(
    `with client as (select id from clients where id = $1 for update)
     delete from client_secrets s using client
     where s.client_id = client.id and s.id = $2
       and exists (select from client_secrets o where o.client_id = $1 and o.id <> $2)
     returning 1`,
    [clientId, secretId],
  );
  return rows.length === 1;
}

/** A client as operators see it. */
export type ClientRow = {
  readonly id: string;
  readonly name: string;
  readonly kind: ClientKind;
  readonly tenant_id: string | null;
  readonly grants: string[];
  readonly scopes: string[];
  readonly redirect_uris: string[];
  readonly post_logout_redirect_uris: string[];
  /** The newest first, as JSON writes instants. */
  readonly secrets: readonly { readonly id: string; readonly created_at: string }[];
  readonly disabled_at: Date | null;
  readonly created_at: Date;
};

export const clientFields = {
  id: { type: 'text', sql: sql`c.id`, isNotNull: true },
  name: { type: 'text', sql: sql`c.name`, isNotNull: true },
  kind: { type: 'enum', words: clientKinds, sql: sql`c.kind` },
  tenant_id: { type: 'uuid', sql: sql`c.tenant_id` },
  disabled_at: { type: 'instant', sql: sql`c.disabled_at` },
  created_at: { type: 'instant', sql: sql`c.created_at`, isNotNull: true },
} as const satisfies SqlListFields;

const shown = sql`c.id, c.name, c.kind, c.tenant_id, c.grants, c.scopes, c.redirect_uris, c.post_logout_redirect_uris,
  coalesce((select json_agg(json_build_object('id', s.id, 'created_at', s.created_at) order by s.created_at desc, s.id)
    from client_secrets s where s.client_id = c.id), '[]') as secrets, c.disabled_at, c.created_at`;

/** A page of all clients, disabled ones too, oldest first. */
export function listClients(
  database: Database,
  options: ListOptions,
): Promise<ListResult<ClientRow>> {
  return listRows<ClientRow>(readScope(database, nilUuid as TenantId), {
    from: sql`clients c`,
    tenant: 'shared',
    select: shown,
    fields: clientFields,
    options,
    id: sql`c.id`,
    defaultOrder: [{ sql: sql`c.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A client by its id, a disabled one too. */
export async function findClient(database: Database, id: string): Promise<ClientRow | undefined> {
  const { text, values } = compileSql(sql`select ${shown} from clients c where c.id = ${id}`);
  const { rows } = await database.pool.query<ClientRow>(text, [...values]);
  return rows[0];
}

type Row = {
  id: string;
  name: string;
  kind: ClientKind;
  grants: string[];
  scopes: string[];
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  tenant_id: TenantId | null;
  product_id: string | null;
  secret_hashes: string[];
};

/** The client of an id unless it is unknown or disabled. */
export async function findActiveClient(
  database: Database,
  { clientId, at }: { readonly clientId: string; readonly at: Date },
): Promise<ActiveClient | undefined> {
  const { rows } = await database.pool.query<Row>({
    name: 'find-active-client',
    text: `select c.id, c.name, c.kind, c.grants, c.scopes, c.redirect_uris, c.post_logout_redirect_uris, c.tenant_id,
             coalesce(c.product_id, t.product_id) as product_id,
             array(
               select s.secret_hash from client_secrets s
               where s.client_id = c.id and (s.expires_at is null or s.expires_at > $2)
               order by s.created_at desc, s.id
             ) as secret_hashes
           from clients c left join tenants t on t.id = c.tenant_id
           where c.id = $1 and c.disabled_at is null`,
    values: [clientId, at],
  });
  const row = rows[0];
  return (
    row && {
      id: row.id,
      name: row.name,
      kind: row.kind,
      grants: row.grants,
      scopes: row.scopes,
      redirectUris: row.redirect_uris,
      postLogoutRedirectUris: row.post_logout_redirect_uris,
      tenantId: row.tenant_id,
      productId: row.product_id,
      secretHashes: row.secret_hashes,
    }
  );
}

/** Adds a public client without secret, or brings the one of that id up to date; a disabled one stays so. */
export async function upsertPublicClient(database: Database, client: NewClient): Promise<void> {
  await database.pool.query(
    `insert into clients (id, tenant_id, name, kind, grants, scopes, redirect_uris, post_logout_redirect_uris, created_at)
     values ($1, null, $2, 'public', $3, $4, $5, $6, $7)
     on conflict (id) do update set name = excluded.name, grants = excluded.grants, scopes = excluded.scopes,
       redirect_uris = excluded.redirect_uris, post_logout_redirect_uris = excluded.post_logout_redirect_uris
     where (clients.name, clients.grants, clients.scopes, clients.redirect_uris, clients.post_logout_redirect_uris)
       is distinct from
       (excluded.name, excluded.grants, excluded.scopes, excluded.redirect_uris, excluded.post_logout_redirect_uris)`,
    [
      client.id,
      client.name,
      client.grants,
      client.scopes,
      client.redirectUris,
      client.postLogoutRedirectUris,
      client.createdAt,
    ],
  );
}
