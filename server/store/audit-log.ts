import { sql } from 'kysely';
import { auditOutcomes, type AuditEntry } from '#contract/audit-log';
import type { EventPosition, ListOptions } from '#contract/odata';
import { listEvents, type EventListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type AuditRow = Omit<AuditEntry, 'utc_date_time' | 'changes_hash'> & {
  readonly utc_date_time: Date;
  readonly changes_hash: string | null;
};

export const auditFields = {
  id: { type: 'uuid', sql: sql`r.id`, isNotNull: true },
  number: { type: 'int', sql: sql`r.number`, isNotNull: true },
  request_id: { type: 'text', sql: sql`r.request_id` },
  hash: { type: 'text', sql: sql`r.hash`, isNotNull: true },
  previous_hash: { type: 'text', sql: sql`r.previous_hash` },
  utc_date_time: { type: 'instant', sql: sql`r.utc_date_time`, isNotNull: true },
  client_id: { type: 'text', sql: sql`r.client_id` },
  user_id: { type: 'uuid', sql: sql`r.user_id` },
  accessor_id: { type: 'uuid', sql: sql`r.accessor_id` },
  action: { type: 'text', sql: sql`r.action`, isNotNull: true },
  object_type: { type: 'text', sql: sql`r.object_type` },
  object_id: { type: 'uuid', sql: sql`r.object_id` },
  collection_id: { type: 'uuid', sql: sql`r.collection_id` },
  outcome: { type: 'enum', words: auditOutcomes, sql: sql`r.outcome` },
  detail: { type: 'text', sql: sql`r.detail` },
} as const satisfies SqlListFields;

const columns = `r.id, r.number::float8 as number, r.request_id, r.hash, r.previous_hash, r.utc_date_time, r.client_id,
  r.user_id, r.accessor_id, r.action, r.object_type, r.object_id, r.collection_id, r.outcome, r.detail, r.changes_hash`;

/** A page of the tenant's audit log, newest first unless asked otherwise. */
export function listAuditLog(
  scope: Scope,
  options: ListOptions,
  position: EventPosition | null,
): Promise<EventListResult<AuditRow>> {
  return listEvents<AuditRow>(scope, {
    from: sql`audit_log r`,
    tenant: sql`r.tenant_id`,
    select: sql.raw(columns),
    fields: auditFields,
    options,
    id: sql`r.id`,
    position,
  });
}
