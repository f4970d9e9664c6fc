/** What people call the program and machine behind a `User-Agent` header; the order matters, as browsers name each other. */
const PROGRAMS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['SamsungBrowser', 'Samsung Internet'],
  ['Firefox', 'Firefox'],
  ['FxiOS', 'Firefox'],
  ['CriOS', 'Chrome'],
  ['Chrome', 'Chrome'],
  ['Safari', 'Safari'],
] as const;
const MACHINES = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

/** Such as `Firefox, Linux`; undefined when the header says nothing known. */
export function deviceName(userAgent: string | null): string | undefined {
  const found = [PROGRAMS, MACHINES].flatMap(
    (list) => list.find(([mark]) => userAgent?.includes(mark) === true)?.[1] ?? [],
  );
  return found.length === 0 ? undefined : found.join(', ');
}
