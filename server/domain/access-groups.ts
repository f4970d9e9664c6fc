import type { Static } from 'typebox';
import type { PatchAccessGroupRequest, PostAccessGroupRequest } from '#contract/access-groups';
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, AccessorId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  addMembers,
  deleteAccessGroup,
  findAccessGroup,
  hasMisfit,
  holdAccessGroup,
  holdMembers,
  insertAccessGroup,
  isInGroup,
  lacksSchedule,
  listAccessGroups,
  listMemberIds,
  removeMembers,
  updateAccessGroup,
  type AccessGroupRow,
  type GroupRelation,
  type MemberId,
} from '#server/store/access-groups';
import type { ListResult } from '#server/store/list';
import { listLocks, type LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { changed, collectionOfBody } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostAccessGroup = Required<Static<typeof PostAccessGroupRequest>>;
export type PatchAccessGroup = Static<typeof PatchAccessGroupRequest>;

/** A change of who or what is in a group: removing goes first; `set` replaces all. */
export type RelationChange =
  | { readonly add: readonly string[]; readonly remove: readonly string[] }
  | { readonly set: readonly string[] };

export type AccessGroups = {
  /** VALUE_INVALID (404) when the tenant has none of that id. */
  get(actor: Actor, id: AccessGroupId): Promise<AccessGroupRow>;
  list(actor: Actor, options: ListOptions): Promise<ListResult<AccessGroupRow>>;
  listLocks(actor: Actor, options: ListOptions, id: AccessGroupId): Promise<ListResult<LockRow>>;
  /** VALUE_INVALID: collection unknown. */
  create(actor: Actor, body: PostAccessGroup): Promise<Written<AccessGroupRow>>;
  /** VALUE_INVALID: collection unknown, or not that of a member or lock. */
  update(actor: Actor, id: AccessGroupId, body: PatchAccessGroup): Promise<Written<AccessGroupRow>>;
  remove(actor: Actor, id: AccessGroupId): Promise<Written<void>>;
  /** VALUE_INVALID: an id to add names nothing, or belongs to another collection. All or nothing. */
  relate(
    actor: Actor,
    id: AccessGroupId,
    change: { readonly relation: GroupRelation } & RelationChange,
  ): Promise<Written<void>>;
};

type WriteParts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

type Parts = WriteParts & { readonly database: Database };

/** behaviour.md 5.3: a group without schedule grants nothing, which few expect. */
export const noScheduleWord = 'no_time_schedule';

export function createAccessGroups(parts: Parts): AccessGroups {
  const { database, audit } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    get: (actor, id) => getAccessGroup(scopeOf(actor), id),
    list: (actor, options) => listAccessGroups(scopeOf(actor), options),
    listLocks: (actor, options, id) => listLocks(scopeOf(actor), options, isInGroup('locks', id)),

    create: (actor, body) =>
      writeRights({ database, actor }, (scope) => addAccessGroup(scope, parts, { actor, body })),

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        const collectionId = await collectionOfBody(scope, body.collection_id ?? null);
        const before = await heldAccessGroup(scope, id);
        if (collectionId !== null && (await hasMisfit(scope, id, collectionId)))
          throw new ApiError('VALUE_INVALID', {
            parameter: 'collection_id',
            reason: 'The group has a lock or an accessor of another collection.',
          });
        await updateAccessGroup(scope, id, body);
        const row = await getAccessGroup(scope, id);
        audit.record(scope, actor, {
          ...fact('update', row),
          detail: changed(body),
          before,
          after: row,
        });
        return row;
      }),

    remove: (actor, id) =>
      writeRights({ database, actor }, async (scope) => {
        const row = await heldAccessGroup(scope, id);
        const accessorIds = await listMemberIds<AccessorId>(scope, 'accessors', id);
        const lockIds = await listMemberIds<LockId>(scope, 'locks', id);
        await deleteAccessGroup(scope, id);
        await settle(scope, parts, { id, touched: { accessorIds, lockIds } });
        audit.record(scope, actor, { ...fact('delete', row), before: row });
      }),

    relate: (actor, id, change) =>
      writeRights({ database, actor }, (scope, warn) =>
        changeRelation(scope, parts, { actor, id, change, warn }),
      ),
  };
}

/** Makes a group. VALUE_INVALID: collection unknown. */
export async function addAccessGroup(
  scope: WriteScope,
  { audit, clock, ids }: WriteParts,
  { actor, body }: { readonly actor: Actor; readonly body: PostAccessGroup },
): Promise<AccessGroupRow> {
  const id = ids.next<AccessGroupId>();
  const collectionId = await collectionOfBody(scope, body.collection_id);
  const row = { ...body, id, collection_id: collectionId, created_at: clock.now() };
  await insertAccessGroup(scope, row);
  const stored = await getAccessGroup(scope, id);
  audit.record(scope, actor, { ...fact('create', stored), after: stored });
  return stored;
}

type GivenChange = {
  readonly actor: Actor;
  readonly id: AccessGroupId;
  readonly change: { readonly relation: GroupRelation } & RelationChange;
};

/** Changes who or what is in a group, in a transaction of the caller's; the codes of `relate`. */
export async function changeRelation(
  scope: WriteScope,
  parts: WriteParts,
  { warn, ...given }: GivenChange & { readonly warn: (word: string) => void },
): Promise<void> {
  const { id } = given;
  const touched = await writeMembers(scope, parts, given);
  await settle(scope, parts, { id, touched });
  if (await lacksSchedule(scope, id)) warn(noScheduleWord);
}

/** The rows and the record of a change alone: offline rights and desired state of what it gives are still to follow. */
export async function writeMembers(
  scope: WriteScope,
  { audit }: Pick<WriteParts, 'audit'>,
  { actor, id, change }: GivenChange,
): Promise<Touched> {
  const group = await heldAccessGroup(scope, id);
  const { relation } = change;
  const { removed, added } = await writeRelation(scope, group, change);
  audit.record(scope, actor, {
    ...fact(`update_${relation}`, group),
    detail: counts(change),
    // Of a long list only what went and what came.
    before: { [relation]: removed },
    after: { [relation]: added },
  });
  return touchedAs(relation, [...new Set([...removed, ...added])]);
}

/** Offline rights and desired state follow; both are asked once for all that was touched. */
async function settle(
  scope: WriteScope,
  { clock, desiredState }: WriteParts,
  { id, touched }: { readonly id: AccessGroupId; readonly touched: Touched },
): Promise<void> {
  const { accessorIds, lockIds } = touched;
  const offline = await settleOfflineKeys(scope, { accessorIds, lockIds, now: clock.now() });
  await desiredState.refresh(scope, {
    groupIds: [id],
    accessorIds,
    lockIds: [...new Set([...lockIds, ...offline])],
  });
}

type Touched = { readonly accessorIds: readonly AccessorId[]; readonly lockIds: readonly LockId[] };

function touchedAs(relation: GroupRelation, ids: readonly MemberId[]): Touched {
  return relation === 'accessors'
    ? { accessorIds: ids as AccessorId[], lockIds: [] }
    : { accessorIds: [], lockIds: ids as LockId[] };
}

/** The group of a path. VALUE_INVALID (404) when the tenant has none of that id. */
export async function getAccessGroup(scope: Scope, id: AccessGroupId): Promise<AccessGroupRow> {
  const row = await findAccessGroup(scope, id);
  if (row === undefined) throw noGroup();
  return row;
}

/** The group of a path, held for a write. VALUE_INVALID (404) when the tenant has none of that id. */
export async function heldAccessGroup(
  scope: WriteScope,
  id: AccessGroupId,
): Promise<AccessGroupRow> {
  const row = await holdAccessGroup(scope, id);
  if (row === undefined) throw noGroup();
  return row;
}

function noGroup(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'id', case: 'path_id' });
}

/** Removes, then adds; gives all ids that went or came. */
async function writeRelation(
  scope: WriteScope,
  { id, collection_id }: AccessGroupRow,
  { relation, ...change }: { readonly relation: GroupRelation } & RelationChange,
): Promise<{ readonly removed: readonly MemberId[]; readonly added: readonly MemberId[] }> {
  const wanted = 'set' in change ? change.set : change.add;
  const members = await holdMembers(scope, relation, wanted);
  const parameter = 'set' in change ? 'ids' : 'add_ids';
  const known = new Set<string>(members.map((member) => member.id));
  const unknown = wanted.find((member) => !known.has(member));
  if (unknown !== undefined)
    throw new ApiError('VALUE_INVALID', { parameter, reason: `Nothing has the id ${unknown}.` });
  const misfit = members.find(
    (member) =>
      collection_id !== null &&
      member.collection_id !== null &&
      member.collection_id !== collection_id,
  );
  if (misfit !== undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter,
      reason: `${misfit.id} belongs to another collection than the group.`,
    });
  const former = new Set<string>(await listMemberIds(scope, relation, id));
  const going =
    'set' in change ? [...former].filter((member) => !known.has(member)) : change.remove;
  const removed = await removeMembers(scope, relation, { id, ids: going });
  await addMembers(scope, relation, { id, ids: wanted });
  const added = members.map((member) => member.id).filter((member) => !former.has(member));
  return { removed, added };
}

/** For the audit log: how many were asked for, never who. */
function counts(change: RelationChange): string {
  return 'set' in change
    ? `set ${change.set.length}`
    : `add ${change.add.length}, remove ${change.remove.length}`;
}

function fact(verb: string, row: AccessGroupRow) {
  return {
    action: `access_group.${verb}`,
    objectType: 'access_group',
    objectId: row.id,
    collectionId: row.collection_id,
  };
}
