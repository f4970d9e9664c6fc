/** Banks of lockers (connect-api.md 8). */
import { sql } from 'kysely';
import type { CollectionId, LockerGroupId } from '#contract/ids';
import type { LockerGroupResponse } from '#contract/locker-groups';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

export type LockerGroupRow = LockerGroupResponse & { readonly id: LockerGroupId };

/** A bank of a site. */
export type SiteLockerGroup = { readonly siteId: CollectionId; readonly id: LockerGroupId };

export const lockerGroupFields = {
  id: { type: 'uuid', sql: sql`g.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`g.customer_reference`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = `g.id, g.customer_reference,
  (select coalesce(json_agg(json_build_object('id', l.id, 'customer_reference', l.customer_reference)
     order by l.created_at, l.id), '[]')
   from locks l where l.tenant_id = g.tenant_id and l.locker_group_id = g.id) as lockers`;

export function listLockerGroups(
  scope: Scope,
  options: ListOptions,
  siteId: CollectionId,
): Promise<ListResult<LockerGroupRow>> {
  return listRows<LockerGroupRow>(scope, {
    from: sql`locker_groups g`,
    tenant: sql`g.tenant_id`,
    where: sql`g.collection_id = ${siteId}::uuid`,
    select: sql.raw(columns),
    fields: lockerGroupFields,
    options,
    id: sql`g.id`,
    defaultOrder: [{ sql: sql`g.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function findLockerGroup(
  scope: Scope,
  { siteId, id }: SiteLockerGroup,
): Promise<LockerGroupRow | undefined> {
  const [row] = await scope.query<LockerGroupRow>(
    `select ${columns} from locker_groups g where g.tenant_id = $1 and g.collection_id = $2 and g.id = $3`,
    [scope.tenantId, siteId, id],
    'locker_group_find',
  );
  return row;
}

export async function insertLockerGroup(
  scope: WriteScope,
  { siteId, id }: SiteLockerGroup,
  row: { readonly name: string; readonly now: Date },
): Promise<void> {
  await scope.query(
    `insert into locker_groups (tenant_id, id, collection_id, customer_reference, created_at)
     values ($1, $2, $3, $4, $5)`,
    [scope.tenantId, id, siteId, row.name, row.now],
  );
}

export async function updateLockerGroup(
  scope: WriteScope,
  id: LockerGroupId,
  change: { readonly customer_reference?: string },
): Promise<void> {
  await updateColumns(scope, {
    table: 'locker_groups',
    id,
    columns: ['customer_reference'],
    change,
  });
}

/** Lockers of the bank stay, in none. */
export async function deleteLockerGroup(scope: WriteScope, id: LockerGroupId): Promise<void> {
  await scope.query('delete from locker_groups where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** Those of the ids that are lockers of the site, held until the transaction ends. */
export async function holdLockers(
  scope: WriteScope,
  siteId: CollectionId,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ id: string }>(
    `select id from locks where tenant_id = $1 and collection_id = $2 and lock_type = 'locker_lock' and id = any ($3)
      order by id for no key update`,
    [scope.tenantId, siteId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Takes lockers out of a bank, then puts others in, from whichever bank they stood in. */
export async function moveLockers(
  scope: WriteScope,
  id: LockerGroupId,
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<void> {
  await scope.query(
    `update locks set locker_group_id = case when id = any ($4) then $2::uuid end
      where tenant_id = $1 and (id = any ($4) or id = any ($3) and locker_group_id = $2)`,
    [scope.tenantId, id, remove, add],
  );
}
