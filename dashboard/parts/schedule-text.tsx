/** Hours of a week in words: "Monday to Friday, 08:00 to 18:00; from 1 Dec 2026 on". */
import { isOverMidnight, runsOf, spanOf, type Schedule, type Span } from '../data/week.ts';
import { groupWords } from '../words/groups.ts';
import { useLanguage, useWords } from './language.tsx';
import { useDayNames } from './week-grid.tsx';

function useSpanText(): (span: Span) => string {
  const say = useWords(groupWords);
  const { long } = useDayNames();
  const { language } = useLanguage();
  return (span) => {
    const name = (day: number) => long[day] ?? '';
    const runs = runsOf(span.days).flatMap(([first, last]) =>
      last - first > 1
        ? [say('dayRun', { first: name(first), last: name(last) })]
        : first === last
          ? [name(first)]
          : [name(first), name(last)],
    );
    const days = span.days.every(Boolean)
      ? say('everyDay')
      : new Intl.ListFormat(language).format(runs);
    if (span.from === '00:00' && span.until === '00:00') return say('roundTheClock', { days });
    const until = span.until === '00:00' ? '24:00' : span.until;
    return say(isOverMidnight(span) ? 'overNight' : 'daily', { days, from: span.from, until });
  };
}

export function useScheduleText(): (schedule: Schedule) => string {
  const say = useWords(groupWords);
  const { language } = useLanguage();
  const spanText = useSpanText();
  const locale = language === 'en' ? 'en-GB' : language;
  const of = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC', ...options });
  const [day, instant] = [of({}), of({ timeStyle: 'short' })];
  /** A whole day is its date; `edge` is the time of day that says so. */
  const dayText = (date: string | null, edge: string) => {
    if (date === null) return '';
    const isWhole = date.length === 10 || date.slice(11, 19) === edge;
    return (isWhole ? day : instant).format(
      new Date(`${date.slice(0, 19)}${date.length === 10 ? 'T00:00:00' : ''}Z`),
    );
  };
  return (schedule) => {
    const hours = spanText(spanOf(schedule));
    const first = dayText(schedule.start_date, '00:00:00');
    const last = dayText(schedule.end_date, '23:59:59');
    if (first !== '' && last !== '') return say('onlyBetween', { hours, first, last });
    if (first !== '') return say('onlyFrom', { hours, first });
    if (last !== '') return say('onlyUntil', { hours, last });
    return hours;
  };
}
