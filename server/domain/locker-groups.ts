/** Banks of lockers: names for lockers that stand together (connect-api.md 8). They give nobody anything. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, LockerGroupId } from '#contract/ids';
import type { PatchLockerGroupRequest, PostLockerGroupRequest } from '#contract/locker-groups';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import {
  deleteLockerGroup,
  findLockerGroup,
  holdLockers,
  insertLockerGroup,
  listLockerGroups,
  moveLockers,
  updateLockerGroup,
  type LockerGroupRow,
  type SiteLockerGroup,
} from '#server/store/locker-groups';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';

export type LockerGroups = {
  /** NOT_FOUND when the site has none of that id. */
  get(actor: Actor, group: SiteLockerGroup): Promise<LockerGroupRow>;
  list(
    actor: Actor,
    options: ListOptions,
    siteId: CollectionId,
  ): Promise<ListResult<LockerGroupRow>>;
  /** NOT_FOUND: one of the lockers is none of the site. */
  create(
    actor: Actor,
    siteId: CollectionId,
    body: Required<Static<typeof PostLockerGroupRequest>>,
  ): Promise<LockerGroupRow>;
  /** The same failure. */
  update(
    actor: Actor,
    group: SiteLockerGroup,
    body: Static<typeof PatchLockerGroupRequest>,
  ): Promise<LockerGroupRow>;
  remove(actor: Actor, group: SiteLockerGroup): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
};

export function createLockerGroups({ database, audit, clock, ids }: Parts): LockerGroups {
  const inWrite = <T>(actor: Actor, work: (scope: WriteScope) => Promise<T>): Promise<T> =>
    inTransaction({ database, tenantId: actor.tenantId }, work);

  return {
    get: (actor, group) => getGroup(readScope(database, actor.tenantId), group),
    list: (actor, options, siteId) =>
      listLockerGroups(readScope(database, actor.tenantId), options, siteId),

    create: (actor, siteId, { customer_reference: name, lockers }) =>
      inWrite(actor, async (scope) => {
        const group = { siteId, id: ids.next<LockerGroupId>() };
        await insertLockerGroup(scope, group, { name, now: clock.now() });
        await move(scope, group, { add: lockers ?? [], remove: [] });
        const after = await getGroup(scope, group);
        audit.record(scope, actor, { ...fact('create', group), after });
        return after;
      }),

    update: (actor, group, body) =>
      inWrite(actor, async (scope) => {
        const before = await getGroup(scope, group);
        const { lockers_to_add: add = [], lockers_to_remove: remove = [], ...change } = body;
        await updateLockerGroup(scope, group.id, change);
        await move(scope, group, { add, remove });
        const after = await getGroup(scope, group);
        audit.record(scope, actor, { ...fact('update', group), before, after });
        return after;
      }),

    remove: (actor, group) =>
      inWrite(actor, async (scope) => {
        const before = await getGroup(scope, group);
        await deleteLockerGroup(scope, group.id);
        audit.record(scope, actor, { ...fact('delete', group), before });
      }),
  };
}

async function getGroup(scope: Scope, group: SiteLockerGroup): Promise<LockerGroupRow> {
  const row = await findLockerGroup(scope, group);
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Locker group' });
  return row;
}

async function move(
  scope: WriteScope,
  { siteId, id }: SiteLockerGroup,
  change: { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<void> {
  const known = await holdLockers(scope, siteId, change.add);
  if (change.add.some((lockId) => !known.has(lockId)))
    throw new ApiError('NOT_FOUND', { thing: 'Locker' });
  await moveLockers(scope, id, change);
}

function fact(verb: string, { siteId, id }: SiteLockerGroup) {
  return {
    action: `locker_group.${verb}`,
    objectType: 'locker_group',
    objectId: id,
    collectionId: siteId,
  };
}
