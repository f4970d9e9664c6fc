import type { IqId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

/** IQs out of reach whose desired state this very transaction has changed: the version of their row is its own. */
export async function findQueuedIqs(scope: WriteScope, most: number): Promise<IqId[]> {
  const rows = await scope.query<{ id: IqId }>(
    `select id from iqs where tenant_id = $1 and not online and has_been_subscribed
       and desired_version > applied_version and xmin = pg_current_xact_id()::xid order by id limit $2`,
    [scope.tenantId, most],
    'iqs_queued',
  );
  return rows.map((row) => row.id);
}
