/** Locks as people of a site use them: by their site and by what they may see there (connect-api.md 2.3, 3.4, 4.5). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessGroupResponse } from '#contract/access-groups';
import type { AccessorId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type {
  CreateSiteLockRequest,
  DetachSiteLockRequest,
  PatchSiteLockRequest,
  SiteLockingRequest,
} from '#contract/site-locks';
import type { Actor } from '#server/events/audit';
import { hasLockIn, listAccessGroups } from '#server/store/access-groups';
import type { ListResult } from '#server/store/list';
import type { LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  findLockExtras,
  isSiteLock,
  listSiteLocks,
  type SiteLockRow,
  type SiteView,
} from '#server/store/site-locks';
import type { SitePlace } from '#server/store/site-people';
import type { Detachments } from './detachments.ts';
import { otpRuleAt } from './installer-access.ts';
import { wantedState, type Lockings, type LockingRules } from './lockings.ts';
import { noLock, type Locks } from './locks.ts';
import { sentOtpOfPerson } from './otp-checks.ts';
import { actsAsOwner, hasSiteRight, remoteLockingRight } from './permissions.ts';
import type { Written } from './rights-write.ts';
import { registrationSeconds, type TagRegistrations } from './tag-registrations.ts';

/** Somebody who has signed in, at work in a site. */
export type Person = {
  readonly actor: Actor;
  readonly place: SitePlace;
  readonly accessorId: AccessorId | null;
};

export type SiteLocks = {
  /** VALUE_INVALID (404) when the site has no such lock, or none in this view. */
  check(actor: Actor, view: SiteView, id: LockId): Promise<void>;
  list(actor: Actor, options: ListOptions, view: SiteView): Promise<ListResult<SiteLockRow>>;
  get(actor: Actor, id: LockId): Promise<SiteLockRow>;
  listAccessGroups(
    actor: Actor,
    options: ListOptions,
    id: LockId,
  ): Promise<ListResult<AccessGroupResponse>>;
  /** ACTIVATION_CODE_INVALID (form, in use). */
  create(
    actor: Actor,
    siteId: SiteView['siteId'],
    body: Required<Static<typeof CreateSiteLockRequest>>,
  ): Promise<SiteLockRow>;
  /** VALUE_INVALID: the site has no such floor. */
  update(
    actor: Actor,
    id: LockId,
    body: Static<typeof PatchSiteLockRequest>,
  ): Promise<Written<SiteLockRow>>;
  /** OPERATION_NOT_ALLOWED while linked. */
  remove(actor: Actor, id: LockId): Promise<void>;
  /**
   * Opens the door once, or begins or ends its office mode; `not_permitted` where office mode is not the caller's to switch.
   * VALUE_INVALID, NOT_FOUND (code left out), OPERATION_NOT_ALLOWED, CCC_*, IQ_OFFLINE.
   */
  lock(
    person: Person,
    id: LockId,
    body: Required<Static<typeof SiteLockingRequest>>,
  ): Promise<SiteLockRow | 'not_permitted'>;
  detach(
    person: Person,
    id: LockId,
    body: Required<Static<typeof DetachSiteLockRequest>>,
  ): Promise<SiteLockRow>;
  /** VALUE_INVALID: the seconds. */
  registerTags(actor: Actor, id: LockId, seconds: number): Promise<SiteLockRow>;
};

type Parts = {
  readonly database: Database;
  readonly locks: Locks;
  readonly lockings: Lockings;
  readonly detachments: Detachments;
  readonly tagRegistrations: TagRegistrations;
};

export function createSiteLocks(parts: Parts): SiteLocks {
  const { database, locks, lockings, detachments, tagRegistrations } = parts;

  async function extended(actor: Actor, row: LockRow): Promise<SiteLockRow> {
    const extras = await findLockExtras(readScope(database, actor.tenantId), row.id);
    if (extras === undefined) throw noLock();
    return { ...row, ...extras };
  }

  return {
    async check(actor, view, id) {
      if (!(await isSiteLock(readScope(database, actor.tenantId), view, id))) throw noLock();
    },
    list: (actor, options, view) =>
      listSiteLocks(readScope(database, actor.tenantId), options, { view }),
    get: async (actor, id) => extended(actor, await locks.get(actor, id)),
    listAccessGroups: (actor, options, id) =>
      listAccessGroups(readScope(database, actor.tenantId), options, hasLockIn(id)),

    create: async (actor, siteId, body) =>
      extended(
        actor,
        await locks.create(actor, {
          ...body,
          collection_id: siteId,
          license_plate_camera: false,
          vendor: null,
        }),
      ),
    async update(actor, id, body) {
      const { value, warnings } = await locks.update(actor, id, body);
      return { value: await extended(actor, value), warnings };
    },
    remove: (actor, id) => locks.remove(actor, id, { force: true }),

    async lock({ actor, place, accessorId }, id, body) {
      const wanted = wantedState(body);
      if (wanted !== 'unlocked' && !hasSiteRight(place, 'remote_office_mode'))
        return 'not_permitted';
      const sent = { ...body, accessor_id: accessorId, validate_access: false };
      return extended(actor, await lockings.lock(actor, id, sent, rulesOf(place)));
    },
    async detach({ actor, place, accessorId }, id, body) {
      const { iq_id: iqId } = await locks.get(actor, id);
      const readOtp = iqId === null ? sentOtpOfPerson : otpRuleAt(place, iqId);
      const sent = { ...body, accessor_id: accessorId, force: false };
      return extended(actor, await detachments.detach(actor, id, sent, readOtp));
    },
    async registerTags(actor, id, seconds) {
      const { least, most } = registrationSeconds;
      if (seconds < least || seconds > most)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'duration_in_seconds',
          reason: `Allowed are ${least} to ${most}.`,
        });
      return extended(actor, await tagRegistrations.start(actor, id, seconds));
    },
  };
}

function rulesOf(place: SitePlace): LockingRules {
  const right = remoteLockingRight(place);
  return {
    readOtp: sentOtpOfPerson,
    asksRemoteAccess: !actsAsOwner(place),
    asksGroup: right !== 'all',
    isBarred: right === 'none',
  };
}
