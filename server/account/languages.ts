/** The languages of the pages for people. Each page keeps its words beside itself, in every language. */

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The same words in every language; the compiler finds the forgotten one. */
export type Words<T> = Readonly<Record<Language, T>>;

/** What a person's languages are called in themselves, for choosing one. */
export const languageNames: Words<string> = { en: 'English', de: 'Deutsch' };

/** More than any browser sends; the rest of a longer header is not looked at. */
const MOST_WISHES = 32;

/**
 * The language of a page: what the program asked for (`ui_locales`, OpenID Connect Core 3.1.2.1), else the person's own,
 * else the browser's (RFC 9110 section 12.5.4), else English.
 */
export function pickLanguage(wishes: {
  readonly uiLocales?: string | undefined;
  readonly ofPerson?: string | null | undefined;
  readonly acceptLanguage?: string | undefined;
}): Language {
  const asked = (wishes.uiLocales ?? '').split(' ').slice(0, MOST_WISHES);
  const ordered = [...asked, wishes.ofPerson ?? '', ...byWeight(wishes.acceptLanguage ?? '')];
  return ordered.map(languageOf).find((found) => found !== undefined) ?? 'en';
}

/** `de-AT` and `DE_at` are German to us. */
export function languageOf(tag: string): Language | undefined {
  const primary = tag.trim().toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === primary);
}

function byWeight(header: string): string[] {
  return header
    .split(',', MOST_WISHES)
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';');
      const quality = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1])[0];
      return { tag, weight: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

/** A day as people write it; in UTC, as an account belongs to no site. */
export function dayText(instant: Date, language: Language): string {
  return formOf(language, { dateStyle: 'medium' }).format(instant);
}

/** Day and time of it, `22 Nov 2026, 08:15`, in UTC. */
export function instantText(instant: Date, language: Language): string {
  return formOf(language, { dateStyle: 'medium', timeStyle: 'short' }).format(instant);
}

function formOf(language: Language, form: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = language === 'en' ? 'en-GB' : language;
  return new Intl.DateTimeFormat(locale, { ...form, timeZone: 'UTC' });
}
