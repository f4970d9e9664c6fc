/** Entries and incidents of one site, as its people see them (connect-api.md 5.1). */
import { sql } from 'kysely';
import { nilUuid, type AccessorId, type CollectionId } from '#contract/ids';
import type { EventPosition, ListOptions } from '#contract/odata';
import { eventColumns, eventFields, eventsFrom, isReadable } from './incidents.ts';
import { listEvents, type EventListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type SiteIncidentRow = {
  readonly id: string;
  readonly event_category: string;
  readonly event_detail: string | null;
  readonly utc_date_time: Date;
  /** PostgreSQL's text of a timestamp without zone. */
  readonly local_date_time: string;
  readonly lock_id: string | null;
  readonly lock_mac_address: string | null;
  readonly lock_customer_reference: string | null;
  readonly iq_id: string;
  readonly iq_customer_reference: string | null;
  readonly iq_mac_address: string | null;
  readonly iq_revision: string | null;
};

export type SiteEntryRow = SiteIncidentRow & {
  readonly user_id: string | null;
  readonly user_first_name: string | null;
  readonly user_last_name: string | null;
  readonly user_image_url: string | null;
  readonly user_alias: string | null;
  readonly exit_requested: boolean;
  readonly access_by: string | null;
  readonly access_detail: string | null;
  readonly reject_reason: string | null;
  readonly ttl_in_seconds: number;
  readonly expiration_date_time: Date;
};

const ttl = 'coalesce(c.store_events_ttl_seconds, 7776000)::float8';
/** An unknown code of a keypad shows the nil UUID (connect-api.md 4.10); somebody whose place is gone, nobody. */
const person = `case when e.access_by = 'pin_code' and e.reject_reason = 'unknown_credential'
  then '${nilUuid}'::uuid else p.id end`;

const {
  collection_id: _id,
  collection_customer_reference: _name,
  expiration_date_time: expiration,
  ...ofIncident
} = eventFields;

export const siteIncidentFields = ofIncident satisfies SqlListFields;

export const siteEntryFields = {
  ...siteIncidentFields,
  user_id: { type: 'uuid', sql: sql.raw(person) },
  user_first_name: { type: 'text', sql: sql`nullif(p.first_name, '')` },
  user_last_name: { type: 'text', sql: sql`nullif(p.last_name, '')` },
  user_image_url: { type: 'text', sql: sql`p.image_url` },
  // "" for somebody without one, as the stream's message shows it (streaming.md 6); null where nobody is known.
  user_alias: { type: 'text', sql: sql`a.alias` },
  exit_requested: { type: 'bool', sql: sql`e.exit_requested`, isNotNull: true },
  access_by: { type: 'text', sql: sql`e.access_by` },
  access_detail: { type: 'text', sql: sql`e.access_detail` },
  reject_reason: { type: 'text', sql: sql`e.reject_reason` },
  ttl_in_seconds: { type: 'int', sql: sql.raw(ttl), isNotNull: true },
  expiration_date_time: expiration,
} as const satisfies SqlListFields;

/** Entries with their collections and the persons behind them. */
export const siteEntriesFrom = sql`${eventsFrom('entries')}
  left join accessors a on a.tenant_id = e.tenant_id and a.id = e.accessor_id
  left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id`;

const ofEntry = `${ttl} as ttl_in_seconds, ${person} as user_id, nullif(p.first_name, '') as user_first_name, nullif(p.last_name, '') as user_last_name,
  p.image_url as user_image_url, a.alias as user_alias, e.exit_requested, e.access_by, e.access_detail, e.reject_reason`;

type Wanted = {
  readonly siteId: CollectionId;
  readonly options: ListOptions;
  readonly position: EventPosition | null;
};

function inSite(siteId: CollectionId, { now }: ListOptions): Sql {
  return sql`e.collection_id = ${siteId}::uuid and ${isReadable(now)}`;
}

/** A page of the entries of a site, newest first unless asked otherwise; those of one accessor alone unless it is null. */
export function listSiteEntries(
  scope: Scope,
  { siteId, accessorId, options, position }: Wanted & { readonly accessorId: AccessorId | null },
): Promise<EventListResult<SiteEntryRow>> {
  const own = accessorId === null ? sql`true` : sql`e.accessor_id = ${accessorId}::uuid`;
  return listEvents<SiteEntryRow>(scope, {
    from: siteEntriesFrom,
    tenant: sql`e.tenant_id`,
    where: sql`${inSite(siteId, options)} and ${own}`,
    select: sql.raw(`${eventColumns}, ${ofEntry}`),
    fields: siteEntryFields,
    options,
    id: sql`e.id`,
    position,
  });
}

/** A page of the incidents of a site, newest first unless asked otherwise. */
export function listSiteIncidents(
  scope: Scope,
  { siteId, options, position }: Wanted,
): Promise<EventListResult<SiteIncidentRow>> {
  return listEvents<SiteIncidentRow>(scope, {
    from: eventsFrom('incidents'),
    tenant: sql`e.tenant_id`,
    where: inSite(siteId, options),
    select: sql.raw(eventColumns),
    fields: siteIncidentFields,
    options,
    id: sql`e.id`,
    position,
  });
}
