/** Runs of updates: at most a share of a tenant's hardware at once, each with its hub until the hub says how it ended. */
import type { SignedFirmware } from '#contract/firmware';
import type { FirmwareUpdateId } from '#contract/firmware-updates';
import type { CollectionId, IqId, LockId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

/** behaviour.md 20: a lock refuses commands for at most so long. */
const lockBusySeconds = 60;

/**
 * Condition: an update of the IQ `iq`, or one of the lock `lock` begun less than a minute before `now`, is with its hub. The
 * arguments are SQL expressions.
 */
export function underUpdate(place: {
  readonly tenant: string;
  readonly iq: string;
  readonly lock: string;
  readonly now: string;
}): string {
  const { tenant, iq, lock, now } = place;
  return `exists (select 1 from firmware_updates fu where fu.tenant_id = ${tenant} and fu.state = 'running'
    and fu.phase in ('sending', 'active') and (fu.hardware_id = ${iq}
      or (fu.hardware_id = ${lock} and fu.started_at > ${now} - interval '${lockBusySeconds} seconds')))`;
}

/** Writes that an update shall run; it waits for its turn. */
export async function beginRun(
  scope: WriteScope,
  id: FirmwareUpdateId,
  run: { readonly runId: string; readonly at: Date; readonly currentVersion: string },
): Promise<void> {
  await scope.query(
    `update firmware_updates set state = 'running', phase = 'waiting', run_id = $3, applied_at = $4, current_version = $5,
            started_at = null, sent_at = null, finished_at = null, message = 'Waits for its turn.'
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, run.runId, run.at, run.currentVersion],
  );
}

/** behaviour.md 20: 5 % of a tenant's hardware at once, and one where that is less than one. */
const shareAtOnce = 0.05;

/** Gives turns to those that wait, the first applied first, one a device. The caller holds the rollouts. */
export async function giveTurns(scope: WriteScope, now: Date): Promise<void> {
  await scope.query(
    `with room as (
       select greatest(1, floor(${shareAtOnce} * ((select count(*) from iqs where tenant_id = $1)
                + (select count(*) from locks where tenant_id = $1) + (select count(*) from repeaters where tenant_id = $1))))
            - (select count(*) from firmware_updates where tenant_id = $1 and state = 'running' and phase <> 'waiting') as free
     ), next as (
       select id from firmware_updates where tenant_id = $1 and state = 'running' and phase = 'waiting'
        order by applied_at, id limit greatest(0, (select free from room))::bigint
     )
     update firmware_updates u set phase = 'sending', started_at = $2, message = null
       from next where u.tenant_id = $1 and u.id = next.id`,
    [scope.tenantId, now],
  );
}

/** An update that must be brought to its hub. */
export type UnsentRun = {
  readonly id: FirmwareUpdateId;
  readonly run_id: string;
  readonly hardware_id: string;
  readonly lock_id: LockId | null;
  readonly iq_id: IqId;
  readonly firmware: SignedFirmware;
};

/**
 * Takes the updates whose hub is there and has not confirmed them, last sent before `sentBefore`, so that two processes do not
 * send the same one.
 */
export async function takeUnsentRuns(
  scope: Scope,
  { sentBefore, now }: { readonly sentBefore: Date; readonly now: Date },
): Promise<readonly UnsentRun[]> {
  return scope.query<UnsentRun>(
    `update firmware_updates u set sent_at = $3
       from (select s.id, i.id as iq_id from firmware_updates s
               left join locks l on l.tenant_id = s.tenant_id and l.id = s.lock_id
               left join repeaters r on r.tenant_id = s.tenant_id and r.id = s.repeater_id
               join iqs i on i.tenant_id = s.tenant_id and i.id = coalesce(s.iq_id, l.iq_id, r.iq_id)
              where s.tenant_id = $1 and s.state = 'running' and s.phase = 'sending'
                and (s.sent_at is null or s.sent_at < $2) and i.online
              for update of s skip locked) due
      where u.tenant_id = $1 and u.id = due.id
      returning u.id, u.run_id, u.hardware_id, u.lock_id, due.iq_id, u.firmware`,
    [scope.tenantId, sentBefore, now],
  );
}

/** The hub has it on its disk. */
export async function confirmRun(scope: Scope, runId: string): Promise<void> {
  await scope.query(
    `update firmware_updates set phase = 'active' where tenant_id = $1 and run_id = $2 and phase = 'sending'`,
    [scope.tenantId, runId],
  );
}

export type EndedRun = {
  readonly id: FirmwareUpdateId;
  readonly hardware_type: string;
  readonly hardware_id: string;
  readonly collection_id: CollectionId | null;
  readonly model: string;
  readonly component: string;
  readonly version: string;
};

/**
 * Writes how a run ended; undefined = it had ended, or is not this IQ's. One given up as lost for want of an answer ends once more
 * when the hub says that it is installed after all.
 */
export async function endRun(
  scope: WriteScope,
  runId: string,
  end: {
    /** null = whichever. */
    readonly iqId: IqId | null;
    readonly state: 'installed' | 'failed';
    readonly message: string | null;
    readonly now: Date;
  },
): Promise<EndedRun | undefined> {
  const [row] = await scope.query<EndedRun>(
    `update firmware_updates u set state = $4, phase = null, finished_at = $6, message = $5, is_offered = $4 = 'failed',
            current_version = case when $4 = 'installed' then u.version else u.current_version end
       from (select s.id, coalesce(l.collection_id, r.collection_id, i.collection_id) as collection_id
               from firmware_updates s
               left join locks l on l.tenant_id = s.tenant_id and l.id = s.lock_id
               left join repeaters r on r.tenant_id = s.tenant_id and r.id = s.repeater_id
               left join iqs i on i.tenant_id = s.tenant_id and i.id = coalesce(s.iq_id, l.iq_id, r.iq_id)
              where s.tenant_id = $1 and s.run_id = $2::uuid and ($3::uuid is null or i.id = $3)) own
      where u.tenant_id = $1 and u.id = own.id
        and (u.state = 'running' or (u.state = 'failed' and $4 = 'installed'))
      returning u.id, u.hardware_type, u.hardware_id, own.collection_id, u.model, u.component, u.version`,
    [scope.tenantId, runId, end.iqId, end.state, end.message, end.now],
  );
  return row;
}

/** Runs of which nothing was heard since `before`, and those whose hardware hangs on no hub any more. */
export async function listLostRuns(scope: Scope, before: Date): Promise<readonly string[]> {
  const rows = await scope.query<{ run_id: string }>(
    `select u.run_id from firmware_updates u
       left join locks l on l.tenant_id = u.tenant_id and l.id = u.lock_id
       left join repeaters r on r.tenant_id = u.tenant_id and r.id = u.repeater_id
      where u.tenant_id = $1 and u.state = 'running'
        and ((u.phase <> 'waiting' and u.started_at < $2) or coalesce(u.iq_id, l.iq_id, r.iq_id) is null)`,
    [scope.tenantId, before],
  );
  return rows.map(({ run_id: id }) => id);
}

export type Image = Pick<EndedRun, 'hardware_type' | 'model' | 'component' | 'version'>;

/** behaviour.md 20: 1 % failed, and never fewer than 3 devices: one bad device must not stop a small site. */
const failedShare = 0.01;
const failedAtLeast = 3;

/** Whether so many devices of the tenant failed with an image that nobody else shall get it. */
export async function isRolloutStopped(scope: Scope, image: Image): Promise<boolean> {
  const [row] = await scope.query<{ stopped: boolean }>(
    `select (select count(*) from firmware_updates where tenant_id = $1 and hardware_type = $2 and model = $3
                and component = $4 and version = $5 and state = 'failed')
         >= greatest(${failedAtLeast}, ceil(${failedShare} * (select count(*) from hardware_firmware
              where tenant_id = $1 and model = $3 and component = $4
                and case $2 when 'iq' then iq_id when 'lock' then lock_id else repeater_id end is not null))) as stopped`,
    [scope.tenantId, image.hardware_type, image.model, image.component, image.version],
  );
  return row?.stopped === true;
}

/** Those that wait for their turn with an image wait no more. */
export async function stopWaiting(scope: WriteScope, image: Image, message: string): Promise<void> {
  await scope.query(
    `update firmware_updates set state = 'available', phase = null, run_id = null, message = $6
      where tenant_id = $1 and hardware_type = $2 and model = $3 and component = $4 and version = $5
        and state = 'running' and phase = 'waiting'`,
    [scope.tenantId, image.hardware_type, image.model, image.component, image.version, message],
  );
}

/** The image of a run of this IQ that is on its way. */
export async function findRunImage(
  scope: Scope,
  runId: string,
  iqId: IqId,
): Promise<{ readonly file: string; readonly size_bytes: number } | undefined> {
  const [row] = await scope.query<{ file: string; size_bytes: number }>(
    `select u.file, (u.firmware ->> 'size_bytes')::int as size_bytes from firmware_updates u
       left join locks l on l.tenant_id = u.tenant_id and l.id = u.lock_id
       left join repeaters r on r.tenant_id = u.tenant_id and r.id = u.repeater_id
      where u.tenant_id = $1 and u.run_id = $2::uuid and coalesce(u.iq_id, l.iq_id, r.iq_id) = $3 and u.state = 'running'`,
    [scope.tenantId, runId, iqId],
  );
  return row;
}

/** Tenants in which updates run: those to look after. */
export async function listTenantsUpdating(database: Database): Promise<readonly TenantId[]> {
  const { rows } = await database.pool.query<{ tenantId: TenantId }>({
    name: 'tenants_updating',
    text: `select distinct tenant_id as "tenantId" from firmware_updates where state = 'running'`,
  });
  return rows.map(({ tenantId }) => tenantId);
}
