import type { EventPosition, ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { listAuditLog, type AuditRow } from '#server/store/audit-log';
import type { EventListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';

export type AuditLog = {
  list(
    actor: Actor,
    options: ListOptions,
    position: EventPosition | null,
  ): Promise<EventListResult<AuditRow>>;
};

/** Who did what in a tenant; written by events/audit.ts. */
export function createAuditLog({ database }: { readonly database: Database }): AuditLog {
  return {
    list: (actor, options, position) =>
      listAuditLog(readScope(database, actor.tenantId), options, position),
  };
}
