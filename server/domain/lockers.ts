/**
 * Lockers (connect-api.md 3.10, 4.12). Who has one is a member of the locker's own access group, which opens it at any time; so the
 * door learns of it as of every other right. Assigned by hand (`generic`) the group lasts until the list is empty or the assignment
 * is ended; taken for a while (`dynamic_locker`, `free_locker`) it comes and goes with the occupation.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, AccessorId, CollectionId, LockId } from '#contract/ids';
import type { lockActions, PatchLockerRequest } from '#contract/lockers';
import type { ListOptions } from '#contract/odata';
import type { UserShortResponse } from '#contract/users';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  addMembers,
  deleteAccessGroup,
  listMemberIds,
  removeMembers,
} from '#server/store/access-groups';
import { holdAccessors } from '#server/store/accessors';
import type { ListResult } from '#server/store/list';
import {
  deleteOccupation,
  findLocker,
  findLockerOfGroup,
  findOccupied,
  hasLocker,
  insertOccupation,
  insertOwnGroup,
  isForTaking,
  listAvailableLockers,
  listLockers,
  updateLocker,
  type LockerList,
  type LockerRow,
} from '#server/store/lockers';
import { holdLock } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { findSitePersons, listGroupUsers, type GroupList } from '#server/store/site-access-groups';
import type { SiteView } from '#server/store/site-locks';
import type { DesiredState } from './desired-state.ts';
import type { Lockings } from './lockings.ts';
import { lockFact } from './locks.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { noOtpAsked } from './otp-checks.ts';
import { hasSiteRight } from './permissions.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { MembersChange } from './site-access-groups.ts';
import type { Person } from './site-locks.ts';

export type Lockers = {
  /** NOT_FOUND when the site has no such locker, or none in this view. */
  get(actor: Actor, view: SiteView, id: LockId): Promise<LockerRow>;
  list(
    actor: Actor,
    options: ListOptions,
    of: { readonly view: SiteView; readonly list: LockerList },
  ): Promise<ListResult<LockerRow>>;
  /** Nothing for an owner who is no site user. */
  listAvailable(
    actor: Actor,
    options: ListOptions,
    of: { readonly siteId: CollectionId; readonly accessorId: AccessorId | null },
  ): Promise<ListResult<LockerRow>>;
  /** OPERATION_NOT_ALLOWED: another mode while somebody has it. */
  update(
    actor: Actor,
    locker: SiteLocker,
    body: Static<typeof PatchLockerRequest>,
  ): Promise<Written<LockerRow>>;
  /** Sets who has a locker; nobody ends it. NOT_FOUND: locker or person unknown. OPERATION_NOT_ALLOWED: it is not `generic`. */
  assign(actor: Actor, locker: SiteLocker, userIds: readonly string[]): Promise<Written<void>>;
  /** NOT_FOUND: the locker. OPERATION_NOT_ALLOWED: taken, `generic`, not for the caller, or the caller has one. */
  occupy(person: Person, view: SiteView, id: LockId): Promise<Written<void>>;
  /** NOT_FOUND: the caller does not occupy it. */
  release(person: Person, locker: SiteLocker): Promise<Written<void>>;
  /** OPERATION_NOT_ALLOWED: the caller neither has the locker nor looks after lockers. CCC_*, IQ_OFFLINE. */
  act(person: Person, id: LockId, action: (typeof lockActions)[number]): Promise<void>;
  /** The locker of a group of lockers. NOT_FOUND when the site has none of that id. */
  getGroup(actor: Actor, group: LockerAccessGroup): Promise<LockId>;
  listUsers(
    actor: Actor,
    options: ListOptions,
    of: GroupList,
  ): Promise<ListResult<UserShortResponse>>;
  /** NOT_FOUND: one to add is nobody of the site. All or nothing. */
  changeUsers(
    actor: Actor,
    group: LockerAccessGroup,
    change: MembersChange,
  ): Promise<Written<void>>;
  /** Ends the assignment. */
  removeGroup(actor: Actor, group: LockerAccessGroup): Promise<Written<void>>;
};

export type SiteLocker = { readonly siteId: CollectionId; readonly id: LockId };
export type LockerAccessGroup = {
  readonly siteId: CollectionId;
  readonly groupId: AccessGroupId;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly lockings: Lockings;
};

export function createLockers(parts: Parts): Lockers {
  const { database, audit, clock, lockings } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function getGroup(scope: Scope, { siteId, groupId }: LockerAccessGroup): Promise<LockId> {
    const id = await findLockerOfGroup(scope, siteId, groupId);
    if (id === undefined) throw missing('Access group');
    return id;
  }

  return {
    get: (actor, view, id) => getLocker(scopeOf(actor), view, { id, now: clock.now() }),
    list: (actor, options, of) => listLockers(scopeOf(actor), options, of),
    async listAvailable(actor, options, { siteId, accessorId }) {
      if (accessorId === null) return { rows: [], count: options.count ? 0 : null, hasMore: false };
      return listAvailableLockers(scopeOf(actor), options, { siteId, accessorId });
    },

    update: (actor, locker, { customer_reference: name, mode }) =>
      writeRights({ database, actor }, async (scope) => {
        const before = await heldLocker(scope, parts, locker);
        const isInUse = before.occupant_id !== null || before.users_count > 0;
        if (mode !== undefined && mode !== before.mode && isInUse)
          throw notAllowed('Somebody has the locker.');
        if (mode !== undefined && mode !== before.mode && before.access_group_id !== null)
          await dropGroup(scope, parts, { lockId: locker.id, groupId: before.access_group_id });
        await updateLocker(scope, locker.id, {
          ...(name === undefined ? {} : { customer_reference: name }),
          ...(mode === undefined ? {} : { locker_mode: mode }),
        });
        await settle(scope, parts, { lockIds: [locker.id], accessorIds: [], groupIds: [] });
        const after = await heldLocker(scope, parts, locker);
        audit.record(scope, actor, { ...fact('update_locker', locker), before, after });
        return after;
      }),

    assign: (actor, locker, userIds) =>
      writeRights({ database, actor }, async (scope) => {
        const accessorIds = await accessorsOf(scope, locker.siteId, userIds);
        await holdAccessors(scope, accessorIds);
        const row = await heldLocker(scope, parts, locker);
        if (row.mode !== 'generic') throw notAllowed('The locker is not assigned by hand.');
        const former =
          row.access_group_id === null
            ? []
            : await listMemberIds<AccessorId>(scope, 'accessors', row.access_group_id);
        if (accessorIds.length === 0) {
          if (row.access_group_id !== null)
            await dropGroup(scope, parts, { lockId: locker.id, groupId: row.access_group_id });
        } else {
          const groupId = row.access_group_id ?? (await addGroup(scope, parts, { locker, row }));
          const going = former.filter((id) => !accessorIds.includes(id));
          await changeMembers(scope, parts, {
            groupId,
            lockId: locker.id,
            add: accessorIds,
            remove: going,
          });
        }
        audit.record(scope, actor, {
          ...fact('assign_locker', locker),
          before: { accessors: former },
          after: { accessors: [...accessorIds].sort() },
        });
      }),

    occupy: ({ actor, accessorId }, view, id) =>
      writeRights({ database, actor }, async (scope) => {
        if (accessorId !== null) await holdAccessors(scope, [accessorId]);
        const locker = { siteId: view.siteId, id };
        if (!(await holdLock(scope, id))) throw missing('Lock');
        const row = await getLocker(scope, view, { id, now: clock.now() });
        if (accessorId === null) throw notAllowed('The caller is no user of the site.');
        if (row.mode === 'generic') throw notAllowed('The locker is assigned by hand.');
        if (!(await isForTaking(scope, id, accessorId)))
          throw notAllowed('No group gives the locker to the caller.');
        if ((await findOccupied(scope, accessorId)) !== undefined)
          throw notAllowed('The caller has a locker.');
        if (!(await insertOccupation(scope, { lockId: id, accessorId, now: clock.now() })))
          throw notAllowed('Somebody has the locker.');
        // An occupant who left the site has left the group behind; an import brings it without who occupied.
        const groupId = row.access_group_id ?? (await addGroup(scope, parts, { locker, row }));
        const remove = await listMemberIds<AccessorId>(scope, 'accessors', groupId);
        await changeMembers(scope, parts, { groupId, lockId: id, add: [accessorId], remove });
        audit.record(scope, actor, {
          ...fact('occupy_locker', locker, accessorId),
          after: { occupied: true },
        });
      }),

    release: ({ actor, accessorId }, locker) =>
      writeRights({ database, actor }, async (scope) => {
        if (accessorId !== null) await holdAccessors(scope, [accessorId]);
        if (!(await holdLock(scope, locker.id))) throw missing('Lock');
        const row = await findLocker(scope, siteOf(locker), { id: locker.id, now: clock.now() });
        if (row === undefined || accessorId === null || row.occupant_id !== accessorId)
          throw missing('Lock');
        await deleteOccupation(scope, locker.id);
        if (row.access_group_id !== null)
          await dropGroup(scope, parts, { lockId: locker.id, groupId: row.access_group_id });
        audit.record(scope, actor, {
          ...fact('release_locker', locker, accessorId),
          before: { occupied: true },
        });
      }),

    async act({ actor, place, accessorId }, id, action) {
      const isTheirs =
        hasSiteRight(place, 'manage_lockers') ||
        (accessorId !== null && (await hasLocker(scopeOf(actor), id, accessorId)));
      if (!isTheirs) throw notAllowed('The caller does not have the locker.');
      await lockings.lock(
        actor,
        id,
        {
          locked_state: action === 'open' ? 'unlocked' : 'locked',
          accessor_id: accessorId,
          otp: null,
          validate_access: false,
        },
        { readOtp: noOtpAsked, asksRemoteAccess: false, asksGroup: false, isBarred: false },
      );
    },

    getGroup: (actor, group) => getGroup(scopeOf(actor), group),
    listUsers: (actor, options, of) => listGroupUsers(scopeOf(actor), options, of),
    changeUsers: (actor, group, { add, remove }) =>
      writeRights({ database, actor }, async (scope) => {
        const { siteId, groupId } = group;
        const added = await accessorsOf(scope, siteId, add);
        const removed = await findSitePersons(scope, siteId, remove);
        const removedIds = removed.map((person) => person.accessor_id);
        await holdAccessors(scope, [...added, ...removedIds]);
        const lockId = await getGroup(scope, group);
        if (!(await holdLock(scope, lockId))) throw missing('Access group');
        await changeMembers(scope, parts, { groupId, lockId, add: added, remove: removedIds });
        audit.record(scope, actor, {
          ...fact('assign_locker', { siteId, id: lockId }),
          before: { accessors: removedIds },
          after: { accessors: added },
        });
      }),
    removeGroup: (actor, group) =>
      writeRights({ database, actor }, async (scope) => {
        const lockId = await getGroup(scope, group);
        if (!(await holdLock(scope, lockId))) throw missing('Access group');
        const former = await dropGroup(scope, parts, { lockId, groupId: group.groupId });
        audit.record(scope, actor, {
          ...fact('assign_locker', { siteId: group.siteId, id: lockId }),
          before: { accessors: former },
          after: { accessors: [] },
        });
      }),
  };
}

function missing(thing: string): ApiError {
  return new ApiError('NOT_FOUND', { thing });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function fact(verb: string, { id, siteId }: SiteLocker, accessorId: AccessorId | null = null) {
  return lockFact(verb, { id, collectionId: siteId, accessorId });
}

const siteOf = ({ siteId }: SiteLocker): SiteView => ({ siteId, accessorId: null });

async function getLocker(
  scope: Scope,
  view: SiteView,
  which: { readonly id: LockId; readonly now: Date },
): Promise<LockerRow> {
  const row = await findLocker(scope, view, which);
  if (row === undefined) throw missing('Lock');
  return row;
}

async function heldLocker(
  scope: WriteScope,
  { clock }: Parts,
  locker: SiteLocker,
): Promise<LockerRow> {
  if (!(await holdLock(scope, locker.id))) throw missing('Lock');
  return getLocker(scope, siteOf(locker), { id: locker.id, now: clock.now() });
}

async function accessorsOf(
  scope: Scope,
  siteId: CollectionId,
  userIds: readonly string[],
): Promise<readonly AccessorId[]> {
  const persons = await findSitePersons(scope, siteId, userIds);
  const known = new Set<string>(persons.map(({ id }) => id));
  if (userIds.some((id) => !known.has(id))) throw missing('User');
  return persons.map((person) => person.accessor_id);
}

type Touched = {
  readonly lockIds: readonly LockId[];
  readonly accessorIds: readonly AccessorId[];
  readonly groupIds: readonly AccessGroupId[];
};

async function settle(
  scope: WriteScope,
  { desiredState, clock }: Parts,
  { lockIds, accessorIds, groupIds }: Touched,
): Promise<void> {
  const offline = await settleOfflineKeys(scope, { accessorIds, lockIds, now: clock.now() });
  await desiredState.refresh(scope, {
    groupIds,
    accessorIds,
    lockIds: [...new Set([...lockIds, ...offline])],
  });
}

async function addGroup(
  scope: WriteScope,
  { ids, clock }: Parts,
  { locker, row }: { readonly locker: SiteLocker; readonly row: LockerRow },
): Promise<AccessGroupId> {
  const groupId = ids.next<AccessGroupId>();
  await insertOwnGroup(scope, {
    lockId: locker.id,
    siteId: locker.siteId,
    groupId,
    scheduleId: ids.next<string>(),
    name: row.customer_reference,
    now: clock.now(),
  });
  return groupId;
}

/** Removes the locker's own group; gives whoever was in it. */
async function dropGroup(
  scope: WriteScope,
  parts: Parts,
  { lockId, groupId }: { readonly lockId: LockId; readonly groupId: AccessGroupId },
): Promise<readonly AccessorId[]> {
  const accessorIds = await listMemberIds<AccessorId>(scope, 'accessors', groupId);
  await deleteAccessGroup(scope, groupId);
  await settle(scope, parts, { lockIds: [lockId], accessorIds, groupIds: [groupId] });
  return accessorIds;
}

async function changeMembers(
  scope: WriteScope,
  parts: Parts,
  change: {
    readonly groupId: AccessGroupId;
    readonly lockId: LockId;
    readonly add: readonly AccessorId[];
    readonly remove: readonly AccessorId[];
  },
): Promise<void> {
  const { groupId, lockId, add, remove } = change;
  await removeMembers(scope, 'accessors', { id: groupId, ids: remove });
  await addMembers(scope, 'accessors', { id: groupId, ids: add });
  const accessorIds = [...new Set([...add, ...remove])];
  await settle(scope, parts, { lockIds: [lockId], accessorIds, groupIds: [groupId] });
}
