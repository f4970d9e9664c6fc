/** The use-cases about people of a site, put together. */
import { createCsvImports, type CsvImports } from './csv-imports.ts';
import { createGuests, type Guests } from './guests.ts';
import { createPodUses, type PodUses } from './pod-uses.ts';
import type { SiteUserParts } from './site-user-creation.ts';
import { createSiteUsers, type SiteUsers } from './site-users.ts';

export function createPeopleUses(parts: SiteUserParts): PodUses & {
  readonly siteUsers: SiteUsers;
  readonly guests: Guests;
  readonly csvImports: CsvImports;
} {
  return {
    siteUsers: createSiteUsers(parts),
    guests: createGuests(parts),
    csvImports: createCsvImports(parts),
    ...createPodUses(parts),
  };
}
