import { nilUuid, type CollectionId } from '#contract/ids';
import type { StreamedEntry, StreamedIncident } from '#contract/streamed-events';
import { instantText, localText } from '#contract/time-text';
import type { Scope } from './scope.ts';

export type EventKind = 'entries' | 'incidents';

/** An event as a listener gets it, and where it stands. */
export type StreamedEvent = {
  readonly number: number;
  readonly storedAt: Date;
  readonly collectionId: CollectionId | null;
  /** The person of an entry; null = nobody known. */
  readonly userId: string | null;
  readonly message: StreamedEntry | StreamedIncident;
};

type Row = {
  number: string;
  stored_at: Date;
  collection_id: CollectionId | null;
  id: string;
  event_category: string;
  event_detail: string | null;
  utc_date_time: Date;
  local_date_time: string;
  lock_id: string | null;
  lock_mac_address: string | null;
  lock_customer_reference: string | null;
  iq_id: string;
  iq_customer_reference: string | null;
  iq_mac_address: string | null;
  iq_revision: string | null;
  ttl: number;
  user_id: string | null;
  user_first_name: string | null;
  user_last_name: string | null;
  user_image_url: string | null;
  user_alias: string | null;
  exit_requested: boolean;
  access_by: string | null;
  access_detail: string | null;
  reject_reason: string | null;
};

const shared = `e.number, e.stored_at, e.collection_id, e.id, e.event_category, e.event_detail, e.utc_date_time, e.local_date_time,
  e.lock_id, e.lock_mac_address, e.lock_customer_reference, e.iq_id, e.iq_customer_reference, e.iq_mac_address,
  e.iq_revision`;

const person = `p.id as user_id, nullif(p.first_name, '') as user_first_name, nullif(p.last_name, '') as user_last_name, p.image_url as user_image_url,
  a.alias as user_alias, e.exit_requested, e.access_by, e.access_detail, e.reject_reason,
  coalesce(c.store_events_ttl_seconds, 7776000)::float8 as ttl`;

const site = 'left join collections c on c.tenant_id = e.tenant_id and c.id = e.collection_id';

const sources: Readonly<Record<EventKind, string>> = {
  entries: `select ${shared}, ${person} from entries e ${site}
    left join accessors a on a.tenant_id = e.tenant_id and a.id = e.accessor_id
    left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id`,
  incidents: `select ${shared} from incidents e`,
};

export type EventRange = {
  readonly kind: EventKind;
  /** The number behind which reading begins. */
  readonly after: number;
  readonly limit: number;
};

/** Events of the tenant after a number, in the order of storing. */
export async function readEventsAfter(
  scope: Scope,
  { kind, after, limit }: EventRange,
): Promise<StreamedEvent[]> {
  const rows = await scope.query<Row>(
    `${sources[kind]} where e.tenant_id = $1 and e.number > $2 order by e.number limit $3`,
    [scope.tenantId, after, limit],
    `stream_${kind}`,
  );
  return rows.map((row) => eventOf(row, kind));
}

/** The same of one site, and of one person there unless `userId` is null; incidents are of nobody. */
export async function readSiteEventsAfter(
  scope: Scope,
  {
    kind,
    after,
    limit,
    siteId,
    userId,
  }: EventRange & { readonly siteId: CollectionId; readonly userId: string | null },
): Promise<StreamedEvent[]> {
  const isOfOne = kind === 'entries' && userId !== null;
  const rows = await scope.query<Row>(
    `${sources[kind]} where e.tenant_id = $1 and e.collection_id = $2 and e.number > $3
       ${isOfOne ? 'and a.user_id = $5' : ''} order by e.number limit $4`,
    [scope.tenantId, siteId, after, limit, ...(isOfOne ? [userId] : [])],
    `stream_site_${kind}${isOfOne ? '_of_one' : ''}`,
  );
  return rows.map((row) => eventOf(row, kind));
}

function eventOf(row: Row, kind: EventKind): StreamedEvent {
  return {
    number: Number(row.number),
    storedAt: row.stored_at,
    collectionId: row.collection_id,
    userId: kind === 'entries' ? row.user_id : null,
    message: kind === 'entries' ? entryOf(row) : incidentOf(row),
  };
}

/** For how many seconds the events of a site are kept; those it does not store wait a day for their streams. */
export async function findKeptSeconds(
  scope: Scope,
  { siteId, kind }: { readonly siteId: CollectionId; readonly kind: EventKind },
): Promise<number> {
  const stores = kind === 'entries' ? 'store_entry_events' : 'store_incident_events';
  const [row] = await scope.query<{ seconds: number }>(
    `select (case when ${stores} then store_events_ttl_seconds
                  else least(store_events_ttl_seconds, 86400) end)::float8 as seconds
       from collections where tenant_id = $1 and id = $2`,
    [scope.tenantId, siteId],
    `stream_kept_${kind}`,
  );
  return row?.seconds ?? 0;
}

/** The number of the newest event; 0 = none. */
export async function newestEventNumber(scope: Scope, kind: EventKind): Promise<number> {
  const table = kind === 'entries' ? 'entries' : 'incidents';
  const [row] = await scope.query<{ number: string }>(
    `select coalesce(max(number), 0) as number from ${table} where tenant_id = $1`,
    [scope.tenantId],
  );
  return Number(row?.number ?? 0);
}

function incidentOf(row: Row): StreamedIncident {
  return {
    id: row.id,
    event_category: row.event_category,
    event_detail: row.event_detail,
    utc_date_time: instantText(row.utc_date_time),
    local_date_time: localText(row.local_date_time),
    lock_id: row.lock_id,
    lock_mac_address: row.lock_mac_address,
    lock_customer_reference: row.lock_customer_reference,
    iq_id: row.iq_id,
    iq_customer_reference: row.iq_customer_reference,
    iq_mac_address: row.iq_mac_address,
    iq_revision: row.iq_revision,
  };
}

function entryOf(row: Row): StreamedEntry {
  // An unknown keypad code shows the nil UUID as its user (behaviour.md 8).
  const isUnknownCode = row.access_by === 'pin_code' && row.reject_reason === 'unknown_credential';
  return {
    ...incidentOf(row),
    user_id: isUnknownCode ? nilUuid : row.user_id,
    user_first_name: row.user_first_name,
    user_last_name: row.user_last_name,
    user_image_url: row.user_image_url,
    user_alias: row.user_alias,
    exit_requested: row.exit_requested,
    access_by: row.access_by,
    access_detail: row.access_detail,
    reject_reason: row.reject_reason,
    ttl_in_seconds: row.ttl,
    expiration_date_time: instantText(new Date(row.utc_date_time.getTime() + row.ttl * 1000)),
  };
}
