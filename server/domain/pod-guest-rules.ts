/**
 * When and where a guest of a pod may enter (connect-api.md 4.9, behaviour.md 14). With the rule `always` the guest is in the pod's
 * own group like a member; any other rule is a group of its own, so that the door knows of it as of every right.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessGroupId, AccessorId, CollectionId, LockId } from '#contract/ids';
import type { PodGuestAccessRuleRequest } from '#contract/pods';
import type { Ids } from '#server/runtime/ids';
import {
  addMembers,
  deleteAccessGroup,
  listMemberIds,
  removeMembers,
} from '#server/store/access-groups';
import { replaceSchedules } from '#server/store/pod-locks';
import { findGuestGroups } from '#server/store/pod-people';
import { insertPodGroup, type PodRow } from '#server/store/pods';
import type { WriteScope } from '#server/store/scope';
import type { Gone } from './accessors.ts';
import { ruleOfBody, type PodRule } from './pod-rules.ts';

export type GuestRule = PodRule & {
  /** null = whatever locks the pod has. */
  readonly lockIds: readonly LockId[] | null;
};

/** What members have, and guests without a rule of their own. */
export const wholePod: GuestRule = { access_rule_type: 'always', schedules: [], lockIds: null };

/**
 * A rule as a body has it. VALUE_INVALID: as of pods; locks with `always`, or none with `custom`. Whether the locks are of the pod is
 * asked where the pod is held.
 */
export function guestRuleOfBody(body: Static<typeof PodGuestAccessRuleRequest>): GuestRule {
  const rule = ruleOfBody(body, 'access_rule');
  const lockIds = [...new Set(body.locks ?? [])] as LockId[];
  if (rule.access_rule_type === 'always' && lockIds.length > 0)
    throw wrong('A rule that holds always is for all locks of the pod.');
  if (rule.access_rule_type === 'custom' && lockIds.length === 0)
    throw wrong('A rule of that type needs at least one lock of the pod.');
  return { ...rule, lockIds: lockIds.length === 0 ? null : lockIds };
}

function wrong(reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'access_rule', reason });
}

type Of = {
  readonly pod: PodRow;
  readonly siteId: CollectionId;
  readonly accessorId: AccessorId;
};

/** Gives somebody of a pod, which is held, what the rule allows; gives what the doors must hear of. */
export async function writeGuestRule(
  scope: WriteScope,
  { ids, clock }: { readonly ids: Ids; readonly clock: { now(): Date } },
  { pod, siteId, accessorId, rule }: Of & { readonly rule: GuestRule },
): Promise<Gone> {
  const member = [accessorId];
  if (rule.access_rule_type === 'always') {
    await addMembers(scope, 'accessors', { id: pod.access_group_id, ids: member });
    return { accessorIds: member, groupIds: [], lockIds: [] };
  }
  const id = ids.next<AccessGroupId>();
  const now = clock.now();
  await insertPodGroup(scope, { id, pod: { id: pod.id, siteId }, guestId: accessorId, now });
  await replaceSchedules(scope, id, { schedules: rule.schedules, ids, now });
  const lockIds =
    rule.lockIds ?? (await listMemberIds<LockId>(scope, 'locks', pod.access_group_id));
  await addMembers(scope, 'locks', { id, ids: lockIds });
  await addMembers(scope, 'accessors', { id, ids: member });
  return { accessorIds: member, groupIds: [id], lockIds };
}

/** Takes what a rule has allowed; gives what the doors must hear of. */
export async function dropGuestRule(
  scope: WriteScope,
  { pod, accessorId }: Omit<Of, 'siteId'>,
): Promise<Gone> {
  const accessorIds = [accessorId];
  const gone = await findGuestGroups(scope, accessorIds, pod.id);
  for (const id of gone.groupIds) await deleteAccessGroup(scope, id);
  await removeMembers(scope, 'accessors', { id: pod.access_group_id, ids: accessorIds });
  return { accessorIds, ...gone };
}
