/** Instants as people of a site read them: in the zone of the site, in the language of the screen. */
import { useEffect, useMemo, useState } from 'react';
import { useSite } from '../data/site.tsx';
import { useLanguage } from './language.tsx';

export type Formats = {
  /** `22 Nov 2026, 08:15`; an instant of the API. */
  readonly dateTime: (instant: string) => string;
  readonly date: (instant: string) => string;
  readonly time: (instant: string) => string;
  readonly number: (value: number) => string;
  /** `2026-11-22`: the day there is at an instant, in the zone of the site. */
  readonly day: (instant: Date) => string;
  /** Hour of the day in the zone of the site, 0 to 23. */
  readonly hour: (instant: string) => number;
};

export function useFormats(): Formats {
  const { language } = useLanguage();
  const site = useSite();
  const zone = site?.time_zone ?? undefined;
  return useMemo(() => {
    const at = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
        ...options,
        ...(zone === undefined ? {} : { timeZone: zone }),
      });
    const dateTime = at({ dateStyle: 'medium', timeStyle: 'short' });
    const date = at({ dateStyle: 'medium' });
    const time = at({ timeStyle: 'short' });
    const hour = at({ hour: '2-digit', hourCycle: 'h23' });
    const day = new Intl.DateTimeFormat('sv-SE', zone === undefined ? {} : { timeZone: zone });
    const number = new Intl.NumberFormat(language);
    return {
      dateTime: (instant) => dateTime.format(new Date(instant)),
      date: (instant) => date.format(new Date(instant)),
      time: (instant) => time.format(new Date(instant)),
      number: (value) => number.format(value),
      day: (instant) => day.format(instant),
      hour: (instant) =>
        Number(hour.formatToParts(new Date(instant)).find(({ type }) => type === 'hour')?.value),
    };
  }, [language, zone]);
}

/** What time it is, told once a minute. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), 60_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** An instant of the API. */
export function When({ at }: { readonly at: string }) {
  const { dateTime } = useFormats();
  return <time dateTime={at}>{dateTime(at)}</time>;
}
