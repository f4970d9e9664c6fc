import { sql } from 'kysely';
import type { AccessorId, CollectionId, IqId, TagId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { VendorResponse } from '#contract/vendors';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type TagRow = {
  readonly id: TagId;
  readonly source_iq_id: IqId | null;
  readonly tag_number: string;
  readonly rfid_uid: string | null;
  readonly added_date: Date;
  readonly registration_date: Date | null;
  readonly collection_id: CollectionId | null;
  readonly accessor_id: AccessorId | null;
  readonly expiry_date: Date | null;
  readonly vendors: readonly VendorResponse[];
};

/** Where one person's accessors share a tag, the one of the tag's own collection holds it (behaviour.md 5.1). */
const holder = `(select k.accessor_id from keys k
    join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
    where k.tenant_id = t.tenant_id and k.credential_id = t.id and k.key_type = 'tag'
    order by (a.collection_id is not distinct from t.collection_id) desc, k.created_at, k.id limit 1)`;

export const tagFields = {
  id: { type: 'uuid', sql: sql`t.id`, isNotNull: true },
  source_iq_id: { type: 'uuid', sql: sql`t.source_iq_id` },
  tag_number: { type: 'text', sql: sql`t.tag_number`, isNotNull: true },
  rfid_uid: { type: 'text', sql: sql`t.rfid_uid` },
  added_date: { type: 'instant', sql: sql`t.added_date`, isNotNull: true },
  registration_date: { type: 'instant', sql: sql`t.registration_date` },
  collection_id: { type: 'uuid', sql: sql`t.collection_id` },
  accessor_id: { type: 'uuid', sql: sql.raw(holder) },
  expiry_date: { type: 'instant', sql: sql`t.expiry_date` },
} as const satisfies SqlListFields;

const columns = `t.id, t.source_iq_id, t.tag_number, t.rfid_uid, t.added_date, t.registration_date, t.collection_id,
  ${holder} as accessor_id, t.expiry_date,
  (select coalesce(json_agg(json_build_object('id', v.id, 'reference', v.reference, 'display_name', v.display_name)
     order by v.reference), '[]') from vendors v where v.reference = any (t.vendor_references)) as vendors`;

export async function findTag(scope: Scope, id: TagId): Promise<TagRow | undefined> {
  const [row] = await scope.query<TagRow>(
    `select ${columns} from tags t where t.tenant_id = $1 and t.id = $2`,
    [scope.tenantId, id],
    'tag_find',
  );
  return row;
}

export function listTags(scope: Scope, options: ListOptions): Promise<ListResult<TagRow>> {
  return listRows<TagRow>(scope, {
    from: sql`tags t`,
    tenant: sql`t.tenant_id`,
    select: sql.raw(columns),
    fields: tagFields,
    options,
    id: sql`t.id`,
    defaultOrder: [{ sql: sql`t.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Keeps the tag as it is until the transaction ends; false when there is none. */
export async function holdTag(scope: WriteScope, id: TagId): Promise<boolean> {
  const rows = await scope.query(
    'select id from tags where tenant_id = $1 and id = $2 for update',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

const writable = ['expiry_date', 'collection_id', 'rfid_uid'] as const;

/** Writes the members given; the others stay. */
export async function updateTag(
  scope: WriteScope,
  id: TagId,
  change: {
    readonly expiry_date?: string | null;
    readonly collection_id?: string | null;
    readonly rfid_uid?: string | null;
  },
): Promise<void> {
  await updateColumns(scope, { table: 'tags', id, columns: writable, change });
}

/** What stands against deleting a tag (core-api.md 10). */
export type TagUse = { readonly isMasterKey: boolean; readonly hasKey: boolean };

export async function findTagUse(scope: Scope, id: TagId): Promise<TagUse> {
  const [row] = await scope.query<TagUse>(
    `select exists (select 1 from collections where tenant_id = $1 and masterkey_id = $2) as "isMasterKey",
       exists (select 1 from keys where tenant_id = $1 and credential_id = $2 and key_type = 'tag') as "hasKey"`,
    [scope.tenantId, id],
  );
  return row ?? { isMasterKey: false, hasKey: false };
}

/** Removes the tag and the keys made of it; gives the accessors that held it. */
export async function deleteTag(scope: WriteScope, id: TagId): Promise<AccessorId[]> {
  const keys = await scope.query<{ accessor_id: AccessorId }>(
    `delete from keys where tenant_id = $1 and credential_id = $2 and key_type = 'tag' returning accessor_id`,
    [scope.tenantId, id],
  );
  await scope.query('delete from tags where tenant_id = $1 and id = $2', [scope.tenantId, id]);
  return keys.map(({ accessor_id }) => accessor_id);
}
