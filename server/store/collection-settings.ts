import { sql } from 'kysely';
import type { CollectionSettingResponse } from '#contract/collection-settings';
import type { AccessorId, CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type CollectionSettingRow = CollectionSettingResponse & {
  readonly accessor_id: AccessorId;
  readonly collection_id: CollectionId;
};

export const collectionSettingFields = {
  id: { type: 'uuid', sql: sql`s.id`, isNotNull: true },
  accessor_id: { type: 'uuid', sql: sql`s.accessor_id`, isNotNull: true },
  collection_id: { type: 'uuid', sql: sql`s.collection_id`, isNotNull: true },
  blocked: { type: 'bool', sql: sql`s.blocked`, isNotNull: true },
  remote_access: { type: 'bool', sql: sql`s.remote_access` },
  suspended: { type: 'bool', sql: sql`s.suspended`, isNotNull: true },
  toggle_easy_office_mode: { type: 'bool', sql: sql`s.toggle_easy_office_mode` },
  toggle_manual_office_mode: { type: 'bool', sql: sql`s.toggle_manual_office_mode` },
  override_privacy_mode: { type: 'bool', sql: sql`s.override_privacy_mode` },
  use_pin: { type: 'bool', sql: sql`s.use_pin`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = `s.id, s.accessor_id, s.collection_id, s.blocked, s.remote_access, s.suspended,
  s.toggle_easy_office_mode, s.toggle_manual_office_mode, s.override_privacy_mode, s.use_pin`;

/** Whose setting in which collection: there is one at most. */
export type SettingPlace = { readonly accessorId: AccessorId; readonly collectionId: CollectionId };

export async function findCollectionSetting(
  scope: Scope,
  { accessorId, collectionId }: SettingPlace,
): Promise<CollectionSettingRow | undefined> {
  const [row] = await scope.query<CollectionSettingRow>(
    `select ${columns} from collection_settings s
     where s.tenant_id = $1 and s.accessor_id = $2 and s.collection_id = $3`,
    [scope.tenantId, accessorId, collectionId],
    'collection_setting_find',
  );
  return row;
}

/** A page of settings; `where` says whose, and speaks of `s`. */
export function listCollectionSettings(
  scope: Scope,
  options: ListOptions,
  where: Sql,
): Promise<ListResult<CollectionSettingRow>> {
  return listRows<CollectionSettingRow>(scope, {
    from: sql`collection_settings s`,
    tenant: sql`s.tenant_id`,
    where,
    select: sql.raw(columns),
    fields: collectionSettingFields,
    options,
    id: sql`s.id`,
    defaultOrder: [{ sql: sql`s.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Condition for lists of settings: those of one accessor. */
export function isSettingOf(id: AccessorId): Sql {
  return sql`s.accessor_id = ${id}::uuid`;
}

/** Condition for lists of settings: those in one collection. */
export function isSettingIn(id: CollectionId): Sql {
  return sql`s.collection_id = ${id}::uuid`;
}

/** False when the id is taken; the caller has made sure that the accessor has none in the collection. */
export async function insertCollectionSetting(
  scope: WriteScope,
  row: CollectionSettingRow & { readonly created_at: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into collection_settings (tenant_id, id, accessor_id, collection_id, blocked, remote_access, suspended,
       toggle_easy_office_mode, toggle_manual_office_mode, override_privacy_mode, use_pin, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      row.id,
      row.accessor_id,
      row.collection_id,
      row.blocked,
      row.remote_access,
      row.suspended,
      row.toggle_easy_office_mode,
      row.toggle_manual_office_mode,
      row.override_privacy_mode,
      row.use_pin,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

const writable = [
  'blocked',
  'remote_access',
  'suspended',
  'toggle_easy_office_mode',
  'toggle_manual_office_mode',
  'override_privacy_mode',
  'use_pin',
] as const;

/** Writes the members given; the others stay. */
export async function updateCollectionSetting(
  scope: WriteScope,
  id: string,
  change: { readonly [member in (typeof writable)[number]]?: boolean | null },
): Promise<void> {
  await updateColumns(scope, { table: 'collection_settings', id, columns: writable, change });
}

/** Removes the setting with its key settings. */
export async function deleteCollectionSetting(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from collection_settings where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

export async function hasKeySettings(scope: Scope, id: string): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from key_settings where tenant_id = $1 and collection_setting_id = $2 limit 1',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

/** True when the accessor has settings and is suspended in every one (behaviour.md 5.4). */
export async function isSuspendedEverywhere(scope: Scope, id: AccessorId): Promise<boolean> {
  const [row] = await scope.query<{ suspended: boolean | null }>(
    'select bool_and(suspended) as suspended from collection_settings where tenant_id = $1 and accessor_id = $2',
    [scope.tenantId, id],
  );
  return row?.suspended ?? false;
}

/** Whether the place is that of a guest whose time has ended. */
export async function isGuestOver(
  scope: Scope,
  { accessorId, collectionId, now }: SettingPlace & { readonly now: Date },
): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from accessors where tenant_id = $1 and id = $2 and collection_id = $3 and expires_at <= $4',
    [scope.tenantId, accessorId, collectionId, now],
  );
  return rows.length > 0;
}
