/** The languages in which people are addressed, on pages and in messages. Each text keeps its words beside itself, in every language. */

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

/** The same words in every language; the compiler finds the forgotten one. */
export type Words<T> = Readonly<Record<Language, T>>;

/** What a person's languages are called in themselves, for choosing one. */
export const languageNames: Words<string> = { en: 'English', de: 'Deutsch' };

/** `de-AT` and `DE_at` are German to us. */
export function languageOf(tag: string): Language | undefined {
  const primary = tag.trim().toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === primary);
}

/** The language somebody is written to in: their own, else English. */
export function writtenLanguage(ofPerson: string | null): Language {
  return languageOf(ofPerson ?? '') ?? 'en';
}

/** In which language, and in which IANA zone; without a zone in UTC. */
type Reading = { readonly language: Language; readonly timeZone?: string | null };

/** A day as people write it, `22 Nov 2026` or `22.11.2026`. */
export function dayText(instant: Date, reading: Reading): string {
  return formOf(reading, { dateStyle: 'medium' }).format(instant);
}

/** Day and time of it, `22 Nov 2026, 08:15`. */
export function instantText(instant: Date, reading: Reading): string {
  return formOf(reading, { dateStyle: 'medium', timeStyle: 'short' }).format(instant);
}

/** What a wall clock shows, to the second: `22 Nov 2026, 08:15:30` of `2026-11-22T08:15:30`. */
export function wallText(local: string, { language }: Pick<Reading, 'language'>): string {
  const form = { dateStyle: 'medium', timeStyle: 'medium' } as const;
  return formOf({ language }, form).format(new Date(`${local}Z`));
}

function formOf(
  { language, timeZone }: Reading,
  form: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  const locale = language === 'en' ? 'en-GB' : language;
  return new Intl.DateTimeFormat(locale, { ...form, timeZone: timeZone ?? 'UTC' });
}
