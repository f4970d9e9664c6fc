import type { CollectionId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

type Kind = {
  readonly limit: 'user_amount' | 'iq_amount';
  readonly taken: string;
  readonly values: readonly unknown[];
};

/**
 * Whether one more accessor may have a seat in a collection: a setting that is not suspended. Guests whose time is over have
 * none, whether or not a job has suspended them yet.
 */
export function hasFreeSeat(scope: WriteScope, id: CollectionId, now: Date): Promise<boolean> {
  return hasRoom(scope, id, {
    limit: 'user_amount',
    taken: `select count(*) from collection_settings s
      where s.tenant_id = c.tenant_id and s.collection_id = c.id and not s.suspended
        and not exists (select 1 from accessors a where a.tenant_id = s.tenant_id and a.id = s.accessor_id
          and a.collection_id = s.collection_id and a.expires_at <= $3)`,
    values: [now],
  });
}

/** Whether one more may be added to the IQs of a collection. */
export function hasRoomFor(
  scope: WriteScope,
  id: CollectionId,
  limit: 'iq_amount',
): Promise<boolean> {
  return hasRoom(scope, id, {
    limit,
    taken: `select count(*) from iqs q where q.tenant_id = c.tenant_id and q.collection_id = c.id`,
    values: [],
  });
}

/**
 * Whether one more may be added to what the operator allows a collection; null = no limit. Where there is one, whoever else
 * wants the last place waits until the transaction ends.
 */
async function hasRoom(
  scope: WriteScope,
  id: CollectionId,
  { limit, taken, values }: Kind,
): Promise<boolean> {
  const [row] = await scope.query<{ most: number | null }>(
    `select ${limit} as most from collections where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
    `seats_limit_${limit}`,
  );
  if (row === undefined || row.most === null) return true;
  await scope.query(`select pg_advisory_xact_lock(hashtextextended($1 || $2::text, 0))`, [
    `${limit} `,
    id,
  ]);
  const [found] = await scope.query<{ has_room: boolean }>(
    `select (${taken}) < c.${limit} as has_room from collections c where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id, ...values],
    `seats_room_${limit}`,
  );
  return found?.has_room ?? true;
}
