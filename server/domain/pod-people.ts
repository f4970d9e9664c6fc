/**
 * How people come to pods and leave them (connect-api.md 4.9). As for other users the mail of an invitation is handed over outside
 * any transaction: what would be made is decided first (`planArrivals`), then the mails go (`handMails`), then it is decided once
 * more and made (`settleArrivals`), in a transaction that holds the pod. Nobody comes unless all of a request do.
 */
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, AccessorId, LockId, TagId } from '#contract/ids';
import { removeMembers } from '#server/store/access-groups';
import { holdAccessors, updateAccessor } from '#server/store/accessors';
import { findCollectionSetting, updateCollectionSetting } from '#server/store/collection-settings';
import { findPerson, holdAddress } from '#server/store/people';
import {
  findGuestGroups,
  findPodPeople,
  findStandingsBesidePod,
  findStandingsOfPeople,
  updateCameByPod,
  type PodPerson,
  type StandingBesidePod,
} from '#server/store/pod-people';
import { deletePodUsers, findPod, insertPodUser, type PodOfSite } from '#server/store/pods';
import type { Scope, WriteScope } from '#server/store/scope';
import { rolesOf } from '#server/store/site-people';
import { findOwnRoles, updateSiteUser } from '#server/store/site-users';
import { holdTag } from '#server/store/tags';
import { takeAway } from './accessors.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { opensFromAfar } from './permissions.ts';
import {
  addressMark,
  checkLocks,
  checkMail,
  checkNobodyTwice,
  checkRoom,
  checkTags,
  isReached,
  type Planned,
  type PlannedArrivals,
  type PodArrival,
  type PodChange,
} from './pod-arrivals.ts';
import { writeGuestRule, type GuestRule } from './pod-guest-rules.ts';
import { leavesSite, rolesOfNewcomer, rolesWithoutPod, rolesWithPod } from './pod-roles.ts';
import { shown } from './site-user-changes.ts';
import {
  addComer,
  comerOf,
  drawIds,
  fact,
  giveTags,
  idOf,
  invite,
  plainPlace,
  type Comer,
  type Fresh,
  type Inviting,
  type SiteUserParts,
} from './site-user-creation.ts';
import { getSiteUser, tagOfBody } from './site-user-rules.ts';

/** What the doors must hear of. */
export type Touched = {
  readonly accessorIds: readonly AccessorId[];
  readonly groupIds: readonly AccessGroupId[];
  readonly lockIds: readonly LockId[];
};

export function together(...parts: readonly Touched[]): Touched {
  return {
    accessorIds: [...new Set(parts.flatMap((part) => part.accessorIds))],
    groupIds: [...new Set(parts.flatMap((part) => part.groupIds))],
    lockIds: [...new Set(parts.flatMap((part) => part.lockIds))],
  };
}

/** Offline rights and desired state follow; asked once for all that a change of a pod touched. */
export async function settlePod(
  scope: WriteScope,
  { desiredState, clock }: Pick<SiteUserParts, 'desiredState' | 'clock'>,
  { accessorIds, groupIds, lockIds }: Touched,
): Promise<void> {
  const offline = await settleOfflineKeys(scope, { accessorIds, lockIds, now: clock.now() });
  await desiredState.refresh(scope, {
    groupIds,
    accessorIds,
    lockIds: [...new Set([...lockIds, ...offline])],
  });
}

/**
 * Decides who comes and who leaves, with every refusal there is: VALUE_INVALID (`body_id`: tag unknown; tag of somebody else),
 * POD_LOCK_NOT_IN_POD, POD_USER_TWICE, POD_MEMBER_ELSEWHERE, POD_TAG_TWICE, POD_MEMBER_NEEDS_EMAIL, POD_FULL, INVITE_FAILED. A pod
 * that is not stored yet is one without people.
 */
export function planArrivals(
  scope: Scope,
  { ids }: Pick<SiteUserParts, 'ids'>,
  change: PodChange,
): Promise<PlannedArrivals> {
  return planWith(
    scope,
    change,
    change.arrivals.map(() => drawIds(ids)),
  );
}

async function planWith(
  scope: Scope,
  change: PodChange,
  fresh: readonly Fresh[],
): Promise<PlannedArrivals> {
  const { pod, type, arrivals } = change;
  const tagIds: (TagId | null)[] = [];
  for (const { tag_id: tagId } of arrivals)
    tagIds.push(tagId === null ? null : await tagOfBody(scope, { siteId: pod.siteId, tagId }));
  const row = await findPod(scope, pod);
  await checkLocks(scope, row, arrivals);
  const comers: Comer[] = [];
  for (const arrival of arrivals) comers.push(await comerOfArrival(scope, arrival));
  const present = await findPodPeople(scope, pod.id);
  const removed = new Set(change.removed);
  const isLeaving = (one: PodPerson): boolean =>
    one.pod_user_type === type && removed.has(one.accessor_id);
  const staying = present.filter((one) => !isLeaving(one));
  const leaving = present.filter(isLeaving).map((one) => one.accessor_id);
  const userIds = comers.flatMap((comer) => (comer.kind === 'known' ? [comer.person.id] : []));
  const standings = await findStandingsOfPeople(scope, pod, userIds);
  const people = arrivals.map((arrival, index): Planned => {
    const comer = comers[index];
    const drawn = fresh[index];
    if (comer === undefined || drawn === undefined) throw new Error('somebody was not planned');
    const userId = idOf(comer, drawn);
    return {
      arrival,
      comer,
      fresh: drawn,
      present: standings.find((one) => one.user_id === userId),
      tagId: tagIds[index] ?? null,
    };
  });
  const plan: PlannedArrivals = { change, people, leaving };
  checkNobodyTwice(plan, staying);
  if (type === 'member') {
    if (people.some((one) => one.present?.is_member === true))
      throw new ApiError('POD_MEMBER_ELSEWHERE');
    await checkTags(scope, plan);
    checkMail(plan, { before: present, staying });
  } else checkRoom(plan, { row, staying });
  return plan;
}

/**
 * Hands the mails of invitations over; whoever is of the site was invited to it before. INVITE_FAILED. Not inside a transaction.
 */
export async function handMails(
  parts: SiteUserParts,
  { change, people }: PlannedArrivals,
): Promise<void> {
  for (const { comer, fresh, present } of people)
    if (present === undefined) await invite(parts, change.at, { comer, fresh });
}

/**
 * Decides once more and makes it so: those leave who are to, then those come who are to. The pod and its group must be there, and
 * held. Gives the site users in the order in which they were asked for; the caller tells the doors (`settlePod`).
 */
export async function settleArrivals(
  scope: WriteScope,
  parts: SiteUserParts,
  { planned, warn }: { readonly planned: PlannedArrivals; readonly warn: (word: string) => void },
): Promise<{
  readonly accessorIds: readonly AccessorId[];
  readonly leftIds: readonly AccessorId[];
  readonly touched: Touched;
}> {
  const { change } = planned;
  await holdAll(scope, planned);
  const plan = await planWith(
    scope,
    change,
    planned.people.map((one) => one.fresh),
  );
  if (!areSamePeople(plan, planned))
    throw new ApiError('INVITE_FAILED', { reason: 'Somebody changed meanwhile; try again.' });
  const touched: Touched[] = [];
  if (plan.leaving.length > 0)
    touched.push(
      await removePeople(scope, parts, {
        ...change,
        accessorIds: plan.leaving,
        stayingIds: plan.people.flatMap(({ present }) => present?.id ?? []),
      }),
    );
  const row = await findPod(scope, change.pod);
  if (row === undefined) throw noPod();
  const accessorIds: AccessorId[] = [];
  for (const one of plan.people) {
    const accessorId = await letIn(scope, parts, { change, one, warn });
    const { siteId } = change.pod;
    const { rule } = one.arrival;
    await enterPod(scope, parts, { change, rule, accessorId });
    const place = { pod: row, siteId, accessorId, rule };
    touched.push(await writeGuestRule(scope, parts, place));
    accessorIds.push(accessorId);
  }
  return { accessorIds, leftIds: plan.leaving, touched: together(...touched) };
}

async function comerOfArrival(scope: Scope, { userId, email }: PodArrival): Promise<Comer> {
  if (userId === undefined) return comerOf(scope, email);
  const person = await findPerson(scope, userId);
  if (person === undefined) throw new ApiError('NOT_FOUND', { thing: 'User' });
  return { kind: 'known', person };
}

/** Addresses, people, accessors and tags, each in one order, so that two requests for the same decide one after the other. */
async function holdAll(scope: WriteScope, { people, leaving }: PlannedArrivals): Promise<void> {
  const addresses = people.flatMap(({ arrival }) => addressMark(arrival.email));
  for (const address of [...new Set(addresses)].sort()) await holdAddress(scope, address);
  await holdAccessors(scope, [...leaving, ...people.flatMap(({ present }) => present?.id ?? [])]);
  const tagIds = people.flatMap(({ tagId }) => tagId ?? []);
  for (const id of [...new Set(tagIds)].sort()) await holdTag(scope, id);
}

function areSamePeople(one: PlannedArrivals, other: PlannedArrivals): boolean {
  return one.people.every(({ comer, fresh }, index) => {
    const former = other.people[index]?.comer;
    return former?.kind === comer.kind && idOf(former, fresh) === idOf(comer, fresh);
  });
}

/** The site user that somebody has, with the role of the pod, or a new one; with the tag. */
async function letIn(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    change: { at, type },
    one: { arrival, comer, fresh, present, tagId },
    warn,
  }: {
    readonly change: PodChange;
    readonly one: Planned;
    readonly warn: (word: string) => void;
  },
): Promise<AccessorId> {
  const tagIds = tagId === null ? [] : [tagId];
  if (present !== undefined) {
    const roleIds = rolesWithPod(present.role_ids, type);
    await writeRoles(scope, parts, { at, standing: present, roleIds });
    const row = { id: present.id, user_id: idOf(comer, fresh) };
    await giveTags(scope, parts, { at, row, tagIds });
    return present.id;
  }
  const signsIn = isReached(comer) || arrival.userId !== undefined;
  const { first_name, last_name } = arrival;
  const row = await addComer(scope, parts, {
    at,
    fresh,
    comer,
    tagIds,
    roles: rolesOfNewcomer(type, { signsIn }),
    place: { ...plainPlace, first_name, last_name, alias: null, expiresAt: null },
  });
  await updateCameByPod(scope, row.id, true);
  if (row.subscription_state === 'suspended') warn('seat_limit_reached');
  return row.id;
}

async function enterPod(
  scope: WriteScope,
  { clock }: SiteUserParts,
  {
    change: { pod, type },
    rule: { access_rule_type, lockIds },
    accessorId,
  }: { readonly change: PodChange; readonly rule: GuestRule; readonly accessorId: AccessorId },
): Promise<void> {
  const isThere = await insertPodUser(scope, {
    pod_id: pod.id,
    accessor_id: accessorId,
    pod_user_type: type,
    access_rule_type,
    all_locks: lockIds === null,
    now: clock.now(),
  });
  if (!isThere) throw new ApiError(type === 'member' ? 'POD_MEMBER_ELSEWHERE' : 'POD_USER_TWICE');
}

/**
 * Takes people out of a pod, which is held. Whoever came to the site by a pod, has a place in no other one, is in no group and
 * was given no role by hand leaves the site with it; the others lose the roles that came with it. The caller tells the doors.
 */
export async function removePeople(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    pod,
    accessorIds,
    stayingIds = [],
  }: {
    readonly at: Inviting;
    readonly pod: PodOfSite;
    readonly accessorIds: readonly AccessorId[];
    /** Those who come back at once, and keep all but the place. */
    readonly stayingIds?: readonly AccessorId[];
  },
): Promise<Touched> {
  await holdAccessors(scope, accessorIds);
  const row = await findPod(scope, pod);
  if (row === undefined) throw noPod();
  const gone = await findGuestGroups(scope, accessorIds, pod.id);
  await deletePodUsers(scope, pod.id, accessorIds);
  await removeMembers(scope, 'accessors', { id: row.access_group_id, ids: accessorIds });
  const touched: Touched[] = [{ accessorIds, ...gone }];
  const staying = new Set(stayingIds);
  for (const standing of await findStandingsBesidePod(scope, pod.id, accessorIds)) {
    if (staying.has(standing.id)) continue;
    if (leavesSite(standing)) touched.push(await leave(scope, parts, { at, standing }));
    else await stay(scope, parts, { at, standing });
  }
  return together(...touched);
}

/** NOT_FOUND `Pod not found`. */
export function noPod(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'Pod' });
}

/** Every change of roles sets `remote_access` (connect-api.md 2.3). */
async function writeRoles(
  scope: WriteScope,
  { audit }: SiteUserParts,
  {
    at,
    standing: { id, role_ids: before },
    roleIds,
  }: {
    readonly at: Inviting;
    readonly standing: StandingBesidePod;
    readonly roleIds: readonly string[];
  },
): Promise<void> {
  if (before.length === roleIds.length && roleIds.every((role) => before.includes(role))) return;
  const { siteId } = at;
  const own = await findOwnRoles(scope, { siteId, ids: roleIds });
  await updateSiteUser(scope, id, { role_ids: roleIds });
  await updateAccessor(scope, id, { remote_access: opensFromAfar(rolesOf(roleIds, own)) });
  const setting = await findCollectionSetting(scope, { accessorId: id, collectionId: siteId });
  if (setting !== undefined)
    await updateCollectionSetting(scope, setting.id, { remote_access: null });
  audit.record(scope, at.actor, {
    ...fact('update', at, id),
    detail: 'role_ids',
    before: { role_ids: before },
    after: { role_ids: roleIds },
  });
}

/** The same as removing the site user by hand. */
async function leave(
  scope: WriteScope,
  { audit, clock }: SiteUserParts,
  { at, standing }: { readonly at: Inviting; readonly standing: StandingBesidePod },
): Promise<Touched> {
  const { siteId, actor } = at;
  const before = await getSiteUser(scope, { siteId, id: standing.id, now: clock.now() });
  const gone = await takeAway(scope, standing);
  audit.record(scope, actor, { ...fact('delete', at, standing.id), before: shown(before) });
  return gone;
}

/** From the last pod on the site itself keeps the person. */
async function stay(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, standing }: { readonly at: Inviting; readonly standing: StandingBesidePod },
): Promise<void> {
  const { id, came_by_pod, is_member, is_guest } = standing;
  await writeRoles(scope, parts, { at, standing, roleIds: rolesWithoutPod(standing) });
  if (came_by_pod && !is_member && !is_guest) await updateCameByPod(scope, id, false);
}
