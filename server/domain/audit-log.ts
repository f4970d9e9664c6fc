import type { AuditCheckpoint } from '#contract/audit-log';
import type { CollectionId } from '#contract/ids';
import type { EventPosition, ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { pageCheckpoints } from '#server/store/audit-checkpoints';
import {
  listAuditChanges,
  listAuditLog,
  type AuditChangeRow,
  type AuditRow,
} from '#server/store/audit-log';
import type { EventListResult, ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';

export type AuditLog = {
  list(
    actor: Actor,
    options: ListOptions,
    position: EventPosition | null,
  ): Promise<EventListResult<AuditRow>>;
  /** The records that are about one site. */
  listOfSite(
    actor: Actor,
    options: ListOptions,
    of: { readonly collectionId: CollectionId; readonly position: EventPosition | null },
  ): Promise<EventListResult<AuditRow>>;
  /** The same records with what changed from what to what, where that was not erased. */
  listChanges(
    actor: Actor,
    options: ListOptions,
    position: EventPosition | null,
  ): Promise<EventListResult<AuditChangeRow>>;
  listCheckpoints(actor: Actor, options: ListOptions): Promise<ListResult<AuditCheckpoint>>;
};

/** Who did what in a tenant; written by events/audit.ts, signed by jobs/audit-checkpoints.ts. */
export function createAuditLog({ database }: { readonly database: Database }): AuditLog {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    list: (actor, options, position) => listAuditLog(scopeOf(actor), options, { position }),
    listOfSite: (actor, options, of) => listAuditLog(scopeOf(actor), options, of),
    listChanges: (actor, options, position) => listAuditChanges(scopeOf(actor), options, position),
    listCheckpoints: (actor, options) => pageCheckpoints(scopeOf(actor), options),
  };
}
