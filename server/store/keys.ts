import { sql } from 'kysely';
import type { AccessorId, CollectionId, KeyId, TagId, UserId } from '#contract/ids';
import { keyTypes, type KeyResponse, type KeyType } from '#contract/keys';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type KeyRow = KeyResponse & { readonly id: KeyId; readonly accessor_id: AccessorId };

export const keyFields = {
  id: { type: 'uuid', sql: sql`k.id`, isNotNull: true },
  key_id: { type: 'uuid', sql: sql`k.credential_id`, isNotNull: true },
  key_number: { type: 'text', sql: sql`t.tag_number` },
  key_type: { type: 'enum', words: keyTypes, sql: sql`k.key_type` },
  accessor_id: { type: 'uuid', sql: sql`k.accessor_id`, isNotNull: true },
  blocked: { type: 'bool', sql: sql`k.blocked`, isNotNull: true },
} as const satisfies SqlListFields;

/** Credentials other than tags fit the hardware families of their owner's collection. */
const columns = `k.id, k.credential_id as key_id, t.tag_number as key_number, k.key_type, k.accessor_id, k.blocked,
  (select coalesce(json_agg(json_build_object('id', v.id, 'reference', v.reference, 'display_name', v.display_name)
     order by v.reference), '[]') from vendors v
   where v.reference = any (coalesce(t.vendor_references, c.vendor_references, '{sallis}'))) as vendors`;

const joins = `keys k
  join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
  left join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id
  left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id`;

export async function findKey(scope: Scope, id: KeyId): Promise<KeyRow | undefined> {
  const [row] = await scope.query<KeyRow>(
    `select ${columns} from ${joins} where k.tenant_id = $1 and k.id = $2`,
    [scope.tenantId, id],
    'key_find',
  );
  return row;
}

/** A page of the keys of the tenant; `where` narrows it further and speaks of `k`. */
export function listKeys(
  scope: Scope,
  options: ListOptions,
  where: Sql,
): Promise<ListResult<KeyRow>> {
  return listRows<KeyRow>(scope, {
    from: sql.raw(joins),
    tenant: sql`k.tenant_id`,
    where,
    select: sql.raw(columns),
    fields: keyFields,
    options,
    id: sql`k.id`,
    defaultOrder: [{ sql: sql`k.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Who holds a tag; several are accessors of one person (behaviour.md 5.1). */
export type TagHolder = {
  readonly key_id: KeyId;
  readonly accessor_id: AccessorId;
  readonly user_id: UserId | null;
};

export function listTagHolders(scope: Scope, id: TagId): Promise<TagHolder[]> {
  return scope.query<TagHolder>(
    `select k.id as key_id, k.accessor_id, a.user_id from keys k
     join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
     where k.tenant_id = $1 and k.credential_id = $2 and k.key_type = 'tag' order by k.created_at, k.id`,
    [scope.tenantId, id],
  );
}

/**
 * The tag keys of an accessor, oldest first, and those by which the same person holds a tag of this collection elsewhere: it is taken
 * from the person with them.
 */
export function listTagKeys(
  scope: Scope,
  {
    id,
    user_id: userId,
    collection_id: collectionId,
  }: {
    readonly id: AccessorId;
    readonly user_id: UserId | null;
    readonly collection_id: CollectionId | null;
  },
): Promise<{ readonly id: KeyId; readonly accessor_id: AccessorId }[]> {
  return scope.query<{ id: KeyId; accessor_id: AccessorId }>(
    `select k.id, k.accessor_id from keys k
     join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
     join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id
     where k.tenant_id = $1 and k.key_type = 'tag'
       and (k.accessor_id = $2 or (a.user_id = $3 and t.collection_id = $4 and exists (select 1 from keys o
         where o.tenant_id = k.tenant_id and o.accessor_id = $2 and o.key_type = 'tag' and o.credential_id = t.id)))
     order by k.created_at, k.id`,
    [scope.tenantId, id, userId, collectionId],
  );
}

export type NewKey = {
  readonly id: KeyId;
  readonly accessor_id: AccessorId;
  readonly key_type: KeyType;
  readonly credential_id: string;
  readonly blocked: boolean;
  readonly credential_value: string | null;
  readonly expires_at: string | null;
  readonly created_at: Date;
};

/** The caller holds the accessor, and the tag of a tag key, so that no key of the same credential can come between. */
export async function insertKey(scope: WriteScope, row: NewKey): Promise<void> {
  await scope.query(
    `insert into keys (tenant_id, id, accessor_id, key_type, credential_id, blocked, credential_value, expires_at,
       created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      scope.tenantId,
      row.id,
      row.accessor_id,
      row.key_type,
      row.credential_id,
      row.blocked,
      row.credential_value,
      row.expires_at,
      row.created_at,
    ],
  );
}

const writable = ['credential_id', 'blocked', 'credential_value', 'expires_at'] as const;

/** Writes the members given; the others stay. */
export async function updateKey(
  scope: WriteScope,
  id: KeyId,
  change: {
    readonly credential_id?: string;
    readonly blocked?: boolean;
    readonly credential_value?: string;
    readonly expires_at?: string | null;
  },
): Promise<void> {
  await updateColumns(scope, { table: 'keys', id, columns: writable, change });
}

/** Removes the key with its settings and offline relations. */
export async function deleteKey(scope: WriteScope, id: KeyId): Promise<void> {
  await scope.query('delete from keys where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

/** A credential that an accessor has at most once, or one of its own by the credential's id. */
export async function findKeyOf(
  scope: Scope,
  accessorId: AccessorId,
  what: { readonly key_type: KeyType; readonly credentialId?: string },
): Promise<{ readonly id: KeyId; readonly blocked: boolean } | undefined> {
  const [row] = await scope.query<{ id: KeyId; blocked: boolean }>(
    `select id, blocked from keys
     where tenant_id = $1 and accessor_id = $2 and key_type = $3 and ($4::uuid is null or credential_id = $4)
     order by created_at, id limit 1`,
    [scope.tenantId, accessorId, what.key_type, what.credentialId ?? null],
  );
  return row;
}

/** Condition for lists: keys of one accessor. */
export function isOf(accessorId: AccessorId): Sql {
  return sql`k.accessor_id = ${accessorId}::uuid`;
}
