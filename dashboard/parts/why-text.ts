/** Why a door decides what it decides, in the language of the screen; the same sentences as those of the API (docs/why.md). */
import type { AnswerOf } from '#client/operations';
import { whyRuleApiWords, whyWords } from '../words/why.ts';
import { useApiWords, useLanguage, useWords } from './language.tsx';

type Decided = Pick<
  AnswerOf<'POST', '/ext/v1/sites/{site_id}/why'>,
  'rule' | 'local_date_time' | 'time_zone' | 'nearest'
>;

/** The sentence of a decision: its rule and, where time was the reason, by how much it missed. */
export function useWhyText(): (decided: Decided) => string {
  const say = useWords(whyWords);
  const ruleText = useApiWords(whyRuleApiWords);
  const { language } = useLanguage();
  return ({ rule, local_date_time: local, time_zone: zone, nearest }) => {
    if (rule !== 'outside_schedule') return ruleText(rule);
    const moment = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
      weekday: 'long',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZone: 'UTC',
    }).format(Date.parse(`${local}Z`));
    const miss =
      nearest === null
        ? say('never')
        : say(nearest.missed_side === 'late' ? 'late' : 'early', {
            duration: durationText(nearest.missed_by_seconds, language),
          });
    return [ruleText(rule), say('moment', { moment, zone }), miss].join(' ');
  };
}

/** `2 hours 4 minutes`: the two largest parts. */
function durationText(seconds: number, language: string): string {
  const parts = [
    ['day', Math.floor(seconds / 86_400)],
    ['hour', Math.floor(seconds / 3600) % 24],
    ['minute', Math.floor(seconds / 60) % 60],
    ['second', seconds % 60],
  ] as const;
  const first = parts.findIndex(([, amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) =>
      new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(amount),
    )
    .join(' ');
}
