import type { EventPosition, ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import { listEntries, type EntryRow } from '#server/store/entries';
import type { EventListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { eventStoreFault } from './incidents.ts';

export type Entries = {
  /** Who used which door when, as far as it is kept and shown (behaviour.md 9). REQUEST_FAILED when the event store cannot be read. */
  list(
    actor: Actor,
    options: ListOptions,
    position: EventPosition | null,
  ): Promise<EventListResult<EntryRow>>;
};

export function createEntries({ database }: { readonly database: Database }): Entries {
  return {
    list: (actor, options, position) =>
      listEntries(readScope(database, actor.tenantId), options, position).catch(eventStoreFault),
  };
}
