import type { Schedule } from '#contract/access-table';
import type { AccessorId, CollectionId, IqId, LockId } from '#contract/ids';
import type { IqLinkState, LockResponse } from '#contract/locks';
import { underUpdate } from './firmware-runs.ts';
import { groupOpens } from './locker-access.ts';
import type { Scope, WriteScope } from './scope.ts';

/** All that decides whether a door command may leave (behaviour.md 7.1), read in one round trip. */
export type LockingFacts = {
  readonly collection_id: CollectionId | null;
  readonly iq_link_state: IqLinkState;
  readonly locked_state: LockResponse['locked_state'];
  readonly tag_registration_until: Date | null;
  readonly privacy_mode: boolean;
  /** The lock's own heartbeats, whatever its IQ does. */
  readonly lock_online: boolean;
  readonly iq_id: IqId | null;
  readonly iq_state: 'initialized' | 'installation' | 'active' | null;
  readonly iq_online: boolean | null;
  readonly subscribed: boolean | null;
  readonly restore_required: boolean | null;
  /** The IQ, or the lock for its minute, is being updated. */
  readonly is_updating: boolean;
  /** Its IQ is being replaced (behaviour.md 4.8). */
  readonly is_being_replaced: boolean;
  readonly otp_enabled: boolean | null;
  readonly time_zone: string | null;
  /** The site wants groups and schedules asked for remote openings too. */
  readonly checks_schedule: boolean;
  readonly accessor_id: AccessorId | null;
  /** The flags in force for the lock's collection (behaviour.md 5.2). */
  readonly blocked: boolean;
  readonly suspended: boolean;
  readonly remote_access: boolean;
  readonly override_privacy_mode: boolean;
};

/** The facts of a lock and of an accessor, if one is named; undefined when there is no such lock. */
export async function findLockingFacts(
  scope: Scope,
  lockId: LockId,
  { accessorId, now }: { readonly accessorId: string | null; readonly now: Date },
): Promise<LockingFacts | undefined> {
  const [row] = await scope.query<LockingFacts>(
    `select l.collection_id, l.iq_link_state,
       case when l.locked_state in ('locked_pending', 'office_mode_pending')
              and l.locked_state_at <= $4::timestamptz - interval '10 seconds'
            then 'uncertain' else l.locked_state end as locked_state,
       l.tag_registration_until, l.privacy_mode, l.online as lock_online,
       l.iq_id, i.state as iq_state, i.online as iq_online, i.subscribed, i.restore_required, i.otp_enabled, i.time_zone,
       ${underUpdate({ tenant: 'l.tenant_id', iq: 'l.iq_id', lock: 'l.id', now: '$4::timestamptz' })} as is_updating,
       coalesce(i.replacing_since > $4::timestamptz - interval '60 seconds', false) as is_being_replaced,
       coalesce((c.options ->> 'remote_open_checks_schedule')::boolean, false) as checks_schedule,
       a.id as accessor_id,
       coalesce(a.blocked or coalesce(s.blocked, false), false) as blocked,
       coalesce(s.suspended, false) or coalesce(a.expires_at <= $4::timestamptz, false) as suspended,
       coalesce(s.remote_access, a.remote_access, false) as remote_access,
       coalesce(s.override_privacy_mode, a.override_privacy_mode, false) as override_privacy_mode
     from locks l
     left join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
     left join collections c on c.tenant_id = l.tenant_id and c.id = l.collection_id
     left join accessors a on a.tenant_id = l.tenant_id and a.id = $3
     left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id
       and s.collection_id = l.collection_id
     where l.tenant_id = $1 and l.id = $2`,
    [scope.tenantId, lockId, accessorId, now],
    'locking_facts',
  );
  return row;
}

/** The schedules by which an accessor may open a lock: those of the groups that hold both (behaviour.md 5.3). */
export async function listRightSchedules(
  scope: Scope,
  lockId: LockId,
  accessorId: AccessorId,
): Promise<Schedule[]> {
  return scope.query<Schedule>(
    `select s.id, s.start_time::text as start_time, s.end_time::text as end_time,
       to_char(s.start_date, 'YYYY-MM-DD"T"HH24:MI:SS') as start_date,
       to_char(s.end_date, 'YYYY-MM-DD"T"HH24:MI:SS') as end_date,
       s.monday, s.tuesday, s.wednesday, s.thursday, s.friday, s.saturday, s.sunday
     from access_group_locks gl
     join locks l on l.tenant_id = gl.tenant_id and l.id = gl.lock_id
     join access_group_accessors ga on ga.tenant_id = gl.tenant_id and ga.access_group_id = gl.access_group_id
     join time_schedules s on s.tenant_id = gl.tenant_id and s.access_group_id = gl.access_group_id
     where gl.tenant_id = $1 and gl.lock_id = $2 and ga.accessor_id = $3 and ${groupOpens('gl')}`,
    [scope.tenantId, lockId, accessorId],
    'right_schedules',
  );
}

/** Whether a group gives an accessor a lock, schedules aside. */
export async function sharesGroup(
  scope: Scope,
  lockId: LockId,
  accessorId: AccessorId,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from access_group_locks gl
     join locks l on l.tenant_id = gl.tenant_id and l.id = gl.lock_id
     join access_group_accessors ga on ga.tenant_id = gl.tenant_id and ga.access_group_id = gl.access_group_id
     where gl.tenant_id = $1 and gl.lock_id = $2 and ga.accessor_id = $3 and ${groupOpens('gl')} limit 1`,
    [scope.tenantId, lockId, accessorId],
    'shares_group',
  );
  return rows.length > 0;
}

/**
 * Sets what a lock is shown as; `when` names the states in which it is still so, so that a report that came meanwhile is not
 * overwritten.
 */
export async function setLockedState(
  scope: Scope | WriteScope,
  lockId: LockId,
  change: {
    readonly to: LockResponse['locked_state'];
    readonly when?: readonly LockResponse['locked_state'][];
    readonly at: Date;
  },
): Promise<void> {
  await scope.query(
    `update locks set locked_state = $3, locked_state_at = $4
      where tenant_id = $1 and id = $2 and ($5::text[] is null or locked_state = any ($5))`,
    [scope.tenantId, lockId, change.to, change.at, change.when ?? null],
    'locked_state_set',
  );
}

/** Notes until when a lock learns tags; null = it does not. */
export async function setTagRegistration(
  scope: Scope,
  lockId: LockId,
  until: Date | null,
): Promise<void> {
  await scope.query(
    'update locks set tag_registration_until = $3 where tenant_id = $1 and id = $2',
    [scope.tenantId, lockId, until],
  );
}
