/** An IQ that takes the place of another: the mark of both while it runs, and the move of everything (behaviour.md 4.8). */
import type { IqId } from '#contract/ids';
import { passInstallerAccess } from './installer-access.ts';
import type { WriteScope } from './scope.ts';

/** Whose place an IQ takes, and who asked for it. */
export type Replaced = {
  readonly iq_id: IqId;
  readonly client_id: string | null;
  readonly user_id: string | null;
  readonly request_id: string | null;
};

/** Marks the IQ that is there and the one whose hub has been claimed for its place. */
export async function beginReplacement(
  scope: WriteScope,
  newId: IqId,
  { replaced, now }: { readonly replaced: Replaced; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update iqs set replacing_since = $4, replaces = case when id = $2 then $5::jsonb end
      where tenant_id = $1 and id = any (array[$2, $3]::uuid[])`,
    [scope.tenantId, newId, replaced.iq_id, now, JSON.stringify(replaced)],
  );
}

/** Takes the mark off an IQ that keeps its place. */
export async function endReplacement(scope: WriteScope, iqId: IqId): Promise<void> {
  await scope.query('update iqs set replacing_since = null where tenant_id = $1 and id = $2', [
    scope.tenantId,
    iqId,
  ]);
}

/** Whose place an IQ is waiting to take; undefined = nobody's. */
export async function findReplaced(scope: WriteScope, iqId: IqId): Promise<Replaced | undefined> {
  const [row] = await scope.query<{ replaces: Replaced | null }>(
    'select replaces from iqs where tenant_id = $1 and id = $2',
    [scope.tenantId, iqId],
    'iq_replaced_find',
  );
  return row?.replaces ?? undefined;
}

/**
 * Gives an IQ the name, the settings and all hardware of another, every device to be attached anew in the order of its tree;
 * what was on its way out of the tree comes last. False = the other is gone.
 */
export async function takePlace(
  scope: WriteScope,
  newId: IqId,
  { formerId, now }: { readonly formerId: IqId; readonly now: Date },
): Promise<boolean> {
  const moved = await scope.query(
    `update iqs n set customer_reference = o.customer_reference, time_zone = o.time_zone,
            collection_id = o.collection_id, subscribed = o.subscribed, has_been_subscribed = o.has_been_subscribed,
            otp_enabled = o.otp_enabled, led_enabled = o.led_enabled, led_pattern = o.led_pattern,
            replaces = null, replacing_since = $4
       from iqs o
      where n.tenant_id = $1 and n.id = $2 and o.tenant_id = $1 and o.id = $3 returning n.id`,
    [scope.tenantId, newId, formerId, now],
  );
  if (moved.length === 0) return false;
  await moveHardware(scope, newId, formerId);
  await passInstallerAccess(scope, { from: formerId, to: newId });
  return true;
}

async function moveHardware(scope: WriteScope, newId: IqId, formerId: IqId): Promise<void> {
  await scope.query(
    `with devices as (
       select id, tree_position, created_at from locks where tenant_id = $1 and iq_id = $3
       union all
       select id, tree_position, created_at from repeaters where tenant_id = $1 and iq_id = $3
     ), places as (
       select id, row_number() over (order by tree_position nulls last, created_at, id) as position from devices
     ), moved as (
       update repeaters r set iq_id = $2, iq_link_state = 'attached_pending', online = false, tree_position = p.position
         from places p where r.tenant_id = $1 and r.id = p.id
     )
     update locks l set iq_id = $2, iq_link_state = 'attached_pending', online = false, tree_position = p.position,
            tag_registration_until = null, held_offline_key_ids = null, held_offline_keys_at = null,
            offline_memory_refused = false, memory_table_version = null
       from places p where l.tenant_id = $1 and l.id = p.id`,
    [scope.tenantId, newId, formerId],
  );
}
