import { countryOf } from '#contract/countries';
import { isUuid } from '#contract/ids';
import { zoneName } from '#contract/time-zone';

/**
 * How a member's text is read, by the `format` of its schema (core-api.md 9). Each reader returns the canonical form, or null
 * when the text is not allowed.
 */
export const valueForms: Readonly<Record<string, (text: string) => string | null>> = {
  uuid: (text) => (isUuid(text) ? text.toLowerCase() : null),
  reference: (text) => (text === '' ? '' : text),
  name: (text) => readLength(text, { least: 1, most: 255 }),
  alias: (text) => readLength(text, { least: 0, most: 255 }),
  'device-name': (text) => readLength(text, { least: 0, most: 50 }),
  'mail-address': (text) => (text.trim() === '' ? null : text.trim()),
  'date-time': readInstant,
  'local-start': (text) => readLocal(text, '00:00:00'),
  'local-end': (text) => readLocal(text, '23:59:59'),
  'time-start': (text) => readTime(text, '00'),
  'time-end': (text) => readTime(text, '59'),
  span: readSpan,
  'time-zone': zoneName,
  'country-code': countryOf,
};

/** Counted in code points without the blanks around them; kept as sent (connect-api.md 1.2). */
function readLength(
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): string | null {
  const length = Array.from(text.trim()).length;
  return length >= least && length <= most ? text : null;
}

/** `31-12-2026…` as the ISO date-time it stands for (connect-api.md 1.4). */
function yearFirst(text: string): string {
  return text.trim().replace(/^(\d{2})-(\d{2})-(\d{4})(?=$|[T ])/, '$3-$2-$1');
}

const clock = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?$/;

function readTime(text: string, secondsWhenAbsent: '00' | '59'): string | null {
  const match = clock.exec(text.trim());
  if (match === null) return null;
  const [, hours = '', minutes = '', seconds] = match;
  if (Number(hours) === 24)
    return minutes === '00' && (seconds ?? '00') === '00' ? '23:59:59' : null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds ?? '0') > 59) return null;
  return `${hours.padStart(2, '0')}:${minutes}:${seconds ?? secondsWhenAbsent}`;
}

const local =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*(?:Z|z|[+-]\d{2}:?\d{2})?$/;

/** A zone or offset is dropped: the wall clock counts. */
function readLocal(text: string, timeWhenAbsent: string): string | null {
  const match = local.exec(yearFirst(text));
  if (match === null) return null;
  const [, date = '', hours, minutes = '00', seconds = '00'] = match;
  if (!isDate(date)) return null;
  if (hours === undefined) return `${date}T${timeWhenAbsent}`;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  return `${date}T${hours}:${minutes}:${seconds}`;
}

const instant =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(Z|z|[+-]\d{2}:?\d{2})?)?$/;

/** No zone = UTC; a date alone is its first second (core-api.md 9). Whole seconds. */
function readInstant(text: string): string | null {
  const match = instant.exec(yearFirst(text));
  if (match === null) return null;
  const [, date = '', hours = '00', minutes = '00', seconds = '00', , zone = 'Z'] = match;
  if (!isDate(date)) return null;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const at = new Date(`${date}T${hours}:${minutes}:${seconds}${offset}`);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999)
    return null;
  return `${at.toISOString().slice(0, 19)}Z`;
}

/** True for a day of the calendar from year 1 on. */
function isDate(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return (
    !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === date && date >= '0001-01-01'
  );
}

const span = /^(?:(\d{1,7})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?$/;

function readSpan(text: string): string | null {
  const match = span.exec(text.trim());
  if (match === null) return null;
  const [, days = '0', hours = '', minutes = '', seconds = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  return `${Number(days)}.${hours.padStart(2, '0')}:${minutes}:${seconds}`;
}
