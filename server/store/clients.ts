/**
 * Clients come before the tenant: whoever asks for a token names a client, and the client says which tenant. So these
 * calls take no scope; nothing but sign-in and client administration may use them.
 */
import type { TenantId } from '#contract/ids';
import type { Database } from './pool.ts';

export type ClientKind = 'confidential' | 'public';

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
  database: Database,
  { client, secret }: { readonly client: NewClient; readonly secret?: NewSecret },
): Promise<void> {
  await database.pool.query(
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
  database: Database,
  { clientId, secret }: { readonly clientId: string; readonly secret: NewSecret },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `with client as (
       select id from clients where id = $1 and kind = 'confidential' for update
     ), older as (
       delete from client_secrets s using client
       where s.client_id = client.id and s.id not in (
         select id from client_secrets where client_id = $1 order by created_at desc, id limit 1
       )
     )
     insert into client_secrets (id, client_id, secret_hash, created_at)
     select $2, client.id, $3, $4 from client`,
    [clientId, secret.id, secret.secretHash, secret.createdAt],
  );
  return rowCount === 1;
}

/** Ends a client for good; its tokens are refused within a minute. False when there is no such client. */
export async function disableClient(
  database: Database,
  { clientId, at }: { readonly clientId: string; readonly at: Date },
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'update clients set disabled_at = coalesce(disabled_at, $2) where id = $1',
    [clientId, at],
  );
  return rowCount === 1;
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
