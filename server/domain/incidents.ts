import { ApiError } from '#contract/api-error';
import type { EventPosition, ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { listIncidents, type IncidentRow } from '#server/store/incidents';
import type { EventListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';

export type Incidents = {
  /** What went wrong, as far as it is kept and shown (behaviour.md 9 and 10). REQUEST_FAILED when the event store cannot be read. */
  list(
    actor: Actor,
    options: ListOptions,
    position: EventPosition | null,
  ): Promise<EventListResult<IncidentRow>>;
};

export function createIncidents({ database }: { readonly database: Database }): Incidents {
  return {
    list: (actor, options, position) =>
      listIncidents(readScope(database, actor.tenantId), options, position).catch(eventStoreFault),
  };
}

/** Whoever reads events is told that it was the event store, and may try again (errors.md, 3201). */
export function eventStoreFault(fault: unknown): never {
  if (fault instanceof ApiError) throw fault;
  throw new ApiError('REQUEST_FAILED', { cause: fault });
}
