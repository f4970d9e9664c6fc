/** Floors as somebody of a site sees them: all, or those with a lock that one shares a group with (connect-api.md 1.5, 2.3). */
import { sql } from 'kysely';
import type { FloorResponse } from '#contract/floors';
import type { FloorId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { floorFields } from './floors.ts';
import { compileSql, listRows, type ListResult } from './list.ts';
import type { Sql } from './odata-filter.ts';
import type { Scope } from './scope.ts';
import { isOpenTo, type SiteView } from './site-locks.ts';

/** Locks (`l`) of floor `f` that are in view. */
function seenLocks({ accessorId }: SiteView): Sql {
  const onFloor = sql`from locks l where l.tenant_id = f.tenant_id and l.floor_id = f.id`;
  return accessorId === null ? onFloor : sql`${onFloor} and ${isOpenTo(accessorId)}`;
}

function lockCount(view: SiteView): Sql {
  return sql`(select count(*)::int ${seenLocks(view)})`;
}

function isInView(view: SiteView): Sql {
  const ofSite = sql`f.collection_id = ${view.siteId}::uuid`;
  return view.accessorId === null
    ? ofSite
    : sql`${ofSite} and exists (select 1 ${seenLocks(view)})`;
}

function columns(view: SiteView): Sql {
  return sql`f.id, f.customer_reference, f.number, ${lockCount(view)} as lock_count`;
}

export async function findSiteFloor(
  scope: Scope,
  view: SiteView,
  id: FloorId,
): Promise<FloorResponse | undefined> {
  const { text, values } = compileSql(
    sql`select ${columns(view)} from floors f
        where f.tenant_id = ${scope.tenantId}::uuid and f.id = ${id}::uuid and ${isInView(view)}`,
  );
  const [row] = await scope.query<FloorResponse>(text, values);
  return row;
}

export function listSiteFloors(
  scope: Scope,
  options: ListOptions,
  view: SiteView,
): Promise<ListResult<FloorResponse>> {
  return listRows<FloorResponse>(scope, {
    from: sql`floors f`,
    tenant: sql`f.tenant_id`,
    where: isInView(view),
    select: columns(view),
    fields: {
      ...floorFields,
      lock_count: { type: 'int', sql: lockCount(view), isNotNull: true },
    },
    options,
    id: sql`f.id`,
    defaultOrder: [{ sql: sql`f.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
