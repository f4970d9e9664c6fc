import type { CollectionId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

const kinds = {
  user_amount: `select count(*) from collection_settings s
    where s.tenant_id = c.tenant_id and s.collection_id = c.id and not s.suspended`,
  iq_amount: `select count(*) from iqs q where q.tenant_id = c.tenant_id and q.collection_id = c.id`,
} as const;

/**
 * Whether one more may be added to what the operator allows a collection; null = no limit. Where there is one, whoever else
 * wants the last place waits until the transaction ends.
 */
export async function hasRoomFor(
  scope: WriteScope,
  id: CollectionId,
  kind: keyof typeof kinds,
): Promise<boolean> {
  const [row] = await scope.query<{ most: number | null }>(
    `select ${kind} as most from collections where tenant_id = $1 and id = $2`,
    [scope.tenantId, id],
    `seats_limit_${kind}`,
  );
  if (row === undefined || row.most === null) return true;
  await scope.query(`select pg_advisory_xact_lock(hashtextextended($1 || $2::text, 0))`, [
    `${kind} `,
    id,
  ]);
  const [found] = await scope.query<{ has_room: boolean }>(
    `select (${kinds[kind]}) < c.${kind} as has_room from collections c where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id],
    `seats_room_${kind}`,
  );
  return found?.has_room ?? true;
}
