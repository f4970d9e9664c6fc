import { sql } from 'kysely';
import type { EntryResponse } from '#contract/entries';
import type { EventPosition, ListOptions } from '#contract/odata';
import {
  eventColumns,
  eventFields,
  eventsFrom,
  isReadable,
  type IncidentRow,
} from './incidents.ts';
import { listEvents, type EventListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type EntryRow = Omit<IncidentRow, 'event_category'> &
  Pick<
    EntryResponse,
    | 'event_category'
    | 'accessor_id'
    | 'exit_requested'
    | 'access_by'
    | 'access_detail'
    | 'reject_reason'
  >;

export const entryFields = {
  ...eventFields,
  accessor_id: { type: 'uuid', sql: sql`e.accessor_id` },
  exit_requested: { type: 'bool', sql: sql`e.exit_requested`, isNotNull: true },
  access_by: { type: 'text', sql: sql`e.access_by` },
  access_detail: { type: 'text', sql: sql`e.access_detail` },
  reject_reason: { type: 'text', sql: sql`e.reject_reason` },
} as const satisfies SqlListFields;

/** A page of the tenant's entries, newest first unless asked otherwise. */
export function listEntries(
  scope: Scope,
  options: ListOptions,
  position: EventPosition | null,
): Promise<EventListResult<EntryRow>> {
  return listEvents<EntryRow>(scope, {
    from: eventsFrom('entries'),
    tenant: sql`e.tenant_id`,
    where: isReadable(options.now),
    select: sql.raw(
      `${eventColumns}, e.accessor_id, e.exit_requested, e.access_by, e.access_detail, e.reject_reason`,
    ),
    fields: entryFields,
    options,
    id: sql`e.id`,
    position,
  });
}
