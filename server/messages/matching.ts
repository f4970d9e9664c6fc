/** Which rule tells of which event, and when a person wants no message. Pure. */
import { compileSchedule, coveringSchedule, coversWall, nextChange } from '#access/schedules';
import { isTimeZone } from '#access/zones';
import { everyDay } from '#contract/fields';
import type { TellableEvent, TellingRule } from '#server/store/message-events';
import type { MessageScheduleRow } from '#server/store/message-rule-schedules';

/** The word of an event as rules have it: `entered` and `rejected` of entries, the category of an incident. */
export function wordOf({ category }: Pick<TellableEvent, 'category'>): string {
  if (category === 'lock_opened') return 'entered';
  return category === 'lock_rejected' ? 'rejected' : category;
}

/** Where an event happened, for the count of messages: the lock, else the IQ. */
export function placeOf({ lock_id: lockId, iq_id: iqId }: TellableEvent): string {
  return lockId ?? iqId;
}

/** behaviour.md 18, connect-api.md 4.11: chosen users x locks x schedules, in the wall clock of the lock's IQ. */
export function isToldBy(
  rule: TellingRule,
  event: TellableEvent,
  schedules: readonly MessageScheduleRow[],
): boolean {
  if (rule.collection_id !== event.collection_id || rule.word !== wordOf(event)) return false;
  return (
    isOfPlace(rule, event) &&
    (rule.kind === 'incident' || (isOfPerson(rule, event) && isInHours(event, schedules)))
  );
}

function isOfPlace(rule: TellingRule, { lock_id: lockId, iq_id: iqId }: TellableEvent): boolean {
  if (!rule.some_locks) return true;
  return lockId === null ? rule.iqs.includes(iqId) : rule.locks.includes(lockId);
}

/** Nobody knows who used the inside handle, so that it is a matter of the rule's own switch. */
function isOfPerson(rule: TellingRule, event: TellableEvent): boolean {
  if (event.exit_requested) return rule.on_inside_handle;
  return !rule.some_users || (event.user_id !== null && rule.users.includes(event.user_id));
}

function isInHours({ local }: TellableEvent, schedules: readonly MessageScheduleRow[]): boolean {
  if (schedules.length === 0) return true;
  const wallMs = Date.parse(`${local}Z`);
  return schedules.some((schedule) => coversWall(compileSchedule(schedule), wallMs));
}

/** The instant from which a person may be told: the end of the quiet hours that run at `at`, else `at` itself. */
export function endOfQuiet(
  hours: { readonly quiet_from: string; readonly quiet_until: string } | undefined,
  { at, timeZone }: { readonly at: Date; readonly timeZone: string | null },
): Date {
  if (hours === undefined) return at;
  const zone = timeZone !== null && isTimeZone(timeZone) ? timeZone : 'UTC';
  const schedule = compileSchedule({
    id: '',
    start_time: hours.quiet_from,
    end_time: hours.quiet_until,
    start_date: null,
    end_date: null,
    ...everyDay,
  });
  const change = nextChange([schedule], { timeZone: zone, at });
  const isQuiet = coveringSchedule([schedule], { timeZone: zone, at }) !== null;
  return isQuiet && change !== null ? change : at;
}
