import { sql } from 'kysely';
import type { IncidentResponse } from '#contract/incidents';
import type { EventPosition, ListOptions } from '#contract/odata';
import { listEvents, type EventListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type IncidentRow = Omit<
  IncidentResponse,
  'utc_date_time' | 'local_date_time' | 'expiration_date_time'
> & {
  readonly utc_date_time: Date;
  /** PostgreSQL's text of a timestamp without zone. */
  readonly local_date_time: string;
  readonly expiration_date_time: Date;
};

/** behaviour.md 9: by the present setting of the collection; 90 days without collection. */
const expiration = `e.utc_date_time + make_interval(secs => coalesce(c.store_events_ttl_seconds, 7776000))`;

/** Members of entries and incidents alike; `e` is the event, `c` its collection. */
export const eventFields = {
  id: { type: 'uuid', sql: sql`e.id`, isNotNull: true },
  event_category: { type: 'text', sql: sql`e.event_category`, isNotNull: true },
  event_detail: { type: 'text', sql: sql`e.event_detail` },
  utc_date_time: { type: 'instant', sql: sql`e.utc_date_time`, isNotNull: true },
  local_date_time: { type: 'local', sql: sql`e.local_date_time`, isNotNull: true },
  lock_id: { type: 'uuid', sql: sql`e.lock_id` },
  lock_customer_reference: { type: 'text', sql: sql`e.lock_customer_reference` },
  lock_mac_address: { type: 'text', sql: sql`e.lock_mac_address` },
  iq_id: { type: 'uuid', sql: sql`e.iq_id`, isNotNull: true },
  iq_customer_reference: { type: 'text', sql: sql`e.iq_customer_reference` },
  iq_mac_address: { type: 'text', sql: sql`e.iq_mac_address` },
  iq_revision: { type: 'text', sql: sql`e.iq_revision` },
  collection_id: { type: 'uuid', sql: sql`e.collection_id` },
  collection_customer_reference: { type: 'text', sql: sql`e.collection_customer_reference` },
  expiration_date_time: { type: 'instant', sql: sql.raw(expiration), isNotNull: true },
} as const satisfies SqlListFields;

export const eventColumns = `e.id, e.event_category, e.event_detail, e.utc_date_time, e.local_date_time, e.lock_id,
  e.lock_customer_reference, e.lock_mac_address, e.iq_id, e.iq_customer_reference, e.iq_mac_address, e.iq_revision,
  e.collection_id, e.collection_customer_reference, ${expiration} as expiration_date_time`;

/** Events of a table with their collections. */
export function eventsFrom(table: 'entries' | 'incidents'): Sql {
  return sql.raw(
    `${table} e left join collections c on c.tenant_id = e.tenant_id and c.id = e.collection_id`,
  );
}

/** Neither hidden nor past its date. */
export function isReadable(now: string): Sql {
  return sql`e.is_readable and ${sql.raw(expiration)} > ${now}::timestamptz`;
}

/** A page of the tenant's incidents, newest first unless asked otherwise. */
export function listIncidents(
  scope: Scope,
  options: ListOptions,
  position: EventPosition | null,
): Promise<EventListResult<IncidentRow>> {
  return listEvents<IncidentRow>(scope, {
    from: eventsFrom('incidents'),
    tenant: sql`e.tenant_id`,
    where: isReadable(options.now),
    select: sql.raw(eventColumns),
    fields: eventFields,
    options,
    id: sql`e.id`,
    position,
  });
}
