/** Other hardware in the place of a lock (behaviour.md 4.7). */
import type { IqId, LockId } from '#contract/ids';
import type { HardwareTraits } from '#contract/iq-link';
import type { IqLinkState } from '#contract/locks';
import type { Scope, WriteScope } from './scope.ts';

/** What decides about a replacement beside the lock as it is shown. */
export type ReplaceableLock = {
  readonly iq_id: IqId | null;
  readonly iq_link_state: IqLinkState;
  readonly lock_type: string;
  readonly vendor_reference: string;
  readonly offline_keys: number;
};

/** The lock; undefined when the tenant has none of that id. */
export async function findReplaceableLock(
  scope: Scope,
  id: LockId,
): Promise<ReplaceableLock | undefined> {
  const [row] = await scope.query<ReplaceableLock>(
    `select l.iq_id, l.iq_link_state, l.lock_type, l.vendor_reference,
       (select count(*)::int from offline_keys o where o.tenant_id = l.tenant_id and o.lock_id = l.id) as offline_keys
     from locks l where l.tenant_id = $1 and l.id = $2`,
    [scope.tenantId, id],
  );
  return row;
}

/**
 * Writes code and traits of the hardware, unknown ones as of a lock never seen; it waits for the card in its place of the tree,
 * or at the end when it had been left out.
 */
export async function replaceLockHardware(
  scope: WriteScope,
  id: LockId,
  hardware: {
    readonly code: string;
    readonly mac: string;
    readonly traits: HardwareTraits | null;
  },
): Promise<void> {
  const { code, mac, traits } = hardware;
  await scope.query(
    `update locks l set code = $3, mac = $4, lock_type = $5, communication_type = $6, offline_key_limit = $7,
            iq_link_state = 'attached_pending', locked_state = 'none', locked_state_at = null, online = false,
            battery_level = 'unknown', left_open_alarm = false, intrusion_alarm = false, privacy_mode = false,
            tag_registration_until = null, signal_strength = null, signal_strength_last_update = null,
            held_offline_key_ids = null, held_offline_keys_at = null, offline_memory_refused = false,
            memory_table_version = null, holds_schedules = null,
            tree_position = coalesce(l.tree_position, 1 + greatest(
              (select max(o.tree_position) from locks o where o.tenant_id = $1 and o.iq_id = l.iq_id),
              (select max(r.tree_position) from repeaters r where r.tenant_id = $1 and r.iq_id = l.iq_id), 0))
      where l.tenant_id = $1 and l.id = $2`,
    [
      scope.tenantId,
      id,
      code,
      mac,
      traits?.lock_type ?? 'unknown',
      traits?.communication_type ?? 'blue_net',
      traits?.offline_key_limit ?? null,
    ],
  );
}
