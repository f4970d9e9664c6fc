/** Locks and who may open them, for programs and for people of a site. */
import { createAccessGroups, type AccessGroups } from './access-groups.ts';
import { createDetachments, type Detachments } from './detachments.ts';
import { createLockConditions, type LockConditions } from './lock-conditions.ts';
import { createLockSettings, type LockSettings } from './lock-settings.ts';
import { createLockings, type Lockings } from './lockings.ts';
import { createLockerGroups, type LockerGroups } from './locker-groups.ts';
import { createLockers, type Lockers } from './lockers.ts';
import { createLocks, type Locks } from './locks.ts';
import { createSiteAccessGroups, type SiteAccessGroups } from './site-access-groups.ts';
import { createSiteLocks, type SiteLocks } from './site-locks.ts';
import { createTagRegistrations, type TagRegistrations } from './tag-registrations.ts';

export type Doors = {
  readonly locks: Locks;
  readonly lockings: Lockings;
  readonly detachments: Detachments;
  readonly tagRegistrations: TagRegistrations;
  readonly lockConditions: LockConditions;
  readonly lockSettings: LockSettings;
  readonly accessGroups: AccessGroups;
  readonly siteLocks: SiteLocks;
  readonly siteAccessGroups: SiteAccessGroups;
  readonly lockers: Lockers;
  readonly lockerGroups: LockerGroups;
};

export function createDoors(
  parts: Parameters<typeof createLocks>[0] &
    Parameters<typeof createLockings>[0] &
    Parameters<typeof createTagRegistrations>[0],
): Doors {
  const locks = createLocks(parts);
  const lockings = createLockings(parts);
  const detachments = createDetachments(parts);
  const tagRegistrations = createTagRegistrations(parts);
  const accessGroups = createAccessGroups(parts);
  return {
    locks,
    lockings,
    detachments,
    tagRegistrations,
    lockConditions: createLockConditions(parts),
    lockSettings: createLockSettings(parts),
    accessGroups,
    siteLocks: createSiteLocks({ ...parts, locks, lockings, detachments, tagRegistrations }),
    siteAccessGroups: createSiteAccessGroups({ ...parts, accessGroups }),
    lockers: createLockers({ ...parts, lockings }),
    lockerGroups: createLockerGroups(parts),
  };
}
