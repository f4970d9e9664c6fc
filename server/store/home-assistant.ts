/** What Home Assistant is shown of a site, and which process shows it. */
import type { PoolClient } from 'pg';
import type { CollectionId, IqId, LockId, TenantId } from '#contract/ids';
import type { lockStates } from '#contract/iq-link';
import type { BatteryState } from '#contract/lock-conditions';
import type { Database } from './pool.ts';

export type ShownLock = {
  readonly siteId: CollectionId;
  readonly tenantId: TenantId;
  readonly id: LockId;
  readonly name: string;
  readonly iqId: IqId | null;
  readonly state: (typeof lockStates)[number];
  readonly online: boolean;
  readonly battery: BatteryState;
  readonly leftOpen: boolean;
  readonly intrusion: boolean;
};

export type ShownHub = {
  readonly siteId: CollectionId;
  readonly tenantId: TenantId;
  readonly id: IqId;
  readonly name: string;
  readonly online: boolean;
};

export type ShownDevices = {
  readonly locks: readonly ShownLock[];
  readonly hubs: readonly ShownHub[];
};

/** Locks and hubs of these sites, of whatever tenant: the operator has named them. */
export async function readShownDevices(
  database: Database,
  siteIds: readonly string[],
): Promise<ShownDevices> {
  const hubs = await database.pool.query<ShownHub>({
    name: 'home-assistant-hubs',
    text: `select i.collection_id as "siteId", i.tenant_id as "tenantId", i.id,
                  coalesce(i.customer_reference, i.mac, 'Hub') as name, i.online
             from iqs i where i.collection_id = any($1::uuid[]) order by i.id`,
    values: [siteIds],
  });
  const locks = await database.pool.query<ShownLock>({
    name: 'home-assistant-locks',
    // As a lock is shown everywhere: behaviour.md 3.4.
    text: `select l.collection_id as "siteId", l.tenant_id as "tenantId", l.id,
                  coalesce(l.customer_reference, l.mac) as name, l.iq_id as "iqId", l.locked_state as state,
                  l.online and l.iq_link_state in ('attached', 'detached_pending') and coalesce(i.online, false) as online,
                  l.battery_level as battery, l.left_open_alarm as "leftOpen", l.intrusion_alarm as intrusion
             from locks l left join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
            where l.collection_id = any($1::uuid[]) order by l.id`,
    values: [siteIds],
  });
  return { locks: locks.rows, hubs: hubs.rows };
}

/** Held as long as this process is the one; another takes it over when the connection ends. */
export type Lead = { isHeld(): boolean; end(): void };

// Any fixed number; see the lock of migrations.
const LEAD = 2_604_129_372;

/** Becomes the one process that shows doors to Home Assistant, or null while another is: two would open a door twice. */
export async function takeLead(database: Database): Promise<Lead | null> {
  const client: PoolClient = await database.pool.connect();
  let isHeld = false;
  client.once('error', () => {
    isHeld = false;
  });
  try {
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1) as taken',
      [LEAD],
    );
    isHeld = rows[0]?.taken === true;
  } catch (error) {
    client.release(true);
    throw error;
  }
  if (!isHeld) {
    client.release();
    return null;
  }
  let isEnded = false;
  return {
    isHeld: () => isHeld,
    end() {
      if (isEnded) return;
      isEnded = true;
      isHeld = false;
      // Closing the connection gives the lock back, whatever state it is in.
      client.release(true);
    },
  };
}
