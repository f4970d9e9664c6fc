/** Guests of pods and the rules by which they enter (connect-api.md 3.7, 4.9). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, UserId } from '#contract/ids';
import type { PatchPodGuestRequest, PatchPodGuestsRequest, PostPodGuest } from '#contract/pods';
import type { Actor } from '#server/events/audit';
import { holdAccessor } from '#server/store/accessors';
import { findPodGuest, updatePodUser, type PodGuestRow } from '#server/store/pod-people';
import { findPod, holdPod, type PodOfSite } from '#server/store/pods';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { checkLocksOfPod, type PodArrival } from './pod-arrivals.ts';
import { dropGuestRule, guestRuleOfBody, wholePod, writeGuestRule } from './pod-guest-rules.ts';
import { changePeople, podFact } from './pod-members.ts';
import { noPod, planArrivals, settleArrivals, settlePod, together } from './pod-people.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { Inviting, SiteUserParts } from './site-user-creation.ts';

export type PodGuests = {
  /**
   * Removes guests, then adds others; all or nothing. VALUE_INVALID: a rule. POD_LOCK_NOT_IN_POD, POD_USER_TWICE, POD_FULL,
   * INVITE_FAILED. NOT_FOUND: the pod.
   */
  changeGuests(
    at: Inviting,
    pod: PodOfSite,
    body: Static<typeof PatchPodGuestsRequest>,
  ): Promise<Written<void>>;
  /** NOT_FOUND `Guest not found`. */
  getGuest(actor: Actor, pod: PodOfSite, id: AccessorId): Promise<PodGuestRow>;
  /** NOT_FOUND: the guest. VALUE_INVALID: the rule. POD_LOCK_NOT_IN_POD. */
  changeGuest(
    at: Pick<Inviting, 'actor'>,
    guest: { readonly pod: PodOfSite; readonly id: AccessorId },
    body: Static<typeof PatchPodGuestRequest>,
  ): Promise<Written<void>>;
};

export function createPodGuests(parts: SiteUserParts): PodGuests {
  const { database, audit } = parts;
  return {
    changeGuests: async (at, pod, { add_guests: added, remove_guests_ids: removed }) =>
      changePeople(parts, {
        at,
        pod,
        type: 'guest',
        arrivals: (added ?? []).map(guestOfBody),
        removed: removed ?? [],
      }),

    getGuest: (actor, pod, id) => getGuest(readScope(database, actor.tenantId), pod, id),

    async changeGuest({ actor }, { pod, id }, body) {
      const rule = guestRuleOfBody(body.access_rule);
      return writeRights({ database, actor }, async (scope) => {
        if (!(await holdPod(scope, pod))) throw noPod();
        const row = await findPod(scope, pod);
        if (row === undefined) throw noPod();
        await holdAccessor(scope, id);
        const before = await getGuest(scope, pod, id);
        await checkLocksOfPod(scope, row, rule.lockIds ?? []);
        const guest = { pod: row, siteId: pod.siteId, accessorId: id };
        const touched = [
          await dropGuestRule(scope, guest),
          await writeGuestRule(scope, parts, { ...guest, rule }),
        ];
        await updatePodUser(scope, {
          podId: pod.id,
          accessorId: id,
          access_rule_type: rule.access_rule_type,
          all_locks: rule.lockIds === null,
        });
        await settlePod(scope, parts, together(...touched));
        audit.record(scope, actor, {
          ...podFact('update_guest', pod, id),
          before: recorded(before),
          after: recorded(await getGuest(scope, pod, id)),
        });
      });
    },
  };
}

/** Somebody who is to become a guest, as bodies have it. VALUE_INVALID: the rule. */
function guestOfBody(body: Static<typeof PostPodGuest>): PodArrival {
  const { first_name, last_name, email = null, access_rule } = body;
  return { first_name, last_name, email, tag_id: null, rule: guestRuleOfBody(access_rule) };
}

/**
 * Lets one known person in as a guest of the whole pod, at its times: who came by an access code. The pod is held by the caller.
 * POD_USER_TWICE, POD_FULL.
 */
export async function addGuest(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    pod,
    person,
    warn,
  }: {
    /** Who came, by the code of a member. */
    readonly at: Inviting;
    readonly pod: PodOfSite;
    readonly person: {
      readonly userId: UserId;
      readonly first_name: string;
      readonly last_name: string;
    };
    readonly warn: (word: string) => void;
  },
): Promise<AccessorId> {
  const arrival = { ...person, email: null, tag_id: null, rule: wholePod };
  const change = { at, pod, type: 'guest', arrivals: [arrival], removed: [] } as const;
  const planned = await planArrivals(scope, parts, change);
  const { accessorIds, touched } = await settleArrivals(scope, parts, { planned, warn });
  await settlePod(scope, parts, touched);
  const [id] = accessorIds;
  if (id === undefined) throw new Error('a guest was let in and is not there');
  return id;
}

async function getGuest(scope: Scope, pod: PodOfSite, id: AccessorId): Promise<PodGuestRow> {
  const row = await findPodGuest(scope, pod.id, id);
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Guest' });
  return row;
}

/** A rule as records show it: never who has it. */
function recorded({ access_rule_type, schedules, lock_ids }: PodGuestRow): object {
  return { access_rule_type, schedules, lock_ids };
}
