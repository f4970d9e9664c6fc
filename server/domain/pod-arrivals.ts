/** Who is to come to a pod, and what stands against it (connect-api.md 4.9, errors.md 2215 to 2222). */
import { ApiError } from '#contract/api-error';
import type { AccessorId, LockId, TagId, UserId } from '#contract/ids';
import type { PodUserType } from '#contract/pods';
import { listMemberIds } from '#server/store/access-groups';
import { listTagHolders } from '#server/store/keys';
import {
  findStandingsBesidePod,
  findTagsOfMembers,
  type PodPerson,
  type StandingBesidePod,
} from '#server/store/pod-people';
import type { PodOfSite, PodRow } from '#server/store/pods';
import type { Scope } from '#server/store/scope';
import type { GuestRule } from './pod-guest-rules.ts';
import { leavesSite } from './pod-roles.ts';
import { idOf, type Comer, type Fresh, type Inviting } from './site-user-creation.ts';

/** Somebody who is to come to a pod. */
export type PodArrival = {
  readonly first_name: string;
  readonly last_name: string;
  readonly email: string | null;
  readonly tag_id: string | null;
  /** Of a guest; members have all of the pod (`wholePod`). */
  readonly rule: GuestRule;
  /** A person who is known already, whatever the address: the guest of an access code. */
  readonly userId?: UserId;
};

export type PodChange = {
  readonly at: Inviting;
  readonly pod: PodOfSite;
  readonly type: PodUserType;
  readonly arrivals: readonly PodArrival[];
  /** Site users who leave before anybody comes; whoever is no `type` of the pod is ignored. */
  readonly removed: readonly string[];
};

export type Planned = {
  readonly arrival: PodArrival;
  readonly comer: Comer;
  readonly fresh: Fresh;
  /** The place that the person has in the site already. */
  readonly present: StandingBesidePod | undefined;
  readonly tagId: TagId | null;
};

export type PlannedArrivals = {
  readonly change: PodChange;
  readonly people: readonly Planned[];
  /** Who loses the place in the pod. */
  readonly leaving: readonly AccessorId[];
};

/** Whoever is asked for twice, or is in the pod already. POD_USER_TWICE. */
export function checkNobodyTwice({ people }: PlannedArrivals, staying: readonly PodPerson[]): void {
  const seen = new Set<string>(
    staying.flatMap(({ user_id, email }) => [user_id ?? [], addressMark(email)].flat()),
  );
  for (const { arrival, comer, fresh } of people) {
    const marks = [idOf(comer, fresh), ...addressMark(arrival.email)];
    if (marks.some((mark) => seen.has(mark))) throw new ApiError('POD_USER_TWICE');
    for (const mark of marks) seen.add(mark);
  }
}

export function addressMark(email: string | null): string[] {
  return email === null ? [] : [email.toLowerCase()];
}

/** Locks of guests' rules. POD_LOCK_NOT_IN_POD. */
export async function checkLocks(
  scope: Scope,
  row: PodRow | undefined,
  arrivals: readonly PodArrival[],
): Promise<void> {
  const asked = arrivals.flatMap(({ rule }) => rule.lockIds ?? []);
  if (row === undefined || asked.length === 0) return;
  await checkLocksOfPod(scope, row, asked);
}

/** POD_LOCK_NOT_IN_POD: one of them is no lock of the pod. */
export async function checkLocksOfPod(
  scope: Scope,
  row: PodRow,
  lockIds: readonly LockId[],
): Promise<void> {
  const known = new Set<string>(await listMemberIds(scope, 'locks', row.access_group_id));
  if (lockIds.some((id) => !known.has(id))) throw new ApiError('POD_LOCK_NOT_IN_POD');
}

/** POD_TAG_TWICE: two members have one tag; VALUE_INVALID: it is somebody else's. */
export async function checkTags(
  scope: Scope,
  { change, people, leaving }: PlannedArrivals,
): Promise<void> {
  const tagged = people.flatMap((one) => (one.tagId === null ? [] : [{ ...one, id: one.tagId }]));
  const tagIds = tagged.map(({ id }) => id);
  if (new Set(tagIds).size < tagIds.length) throw new ApiError('POD_TAG_TWICE');
  const own = people.flatMap(({ present }) => present?.id ?? []);
  // Asked before who of them is a member: whoever is seen to have a tag is then seen to be one.
  const holders = new Map<TagId, Awaited<ReturnType<typeof listTagHolders>>>();
  for (const id of tagIds) holders.set(id, await listTagHolders(scope, id));
  const taken = await findTagsOfMembers(scope, tagIds, { except: [...leaving, ...own] });
  if (taken.length > 0) throw new ApiError('POD_TAG_TWICE');
  const standings = await findStandingsBesidePod(scope, change.pod.id, leaving);
  const freed = new Set<string>(
    standings.filter((one) => leavesSite(one) && !own.includes(one.id)).map(({ id }) => id),
  );
  for (const { id, comer, fresh } of tagged) {
    const userId = idOf(comer, fresh);
    const others = holders.get(id)?.filter((holder) => holder.user_id !== userId) ?? [];
    if (others.some((holder) => !freed.has(holder.accessor_id)))
      throw new ApiError('VALUE_INVALID', {
        parameter: 'tag_id',
        reason: 'The tag is another person’s; clear it there first.',
      });
  }
}

/** One of the members has an address, and the last of those stays. POD_MEMBER_NEEDS_EMAIL. */
export function checkMail(
  { people }: PlannedArrivals,
  {
    before,
    staying,
  }: { readonly before: readonly PodPerson[]; readonly staying: readonly PodPerson[] },
): void {
  const hasMail = (one: PodPerson): boolean => one.pod_user_type === 'member' && one.email !== null;
  if (staying.some(hasMail) || people.some(({ comer }) => isReached(comer))) return;
  if (people.length > 0 || before.some(hasMail)) throw new ApiError('POD_MEMBER_NEEDS_EMAIL');
}

/** Whether somebody can be reached; an account always can. */
export function isReached(comer: Comer): boolean {
  if (comer.kind === 'login') return true;
  return (comer.kind === 'known' ? comer.person.email : comer.email) !== null;
}

/** POD_FULL. */
export function checkRoom(
  { people }: PlannedArrivals,
  { row, staying }: { readonly row: PodRow | undefined; readonly staying: readonly PodPerson[] },
): void {
  const guests = staying.filter((one) => one.pod_user_type === 'guest').length;
  if (people.length > 0 && guests + people.length > (row?.max_guest_amount ?? 0))
    throw new ApiError('POD_FULL');
}
