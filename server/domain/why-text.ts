/** The sentence a tired operator reads: what decided, and what it would take. Pure. */
import type { Decision } from '#access/decision';
import type { Explanation, Miss } from '#access/explanation';
import { assertNever } from '#contract/assert-never';
import type { WhyRule } from '#contract/why';

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

/** One sentence on a rule, whatever the moment. */
export function ruleText(rule: WhyRule): string {
  switch (rule) {
    case 'keypad_locked':
      return 'The keypad ignores PINs for a while, after too many wrong ones.';
    case 'unknown_credential':
      return 'Nobody who is known to this hub holds such a key.';
    case 'foreign_tag':
      return 'The tag belongs to another site, and this site lets in its own tags only.';
    case 'key_expired':
      return 'The key has expired.';
    case 'key_blocked':
      return 'The key is blocked.';
    case 'accessor_blocked':
      return 'The person is blocked.';
    case 'suspended':
      return 'The person is suspended in this site.';
    case 'credential_not_allowed':
      return 'The person may not use a PIN here, or the lock has no licence plate camera.';
    case 'not_in_group':
      return 'No access group holds both this person and this lock.';
    case 'no_schedule':
      return 'The access groups that hold both this person and this lock have no time schedule, so they grant nothing.';
    case 'outside_schedule':
      return 'No time schedule of the shared access groups covers this moment.';
    case 'privacy_mode':
      return 'Privacy mode is on, and this person may not override it.';
    case 'lock_offline':
      return 'The lock had no contact with its hub, and this is no offline key of the lock.';
    case 'hub_table_damaged':
      return 'The hub could not read its table of rights: it refuses everybody until it has been sent anew.';
    case 'offline_validity_over':
      return 'The hub has been without the server for longer than the site allows, and this is no offline key of the lock.';
    case 'tag_registration':
      return 'The lock is learning tags: it opens for nobody by tag.';
    case 'exit':
      return 'The way out is always free.';
    case 'manual_office_mode':
      return 'A key held for more than 5 seconds by somebody who may switch manual office mode.';
    case 'easy_office_mode':
      return 'Within the hours of easy office mode, by somebody who may switch it.';
    case 'granted':
      return 'The door opens.';
    default:
      return assertNever(rule);
  }
}

/** The sentence for one decision. */
export function whyText({ decision, local, timeZone, nearest }: Explanation): string {
  const rule = ruleOf(decision);
  const text = ruleText(rule);
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
