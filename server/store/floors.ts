import { sql } from 'kysely';
import type { AccessorFloorsResponse, FloorResponse } from '#contract/floors';
import type { AccessorId, CollectionId, FloorId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type FloorRow = FloorResponse & { readonly id: FloorId };

const lockCount = `(select count(*)::int from locks fl where fl.tenant_id = f.tenant_id and fl.floor_id = f.id)`;

export const floorFields = {
  id: { type: 'uuid', sql: sql`f.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`f.customer_reference` },
  number: { type: 'int', sql: sql`f.number` },
  lock_count: { type: 'int', sql: sql.raw(lockCount), isNotNull: true },
} as const satisfies SqlListFields;

const columns = `f.id, f.customer_reference, f.number, ${lockCount} as lock_count`;

/** A floor by the collection it is in, as paths name it. */
export type CollectionFloor = { readonly collectionId: CollectionId; readonly id: FloorId };

export async function findFloor(
  scope: Scope,
  { collectionId, id }: CollectionFloor,
): Promise<FloorRow | undefined> {
  const [row] = await scope.query<FloorRow>(
    `select ${columns} from floors f where f.tenant_id = $1 and f.collection_id = $2 and f.id = $3`,
    [scope.tenantId, collectionId, id],
    'floor_find',
  );
  return row;
}

/** Keeps the floor as it is by everybody else until the transaction ends; false when there is none. */
export async function holdFloor(
  scope: WriteScope,
  { collectionId, id }: CollectionFloor,
): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from floors where tenant_id = $1 and collection_id = $2 and id = $3 for update',
    [scope.tenantId, collectionId, id],
  );
  return rows.length > 0;
}

export function listFloors(
  scope: Scope,
  options: ListOptions,
  collectionId: CollectionId,
): Promise<ListResult<FloorRow>> {
  return listRows<FloorRow>(scope, {
    from: sql`floors f`,
    tenant: sql`f.tenant_id`,
    where: sql`f.collection_id = ${collectionId}::uuid`,
    select: sql.raw(columns),
    fields: floorFields,
    options,
    id: sql`f.id`,
    defaultOrder: [{ sql: sql`f.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** Condition for lists of locks (`l`): they are on the floor. */
export function isOnFloor(id: FloorId): Sql {
  return sql`l.floor_id = ${id}::uuid`;
}

export async function insertFloor(
  scope: WriteScope,
  row: {
    readonly id: FloorId;
    readonly collection_id: CollectionId;
    readonly customer_reference: string | null;
    readonly number: number | null;
    readonly created_at: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into floors (tenant_id, id, collection_id, customer_reference, number, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [scope.tenantId, row.id, row.collection_id, row.customer_reference, row.number, row.created_at],
  );
}

/** Writes the members given; the others stay. */
export async function updateFloor(
  scope: WriteScope,
  id: FloorId,
  change: { readonly customer_reference?: string | null; readonly number?: number | null },
): Promise<void> {
  const columns = ['customer_reference', 'number'];
  await updateColumns(scope, { table: 'floors', id, columns, change });
}

/** Removes the floor; its locks are on none. */
export async function deleteFloor(scope: WriteScope, id: FloorId): Promise<void> {
  await scope.query('delete from floors where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

/** Those of the ids that are locks of the collection, kept as they are until the transaction ends. */
export async function holdCollectionLocks(
  scope: WriteScope,
  collectionId: CollectionId,
  ids: readonly string[],
): Promise<LockId[]> {
  const rows = await scope.query<{ id: LockId }>(
    `select id from locks where tenant_id = $1 and collection_id = $2 and id = any ($3)
     order by id for no key update`,
    [scope.tenantId, collectionId, ids],
  );
  return rows.map((row) => row.id);
}

/** Puts locks on the floor, off their former one. */
export async function addFloorLocks(
  scope: WriteScope,
  id: FloorId,
  lockIds: readonly LockId[],
): Promise<void> {
  await scope.query('update locks set floor_id = $2 where tenant_id = $1 and id = any ($3)', [
    scope.tenantId,
    id,
    lockIds,
  ]);
}

/** Takes locks off the floor; those elsewhere stay where they are. */
export async function removeFloorLocks(
  scope: WriteScope,
  id: FloorId,
  lockIds: readonly string[],
): Promise<void> {
  await scope.query(
    'update locks set floor_id = null where tenant_id = $1 and floor_id = $2 and id = any ($3)',
    [scope.tenantId, id, lockIds],
  );
}

/**
 * The floors on which accessors have a lock by one of their groups, by accessor; only those who have one. null = everybody,
 * in the order in which they were made.
 */
export function listAccessorFloors(
  scope: Scope,
  collectionId: CollectionId,
  accessorId: AccessorId | null,
): Promise<AccessorFloorsResponse[]> {
  return scope.query<AccessorFloorsResponse>(
    `with reached as (
       select distinct ga.accessor_id, l.floor_id
       from floors f
       join locks l on l.tenant_id = f.tenant_id and l.floor_id = f.id
       join access_group_locks gl on gl.tenant_id = l.tenant_id and gl.lock_id = l.id
       join access_group_accessors ga on ga.tenant_id = gl.tenant_id and ga.access_group_id = gl.access_group_id
       where f.tenant_id = $1 and f.collection_id = $2 and ($3::uuid is null or ga.accessor_id = $3)),
     counted as (
       select f.id, f.created_at, json_build_object('id', f.id, 'customer_reference', f.customer_reference,
         'number', f.number, 'lock_count', ${lockCount}) as floor
       from floors f where f.tenant_id = $1 and f.collection_id = $2)
     select r.accessor_id, json_agg(c.floor order by c.created_at, c.id) as floors
     from reached r
     join counted c on c.id = r.floor_id
     join accessors a on a.tenant_id = $1 and a.id = r.accessor_id
     group by r.accessor_id, a.created_at order by a.created_at, r.accessor_id`,
    [scope.tenantId, collectionId, accessorId],
  );
}
