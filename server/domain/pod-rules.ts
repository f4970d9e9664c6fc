/** Rules of when people of a pod may enter (connect-api.md 4.9). Pure. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import { everyDay, weekdays } from '#contract/fields';
import type {
  PodAccessRuleRequest,
  PodAccessRuleType,
  PodScheduleRequest,
  PodScheduleResponse,
} from '#contract/pods';
import { checkSchedule } from './time-schedules.ts';

export type PodRule<Type extends PodAccessRuleType = PodAccessRuleType> = {
  readonly access_rule_type: Type;
  /** Empty when it is `always`. */
  readonly schedules: readonly PodScheduleResponse[];
};

/** What the doors of a rule `always` are told: a schedule that covers every instant. */
const wholeWeek: PodScheduleResponse = {
  ...everyDay,
  start_time: '00:00:00',
  end_time: '23:59:59',
  start_date: null,
  end_date: null,
};

/** The schedules that the group of a rule holds. */
export function heldSchedules({
  access_rule_type,
  schedules,
}: PodRule): readonly PodScheduleResponse[] {
  return access_rule_type === 'always' ? [wholeWeek] : schedules;
}

/**
 * A rule as a body has it. VALUE_INVALID: no type, schedules with `always`, none with another type, or one that says no time.
 * `within` is the member that holds the rule; null when it is the body itself.
 */
export function ruleOfBody(
  body: Static<typeof PodAccessRuleRequest>,
  within: string | null,
): PodRule {
  const type = body.access_rule_type ?? null;
  const schedules = (body.schedules ?? []).map(scheduleOfBody);
  if (type === null) throw wrong(within, 'access_rule_type', 'Its type is needed.');
  if (type === 'always' && schedules.length > 0)
    throw wrong(within, 'schedules', 'A rule that holds always has no schedules.');
  if (type !== 'always' && schedules.length === 0)
    throw wrong(within, 'schedules', 'The rule needs at least one schedule.');
  for (const schedule of schedules) checkSchedule(schedule);
  return { access_rule_type: type, schedules };
}

/** The same for a pod, whose rule is `always` when none is sent. VALUE_INVALID: `custom`, which is for guests. */
export function podRuleOfBody(
  body: Static<typeof PodAccessRuleRequest> | null,
  within: string | null,
): PodRule<Exclude<PodAccessRuleType, 'custom'>> {
  const { access_rule_type: type, schedules } = ruleOfBody(
    body ?? { access_rule_type: 'always' },
    within,
  );
  if (type === 'custom')
    throw wrong(within, 'access_rule_type', 'A rule of that type is for guests.');
  return { access_rule_type: type, schedules };
}

function scheduleOfBody(body: Static<typeof PodScheduleRequest>): PodScheduleResponse {
  const { start_time, end_time, start_date = null, end_date = null } = body;
  const days: Record<(typeof weekdays)[number], boolean> = { ...everyDay };
  for (const day of weekdays) days[day] = body[day] ?? false;
  return { ...days, start_time, end_time, start_date, end_date };
}

function wrong(within: string | null, member: string, reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: within ?? member, reason });
}
