/** Identity providers outside. They come before the tenant, as logins do. */
import { sql } from 'kysely';
import { nilUuid, type LoginId, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope } from './scope.ts';

export type IdentityProviderRow = {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly client_id: string;
  readonly created_at: Date;
};

/** With its secret, sealed. */
export type KeptIdentityProvider = IdentityProviderRow & { readonly client_secret: Buffer };

export const identityProviderFields = {
  id: { type: 'text', sql: sql`p.id`, isNotNull: true },
  name: { type: 'text', sql: sql`p.name`, isNotNull: true },
  created_at: { type: 'instant', sql: sql`p.created_at`, isNotNull: true },
} as const satisfies SqlListFields;

export function listIdentityProviders(
  database: Database,
  options: ListOptions,
): Promise<ListResult<IdentityProviderRow>> {
  return listRows<IdentityProviderRow>(readScope(database, nilUuid as TenantId), {
    from: sql`identity_providers p`,
    tenant: 'shared',
    select: sql`p.id, p.name, p.issuer, p.client_id, p.created_at`,
    fields: identityProviderFields,
    options,
    id: sql`p.id`,
    defaultOrder: [{ sql: sql`p.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** All of them, as a sign-in page offers them. */
export async function nameIdentityProviders(
  database: Database,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const { rows } = await database.pool.query<{ id: string; name: string }>({
    name: 'name-identity-providers',
    text: 'select id, name from identity_providers order by lower(name), id',
  });
  return rows;
}

export async function findIdentityProvider(
  database: Database,
  id: string,
): Promise<KeptIdentityProvider | undefined> {
  const { rows } = await database.pool.query<KeptIdentityProvider>(
    'select id, name, issuer, client_id, client_secret, created_at from identity_providers where id = $1',
    [id],
  );
  return rows[0];
}

/** False when there is one of that id. */
export async function insertIdentityProvider(
  database: Database,
  provider: KeptIdentityProvider,
): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `insert into identity_providers (id, name, issuer, client_id, client_secret, created_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (id) do nothing`,
    [
      provider.id,
      provider.name,
      provider.issuer,
      provider.client_id,
      provider.client_secret,
      provider.created_at,
    ],
  );
  return rowCount === 1;
}

/** Writes what is not undefined. Another issuer knows other people, so who they are there is forgotten. */
export async function changeIdentityProvider(
  database: Database,
  id: string,
  change: Partial<Omit<KeptIdentityProvider, 'id' | 'created_at'>>,
): Promise<void> {
  await database.pool.query(
    `with moved as (
       delete from outside_logins o using identity_providers p
       where o.provider_id = $1 and p.id = $1 and p.issuer <> coalesce($3, p.issuer)
     )
     update identity_providers set name = coalesce($2, name), issuer = coalesce($3, issuer),
       client_id = coalesce($4, client_id), client_secret = coalesce($5, client_secret)
     where id = $1`,
    [
      id,
      change.name ?? null,
      change.issuer ?? null,
      change.client_id ?? null,
      change.client_secret ?? null,
    ],
  );
}

/** False when there is none. */
export async function deleteIdentityProvider(database: Database, id: string): Promise<boolean> {
  const { rowCount } = await database.pool.query('delete from identity_providers where id = $1', [
    id,
  ]);
  return rowCount === 1;
}

/**
 * Notes who a login is at a provider, once, and says whether it is that one: false when the login is somebody else there, or that
 * somebody another login here.
 */
export async function bindOutsideLogin(
  database: Database,
  bond: {
    readonly providerId: string;
    readonly loginId: LoginId;
    readonly subject: string;
    readonly at: Date;
  },
): Promise<boolean> {
  const { providerId, loginId, subject, at } = bond;
  await database.pool.query(
    `insert into outside_logins (provider_id, login_id, subject, created_at) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [providerId, loginId, subject, at],
  );
  const { rowCount } = await database.pool.query(
    'select 1 from outside_logins where provider_id = $1 and login_id = $2 and subject = $3',
    [providerId, loginId, subject],
  );
  return rowCount === 1;
}
