import type { ListFields } from '#contract/odata';

/** A list with a field of every type, as the OData tests use it. */
export const sampleFields = {
  id: { type: 'uuid' },
  collection_id: { type: 'uuid' },
  mac: { type: 'text' },
  customer_reference: { type: 'text' },
  state: { type: 'enum', words: ['initialized', 'installation', 'active'] },
  led_pattern: { type: 'enum', words: ['permanent_green', 'off'] },
  online: { type: 'bool' },
  blocked: { type: 'bool' },
  signal_strength: { type: 'int' },
  number: { type: 'int' },
  ratio: { type: 'number' },
  utc_date_time: { type: 'instant' },
  reset_date: { type: 'instant' },
  local_date_time: { type: 'local' },
  start_time: { type: 'time' },
  store_events_ttl: { type: 'span' },
  'iq/id': { type: 'uuid' },
  'vendor/reference': { type: 'text' },
  'user/email': { type: 'text' },
  roles: { type: 'collection', items: { id: { type: 'uuid' }, code: { type: 'text' } } },
} as const satisfies ListFields;

const id = '5f0c9a3e-7d41-4b7e-9c55-0a6b1f2e3d4c';

/** Filters that must be understood, every form of core-api.md 5.2 among them. */
export const validFilters: readonly string[] = [
  `(utc_date_time ge DateTime'2019-01-01T12:00:00Z') and (collection_id eq '${id}')`,
  `(mac eq '03.E4.AD')`,
  `(state eq 'active') and (online eq true)`,
  `customer_reference eq 'it''s'`,
  `customer_reference ne null and not (mac eq null)`,
  `mac in ('03.E4.AD','a',null) or id in (${id},'${id}')`,
  `state in ('active','Installation')`,
  `signal_strength gt 5 and signal_strength ge 5 or signal_strength lt -5`,
  `signal_strength le 12L and ratio lt 1.5M and ratio gt 2d and ratio ne 3f`,
  `ratio eq 1.5e-3 or 5 lt number`,
  `contains(mac,'E4') and startswith(mac,'03') and endswith(customer_reference,'x')`,
  `tolower(mac) eq 'a' or toupper(mac) eq 'A' or trim(mac) eq 'a'`,
  `length(customer_reference) gt 3 and indexof(customer_reference,'a') ge 0`,
  `year(utc_date_time) eq 2026 and month(utc_date_time) eq 1 and day(local_date_time) lt 3`,
  `hour(start_time) eq 8 and minute(start_time) eq 30 and second(utc_date_time) eq 0`,
  `utc_date_time le now() and reset_date ne 2026-01-02T03:04:05.678+02:00`,
  `utc_date_time ge 2026-01-02T03:04:05Z and utc_date_time lt 2026-01-03 and reset_date eq 2026-01-02T03:04`,
  `local_date_time ge datetime'2026-01-02T03:04:05' and utc_date_time gt datetimeoffset'2026-01-02T03:04:05+02:00'`,
  `start_time ge 08:00 and start_time le time'18:00:00' or start_time eq time'PT8H30M'`,
  `store_events_ttl ge '90.00:00:00' and store_events_ttl lt duration'P100D'`,
  `substringof('E4', mac) and substringof('x', customer_reference) eq true`,
  `id eq ${id} or id eq '${id}' or id eq guid'${id}' or iq/id eq ${id}`,
  `vendor/reference eq 'sallis' and not online`,
  `online or not (blocked and (number eq null))`,
  `not (not (not contains(mac, customer_reference)))`,
  `(signal_strength gt 3) eq (online eq false)`,
  `roles/any(r: r/code eq 'site_admin') and not roles/any(x: x/id eq ${id} or contains(x/code,'user'))`,
  `state eq led_pattern or mac eq customer_reference or utc_date_time gt reset_date`,
];

/** A generator of numbers in [0, 1) that repeats itself from its seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const scraps = [
  ["'", "''", '(', ')', ',', '/', ' ', '  ', '\t', '\0', 'é', '☃', '-', '.', ':', '%', '+', '$'],
  ['eq', 'ne', 'in', 'and', 'or', 'not', 'null', 'true', 'now()', 'contains(', 'substringof('],
  ['mac', 'online', 'state', 'iq/id', 'utc_date_time', 'signal_strength', 'unknown_field'],
  ["datetime'", "guid'", "time'", "duration'PT5S'", '1', '0', '1e5', '2026-01-01', '08:00', id],
  ['roles', 'roles/any(', 'roles/any(r: ', 'r/code', ':'],
  ["'active'", '12L', '9999999999999999999999', '1e308', '-', '(((((((', ')))))))', '0001-01-01'],
].flat();

function pick<Item>(random: () => number, items: readonly Item[], otherwise: Item): Item {
  return items[Math.floor(random() * items.length)] ?? otherwise;
}

/** A text that is almost a filter: a valid one with cuts, doubles, swaps and scraps, or scraps alone. */
export function almostFilter(random: () => number): string {
  if (random() < 0.15) {
    const length = Math.floor(random() * 60);
    return Array.from({ length }, () => pick(random, scraps, '')).join(pick(random, ['', ' '], ''));
  }
  let text = pick(random, validFilters, '');
  const changes = Math.floor(random() * 4);
  for (let change = 0; change < changes; change += 1) text = mutate(text, random);
  return text;
}

function mutate(text: string, random: () => number): string {
  const at = Math.floor(random() * (text.length + 1));
  const to = at + Math.floor(random() * 12);
  const kind = random();
  if (kind < 0.3) return text.slice(0, at) + text.slice(to);
  if (kind < 0.6) return text.slice(0, at) + pick(random, scraps, '') + text.slice(at);
  if (kind < 0.75) return text.slice(0, at) + pick(random, scraps, '') + text.slice(to);
  if (kind < 0.9) return `${text} ${pick(random, ['and', 'or', 'eq'], '')} ${text}`.slice(0, 5000);
  return `${'('.repeat(Math.floor(random() * 40))}${text}${')'.repeat(Math.floor(random() * 40))}`;
}
