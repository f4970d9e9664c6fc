import { sql } from 'kysely';
import type { KeyId } from '#contract/ids';
import {
  offlineAccessTypes,
  type KeySettingResponse,
  type OfflineAccessType,
} from '#contract/key-settings';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type KeySettingRow = KeySettingResponse & { readonly accessor_key_id: KeyId };

export const keySettingFields = {
  id: { type: 'uuid', sql: sql`ks.id`, isNotNull: true },
  accessor_key_id: { type: 'uuid', sql: sql`ks.key_id`, isNotNull: true },
  blocked: { type: 'bool', sql: sql`ks.blocked`, isNotNull: true },
  offline_access_type: {
    type: 'enum',
    words: offlineAccessTypes,
    sql: sql`ks.offline_access_type`,
  },
} as const satisfies SqlListFields;

const columns = 'ks.id, ks.key_id as accessor_key_id, ks.blocked, ks.offline_access_type';

/** A key setting of one collection setting. */
export async function findKeySetting(
  scope: Scope,
  settingId: string,
  id: string,
): Promise<KeySettingRow | undefined> {
  const [row] = await scope.query<KeySettingRow>(
    `select ${columns} from key_settings ks
     where ks.tenant_id = $1 and ks.collection_setting_id = $2 and ks.id = $3`,
    [scope.tenantId, settingId, id],
    'key_setting_find',
  );
  return row;
}

/** What is set for a key in one collection setting. */
export async function findKeySettingOf(
  scope: Scope,
  settingId: string,
  keyId: KeyId,
): Promise<KeySettingRow | undefined> {
  const [row] = await scope.query<KeySettingRow>(
    `select ${columns} from key_settings ks
     where ks.tenant_id = $1 and ks.collection_setting_id = $2 and ks.key_id = $3`,
    [scope.tenantId, settingId, keyId],
  );
  return row;
}

export function listKeySettings(
  scope: Scope,
  options: ListOptions,
  settingId: string,
): Promise<ListResult<KeySettingRow>> {
  return listRows<KeySettingRow>(scope, {
    from: sql`key_settings ks`,
    tenant: sql`ks.tenant_id`,
    where: sql`ks.collection_setting_id = ${settingId}::uuid`,
    select: sql.raw(columns),
    fields: keySettingFields,
    options,
    id: sql`ks.id`,
    defaultOrder: [{ sql: sql`ks.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** False when the key has a setting there already. */
export async function insertKeySetting(
  scope: WriteScope,
  settingId: string,
  row: KeySettingRow & { readonly created_at: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into key_settings (tenant_id, id, key_id, collection_setting_id, blocked, offline_access_type, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id`,
    [
      scope.tenantId,
      row.id,
      row.accessor_key_id,
      settingId,
      row.blocked,
      row.offline_access_type,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

/** Writes the members given; the others stay. */
export async function updateKeySetting(
  scope: WriteScope,
  id: string,
  change: { readonly blocked?: boolean; readonly offline_access_type?: OfflineAccessType },
): Promise<void> {
  const columns = ['blocked', 'offline_access_type'];
  await updateColumns(scope, { table: 'key_settings', id, columns, change });
}

export async function deleteKeySetting(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from key_settings where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}
