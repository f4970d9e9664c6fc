import type { ParsedLiteral } from '#contract/odata';

const dateTimeForm =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+ -]\d\d:?\d\d)?)?$/i;
const timeForm = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?$/;
const durationForm =
  /^(-)?P(?:(\d{1,7})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.\d{1,9})?S)?)?$/i;
const spanForm = /^(-)?(?:(\d{1,7})\.)?(\d{1,2}):(\d\d):(\d\d)(?:\.\d{1,9})?$/;

/**
 * Reads an ISO time stamp or a date alone (core-api.md 5.2, 9); undefined when it is none or no such day exists.
 * A blank before the offset is a `+` that the query string has swallowed.
 */
export function readDateTime(text: string): ParsedLiteral | undefined {
  const match = dateTimeForm.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00'] = match;
  if (Number(year) < 1 || !isDay(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const zone = readZone(match[8] ?? '');
  if (zone === undefined) return undefined;
  // PostgreSQL keeps microseconds: what is finer cannot be stored and would only round.
  const fraction = (match[7] ?? '').slice(0, 6).replace(/0+$/, '');
  const value = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  return { type: 'datetime', value: fraction === '' ? value : `${value}.${fraction}`, zone };
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2) return day <= (isLeap ? 29 : 28);
  return day <= ([4, 6, 9, 11].includes(month) ? 30 : 31);
}

function readZone(text: string): string | undefined {
  if (text === '') return '';
  if (text.toUpperCase() === 'Z') return 'Z';
  const hours = text.slice(1, 3);
  const minutes = text.slice(-2);
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined;
  return `${text.startsWith('-') ? '-' : '+'}${hours}:${minutes}`;
}

/** Reads a time of day (core-api.md 9): the fraction is dropped, `24:00` is the last second of the day. */
export function readTime(text: string): ParsedLiteral | undefined {
  const match = timeForm.exec(text);
  if (match === null) return undefined;
  const [, hour = '', minute = '', second = '00'] = match;
  if (hour === '24' && minute === '00' && second === '00')
    return { type: 'time', value: '23:59:59' };
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return { type: 'time', value: `${hour.padStart(2, '0')}:${minute}:${second}` };
}

/** Reads a span as `d.hh:mm:ss`, `hh:mm:ss` or an ISO 8601 duration; its value is whole seconds. */
export function readSpan(text: string): ParsedLiteral | undefined {
  const match = durationForm.exec(text) ?? spanForm.exec(text);
  if (match === null || match.slice(2).every((part) => part === undefined)) return undefined;
  const [days, hours, minutes, seconds] = match.slice(2, 6).map((part) => Number(part ?? 0));
  const total = (days ?? 0) * 86_400 + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return { type: 'span', value: match[1] === '-' && total > 0 ? -total : total };
}

/** Reads a v3 `time'..'`: a time of day, or the duration since midnight that v3 itself writes (`PT8H30M`). */
export function readV3Time(text: string): ParsedLiteral | undefined {
  const time = readTime(text);
  if (time !== undefined) return time;
  const span = readSpan(text);
  if (span?.type !== 'span' || span.value < 0 || span.value >= 86_400) return undefined;
  const part = (seconds: number): string => String(Math.floor(seconds)).padStart(2, '0');
  const { value } = span;
  return {
    type: 'time',
    value: `${part(value / 3_600)}:${part((value / 60) % 60)}:${part(value % 60)}`,
  };
}
