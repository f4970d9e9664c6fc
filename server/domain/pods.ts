/**
 * Pods (connect-api.md 4.9, behaviour.md 14): flats, rooms and offices. What a pod's people may open is said by access groups of its
 * own, so that the door learns of it as of every other right.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, CollectionId, LockId, PodId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PatchPodRequest, PodAccessRuleRequest, PostPodRequest } from '#contract/pods';
import type { RefResponse } from '#contract/refs';
import type { Actor } from '#server/events/audit';
import { holdMembers, listMemberIds } from '#server/store/access-groups';
import { holdCollection } from '#server/store/collections';
import type { ListResult } from '#server/store/list';
import { deletePodAccessCodes } from '#server/store/pod-access-codes';
import {
  addPodLocks,
  listPodLocks,
  removePodLocks,
  replaceSchedules,
  type PodLockList,
} from '#server/store/pod-locks';
import {
  deletePod,
  findPod,
  findPodUsers,
  holdPod,
  holdPodName,
  insertPod,
  insertPodGroup,
  isPodNameTaken,
  listPodGroups,
  listPods,
  updatePod,
  type PodName,
  type PodOfSite,
  type PodRow,
} from '#server/store/pods';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { listSiteLockIds } from '#server/store/site-locks';
import { listPodTags, type SiteTagRow } from '#server/store/site-tags';
import { changed } from './collections.ts';
import { memberOfBody, podFact } from './pod-members.ts';
import {
  handMails,
  planArrivals,
  removePeople,
  settleArrivals,
  settlePod,
  together,
  type Touched,
} from './pod-people.ts';
import { heldSchedules, podRuleOfBody } from './pod-rules.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { MembersChange } from './site-access-groups.ts';
import type { SiteUserParts } from './site-user-creation.ts';
import type { AtWork } from './site-user-rules.ts';

export type PostPod = Required<Static<typeof PostPodRequest>>;

export type Pods = {
  /** NOT_FOUND when the site has none of that id. */
  get(actor: Actor, pod: PodOfSite): Promise<PodRow>;
  list(actor: Actor, options: ListOptions, siteId: CollectionId): Promise<ListResult<PodRow>>;
  /**
   * VALUE_INVALID: guest limit, rule; POD_NAME_TAKEN, POD_LOCK_NOT_IN_SITE, and of its members POD_MEMBER_NEEDS_EMAIL, POD_USER_TWICE,
   * POD_MEMBER_ELSEWHERE, POD_TAG_TWICE, NOT_FOUND (a tag), INVITE_FAILED. All or nothing.
   */
  create(at: AtWork, body: PostPod): Promise<Written<PodRow>>;
  /** VALUE_INVALID: guest limit; POD_NAME_TAKEN, POD_GUEST_LIMIT_TOO_LOW. */
  update(actor: Actor, pod: PodOfSite, body: Static<typeof PatchPodRequest>): Promise<void>;
  /** VALUE_INVALID: type or schedules. */
  setRule(
    actor: Actor,
    pod: PodOfSite,
    body: Static<typeof PodAccessRuleRequest>,
  ): Promise<Written<void>>;
  /** Ends members, guests and codes; locks and rule stay. */
  clean(at: AtWork, pod: PodOfSite): Promise<Written<void>>;
  /** The same, and then the pod itself. */
  remove(at: AtWork, pod: PodOfSite): Promise<Written<void>>;
  listLocks(actor: Actor, options: ListOptions, of: PodLockList): Promise<ListResult<RefResponse>>;
  /** POD_LOCK_NOT_IN_SITE. Removing goes first, and takes a lock from the rules of guests; all or nothing. */
  changeLocks(actor: Actor, pod: PodOfSite, change: MembersChange): Promise<Written<void>>;
  /** The tags of its people. */
  listTags(actor: Actor, options: ListOptions, pod: PodOfSite): Promise<ListResult<SiteTagRow>>;
};

export function createPods(parts: SiteUserParts): Pods {
  const { database, audit, clock, ids } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  return {
    get: (actor, pod) => getPod(scopeOf(actor), pod),
    list: (actor, options, siteId) => listPods(scopeOf(actor), options, siteId),

    create: async (at, body) => {
      const { actor, siteId } = at;
      const { customer_reference: name, max_guest_amount: most } = body;
      const rule = podRuleOfBody(body.access_rule, 'access_rule');
      const pod = { siteId, id: ids.next<PodId>() };
      const change = {
        at,
        pod,
        type: 'member',
        arrivals: (body.members ?? []).map(memberOfBody),
        removed: [],
      } as const;
      // No mail goes out for a pod that cannot be.
      await checkName(scopeOf(actor), { siteId, name }, null);
      await checkLocks(scopeOf(actor), pod, body.locks ?? []);
      const planned = await planArrivals(scopeOf(actor), parts, change);
      await handMails(parts, planned);
      return writeRights({ database, actor }, async (scope, warn) => {
        if (!(await holdCollection(scope, siteId)))
          throw new ApiError('NOT_FOUND', { thing: 'Site' });
        await holdPodName(scope, { siteId, name });
        await checkName(scope, { siteId, name }, null);
        const now = clock.now();
        const { access_rule_type } = rule;
        await insertPod(scope, {
          ...pod,
          customer_reference: name,
          max_guest_amount: most,
          access_rule_type,
          now,
        });
        const groupId = ids.next<AccessGroupId>();
        await insertPodGroup(scope, { id: groupId, pod, guestId: null, now });
        await replaceSchedules(scope, groupId, { schedules: heldSchedules(rule), ids, now });
        const lockIds = await heldLocks(scope, pod, body.locks ?? []);
        await addPodLocks(scope, pod.id, lockIds);
        const { touched } = await settleArrivals(scope, parts, { planned, warn });
        const own = { accessorIds: [], groupIds: [groupId], lockIds };
        await settlePod(scope, parts, together(own, touched));
        const after = await getPod(scope, pod);
        audit.record(scope, actor, { ...podFact('create', pod), after: shown(after) });
        return after;
      });
    },

    update: (actor, pod, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const { customer_reference: name, max_guest_amount: most } = body;
        const { siteId, id } = pod;
        if (name !== undefined) await holdPodName(scope, { siteId, name });
        const before = await heldPod(scope, pod);
        if (name !== undefined) await checkName(scope, { siteId, name }, id);
        if (most !== undefined && most < before.guest_amount)
          throw new ApiError('POD_GUEST_LIMIT_TOO_LOW');
        await updatePod(scope, pod.id, body);
        const after = await getPod(scope, pod);
        audit.record(scope, actor, {
          ...podFact('update', pod),
          detail: changed(body),
          before: shown(before),
          after: shown(after),
        });
      }),

    setRule: (actor, pod, body) =>
      writeRights({ database, actor }, async (scope) => {
        const rule = podRuleOfBody(body, null);
        const before = await heldPod(scope, pod);
        const { access_group_id: groupId } = before;
        await updatePod(scope, pod.id, { access_rule_type: rule.access_rule_type });
        const schedules = heldSchedules(rule);
        await replaceSchedules(scope, groupId, { schedules, ids, now: clock.now() });
        await settlePod(scope, parts, { accessorIds: [], groupIds: [groupId], lockIds: [] });
        const after = await getPod(scope, pod);
        audit.record(scope, actor, {
          ...podFact('update_access_rule', pod),
          before: shown(before),
          after: shown(after),
        });
      }),

    clean: (at, pod) =>
      writeRights({ database, actor: at.actor }, async (scope) => {
        const before = await heldPod(scope, pod);
        await settlePod(scope, parts, await empty(scope, parts, { at, pod }));
        const after = await getPod(scope, pod);
        audit.record(scope, at.actor, {
          ...podFact('clean', pod),
          before: shown(before),
          after: shown(after),
        });
      }),

    remove: (at, pod) =>
      writeRights({ database, actor: at.actor }, async (scope) => {
        const before = await heldPod(scope, pod);
        const touched = await empty(scope, parts, { at, pod });
        const { access_group_id: groupId } = before;
        const lockIds = await listMemberIds<LockId>(scope, 'locks', groupId);
        await deletePod(scope, pod.id);
        const own = { accessorIds: [], groupIds: [groupId], lockIds };
        await settlePod(scope, parts, together(own, touched));
        audit.record(scope, at.actor, { ...podFact('delete', pod), before: shown(before) });
      }),

    listLocks: (actor, options, of) => listPodLocks(scopeOf(actor), options, of),
    changeLocks: (actor, pod, { add, remove }) =>
      writeRights({ database, actor }, async (scope) => {
        await heldPod(scope, pod);
        const added = await heldLocks(scope, pod, add);
        const removed = await removePodLocks(scope, pod.id, remove);
        await addPodLocks(scope, pod.id, added);
        const groups = await listPodGroups(scope, pod.id);
        await settlePod(scope, parts, {
          accessorIds: [],
          groupIds: groups.map(({ id }) => id),
          lockIds: [...new Set([...added, ...removed])],
        });
        audit.record(scope, actor, {
          ...podFact('update_locks', pod),
          detail: `add ${add.length}, remove ${remove.length}`,
          before: { locks: removed },
          after: { locks: added },
        });
      }),

    listTags: (actor, options, pod) => listPodTags(scopeOf(actor), options, pod),
  };
}

async function getPod(scope: Scope, pod: PodOfSite): Promise<PodRow> {
  const row = await findPod(scope, pod);
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Pod' });
  return row;
}

/** The pod with its people and its limit, which stay as they are until the transaction ends. NOT_FOUND. */
async function heldPod(scope: WriteScope, pod: PodOfSite): Promise<PodRow> {
  await holdPod(scope, pod);
  return getPod(scope, pod);
}

/** POD_NAME_TAKEN. */
async function checkName(scope: Scope, name: PodName, exceptId: PodId | null): Promise<void> {
  if (await isPodNameTaken(scope, name, exceptId)) throw new ApiError('POD_NAME_TAKEN');
}

/** POD_LOCK_NOT_IN_SITE. */
async function checkLocks(
  scope: Scope,
  { siteId }: PodOfSite,
  wanted: readonly string[],
): Promise<void> {
  const known = await listSiteLockIds(scope, siteId, wanted);
  if (wanted.some((id) => !known.has(id))) throw new ApiError('POD_LOCK_NOT_IN_SITE');
}

/** Locks that a body wants in a pod, each once, which stay as they are until the transaction ends. POD_LOCK_NOT_IN_SITE. */
async function heldLocks(
  scope: WriteScope,
  pod: PodOfSite,
  wanted: readonly string[],
): Promise<readonly LockId[]> {
  await holdMembers(scope, 'locks', wanted);
  await checkLocks(scope, pod, wanted);
  return [...new Set(wanted)] as LockId[];
}

/** Ends the people and the codes of a pod; gives what the doors must hear of. */
async function empty(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, pod }: { readonly at: AtWork; readonly pod: PodOfSite },
): Promise<Touched> {
  const users = await findPodUsers(scope, pod.id);
  await deletePodAccessCodes(scope, pod.id);
  return removePeople(scope, parts, {
    at,
    pod,
    accessorIds: users.map((user) => user.accessor_id),
  });
}

function shown({ access_group_id: _group, ...row }: PodRow) {
  return row;
}
