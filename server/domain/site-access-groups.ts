/** Access groups by the people of a site (connect-api.md 3.3, 4.4): the same groups as on the Core face, asked by site and person. */
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, CollectionId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { RefResponse } from '#contract/refs';
import type { AccessGroupSummaryResponse } from '#contract/site-access-groups';
import type { UserShortResponse } from '#contract/users';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import {
  findGroupLock,
  findSiteAccessGroup,
  findSitePersons,
  isMember,
  listGroupLocks,
  listGroupUsers,
  listSiteAccessGroups,
  type GroupList,
  type SitePerson,
} from '#server/store/site-access-groups';
import { listSiteLockIds, type SiteView } from '#server/store/site-locks';
import type { AccessGroups } from './access-groups.ts';
import type { Written } from './rights-write.ts';

export type SiteGroup = { readonly siteId: CollectionId; readonly groupId: AccessGroupId };
export type MembersChange = { readonly add: readonly string[]; readonly remove: readonly string[] };

export type SiteAccessGroups = {
  /** NOT_FOUND when the site has no such group, or none in this view. */
  get(actor: Actor, view: SiteView, id: AccessGroupId): Promise<AccessGroupSummaryResponse>;
  list(
    actor: Actor,
    options: ListOptions,
    view: SiteView,
  ): Promise<ListResult<AccessGroupSummaryResponse>>;
  listLocks(actor: Actor, options: ListOptions, of: GroupList): Promise<ListResult<RefResponse>>;
  listUsers(
    actor: Actor,
    options: ListOptions,
    of: GroupList,
  ): Promise<ListResult<UserShortResponse>>;
  create(actor: Actor, siteId: CollectionId, name: string): Promise<Written<RefResponse>>;
  rename(
    actor: Actor,
    group: SiteGroup,
    body: { readonly customer_reference?: string },
  ): Promise<Written<RefResponse>>;
  remove(actor: Actor, group: SiteGroup): Promise<Written<void>>;
  /** NOT_FOUND: one to add is no lock of the site. All or nothing. */
  changeLocks(actor: Actor, group: SiteGroup, change: MembersChange): Promise<Written<void>>;
  addLock(actor: Actor, group: SiteGroup, lockId: string): Promise<Written<RefResponse>>;
  /** NOT_FOUND: the lock is not in the group. */
  removeLock(actor: Actor, group: SiteGroup, lockId: LockId): Promise<Written<void>>;
  /** NOT_FOUND: one to add is nobody of the site. USER_IS_POD_MEMBER. All or nothing. */
  changeUsers(actor: Actor, group: SiteGroup, change: MembersChange): Promise<Written<void>>;
  addUser(actor: Actor, group: SiteGroup, userId: string): Promise<Written<UserShortResponse>>;
  /** NOT_FOUND: the person is not in the group. USER_IS_POD_MEMBER. */
  removeUser(actor: Actor, group: SiteGroup, userId: string): Promise<Written<void>>;
};

export function createSiteAccessGroups({
  database,
  accessGroups,
}: {
  readonly database: Database;
  readonly accessGroups: AccessGroups;
}): SiteAccessGroups {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function changeLocks(
    actor: Actor,
    { siteId, groupId }: SiteGroup,
    { add, remove }: MembersChange,
  ): Promise<Written<void>> {
    const known = await listSiteLockIds(scopeOf(actor), siteId, add);
    if (add.some((id) => !known.has(id))) throw missing('Lock');
    return accessGroups.relate(actor, groupId, { relation: 'locks', add, remove });
  }

  async function changeUsers(
    actor: Actor,
    { siteId, groupId }: SiteGroup,
    { add, remove }: MembersChange,
  ): Promise<Written<void>> {
    const persons = await findSitePersons(scopeOf(actor), siteId, [...add, ...remove]);
    checkPersons(persons, add);
    const accessors = new Map<string, string>(persons.map((one) => [one.id, one.accessor_id]));
    const accessorsOf = (ids: readonly string[]) => ids.flatMap((id) => accessors.get(id) ?? []);
    return accessGroups.relate(actor, groupId, {
      relation: 'accessors',
      add: accessorsOf(add),
      remove: accessorsOf(remove),
    });
  }

  return {
    async get(actor, view, id) {
      const row = await findSiteAccessGroup(scopeOf(actor), view, id);
      if (row === undefined) throw missing('Access group');
      return row;
    },
    list: (actor, options, view) => listSiteAccessGroups(scopeOf(actor), options, view),
    listLocks: (actor, options, of) => listGroupLocks(scopeOf(actor), options, of),
    listUsers: (actor, options, of) =>
      listGroupUsers(scopeOf(actor), options, {
        ...of,
        which: of.which === 'others' ? 'others_outside_pods' : of.which,
      }),

    create: (actor, siteId, name) =>
      accessGroups.create(actor, { customer_reference: name, collection_id: siteId }),
    rename: (actor, { groupId }, body) => accessGroups.update(actor, groupId, body),
    remove: (actor, { groupId }) => accessGroups.remove(actor, groupId),

    changeLocks,
    async addLock(actor, group, lockId) {
      const { warnings } = await changeLocks(actor, group, { add: [lockId], remove: [] });
      const lock = await findGroupLock(scopeOf(actor), group.siteId, { id: lockId as LockId });
      if (lock === undefined) throw missing('Lock');
      return { value: lock, warnings };
    },
    async removeLock(actor, group, lockId) {
      const { siteId, groupId } = group;
      const lock = await findGroupLock(scopeOf(actor), siteId, { id: lockId, groupId });
      if (lock === undefined) throw missing('Lock');
      return changeLocks(actor, group, { add: [], remove: [lockId] });
    },

    changeUsers,
    async addUser(actor, group, userId) {
      const { warnings } = await changeUsers(actor, group, { add: [userId], remove: [] });
      const [person] = await findSitePersons(scopeOf(actor), group.siteId, [userId]);
      if (person === undefined) throw missing('User');
      return { value: person, warnings };
    },
    async removeUser(actor, group, userId) {
      const [person] = await findSitePersons(scopeOf(actor), group.siteId, [userId]);
      if (
        person === undefined ||
        !(await isMember(scopeOf(actor), group.groupId, person.accessor_id))
      )
        throw missing('User');
      return changeUsers(actor, group, { add: [], remove: [userId] });
    },
  };
}

function missing(thing: string): ApiError {
  return new ApiError('NOT_FOUND', { thing });
}

/** NOT_FOUND: one of the ids to add is nobody among these. USER_IS_POD_MEMBER: the pod gives that person the doors. */
export function checkPersons(persons: readonly SitePerson[], add: readonly string[]): void {
  const known = new Set<string>(persons.map(({ id }) => id));
  if (add.some((id) => !known.has(id))) throw missing('User');
  if (persons.some((person) => person.is_pod_member)) throw new ApiError('USER_IS_POD_MEMBER');
}
