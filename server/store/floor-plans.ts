import { sql } from 'kysely';
import type { PlanImageType, PlanPlace } from '#contract/floor-plans';
import type { CollectionId, FloorId, LockId } from '#contract/ids';
import { compileSql } from './list.ts';
import type { Scope, WriteScope } from './scope.ts';
import { isInView, type SiteView } from './site-locks.ts';

/** What a picture is; `bytes` = how many. */
export type PlanRow = {
  readonly media_type: PlanImageType;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly digest: string;
  readonly created_at: Date;
};

export async function findPlan(scope: Scope, id: FloorId): Promise<PlanRow | undefined> {
  const [row] = await scope.query<PlanRow>(
    `select media_type, width, height, octet_length(image) as bytes, digest, created_at from floor_plans
     where tenant_id = $1 and floor_id = $2`,
    [scope.tenantId, id],
  );
  return row;
}

export type PlanPicture = {
  readonly mediaType: PlanImageType;
  readonly digest: string;
  readonly bytes: Buffer;
};

export async function findPlanPicture(scope: Scope, id: FloorId): Promise<PlanPicture | undefined> {
  const [row] = await scope.query<PlanPicture>(
    `select media_type as "mediaType", digest, image as bytes from floor_plans where tenant_id = $1 and floor_id = $2`,
    [scope.tenantId, id],
  );
  return row;
}

/** The places of locks that are in view, in the order of the locks' ids. */
export function listPlanPlaces(
  scope: Scope,
  { view, id }: { readonly view: SiteView; readonly id: FloorId },
): Promise<PlanPlace[]> {
  const { text, values } = compileSql(
    sql`select p.lock_id, p.x, p.y from floor_plan_locks p
        join locks l on l.tenant_id = p.tenant_id and l.id = p.lock_id
        where p.tenant_id = ${scope.tenantId}::uuid and p.floor_id = ${id}::uuid and ${isInView(view)}
        order by p.lock_id`,
  );
  return scope.query<PlanPlace>(text, values);
}

/** How much the pictures of a site's other floors hold. */
export async function countOtherPlanBytes(
  scope: Scope,
  { collectionId, id }: { readonly collectionId: CollectionId; readonly id: FloorId },
): Promise<number> {
  const [row] = await scope.query<{ bytes: number }>(
    `select coalesce(sum(octet_length(p.image)), 0)::int as bytes from floor_plans p
     join floors f on f.tenant_id = p.tenant_id and f.id = p.floor_id
     where p.tenant_id = $1 and f.collection_id = $2 and f.id <> $3`,
    [scope.tenantId, collectionId, id],
  );
  return row?.bytes ?? 0;
}

/** Stores the picture of a floor in the place of the one before; the locks on it stay where they are. */
export async function putPlan(
  scope: WriteScope,
  id: FloorId,
  row: Omit<PlanRow, 'bytes'> & { readonly image: Buffer },
): Promise<void> {
  await scope.query(
    `insert into floor_plans (tenant_id, floor_id, media_type, width, height, image, digest, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, floor_id) do update set media_type = excluded.media_type, width = excluded.width,
       height = excluded.height, image = excluded.image, digest = excluded.digest, created_at = excluded.created_at`,
    [
      scope.tenantId,
      id,
      row.media_type,
      row.width,
      row.height,
      row.image,
      row.digest,
      row.created_at,
    ],
  );
}

/** Removes the picture and the places on it. */
export async function deletePlan(scope: WriteScope, id: FloorId): Promise<void> {
  await scope.query('delete from floor_plans where tenant_id = $1 and floor_id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** Those of the ids that are locks on the floor, kept there until the transaction ends. */
export async function holdFloorLocks(
  scope: WriteScope,
  id: FloorId,
  lockIds: readonly string[],
): Promise<LockId[]> {
  const rows = await scope.query<{ id: LockId }>(
    `select id from locks where tenant_id = $1 and floor_id = $2 and id = any ($3) order by id for no key update`,
    [scope.tenantId, id, lockIds],
  );
  return rows.map((row) => row.id);
}

export async function isOnFloorNow(scope: Scope, id: FloorId, lockId: LockId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from locks where tenant_id = $1 and floor_id = $2 and id = $3',
    [scope.tenantId, id, lockId],
  );
  return rows.length > 0;
}

/** Puts locks in places; others on the floor stay in theirs. */
export async function putPlanPlaces(
  scope: WriteScope,
  id: FloorId,
  places: readonly PlanPlace[],
): Promise<void> {
  await scope.query(
    `insert into floor_plan_locks (tenant_id, floor_id, lock_id, x, y)
     select $1, $2, * from unnest($3::uuid[], $4::float8[], $5::float8[])
     on conflict (tenant_id, lock_id) do update set floor_id = excluded.floor_id, x = excluded.x, y = excluded.y`,
    [
      scope.tenantId,
      id,
      places.map((place) => place.lock_id),
      places.map(({ x }) => x),
      places.map(({ y }) => y),
    ],
  );
}

/** Takes places away: of all locks on the floor but those named, or of the one named. */
export async function deletePlanPlaces(
  scope: WriteScope,
  id: FloorId,
  which: { readonly but: readonly string[] } | { readonly of: LockId },
): Promise<number> {
  const condition = 'of' in which ? 'lock_id = $3' : 'lock_id <> all ($3)';
  const rows = await scope.query(
    `delete from floor_plan_locks where tenant_id = $1 and floor_id = $2 and ${condition} returning 1`,
    [scope.tenantId, id, 'of' in which ? which.of : which.but],
  );
  return rows.length;
}
