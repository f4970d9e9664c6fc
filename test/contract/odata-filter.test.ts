import * as fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import type { Filter, FilterLiteral, FunctionName } from '#contract/odata';
import { readFilter } from '#server/http/odata-check';
import { ODataError } from '#server/http/odata-error';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { almostFilter, createRandom, sampleFields, validFilters } from '#test/kit/odata-samples';
import { compileSql } from '#server/store/list';
import { filterSql, type SqlListFields } from '#server/store/odata-filter';
import { readScope, type Scope } from '#server/store/scope';

/*
 * The SQL of a filter against a second reading of the same tree in plain TypeScript, over random rows in PostgreSQL.
 */

const nowText = '2026-03-01T12:00:00.500Z';

type Row = {
  id: string;
  other_id: string | null;
  mac: string | null;
  customer_reference: string | null;
  /** A PostgreSQL enum, and words kept as text. */
  state: string | null;
  led_pattern: string | null;
  online: boolean | null;
  blocked: boolean | null;
  signal_strength: number | null;
  number: number | null;
  ratio: number | null;
  utc_date_time: string | null;
  reset_date: string | null;
  local_date_time: string | null;
  start_time: string | null;
  store_events_ttl: number | null;
  role_codes: (string | null)[];
};

const columns = [
  'id',
  'other_id',
  'mac',
  'customer_reference',
  'state',
  'led_pattern',
  'online',
  'blocked',
  'signal_strength',
  'number',
  'ratio',
  'utc_date_time',
  'reset_date',
  'local_date_time',
  'start_time',
  'store_events_ttl',
  'role_codes',
];

const columnOfPath: Readonly<Record<string, string>> = {
  collection_id: 'other_id',
  'iq/id': 'other_id',
  'vendor/reference': 'mac',
  'user/email': 'mac',
};

const fields: SqlListFields = {
  ...Object.fromEntries(
    Object.entries(sampleFields).map(([path, field]) => [
      path,
      { type: field.type, sql: sql.ref(`p.${columnOfPath[path] ?? path}`), ...wordsOf(field) },
    ]),
  ),
  roles: {
    type: 'collection',
    sql: sql`(select p.other_id as id, code from unnest(p.role_codes) as r (code)) as role`,
    items: {
      id: { type: 'uuid', sql: sql`role.id` },
      code: { type: 'text', sql: sql`role.code` },
    },
  },
};

function wordsOf(field: object): { readonly words?: readonly string[] } {
  return 'words' in field ? { words: field.words as readonly string[] } : {};
}

const ids = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const texts = ['', 'a', 'A', 'ab', ' Ab ', 'b%', '_', "it's", 'back\\slash', 'é☃', '\t'];
const moments = [
  '2026-01-31T23:59:59.000Z',
  '2026-01-31T23:59:59.999Z',
  '2026-03-01T12:00:00.000Z',
  '2026-03-01T12:00:00.600Z',
  '2026-03-01T12:00:01.000Z',
  '2024-02-29T00:00:00.000Z',
];
const times = ['00:00:00', '08:30:00', '08:30:01', '23:59:59'];

const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(values, { nil: null, freq: 4 });
const wall = (moment: string): string => moment.replace('Z', '');

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  id: fc.uuid(),
  other_id: maybe(fc.constantFrom(...ids)),
  mac: maybe(fc.constantFrom(...texts)),
  customer_reference: maybe(fc.constantFrom(...texts)),
  state: maybe(fc.constantFrom(...sampleFields.state.words)),
  led_pattern: maybe(fc.constantFrom(...sampleFields.led_pattern.words)),
  online: maybe(fc.boolean()),
  blocked: maybe(fc.boolean()),
  signal_strength: maybe(fc.integer({ min: -2, max: 4 })),
  number: maybe(fc.integer({ min: -2, max: 4 })),
  ratio: maybe(fc.constantFrom(-1.5, 0, 0.1, 2, 2.5)),
  utc_date_time: maybe(fc.constantFrom(...moments)),
  reset_date: maybe(fc.constantFrom(...moments)),
  local_date_time: maybe(fc.constantFrom(...moments.map(wall))),
  start_time: maybe(fc.constantFrom(...times)),
  store_events_ttl: maybe(fc.constantFrom(0, 3600, 86_400, 7_776_000)),
  role_codes: fc.array(maybe(fc.constantFrom('site_admin', 'site_user', 'Ab')), { maxLength: 3 }),
});

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const order = fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le');
const equal = fc.constantFrom('eq', 'ne');
const textValue = fc.oneof(
  fc.constantFrom('mac', 'customer_reference', 'trim(mac)', 'tolower(mac)', 'toupper(mac)'),
  fc.constantFrom(...texts).map(quote),
);
const numberValue = fc.oneof(
  fc.constantFrom('signal_strength', 'number', 'ratio', 'length(mac)', 'length(trim(mac))'),
  fc.constantFrom('indexof(mac,customer_reference)', `indexof(customer_reference,'b')`),
  fc.constantFrom('year(utc_date_time)', 'month(reset_date)', 'day(local_date_time)'),
  fc.constantFrom('hour(utc_date_time)', 'minute(start_time)', 'second(local_date_time)'),
  fc.constantFrom('-1', '0', '1', '3', '0.1', '2.5', '2026', '30', '59', '1e20', '-9e15'),
);
const momentLiteral = fc.constantFrom(...moments, '2026-03-01', '2026-02-01T01:59:59+02:00');
const instantValue = fc.oneof(
  fc.constantFrom('utc_date_time', 'reset_date', 'now()'),
  momentLiteral,
);
const localValue = fc.oneof(fc.constant('local_date_time'), momentLiteral);
const timeValue = fc.oneof(fc.constant('start_time'), fc.constantFrom(...times));
const spanValue = fc.constantFrom(
  `'1.00:00:00'`,
  `duration'PT1H'`,
  `'90.00:00:00'`,
  'store_events_ttl',
);
const uuidValue = fc.oneof(
  fc.constantFrom('collection_id', 'iq/id', 'id'),
  fc.constantFrom(...ids, ids.map(quote)[0] ?? ''),
);
const enumValue = fc.constantFrom(`'active'`, `'Installation'`, 'led_pattern', 'mac', 'null');
const boolValue = fc.constantFrom('online', 'blocked', 'true', 'false');

const compares = fc.oneof(
  ...[textValue, numberValue, instantValue, timeValue].flatMap((value) => [
    fc.tuple(value, order, value),
    fc.tuple(value, order, fc.constant('null')),
  ]),
  fc.tuple(fc.constantFrom('id', 'iq/id'), order, uuidValue),
  fc.tuple(fc.constantFrom(...ids.map(quote), 'null'), order, fc.constant('collection_id')),
  fc.tuple(fc.constant('local_date_time'), order, localValue),
  fc.tuple(momentLiteral, order, fc.constant('local_date_time')),
  fc.tuple(fc.constant('store_events_ttl'), order, spanValue),
  fc.tuple(fc.constant('state'), equal, enumValue),
  fc.tuple(boolValue, equal, boolValue),
  fc.tuple(fc.constant('null'), equal, fc.constantFrom('online', 'mac', 'null')),
);

const inList = (value: string, items: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(items, { minLength: 1, maxLength: 4 }).map((list) => `${value} in (${list.join(',')})`);

const leaf = fc.oneof(
  { arbitrary: compares.map((parts) => parts.join(' ')), weight: 6 },
  boolValue,
  fc
    .tuple(fc.constantFrom('contains', 'startswith', 'endswith'), textValue, textValue)
    .map(([name, a, b]) => `${name}(${a},${b})`),
  fc.constantFrom(
    `contains(state,'act')`,
    `startswith(led_pattern,'O')`,
    `toupper(state) eq 'ACTIVE'`,
  ),
  inList('mac', fc.constantFrom(...texts.map(quote), 'null')),
  inList('tolower(mac)', fc.constantFrom(...texts.map(quote))),
  inList('number', fc.constantFrom('1', '2.5', '-1', 'null')),
  inList('collection_id', fc.constantFrom(...ids, 'null')),
  inList('state', fc.constantFrom(`'active'`, `'initialized'`, 'null')),
  inList('led_pattern', fc.constantFrom(`'off'`)),
  inList('utc_date_time', fc.constantFrom(...moments, 'null')),
  inList('online', fc.constantFrom('true', 'null')),
  inList('null', fc.constantFrom('null', '1')),
  fc
    .oneof(
      fc.constantFrom(`r/code eq 'SITE_ADMIN'`, `r/code ne 'site_user'`, 'r/code eq null', 'true'),
      fc.constantFrom(`r/id eq ${ids[0] ?? ''} and contains(r/code,'b')`, `not (r/code eq 'ab')`),
    )
    .map((inner) => `roles/any(r: ${inner})`),
);

const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition'))
      .map(([a, word, b]) => `(${a}) ${word} (${b})`),
    tie('condition').map((inner) => `not (${inner})`),
    fc
      .tuple(tie('condition'), equal, fc.oneof(boolValue, tie('condition')))
      .map(([a, word, b]) => `(${a}) ${word} (${b})`),
  ),
}));

// ── the second reading ───────────────────────────────────────────────────────────────────────────────────────────────

type Value = string | number | boolean | null;

/** Moments as milliseconds since 1970, a wall clock as if in UTC; text in lower case only where it is compared. */
function literalValue(literal: FilterLiteral): Value {
  switch (literal.type) {
    case 'null':
      return null;
    case 'instant':
      return Date.parse(literal.value);
    case 'local':
      return Date.parse(`${literal.value}Z`);
    default:
      return literal.value;
  }
}

function fieldValue(path: string, row: Row): Value {
  const value = row[(columnOfPath[path] ?? path) as Exclude<keyof Row, 'role_codes'>];
  const type = fields[path]?.type;
  if (typeof value !== 'string') return value;
  if (type === 'instant') return Date.parse(value);
  return type === 'local' ? Date.parse(`${value}Z`) : value;
}

function isMomentNode(tree: Filter): boolean {
  if (tree.kind === 'field') return ['instant', 'local'].includes(fields[tree.path]?.type ?? '');
  if (tree.kind === 'call') return tree.name === 'now';
  return tree.kind === 'literal' && ['instant', 'local'].includes(tree.literal.type);
}

function evaluate(tree: Filter, row: Row): Value {
  switch (tree.kind) {
    case 'and':
      return tree.operands.every((operand) => evaluate(operand, row) === true);
    case 'or':
      return tree.operands.some((operand) => evaluate(operand, row) === true);
    case 'not':
      return evaluate(tree.operand, row) !== true;
    case 'compare':
      return compare(tree, row);
    case 'in':
      return tree.items.some(({ literal, position }) => {
        const right: Filter = { kind: 'literal', literal, position };
        return compare({ kind: 'compare', word: 'eq', left: tree.operand, right, position }, row);
      });
    case 'any':
      return row.role_codes.some((code) => {
        const item = { [`${tree.variable}/code`]: code, [`${tree.variable}/id`]: row.other_id };
        return evaluate(tree.operand, { ...row, ...item }) === true;
      });
    case 'call':
      return call(tree.name, { args: tree.args, row });
    case 'field':
      return fieldValue(tree.path, row);
    default:
      return literalValue(tree.literal);
  }
}

function isConditionNode(tree: Filter): boolean {
  if (tree.kind === 'call') return ['contains', 'startswith', 'endswith'].includes(tree.name);
  return !['field', 'literal'].includes(tree.kind);
}

function compared(tree: Filter, row: Row): Value {
  const value = evaluate(tree, row);
  if (isConditionNode(tree)) return value === true;
  // A constant keeps its fraction, a stored moment counts by its whole second, as it is shown.
  if (tree.kind === 'field' && typeof value === 'number' && isMomentNode(tree))
    return Math.floor(value / 1000) * 1000;
  return typeof value === 'string' ? value.toLowerCase() : value;
}

function compare(tree: Extract<Filter, { kind: 'compare' }>, row: Row): boolean {
  let a = compared(tree.left, row);
  let b = compared(tree.right, row);
  const areConstants = tree.left.kind !== 'field' && tree.right.kind !== 'field';
  if (areConstants && isMomentNode(tree.left) && typeof a === 'number' && typeof b === 'number')
    [a, b] = [Math.floor(a / 1000), Math.floor(b / 1000)];
  if (tree.word === 'eq') return a === b;
  if (tree.word === 'ne') return a !== b;
  if (a === null || b === null) return false;
  if (tree.word === 'gt') return a > b;
  if (tree.word === 'ge') return a >= b;
  return tree.word === 'lt' ? a < b : a <= b;
}

type Arguments = { readonly args: readonly Filter[]; readonly row: Row };

function call(name: FunctionName, { args, row }: Arguments): Value {
  if (name === 'now') return Date.parse(nowText);
  const values = args.map((arg) => evaluate(arg, row));
  if (values.includes(null)) return null;
  const [first = '', second = ''] = values.map(String);
  const [a, b] = [first.toLowerCase(), second.toLowerCase()];
  const clock =
    typeof values[0] === 'number' ? new Date(values[0]).toISOString() : `0000-00-00T${first}`;
  const part = (from: number, to: number): number => Number(clock.slice(from, to));
  switch (name) {
    case 'contains':
      return a.includes(b);
    case 'startswith':
      return a.startsWith(b);
    case 'endswith':
      return a.endsWith(b);
    case 'indexof':
      return a.indexOf(b);
    case 'tolower':
      return a;
    case 'toupper':
      return first.toUpperCase();
    case 'trim':
      return first.trim();
    case 'length':
      return first.length;
    case 'year':
      return part(0, 4);
    case 'month':
      return part(5, 7);
    case 'day':
      return part(8, 10);
    case 'hour':
      return part(11, 13);
    case 'minute':
      return part(14, 16);
    default:
      return part(17, 19);
  }
}

/** The ends of what the parser lets through. */
const extremeFilters = [
  'number eq 1e300 or ratio gt -1e300 or ratio lt 5e-324 or signal_strength lt 9007199254740993',
  'number in (1e300,-1e300,0.1) or length(mac) gt 1e300',
  'reset_date gt 9999-12-31T23:59:59.999999-14:00 or reset_date lt 0001-01-01T00:00:00+14:00',
  'local_date_time gt 9999-12-31T23:59:59.999999999 or local_date_time eq 0001-01-01',
  `store_events_ttl lt duration'-P9999999DT999999999H999999999M999999999999S'`,
  `store_events_ttl in (duration'P9999999DT999999999H999999999M999999999999S',null)`,
  'year(0001-01-01T00:00:00+14:00) eq 1 or now() eq now() or now() gt 2026-01-01',
  'null eq null and null in (null) and not (null ne null) and (null eq online)',
  `mac eq '\u{1F600}\uFFFD\u202E' or contains(mac,'%_\\') or 'a' in ('a') or 5 in (5,6)`,
];

// ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────

let database: TestDatabase;
let scope: Scope;
let rows: Row[];

async function matches(filter: Filter): Promise<string[]> {
  const condition = filterSql(filter, { fields, now: nowText });
  const query = compileSql(sql`select p.id from probes p where ${condition} order by p.id`);
  const found = await scope.query<{ id: string }>(query.text, query.values);
  return found.map((row) => row.id);
}

function read(text: string): Filter {
  return readFilter(text, { fields, v3Conversion: true });
}

beforeAll(async () => {
  database = await createTestDatabase();
  scope = readScope(database.database, '00000000-0000-4000-8000-000000000001' as TenantId);
  await scope.query(`create type iq_state as enum ('initialized', 'installation', 'active')`, []);
  await scope.query(
    `create table probes (id uuid primary key, other_id uuid, mac text, customer_reference text, state iq_state,
       led_pattern text, online boolean, blocked boolean, signal_strength integer, number bigint, ratio double precision,
       utc_date_time timestamptz, reset_date timestamptz, local_date_time timestamp, start_time time, store_events_ttl interval, role_codes text[])`,
    [],
  );
  rows = fc.sample(rowArbitrary, { numRuns: 250, seed: 7 });
  await scope.query(
    `insert into probes (${columns.join(', ')})
     select ${columns.map((column) => (column === 'store_events_ttl' ? `make_interval(secs => r.store_events_ttl::float8)` : `r.${column}`)).join(', ')}
     from jsonb_to_recordset($1::jsonb) as r (id uuid, other_id uuid, mac text, customer_reference text, state iq_state,
       led_pattern text, online boolean, blocked boolean, signal_strength integer, number bigint, ratio double precision,
       utc_date_time timestamptz, reset_date timestamptz, local_date_time timestamp, start_time time, store_events_ttl integer, role_codes text[])`,
    [JSON.stringify(rows)],
  );
});

afterAll(() => database.drop());

describe('a filter as SQL', () => {
  it('matches the rows that the filter means', async () => {
    const sizes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(condition, async (text) => {
        fc.pre(text.length <= 4096);
        const filter = read(text);
        const expected = rows.filter((row) => evaluate(filter, row) === true).map((row) => row.id);
        sizes.add(expected.length);
        expect(await matches(filter)).toEqual(expected.sort());
      }),
      { numRuns: 1500 },
    );
    expect(sizes.size).toBeGreaterThan(30);
  });

  it('never fails in PostgreSQL, whatever filter was let through', async () => {
    const random = createRandom(42);
    const accepted = new Map(
      [...validFilters, ...extremeFilters].map((text) => [text, read(text)]),
    );
    for (let tries = 0; tries < 60_000 && accepted.size < 300; tries += 1) {
      const text = almostFilter(random);
      const filter = readOrNull(text);
      if (filter !== null) accepted.set(text, filter);
    }
    expect(accepted.size).toBe(300);
    for (const [text, filter] of accepted)
      await expect(matches(filter), text).resolves.toBeInstanceOf(Array);
  });

  it('carries every value as a parameter, never in its text', () => {
    const text = `mac eq 'x''; drop table probes' and contains(mac,'y%') and number in (77,78)`;
    const query = compileSql(filterSql(read(text), { fields, now: nowText }));
    expect(query.text).not.toMatch(/drop|y%|77|78/);
    expect(query.values).toEqual([`x'; drop table probes`, 'y%', '77', '78']);
  });

  it('lets an index serve text, words, ids, numbers and moments', async () => {
    const { pool } = database.database;
    await pool.query(`create index on probes (lower(mac))`);
    for (const column of ['other_id', 'state', 'number', 'utc_date_time', 'local_date_time'])
      await pool.query(`create index on probes (${column})`);
    const client = await pool.connect();
    try {
      await client.query('set enable_seqscan = off');
      for (const [text, index] of [
        [`mac eq 'A'`, 'probes_lower_idx'],
        [`tolower(mac) eq 'a'`, 'probes_lower_idx'],
        [`mac in ('A','b')`, 'probes_lower_idx'],
        [`collection_id eq '${ids[0] ?? ''}'`, 'probes_other_id_idx'],
        [`state eq 'active'`, 'probes_state_idx'],
        ['number gt 3', 'probes_number_idx'],
        ['utc_date_time ge 2026-03-01 and utc_date_time lt now()', 'probes_utc_date_time_idx'],
        ['local_date_time eq 2026-03-01T12:00:00', 'probes_local_date_time_idx'],
      ] as const) {
        const condition = filterSql(read(text), { fields, now: nowText });
        const query = compileSql(sql`explain select p.id from probes p where ${condition}`);
        const plan = await client.query({ text: query.text, values: [...query.values] });
        expect(JSON.stringify(plan.rows), text).toMatch(new RegExp(`${index}.*Index Cond`));
      }
    } finally {
      client.release(true);
    }
  });
});

function readOrNull(text: string): Filter | null {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof ODataError) return null;
    throw error;
  }
}
