/** The sentence a tired operator reads: what decided, and what it would take. Pure. */
import type { Decision } from '#access/decision';
import type { Explanation, Miss } from '#access/explanation';
import type { WhyRule } from '#contract/why';
import { whyTexts } from '#contract/why-rules';

/** The name of the check that ended a decision (behaviour.md 8). */
export function ruleOf({ check, rejectReason }: Decision): WhyRule {
  if (rejectReason !== null) return rejectReason;
  switch (check) {
    case 2:
      return 'tag_registration';
    case 3:
      return 'exit';
    case 16:
      return 'manual_office_mode';
    case 17:
      return 'easy_office_mode';
    default:
      return 'granted';
  }
}

/** The sentence for one decision. */
export function whyText({ decision, local, timeZone, nearest }: Explanation): string {
  const rule = ruleOf(decision);
  const text = whyTexts[rule];
  if (rule !== 'outside_schedule') return text;
  const moment = `It is ${weekday(local)} ${local.slice(11)} there (${timeZone}).`;
  return `${text} ${moment} ${nearest === null ? 'None of them ever does.' : missText(nearest)}`;
}

function missText({ bySeconds, side }: Miss): string {
  return side === 'late'
    ? `The nearest ended ${durationText(bySeconds)} before.`
    : `The nearest begins ${durationText(bySeconds)} later.`;
}

function weekday(local: string): string {
  return new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(
    Date.parse(`${local}Z`),
  );
}

/** `2 d 4 h`, `4 min 11 s`: the two largest parts. */
function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
