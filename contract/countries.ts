const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** A code of ISO 3166 alpha-2 in capitals; null for anything else. */
export function countryOf(sent: string): string | null {
  const code = sent.trim().toUpperCase();
  if (!/^[A-Z]{2}$/.test(code) || notCountries.has(code)) return null;
  // A code that was withdrawn, and `UK`, still has a name, but a locale takes it for its successor.
  const isListed = countries.of(code) !== undefined;
  return isListed && new Intl.Locale(`und-${code}`).region === code ? code : null;
}

export const countryHint = 'Send an ISO 3166 code of two letters.';

/** Regions of CLDR that ISO 3166-1 does not assign to a country. */
const notCountries = new Set([
  'EU',
  'EZ',
  'UN',
  'QO',
  'XA',
  'XB',
  'XK',
  'ZZ',
  'AC',
  'CP',
  'CQ',
  'DG',
  'EA',
  'IC',
  'TA',
]);
