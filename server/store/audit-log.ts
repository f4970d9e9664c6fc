import { sql } from 'kysely';
import type { CollectionId } from '#contract/ids';
import { auditOutcomes, type AuditEntry } from '#contract/audit-log';
import { instantText } from '#contract/time-text';
import { tiedBy, type EventPosition, type ListOptions } from '#contract/odata';
import { listEvents, type EventListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

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

/** Their time is of whole seconds: within one, `number` alone tells which came first. */
export const auditTie = 'number';

const columns = `r.id, r.number::float8 as number, r.request_id, r.hash, r.previous_hash, r.utc_date_time, r.client_id,
  r.user_id, r.accessor_id, r.action, r.object_type, r.object_id, r.collection_id, r.outcome, r.detail, r.changes_hash`;

/** A page of the tenant's audit log or of one collection's part of it, newest first unless asked otherwise. */
export function listAuditLog(
  scope: Scope,
  options: ListOptions,
  {
    position,
    collectionId = null,
  }: { readonly position: EventPosition | null; readonly collectionId?: CollectionId | null },
): Promise<EventListResult<AuditRow>> {
  return listEvents<AuditRow>(scope, {
    ...(collectionId === null ? {} : { where: sql`r.collection_id = ${collectionId}` }),
    from: sql`audit_log r`,
    tenant: sql`r.tenant_id`,
    select: sql.raw(columns),
    fields: auditFields,
    options: tiedBy(options, auditTie),
    id: sql`r.id`,
    position,
  });
}

/** A record without changes has no member for their hash: it has the form that records had before there were any. */
export function auditEntryOf({ changes_hash: changes, ...row }: AuditRow): AuditEntry {
  return {
    ...row,
    utc_date_time: instantText(row.utc_date_time),
    ...(changes === null ? {} : { changes_hash: changes }),
  };
}

export type AuditChangeRow = AuditRow & {
  /** Canonical JSON of the changes; null = there were none, or they were erased. */
  readonly body: string | null;
};

/** The same page with what changed from what to what. */
export function listAuditChanges(
  scope: Scope,
  options: ListOptions,
  position: EventPosition | null,
): Promise<EventListResult<AuditChangeRow>> {
  return listEvents<AuditChangeRow>(scope, {
    from: sql`audit_log r left join audit_changes c on c.tenant_id = r.tenant_id and c.number = r.number`,
    tenant: sql`r.tenant_id`,
    select: sql.raw(`${columns}, c.body`),
    fields: auditFields,
    options: tiedBy(options, auditTie),
    id: sql`r.id`,
    position,
  });
}

/** Erases what is known of an object beside the chain, which stays as it is; gives the number of records it was known of. */
export async function eraseAuditChanges(scope: WriteScope, objectId: string): Promise<number> {
  const [row] = await scope.query<{ erased: number }>(
    `with gone as (delete from audit_changes c using audit_log r
       where c.tenant_id = $1 and r.tenant_id = $1 and r.number = c.number
         and (r.object_id = $2 or r.accessor_id = $2) returning 1)
     select count(*)::int as erased from gone`,
    [scope.tenantId, objectId],
  );
  return row?.erased ?? 0;
}
