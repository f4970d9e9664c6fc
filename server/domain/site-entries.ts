/** What happened in a site, for its people (connect-api.md 3.8). */
import { nilUuid, type AccessorId, type CollectionId } from '#contract/ids';
import type { EventPosition, ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { EventListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  listSiteEntries,
  listSiteIncidents,
  type SiteEntryRow,
  type SiteIncidentRow,
} from '#server/store/site-entries';
import type { SitePlace } from '#server/store/site-people';
import { eventStoreFault } from './incidents.ts';
import { entriesRight } from './permissions.ts';

type Wanted = {
  readonly siteId: CollectionId;
  readonly options: ListOptions;
  readonly position: EventPosition | null;
};

/** Nobody is this accessor: what somebody without a place as a site user has used. */
const nobody = nilUuid as AccessorId;

export type SiteEntries = {
  /** Who used which door when; of somebody who may not see everything the own uses alone. REQUEST_FAILED: the event store failed. */
  listEntries(
    actor: Actor,
    wanted: Wanted & { readonly place: SitePlace },
  ): Promise<EventListResult<SiteEntryRow>>;
  /** What went wrong. REQUEST_FAILED: the event store failed. */
  listIncidents(actor: Actor, wanted: Wanted): Promise<EventListResult<SiteIncidentRow>>;
};

export function createSiteEntries({ database }: { readonly database: Database }): SiteEntries {
  return {
    listEntries: (actor, { place, ...wanted }) => {
      const accessorId = entriesRight(place) === 'everything' ? null : (place.accessorId ?? nobody);
      return listSiteEntries(readScope(database, actor.tenantId), { ...wanted, accessorId }).catch(
        eventStoreFault,
      );
    },
    listIncidents: (actor, wanted) =>
      listSiteIncidents(readScope(database, actor.tenantId), wanted).catch(eventStoreFault),
  };
}
