/** What hubs say of themselves and of their devices, written into the rows of iqs, locks and repeaters. */
import type { HubId, IqId, LockId, TagId } from '#contract/ids';
import type { Frame, IqReport, LockReport, RepeaterReport } from '#contract/iq-link';
import type { Scope, WriteScope } from './scope.ts';

/** What the domain decides a hub's welcome by. */
export type HubIq = {
  readonly hub_id: HubId | null;
  readonly state: 'initialized' | 'installation' | 'active';
  readonly online: boolean;
  readonly time_zone: string;
  readonly collection_id: string | null;
  readonly desired_version: string;
  readonly applied_version: string;
  readonly restore_required: boolean;
  readonly is_restore_asked: boolean;
  readonly is_auto_restored: boolean;
  readonly stores_lam_audits: boolean;
  readonly vendor_reference: string;
};

/** The IQ a hub speaks for, held until the transaction ends; undefined = it is gone. */
export async function holdHubIq(scope: WriteScope, iqId: IqId): Promise<HubIq | undefined> {
  const [row] = await scope.query<HubIq>(
    `select i.hub_id, i.state, i.online, i.time_zone, i.collection_id, i.desired_version, i.applied_version, i.restore_required,
       i.restore_asked_at is not null as is_restore_asked, i.vendor_reference,
       coalesce((c.options ->> 'auto_restore')::boolean, false) as is_auto_restored,
       coalesce(c.store_lam_audits, true) as stores_lam_audits
     from iqs i left join collections c on c.tenant_id = i.tenant_id and c.id = i.collection_id
     where i.tenant_id = $1 and i.id = $2 for no key update of i`,
    [scope.tenantId, iqId],
    'hub_iq_hold',
  );
  return row;
}

/** The claim was confirmed: the IQ is active, or in installation where it was registered so. False = it was already. */
export async function activateIq(scope: WriteScope, iqId: IqId): Promise<boolean> {
  const rows = await scope.query(
    `update iqs set state = case when is_installation then 'installation' else 'active' end
      where tenant_id = $1 and id = $2 and state = 'initialized' returning id`,
    [scope.tenantId, iqId],
  );
  return rows.length > 0;
}

/** What a hello says about hardware and content; what the hub holds is what it says, whatever was noted before. */
export async function noteHello(
  scope: WriteScope,
  iqId: IqId,
  { hello, now }: { readonly hello: Frame<'hello'>; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update iqs set model = $3, revision = $4, limits = $5, applied_version = $6, restore_required = $7,
            sent_version = $6, reset_date = case when $7 and not restore_required then $8 else reset_date end
      where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      iqId,
      hello.model,
      hello.revision,
      hello.limits,
      hello.table_version,
      hello.restore_required,
      now,
    ],
    'hub_hello_note',
  );
  if (hello.restore_required) await noteDevicesForgotten(scope, iqId);
}

export async function noteOnlineSince(scope: WriteScope, iqId: IqId, now: Date): Promise<void> {
  await scope.query('update iqs set online_since = $3 where tenant_id = $1 and id = $2', [
    scope.tenantId,
    iqId,
    now,
  ]);
}

/** behaviour.md 3.4: tag registration ends when the IQ goes offline. */
export async function endTagRegistrations(scope: WriteScope, iqId: IqId): Promise<void> {
  await scope.query(
    `update locks set tag_registration_until = null
      where tenant_id = $1 and iq_id = $2 and tag_registration_until is not null`,
    [scope.tenantId, iqId],
  );
}

export async function writeIqReport(
  scope: Scope,
  iqId: IqId,
  { report, now }: { readonly report: IqReport; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update iqs set report = $3, report_at = $4, signal_strength = $5, operator = $6 where tenant_id = $1 and id = $2`,
    [scope.tenantId, iqId, report, now, report.signal_strength, report.operator],
    'iq_report_write',
  );
}

/**
 * Writes the states of locks of one IQ. A pending state younger than 10 s stays until the lock has done what was asked, or
 * `isFinal` says that this is its answer.
 */
export async function writeLockReports(
  scope: Scope,
  iqId: IqId,
  {
    reports,
    now,
    isFinal,
  }: { readonly reports: readonly LockReport[]; readonly now: Date; readonly isFinal: boolean },
): Promise<void> {
  if (reports.length === 0) return;
  await scope.query(
    `update locks l set online = r.online, lock_type = r.lock_type, communication_type = r.communication_type,
            battery_level = r.battery_level, left_open_alarm = r.left_open_alarm, intrusion_alarm = r.intrusion_alarm,
            privacy_mode = r.privacy_mode, tag_registration_until = r.tag_registration_until,
            signal_strength = r.signal_strength, signal_strength_last_update = r.signal_strength_at,
            offline_key_limit = r.offline_key_limit, held_offline_key_ids = r.offline_key_ids,
            held_offline_keys_at = case when r.offline_key_ids is distinct from l.held_offline_key_ids
              then $4::timestamptz else l.held_offline_keys_at end,
            offline_memory_refused = coalesce(r.offline_memory_refused, false),
            memory_table_version = r.memory_table_version, holds_schedules = coalesce(r.holds_schedules, l.holds_schedules),
            locked_state = case when l.locked_state = any (array['locked_pending', 'office_mode_pending']) and not $5
                and l.locked_state_at > $4::timestamptz - interval '10 seconds'
                and l.locked_state <> r.locked_state || '_pending'
              then l.locked_state else r.locked_state end
       from jsonb_to_recordset($3::jsonb) as r (id uuid, online boolean, locked_state text, lock_type text,
         communication_type text, battery_level text, left_open_alarm boolean, intrusion_alarm boolean,
         privacy_mode boolean, tag_registration_until timestamptz, signal_strength int, signal_strength_at timestamptz,
         offline_key_limit int, offline_key_ids uuid[], offline_memory_refused boolean,
         memory_table_version bigint, holds_schedules boolean)
      where l.tenant_id = $1 and l.iq_id = $2 and l.id = r.id`,
    [scope.tenantId, iqId, JSON.stringify(reports), now, isFinal],
    'lock_reports_write',
  );
}

export async function writeRepeaterReports(
  scope: Scope,
  iqId: IqId,
  reports: readonly RepeaterReport[],
): Promise<void> {
  if (reports.length === 0) return;
  await scope.query(
    `update repeaters h set online = r.online, communication_type = r.communication_type,
            signal_strength = r.signal_strength, signal_strength_last_update = r.signal_strength_at
       from jsonb_to_recordset($3::jsonb) as r (id uuid, online boolean, communication_type text, signal_strength int,
         signal_strength_at timestamptz)
      where h.tenant_id = $1 and h.iq_id = $2 and h.id = r.id`,
    [scope.tenantId, iqId, JSON.stringify(reports)],
    'repeater_reports_write',
  );
}

/**
 * What the hub has proven to hold; a table it holds ends the need of a restore. The newest one ends a replacement (behaviour.md
 * 4.8), unless it is said by the hub whose place another is about to take.
 */
export async function noteApplied(
  scope: WriteScope,
  iqId: IqId,
  applied: Frame<'applied'>,
): Promise<void> {
  await scope.query(
    `update iqs set applied_version = $3::bigint, sync_refused = $4,
            sync_refusals = case when $4::text is null then 0 else sync_refusals + 1 end,
            restore_required = restore_required and not ($3::bigint > 0 and $4::text is null),
            replacing_since = case when replacing_since is not null and $4::text is null and $3::bigint > 0
              and $3::bigint >= desired_version
              and not exists (select from iqs n where n.tenant_id = $1 and n.replaces->>'iq_id' = $2::text)
              then null else replacing_since end,
            restore_asked_at = case when $3::bigint > 0 and $4::text is null then null else restore_asked_at end
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, iqId, applied.version, applied.refused],
    'hub_applied_note',
  );
}

/**
 * The button was held: content gone. With auto_restore of the site the restore is asked for at once. False = the hub's hello
 * after the reset was quicker: what it said counts, and the restore may be over already.
 */
export async function noteFactoryReset(
  scope: WriteScope,
  iqId: IqId,
  reset: { readonly at: Date; readonly restoreAskedAt: Date | null },
): Promise<boolean> {
  // The reset is dated by the hub's clock, the hello by ours; they may be 5 s apart (behaviour.md 9).
  const rows = await scope.query(
    `update iqs set restore_required = true, reset_date = $3::timestamptz, applied_version = 0, restore_asked_at = $4,
            desired_changed_at = coalesce($4, desired_changed_at)
      where tenant_id = $1 and id = $2
        and (reset_date is null or reset_date < $3::timestamptz - interval '5 seconds')
      returning 1`,
    [scope.tenantId, iqId, reset.at, reset.restoreAskedAt],
  );
  if (rows.length > 0) await noteDevicesForgotten(scope, iqId);
  return rows.length > 0;
}

/** A hub without content has forgotten its devices, so that none of them beats until the restore. */
async function noteDevicesForgotten(scope: WriteScope, iqId: IqId): Promise<void> {
  for (const table of ['locks', 'repeaters'])
    await scope.query(`update ${table} set online = false where tenant_id = $1 and iq_id = $2`, [
      scope.tenantId,
      iqId,
    ]);
}

/** The collection and family of a lock under an IQ, for what is learned there; undefined = it is not there. */
export async function findLearningPlace(
  scope: Scope,
  iqId: IqId,
  lockId: LockId,
): Promise<{ readonly collection_id: string | null } | undefined> {
  const [row] = await scope.query<{ collection_id: string | null }>(
    'select collection_id from locks where tenant_id = $1 and iq_id = $2 and id = $3',
    [scope.tenantId, iqId, lockId],
  );
  return row;
}

export type ShownTag = { readonly tagNumber: string | null; readonly rfidUid: string | null };

/** Whose a shown tag is; a number counts before the chip's id. */
export async function findShownTag(
  scope: Scope,
  { tagNumber, rfidUid }: ShownTag,
): Promise<'nobody' | 'own' | 'foreign'> {
  const [row] = await scope.query<{ is_own: boolean }>(
    `select tenant_id = $1 as is_own from tags
      where ($2::text is not null and tag_number = $2) or ($3::text is not null and rfid_uid = $3)
      order by tenant_id = $1 desc limit 1`,
    [scope.tenantId, tagNumber, rfidUid],
  );
  if (row === undefined) return 'nobody';
  return row.is_own ? 'own' : 'foreign';
}

/** behaviour.md 5.1: cards without a printed number are counted from here. */
const firstGivenNumber = 90_000_000;

/**
 * Enters a tag nobody has; null as number = the next free one. False = somebody entered it meanwhile. Taking numbers waits
 * for others of the tenant that do so.
 */
export async function insertLearnedTag(
  scope: WriteScope,
  tag: ShownTag & {
    readonly id: TagId;
    readonly iqId: IqId;
    readonly collectionId: string | null;
    readonly vendor: string;
    readonly now: Date;
  },
): Promise<boolean> {
  await scope.query(`select pg_advisory_xact_lock(hashtextextended('tag-numbers ' || $1, 0))`, [
    scope.tenantId,
  ]);
  const rows = await scope.query(
    `insert into tags (tenant_id, id, tag_number, rfid_uid, source_iq_id, collection_id, added_date, registration_date,
       vendor_references, created_at)
     select $1, $2, coalesce($3, lpad((
         select greatest(coalesce(max(t.tag_number::bigint), 0) + 1, ${firstGivenNumber}) from tags t
          where t.tenant_id = $1 and t.tag_number ~ '^9[0-9]{7}$')::text, 8, '0')),
       $4, $5, $6, $8, $8, array[$7], $8
     on conflict do nothing returning id`,
    [
      scope.tenantId,
      tag.id,
      tag.tagNumber,
      tag.rfidUid,
      tag.iqId,
      tag.collectionId,
      tag.vendor,
      tag.now,
    ],
  );
  return rows.length > 0;
}

/** The zones of IQs. */
export async function findZones(
  scope: Scope,
  iqIds: readonly IqId[],
): Promise<ReadonlyMap<IqId, string>> {
  const rows = await scope.query<{ id: IqId; time_zone: string }>(
    'select id, time_zone from iqs where tenant_id = $1 and id = any ($2)',
    [scope.tenantId, iqIds],
  );
  return new Map(rows.map(({ id, time_zone: zone }) => [id, zone]));
}
