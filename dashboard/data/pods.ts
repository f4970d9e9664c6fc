/** Pods as the pages about them read them, and their rules as somebody changes them. */
import type { AnswerOf, BodyOf, ItemOf } from '#client/operations';
import type { weekdays } from '../parts/weekdays.ts';

export type Pod = ItemOf<'/v1.2/sites/{site_id}/pods'>;
export type PodPerson = ItemOf<'/v1.2/sites/{site_id}/pods/{pod_id}/users'>;
export type PodGuest = AnswerOf<'GET', '/v1.2/sites/{site_id}/pods/{pod_id}/guests/{id}'>;
export type PodLock = ItemOf<'/v1.2/sites/{site_id}/pods/{pod_id}/locks'>;
export type PodSchedule = NonNullable<Pod['access_rule']['schedules']>[number];
export type PodRuleType = Pod['access_rule']['access_rule_type'];
type WrittenRule = NonNullable<
  NonNullable<BodyOf<'PATCH', '/v1.2/sites/{site_id}/pods/{pod_id}/guests/{id}'>>['access_rule']
>;

/** A rule while it is changed; `locks` counts for guests, and none chosen of a stay means all of the pod. */
export type RuleDraft = {
  readonly type: PodRuleType;
  readonly schedules: readonly PodSchedule[];
  readonly locks: readonly string[];
};

/** As it is shown: whoever lives in a pod has no list of locks. */
type ShownRule = Pod['access_rule'] & { readonly locks?: readonly string[] | null };

export function draftOf({ access_rule_type: type, schedules, locks }: ShownRule): RuleDraft {
  return { type, schedules: schedules ?? [], locks: locks ?? [] };
}

export const alwaysDraft: RuleDraft = { type: 'always', schedules: [], locks: [] };

/** What a rule of another type begins with. `today` as `2026-11-22`. */
export function firstSchedule(type: PodRuleType, today: string): PodSchedule {
  const next = new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
  return type === 'checkin_checkout'
    ? {
        ...everyDay,
        start_time: '00:00:00',
        end_time: '23:59:59',
        start_date: `${today}T15:00:00`,
        end_date: `${next}T11:00:00`,
      }
    : {
        ...everyDay,
        start_time: '09:00:00',
        end_time: '17:00:00',
        start_date: null,
        end_date: null,
      };
}

/** A rule of a pod, as the API takes it. */
export function ruleBody({ type, schedules }: RuleDraft) {
  return {
    access_rule_type: type,
    ...(type === 'always' ? {} : { schedules: [...schedules] }),
  } satisfies WrittenRule;
}

/** A rule of a guest, as the API takes it. */
export function guestRuleBody(draft: RuleDraft): WrittenRule {
  const { type, locks } = draft;
  return {
    ...ruleBody(draft),
    ...(type === 'always' || locks.length === 0 ? {} : { locks: [...locks] }),
  };
}

const everyDay = {
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
} satisfies Record<(typeof weekdays)[number], boolean>;
