/** The language of a page for people. */
import { languageOf, type Language } from '#contract/languages';

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
