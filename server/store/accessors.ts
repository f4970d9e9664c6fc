import { sql } from 'kysely';
import type { AccessorResponse } from '#contract/accessors';
import type { AccessorId, CollectionId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import { holdPerson } from './people.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type AccessorRow = AccessorResponse & {
  readonly id: AccessorId;
  readonly collection_id: CollectionId | null;
};

export const accessorFields = {
  id: { type: 'uuid', sql: sql`a.id`, isNotNull: true },
  remote_access: { type: 'bool', sql: sql`a.remote_access`, isNotNull: true },
  blocked: { type: 'bool', sql: sql`a.blocked`, isNotNull: true },
  override_privacy_mode: { type: 'bool', sql: sql`a.override_privacy_mode`, isNotNull: true },
  toggle_easy_office_mode: { type: 'bool', sql: sql`a.toggle_easy_office_mode`, isNotNull: true },
  toggle_manual_office_mode: {
    type: 'bool',
    sql: sql`a.toggle_manual_office_mode`,
    isNotNull: true,
  },
  collection_id: { type: 'uuid', sql: sql`a.collection_id` },
} as const satisfies SqlListFields;

const columns = `a.id, a.remote_access, a.blocked, a.override_privacy_mode, a.toggle_easy_office_mode,
  a.toggle_manual_office_mode, a.collection_id`;

export async function findAccessor(scope: Scope, id: AccessorId): Promise<AccessorRow | undefined> {
  const [row] = await scope.query<AccessorRow>(
    `select ${columns} from accessors a where a.tenant_id = $1 and a.id = $2`,
    [scope.tenantId, id],
    'accessor_find',
  );
  return row;
}

export type HeldAccessor = AccessorRow & {
  /** The person, where there is one. */
  readonly user_id: UserId | null;
};

/** The person of an accessor, and the site of both; undefined when the tenant has no such accessor. */
export async function findPersonOf(
  scope: Scope,
  id: AccessorId,
): Promise<Pick<HeldAccessor, 'user_id' | 'collection_id'> | undefined> {
  const [row] = await scope.query<Pick<HeldAccessor, 'user_id' | 'collection_id'>>(
    'select user_id, collection_id from accessors where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
    'accessor_person',
  );
  return row;
}

/** The site user of either id: its own, or that of the person (connect-api.md 2.1). */
export async function findSiteUserOfEither(
  scope: Scope,
  { siteId, id }: { readonly siteId: CollectionId; readonly id: string },
): Promise<AccessorId | undefined> {
  const [row] = await scope.query<{ id: AccessorId }>(
    `select id from accessors
     where tenant_id = $1 and collection_id = $2 and user_id is not null and (id = $3 or user_id = $3)`,
    [scope.tenantId, siteId, id],
  );
  return row?.id;
}

/** The accessor, kept as it is by everybody else until the transaction ends. */
export async function holdAccessor(
  scope: WriteScope,
  id: AccessorId,
): Promise<HeldAccessor | undefined> {
  const [row] = await holdAccessors(scope, [id]);
  return row;
}

/** Those of the ids that exist, kept as they are by everybody else until the transaction ends. */
export function holdAccessors(
  scope: WriteScope,
  ids: readonly AccessorId[],
): Promise<HeldAccessor[]> {
  return scope.query<HeldAccessor>(
    `select ${columns}, a.user_id from accessors a
     where a.tenant_id = $1 and a.id = any ($2) order by a.id for no key update`,
    [scope.tenantId, ids],
  );
}

/** A page of the accessors of the tenant; `where` narrows it further and speaks of `a`. */
export function listAccessors(
  scope: Scope,
  options: ListOptions,
  where?: Sql,
): Promise<ListResult<AccessorRow>> {
  return listRows<AccessorRow>(scope, {
    from: sql`accessors a`,
    tenant: sql`a.tenant_id`,
    ...(where === undefined ? {} : { where }),
    select: sql.raw(columns),
    fields: accessorFields,
    options,
    id: sql`a.id`,
    defaultOrder: [{ sql: sql`a.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** False when the id is taken, in whichever tenant. */
export async function insertAccessor(
  scope: WriteScope,
  row: AccessorRow & { readonly created_at: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into accessors (tenant_id, id, remote_access, blocked, override_privacy_mode, toggle_easy_office_mode,
       toggle_manual_office_mode, collection_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      row.id,
      row.remote_access,
      row.blocked,
      row.override_privacy_mode,
      row.toggle_easy_office_mode,
      row.toggle_manual_office_mode,
      row.collection_id,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

const writable = [
  'remote_access',
  'blocked',
  'override_privacy_mode',
  'toggle_easy_office_mode',
  'toggle_manual_office_mode',
  'collection_id',
] as const;

/** Writes the members given; the others stay. */
export async function updateAccessor(
  scope: WriteScope,
  id: AccessorId,
  change: {
    readonly [member in (typeof writable)[number]]?: boolean | string | null | undefined;
  },
): Promise<void> {
  await updateColumns(scope, { table: 'accessors', id, columns: writable, change });
}

/** What stands against deleting an accessor (core-api.md 10). */
export type AccessorUse = {
  readonly isOwner: boolean;
  readonly hasActivePin: boolean;
  readonly hasTag: boolean;
};

export async function findAccessorUse(scope: Scope, id: AccessorId): Promise<AccessorUse> {
  const [row] = await scope.query<AccessorUse>(
    `select exists (select 1 from accessors a join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id
         where a.tenant_id = $1 and a.id = $2 and a.user_id = c.owner_user_id) as "isOwner",
       exists (select 1 from iq_pins where tenant_id = $1 and accessor_id = $2 and activation_state = 'active')
         as "hasActivePin",
       exists (select 1 from keys where tenant_id = $1 and accessor_id = $2 and key_type = 'tag') as "hasTag"`,
    [scope.tenantId, id],
  );
  return row ?? { isOwner: false, hasActivePin: false, hasTag: false };
}

/** Removes the accessor with its keys, settings, memberships and activations. */
export async function deleteAccessor(scope: WriteScope, id: AccessorId): Promise<void> {
  await scope.query('delete from accessors where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

/** Whether a person has an accessor in a collection; whoever would come at the same time waits. */
export async function isInSite(
  scope: WriteScope,
  { userId, collectionId }: { readonly userId: UserId; readonly collectionId: CollectionId },
): Promise<boolean> {
  await holdPerson(scope, userId);
  const rows = await scope.query(
    'select 1 from accessors where tenant_id = $1 and user_id = $2 and collection_id = $3',
    [scope.tenantId, userId, collectionId],
  );
  return rows.length > 0;
}
