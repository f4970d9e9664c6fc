/** What firmware runs where, the updates offered for it and their runs. */
import { sql } from 'kysely';
import { hardwareTypes, type CatalogueImage, type HardwareType } from '#contract/firmware';
import { updateStates, type FirmwareUpdateId, type UpdateState } from '#contract/firmware-updates';
import type { CollectionId, IqId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

/** An update as it is shown. */
export type FirmwareUpdateRow = {
  readonly id: FirmwareUpdateId;
  readonly hardware_type: HardwareType;
  readonly hardware_id: string;
  readonly component: string;
  readonly current_version: string;
  readonly version: string;
  readonly state: UpdateState;
  readonly published_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly message: string | null;
};

export const firmwareUpdateFields = {
  id: { type: 'uuid', sql: sql`u.id`, isNotNull: true },
  hardware_type: {
    type: 'enum',
    words: hardwareTypes,
    sql: sql`u.hardware_type`,
    isNotNull: true,
  },
  hardware_id: { type: 'uuid', sql: sql`u.hardware_id`, isNotNull: true },
  component: { type: 'text', sql: sql`u.component`, isNotNull: true },
  current_version: { type: 'text', sql: sql`u.current_version`, isNotNull: true },
  version: { type: 'text', sql: sql`u.version`, isNotNull: true },
  state: { type: 'enum', words: updateStates, sql: sql`u.state`, isNotNull: true },
  published_at: { type: 'instant', sql: sql`u.published_at`, isNotNull: true },
  started_at: { type: 'instant', sql: sql`u.started_at` },
  finished_at: { type: 'instant', sql: sql`u.finished_at` },
  message: { type: 'text', sql: sql`u.message` },
} as const satisfies SqlListFields;

const columns = `u.id, u.hardware_type, u.hardware_id, u.component, u.current_version, u.version, u.state, u.published_at,
  u.started_at, u.finished_at, u.message`;

/** What is offered at this moment, and what was begun; the newest first. */
export function listFirmwareUpdates(
  scope: Scope,
  options: ListOptions,
): Promise<ListResult<FirmwareUpdateRow>> {
  return listRows<FirmwareUpdateRow>(scope, {
    from: sql`firmware_updates u`,
    tenant: sql`u.tenant_id`,
    where: sql`u.state <> 'available' or u.is_offered`,
    select: sql.raw(columns),
    fields: firmwareUpdateFields,
    options,
    id: sql`u.id`,
    defaultOrder: [
      { sql: sql`u.published_at`, type: 'instant', direction: 'desc', isNotNull: true },
    ],
  });
}

/** All that decides whether an update may begin. */
export type FirmwareUpdateFacts = FirmwareUpdateRow & {
  readonly model: string;
  readonly is_offered: boolean;
  readonly file: string;
  readonly collection_id: CollectionId | null;
  /** The hub through which it goes; null = the hardware hangs on none. */
  readonly through_iq_id: IqId | null;
  readonly lock_id: LockId | null;
  /** Hardware and hub are both there. */
  readonly is_online: boolean;
  /** What the hardware said last of this component; null = it never did. */
  readonly reported_model: string | null;
  readonly reported_version: string | null;
  /** Another update of the same hardware runs. */
  readonly is_other_running: boolean;
};

const hardwareJoins = `firmware_updates u
  left join locks l on l.tenant_id = u.tenant_id and l.id = u.lock_id
  left join repeaters r on r.tenant_id = u.tenant_id and r.id = u.repeater_id
  left join iqs i on i.tenant_id = u.tenant_id and i.id = coalesce(u.iq_id, l.iq_id, r.iq_id)`;

const linked = `('attached', 'detached_pending')`;

/** The update of a path, held until the transaction ends; undefined = the tenant has none of that id. */
export async function holdFirmwareUpdate(
  scope: WriteScope,
  id: FirmwareUpdateId,
): Promise<FirmwareUpdateFacts | undefined> {
  const [row] = await scope.query<FirmwareUpdateFacts>(
    `select ${columns}, u.model, u.is_offered, u.file, u.lock_id, i.id as through_iq_id,
       coalesce(l.collection_id, r.collection_id, i.collection_id) as collection_id,
       coalesce(i.online and i.state <> 'initialized' and case u.hardware_type
         when 'iq' then true
         when 'lock' then l.online and l.iq_link_state in ${linked}
         else r.online and r.iq_link_state in ${linked} end, false) as is_online,
       f.model as reported_model, f.version as reported_version,
       exists (select 1 from firmware_updates o where o.tenant_id = u.tenant_id and o.hardware_id = u.hardware_id
                and o.state = 'running' and o.id <> u.id) as is_other_running
     from ${hardwareJoins}
     left join hardware_firmware f on f.tenant_id = u.tenant_id and f.hardware_id = u.hardware_id
       and f.component = u.component
     where u.tenant_id = $1 and u.id = $2 for no key update of u`,
    [scope.tenantId, id],
  );
  return row;
}

export async function findFirmwareUpdate(
  scope: Scope,
  id: FirmwareUpdateId,
): Promise<FirmwareUpdateRow | undefined> {
  const [row] = await scope.query<FirmwareUpdateRow>(
    `select ${columns} from firmware_updates u where u.tenant_id = $1 and u.id = $2`,
    [scope.tenantId, id],
  );
  return row;
}

/** Updates of a tenant are begun and ended by one transaction at a time: the share that may run at once is counted. */
export async function holdRollouts(scope: WriteScope): Promise<void> {
  await scope.query(
    `select pg_advisory_xact_lock(hashtextextended('firmware-rollouts ' || $1, 0))`,
    [scope.tenantId],
  );
}

// ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export type ReportedFirmware = {
  readonly type: HardwareType;
  readonly id: string;
  readonly component: string;
  /** null = that of the IQ's own row. */
  readonly model: string | null;
  readonly version: string;
};

/** Whether something of what a hub says runs in it and its devices is new. */
export async function isFirmwareNews(
  scope: Scope,
  reported: readonly ReportedFirmware[],
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from jsonb_to_recordset($2::jsonb) as f (id uuid, component text, model text, version text)
      where not exists (select 1 from hardware_firmware h where h.tenant_id = $1 and h.hardware_id = f.id
        and h.component = f.component and h.version = f.version and (f.model is null or h.model = f.model)) limit 1`,
    [scope.tenantId, JSON.stringify(reported)],
    'hardware_firmware_news',
  );
  return rows.length > 0;
}

/** Writes what a hub says runs in it and its devices; gives the ids of hardware of which something is new. */
export async function noteFirmware(
  scope: WriteScope,
  iqId: IqId,
  reported: readonly ReportedFirmware[],
): Promise<readonly string[]> {
  const rows = await scope.query<{ hardware_id: string }>(
    `insert into hardware_firmware as h (tenant_id, iq_id, lock_id, repeater_id, component, model, version)
     select $1, case when f.type = 'iq' then i.id end, l.id, r.id, f.component, coalesce(f.model, i.model), f.version
       from jsonb_to_recordset($3::jsonb) as f (type text, id uuid, component text, model text, version text)
       join iqs i on i.tenant_id = $1 and i.id = $2
       left join locks l on f.type = 'lock' and l.tenant_id = $1 and l.id = f.id and l.iq_id = i.id
       left join repeaters r on f.type = 'repeater' and r.tenant_id = $1 and r.id = f.id and r.iq_id = i.id
      where coalesce(f.model, i.model) is not null and (f.type = 'iq' or l.id is not null or r.id is not null)
     on conflict (tenant_id, hardware_id, component) do update set model = excluded.model, version = excluded.version
      where h.model <> excluded.model or h.version <> excluded.version
     returning h.hardware_id`,
    [scope.tenantId, iqId, JSON.stringify(reported)],
    'hardware_firmware_note',
  );
  return [...new Set(rows.map(({ hardware_id: id }) => id))];
}

/**
 * Brings the offers in line with a catalogue and what runs: of each component the newest image that fits and is newer. What was
 * offered and is no more stays, hidden, so that its id can say why.
 */
export async function refreshOffers(
  scope: WriteScope,
  {
    images,
    hardwareIds,
  }: {
    readonly images: readonly CatalogueImage[];
    /** null = all hardware of the tenant. */
    readonly hardwareIds: readonly string[] | null;
  },
): Promise<void> {
  const offered = images
    .filter(({ withdrawn }) => !withdrawn)
    .map(({ file, published_at, withdrawn: _withdrawn, ...firmware }) => {
      const { hardware_type, model, component, version } = firmware;
      return { hardware_type, model, component, version, file, published_at, firmware };
    });
  await scope.query(
    `with fits as materialized (
       select distinct on (f.hardware_id, f.component) f.iq_id, f.lock_id, f.repeater_id, f.hardware_id, f.component, f.model,
              f.version as current_version, i.version, i.published_at, i.firmware, i.file
         from hardware_firmware f
         join jsonb_to_recordset($2::jsonb) as i (hardware_type text, model text, component text, version text,
                file text, published_at timestamptz, firmware jsonb)
           on i.model = f.model and i.component = f.component and version_key(i.version) > version_key(f.version)
          and i.hardware_type = case when f.iq_id is not null then 'iq' when f.lock_id is not null then 'lock' else 'repeater' end
        where f.tenant_id = $1 and ($3::uuid[] is null or f.hardware_id = any ($3))
        order by f.hardware_id, f.component, version_key(i.version) desc
     ), rest as (
       update firmware_updates u set is_offered = false, current_version = f.version
         from hardware_firmware f
        where u.tenant_id = $1 and f.tenant_id = $1 and f.hardware_id = u.hardware_id and f.component = u.component
          and u.state <> 'running' and (u.is_offered or u.current_version <> f.version)
          and ($3::uuid[] is null or u.hardware_id = any ($3))
          and not exists (select 1 from fits where fits.hardware_id = u.hardware_id and fits.component = u.component
                            and fits.version = u.version)
     )
     insert into firmware_updates as u (tenant_id, iq_id, lock_id, repeater_id, component, model, current_version, version,
       published_at, firmware, file)
     select $1, iq_id, lock_id, repeater_id, component, model, current_version, version, published_at, firmware, file from fits
     on conflict (tenant_id, hardware_id, component, version) do update
       set is_offered = true, model = excluded.model, current_version = excluded.current_version,
           published_at = excluded.published_at, firmware = excluded.firmware, file = excluded.file,
           state = case when u.state = 'installed' then 'available' else u.state end,
           started_at = case when u.state = 'installed' then null else u.started_at end,
           finished_at = case when u.state = 'installed' then null else u.finished_at end
       where u.state <> 'running'`,
    [scope.tenantId, JSON.stringify(offered), hardwareIds],
  );
}

/** Notes that all offers of the tenant come from this catalogue; false = they did before. */
export async function noteOffersOf(scope: WriteScope, digest: string): Promise<boolean> {
  const rows = await scope.query(
    `insert into firmware_offers as o (tenant_id, digest) values ($1, $2)
     on conflict (tenant_id) do update set digest = excluded.digest where o.digest <> excluded.digest
     returning 1`,
    [scope.tenantId, digest],
  );
  return rows.length > 0;
}

export async function hasOffersOf(scope: Scope, digest: string): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from firmware_offers where tenant_id = $1 and digest = $2',
    [scope.tenantId, digest],
  );
  return rows.length > 0;
}

/** The offers of the tenant must be made anew before they are shown. */
export async function forgetOffers(scope: WriteScope): Promise<void> {
  await scope.query('delete from firmware_offers where tenant_id = $1', [scope.tenantId]);
}

/** Whether an update of this hardware runs or waits for its turn. */
export async function isUpdateRunning(scope: Scope, hardwareId: string): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from firmware_updates where tenant_id = $1 and hardware_id = $2 and state = 'running' limit 1`,
    [scope.tenantId, hardwareId],
  );
  return rows.length > 0;
}

/** Whether an IQ or anything that hangs on it is being updated. */
export async function isUpdateRunningAt(scope: Scope, iqId: IqId): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from firmware_updates u
     left join locks l on l.tenant_id = u.tenant_id and l.id = u.lock_id
     left join repeaters r on r.tenant_id = u.tenant_id and r.id = u.repeater_id
     where u.tenant_id = $1 and u.state = 'running' and coalesce(u.iq_id, l.iq_id, r.iq_id) = $2 limit 1`,
    [scope.tenantId, iqId],
  );
  return rows.length > 0;
}
