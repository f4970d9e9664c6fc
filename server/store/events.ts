/**
 * Writing of entries and incidents: facts in the past tense, numbered, stored once, never changed (behaviour.md 9). Numbers
 * of a tenant become visible in order, as one transaction at a time gives them, and holds its turn until it has committed.
 */
import type { AccessBy, EntryCategory, IncidentCategory, RejectReason } from '#contract/events';
import type { IqId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

/** Bus topic that says a tenant has new events; the payload is empty. */
export function eventsTopic(tenantId: TenantId): string {
  return `events:${tenantId}`;
}

export type LedgerHead = { readonly boot: number; readonly sequence: number };

/**
 * How far the ledgers of IQs are stored, held until the transaction ends; an IQ without ledger so far begins at 0. Throws for
 * an IQ that is another tenant's by now: its hub keeps its events and says them again.
 */
export async function holdLedgers(
  scope: WriteScope,
  iqIds: readonly IqId[],
): Promise<Map<IqId, LedgerHead>> {
  const held = await holdPresentLedgers(scope, iqIds);
  if (held.size === iqIds.length) return held;
  await scope.query(
    `insert into iq_ledgers (tenant_id, iq_id, boot, sequence)
     select $1, id, 0, 0 from (
       select id from iqs where tenant_id = $1 and id = any ($2) order by id for key share) own
     union all
     select $1, id, 0, 0 from gone_iqs where tenant_id = $1 and id = any ($2)
     on conflict do nothing`,
    [scope.tenantId, iqIds],
    'ledgers_begin',
  );
  const begun = await holdPresentLedgers(scope, iqIds);
  if (begun.size < iqIds.length) throw new Error('an IQ is of another tenant');
  return begun;
}

async function holdPresentLedgers(
  scope: WriteScope,
  iqIds: readonly IqId[],
): Promise<Map<IqId, LedgerHead>> {
  const rows = await scope.query<{ iq_id: IqId; boot: string; sequence: string }>(
    `select iq_id, boot, sequence from iq_ledgers where tenant_id = $1 and iq_id = any ($2)
      order by iq_id for no key update`,
    [scope.tenantId, iqIds],
    'ledgers_hold',
  );
  return new Map(
    rows.map((row) => [row.iq_id, { boot: Number(row.boot), sequence: Number(row.sequence) }]),
  );
}

/** The last event stored of an IQ; null = none. */
export async function findLedgerHead(scope: Scope, iqId: IqId): Promise<LedgerHead | null> {
  const [row] = await scope.query<{ boot: string; sequence: string }>(
    'select boot, sequence from iq_ledgers where tenant_id = $1 and iq_id = $2 and sequence > 0',
    [scope.tenantId, iqId],
    'ledger_head',
  );
  return row === undefined ? null : { boot: Number(row.boot), sequence: Number(row.sequence) };
}

type NewEvent = {
  /** Its turn among the entries and incidents of one call; absent = entries come before incidents. */
  readonly turn?: number;
  readonly id: string;
  readonly iqId: IqId;
  /** UTC instant. */
  readonly at: Date;
  /** Wall clock of the IQ, YYYY-MM-DDTHH:mm:ss. */
  readonly local: string;
  readonly detail: string | null;
  readonly lockId: string | null;
};

export type NewEntry = NewEvent & {
  /** Where the hub wrote it; both null = the server itself saw it. */
  readonly boot: number | null;
  readonly sequence: number | null;
  readonly category: EntryCategory;
  readonly accessorId: string | null;
  readonly accessBy: AccessBy;
  readonly accessDetail: string;
  readonly exitRequested: boolean;
  readonly rejectReason: RejectReason | null;
};

export type NewIncident = NewEvent & {
  /** Where the hub wrote it; null = the server itself noticed it. */
  readonly place: LedgerHead | null;
  readonly category: IncidentCategory;
};

/**
 * Stores events in their order, and how far the ledgers are with them; those stored already stay as they are. Waits for its
 * turn among the writers of the tenant.
 */
export async function insertEvents(
  scope: WriteScope,
  events: {
    readonly entries: readonly NewEntry[];
    readonly incidents: readonly NewIncident[];
    readonly ledgers: ReadonlyMap<IqId, LedgerHead>;
    readonly now: Date;
  },
): Promise<void> {
  const { entries, incidents, ledgers, now } = events;
  const moved = [...ledgers];
  await scope.query(
    `with moved as (
       update iq_ledgers h set boot = m.boot, sequence = m.sequence
         from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as m (iq_id, boot, sequence)
        where h.tenant_id = $1::uuid and h.iq_id = m.iq_id
     )
     select pg_advisory_xact_lock(hashtextextended('event-numbers ' || $1::uuid::text, 0))`,
    [
      scope.tenantId,
      moved.map(([iqId]) => iqId),
      moved.map(([, { boot }]) => boot),
      moved.map(([, { sequence }]) => sequence),
    ],
    'events_turn',
  );
  const numbers = await numbersOf(scope, entries, incidents);
  const numberOf = (event: NewEvent): number | null => numbers.get(event) ?? null;
  if (entries.length > 0) await insertEntries(scope, entries, { now, numberOf });
  if (incidents.length > 0) await insertIncidents(scope, incidents, { now, numberOf });
}

type Storing = {
  readonly now: Date;
  /** null = the next one. */
  readonly numberOf: (event: NewEvent) => number | null;
};

/** Numbers in the order of the turns; none where there is one kind only, as rows then take them in their order. */
async function numbersOf(
  scope: WriteScope,
  entries: readonly NewEntry[],
  incidents: readonly NewIncident[],
): Promise<ReadonlyMap<NewEvent, number>> {
  if (entries.length === 0 || incidents.length === 0) return new Map();
  const events: readonly NewEvent[] = [...entries, ...incidents];
  const rows = await scope.query<{ number: string }>(
    `select nextval('event_numbers') as number from generate_series(1, $1)`,
    [events.length],
    'event_numbers',
  );
  const numbers = rows.map(({ number }) => Number(number)).sort((one, other) => one - other);
  const inOrder = events
    .map((event, index) => ({ event, turn: event.turn ?? index }))
    .sort((one, other) => one.turn - other.turn);
  return new Map(inOrder.map(({ event }, index) => [event, numbers[index] ?? 0]));
}

/**
 * Names of the moment, looked up once for each IQ and lock, not for each event. A hub may have events to tell of an IQ that was
 * deleted or replaced meanwhile. `iqs` and `locks` are the parameters with their ids.
 */
function placesSql({ iqs, locks }: { readonly iqs: string; readonly locks: string }): string {
  return `with sites as materialized (
       select i.*, c.customer_reference as collection_name, c.store_entry_events, c.store_incident_events
         from (
           select id, collection_id, customer_reference, mac, revision from iqs where tenant_id = $1 and id = any (${iqs}::uuid[])
           union all
           select id, collection_id, customer_reference, mac, revision from gone_iqs
            where tenant_id = $1 and id = any (${iqs}::uuid[])) i
         left join collections c on c.tenant_id = $1 and c.id = i.collection_id),
     doors as materialized (
       select id, customer_reference, mac from locks where tenant_id = $1 and id = any (${locks}::uuid[]))`;
}

const places = 'left join sites i on i.id = e.iq_id left join doors l on l.id = e.lock_id';

const names = `i.collection_id, l.customer_reference as lock_name, l.mac as lock_mac, i.customer_reference as iq_name,
  i.mac as iq_mac, i.revision as iq_revision, i.collection_name`;

function idsOf(events: readonly NewEvent[]): [iqs: string[], locks: string[]] {
  const locks = events.map(({ lockId }) => lockId).filter((lockId) => lockId !== null);
  return [[...new Set(events.map(({ iqId }) => iqId))], [...new Set(locks)]];
}

/** Those of the server count down, below what was stored before; those of hubs, nearly all, need no look at the tables. */
function sequenceSql(table: 'entries' | 'incidents', isOfHubs: boolean): string {
  if (isOfHubs) return 'e.sequence';
  return `coalesce(e.sequence, coalesce((select min(o.sequence) from ${table} o
             where o.tenant_id = $1 and o.iq_id = e.iq_id and o.boot = 0), 0)
             - row_number() over (partition by e.iq_id, e.sequence is null order by e.place))`;
}

async function insertEntries(
  scope: WriteScope,
  entries: readonly NewEntry[],
  { now, numberOf }: Storing,
): Promise<void> {
  const isOfHubs = entries.every(({ sequence }) => sequence !== null);
  await scope.query(
    `${placesSql({ iqs: '$18', locks: '$19' })}
     insert into entries (tenant_id, number, id, iq_id, boot, sequence, event_category, event_detail, utc_date_time,
       local_date_time, lock_id, accessor_id, access_by, access_detail, exit_requested, reject_reason, stored_at,
       is_readable, collection_id, lock_customer_reference, lock_mac_address, iq_customer_reference, iq_mac_address,
       iq_revision, collection_customer_reference)
     select $1, coalesce(number, nextval('event_numbers')), id, iq_id, boot, sequence, category, detail, at, local, lock_id, accessor_id,
       access_by, access_detail, exit_requested, reject_reason, $2, is_readable, collection_id, lock_name, lock_mac,
       iq_name, iq_mac, iq_revision, collection_name
     from (
       select e.number, e.id, e.iq_id, coalesce(e.boot, 0) as boot, ${sequenceSql('entries', isOfHubs)} as sequence,
           e.category, e.detail, e.at, e.local, e.lock_id, e.accessor_id, e.access_by, e.access_detail,
           e.exit_requested, e.reject_reason, coalesce(i.store_entry_events, true) as is_readable, ${names}
         from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[],
           $10::timestamp[], $11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::boolean[], $16::text[], $17::bigint[])
           with ordinality as e (id, iq_id, boot, sequence, category, detail, at, local, lock_id, accessor_id,
           access_by, access_detail, exit_requested, reject_reason, number, place)
         ${places}
        order by e.place) ordered
     on conflict do nothing`,
    [
      scope.tenantId,
      now,
      entries.map(({ id }) => id),
      entries.map(({ iqId }) => iqId),
      entries.map(({ boot }) => boot),
      entries.map(({ sequence }) => sequence),
      entries.map(({ category }) => category),
      entries.map(({ detail }) => detail),
      entries.map(({ at }) => at),
      entries.map(({ local }) => local),
      entries.map(({ lockId }) => lockId),
      entries.map(({ accessorId }) => accessorId),
      entries.map(({ accessBy }) => accessBy),
      entries.map(({ accessDetail }) => accessDetail),
      entries.map(({ exitRequested }) => exitRequested),
      entries.map(({ rejectReason }) => rejectReason),
      entries.map(numberOf),
      ...idsOf(entries),
    ],
    isOfHubs ? 'entries_insert' : 'entries_insert_own',
  );
}

async function insertIncidents(
  scope: WriteScope,
  incidents: readonly NewIncident[],
  { now, numberOf }: Storing,
): Promise<void> {
  const isOfHubs = incidents.every(({ place }) => place !== null);
  await scope.query(
    `${placesSql({ iqs: '$13', locks: '$14' })}
     insert into incidents (tenant_id, number, id, iq_id, boot, sequence, event_category, event_detail, utc_date_time,
       local_date_time, lock_id, stored_at, is_readable, collection_id, lock_customer_reference, lock_mac_address,
       iq_customer_reference, iq_mac_address, iq_revision, collection_customer_reference)
     select $1, coalesce(number, nextval('event_numbers')), id, iq_id, boot, sequence, category, detail, at, local, lock_id, $2, is_readable,
       collection_id, lock_name, lock_mac, iq_name, iq_mac, iq_revision, collection_name
     from (
       select e.number, e.id, e.iq_id, coalesce(e.boot, 0) as boot, ${sequenceSql('incidents', isOfHubs)} as sequence,
           e.category, e.detail, e.at, e.local, e.lock_id, coalesce(i.store_incident_events, true) as is_readable, ${names}
         from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::timestamptz[],
           $10::timestamp[], $11::uuid[], $12::bigint[])
           with ordinality as e (id, iq_id, boot, sequence, category, detail, at, local, lock_id, number, place)
         ${places}
        order by e.place) ordered
     on conflict do nothing`,
    [
      scope.tenantId,
      now,
      incidents.map(({ id }) => id),
      incidents.map(({ iqId }) => iqId),
      incidents.map(({ place }) => place?.boot ?? null),
      incidents.map(({ place }) => place?.sequence ?? null),
      incidents.map(({ category }) => category),
      incidents.map(({ detail }) => detail),
      incidents.map(({ at }) => at),
      incidents.map(({ local }) => local),
      incidents.map(({ lockId }) => lockId),
      incidents.map(numberOf),
      ...idsOf(incidents),
    ],
    isOfHubs ? 'incidents_insert' : 'incidents_insert_own',
  );
}

/**
 * IQs of all tenants that are offline although the last that was told of them, before that time, is that they are back. An IQ that
 * was heard more than a day ago is not looked at again.
 */
export async function listUntoldLosses(
  database: Database,
  before: Date,
): Promise<{ readonly tenantId: TenantId; readonly iqId: IqId }[]> {
  const { rows } = await database.pool.query<{ tenantId: TenantId; iqId: IqId }>({
    name: 'incident_untold_losses',
    text: `select i.tenant_id as "tenantId", i.id as "iqId" from iqs i, lateral (
        select e.event_category, e.utc_date_time from incidents e
         where e.tenant_id = i.tenant_id and e.iq_id = i.id and e.boot = 0
           and e.event_category in ('iq_connection_lost', 'iq_connection_restored')
         order by e.sequence limit 1) last
      where not i.online and i.last_seen_at > $1::timestamptz - interval '1 day'
        and last.event_category = 'iq_connection_restored' and last.utc_date_time <= $1
      order by i.id limit 1000`,
    values: [before],
  });
  return rows;
}

/** The newest of these incidents the server wrote about an IQ. */
export async function findLastConnectionIncident(
  scope: Scope,
  iqId: IqId,
): Promise<{ readonly category: IncidentCategory; readonly at: Date } | undefined> {
  const [row] = await scope.query<{ category: IncidentCategory; at: Date }>(
    `select event_category as category, utc_date_time as at from incidents
      where tenant_id = $1 and iq_id = $2 and boot = 0
        and event_category in ('iq_connection_lost', 'iq_connection_restored')
      order by sequence limit 1`,
    [scope.tenantId, iqId],
    'incident_last_connection',
  );
  return row;
}
