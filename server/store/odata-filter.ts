import { sql, type RawBuilder } from 'kysely';
import {
  filterType,
  itemFields,
  type CompareWord,
  type FieldType,
  type Filter,
  type FilterLiteral,
  type FunctionName,
  type ListField,
} from '#contract/odata';

/*
 * A checked filter as a SQL condition with bind parameters. A condition of a filter is true or false, never unknown
 * (OData v4 11.2.6.1.1: a comparison with null is false, `ne` true), while SQL's may be null. Null counts as false in
 * WHERE, AND and OR, so only `not`, `ne` and conditions used as values need care; what indexes serve stays plain.
 */

export type Sql = RawBuilder<unknown>;

/**
 * Where a field of a list is found: instants are timestamptz, wall clocks timestamp, spans interval. A collection is what can stand
 * behind `from`, about the row that is asked for: a sub-select with a name.
 */
export type SqlListField = ListField & {
  readonly sql: Sql;
  readonly items?: SqlListFields;
  /** The expression is never null: spares a test in the paging of events. */
  readonly isNotNull?: true;
};

export type SqlListFields = Readonly<Record<string, SqlListField>>;

export type FilterContext = {
  readonly fields: SqlListFields;
  /** What `now()` means: an ISO instant. */
  readonly now: string;
};

/** The condition of a filter that was checked against the same fields (core-api.md 5.2). */
export function filterSql(tree: Filter, context: FilterContext): Sql {
  switch (tree.kind) {
    case 'and':
    case 'or': {
      const operands = tree.operands.map((operand) => filterSql(operand, context));
      return sql`(${sql.join(operands, tree.kind === 'and' ? sql` and ` : sql` or `)})`;
    }
    case 'not':
      return sql`(${filterSql(tree.operand, context)} is not true)`;
    case 'compare':
      return compareSql(tree, context);
    case 'in':
      return inSql(tree, context);
    case 'any':
      return anySql(tree, context);
    case 'call':
      return callSql(tree, context);
    case 'field':
    case 'literal':
    default:
      return valueSql(tree, context);
  }
}

type Any = Extract<Filter, { kind: 'any' }>;

function anySql({ path, variable, operand }: Any, context: FilterContext): Sql {
  const { sql: list, items } = fieldOf(path, context);
  const inner = { ...context, fields: itemFields(items, variable) };
  return sql`exists (select from ${list} where ${filterSql(operand, inner)})`;
}

/** What rows are ordered and compared by: text without letter case, words as text. */
export function keySql({ sql: expression, type }: SqlListField): Sql {
  if (type === 'text') return sql`lower(${expression})`;
  return type === 'enum' ? sql`(${expression})::text` : sql`(${expression})`;
}

function valueSql(tree: Filter, context: FilterContext): Sql {
  switch (tree.kind) {
    case 'field':
      return sql`(${fieldOf(tree.path, context).sql})`;
    case 'literal':
      return literalSql(tree.literal);
    case 'call':
      if (filterType(tree, context.fields) !== 'bool') return callSql(tree, context);
      return sql`(${filterSql(tree, context)} is true)`;
    case 'and':
    case 'or':
    case 'not':
    case 'compare':
    case 'in':
    case 'any':
    default:
      return sql`(${filterSql(tree, context)} is true)`;
  }
}

function fieldOf(path: string, { fields }: FilterContext): SqlListField {
  const field = fields[path];
  if (field === undefined) throw new Error(`A filter was checked against other fields: ${path}`);
  return field;
}

function literalSql(literal: FilterLiteral): Sql {
  switch (literal.type) {
    case 'null':
      return sql`null`;
    case 'bool':
      return literal.value ? sql`true` : sql`false`;
    case 'number':
      // A whole number as bigint lets an index on any integer column serve; numeric would not.
      if (Number.isSafeInteger(literal.value)) return sql`${String(literal.value)}::bigint`;
      return sql`${String(literal.value)}::numeric`;
    case 'text':
      return sql`${literal.value}::text`;
    case 'enum':
      // Without a cast it takes the type of the column, whether that is text or an enum.
      return sql`${literal.value}`;
    case 'uuid':
      return sql`${literal.value}::uuid`;
    case 'instant':
      return sql`${literal.value}::timestamptz`;
    case 'local':
      return sql`${literal.value}::timestamp`;
    case 'time':
      return sql`${literal.value}::time`;
    case 'span':
    default:
      return sql`make_interval(secs => ${String(literal.value)}::float8)`;
  }
}

type Compare = Extract<Filter, { kind: 'compare' }>;

const mirrored = { eq: 'eq', ne: 'ne', gt: 'lt', ge: 'le', lt: 'gt', le: 'ge' } as const;

function compareSql({ word, left, right, position }: Compare, context: FilterContext): Sql {
  const isLeftConstant = isConstant(left);
  if (isLeftConstant && !isConstant(right))
    return compareSql(
      { kind: 'compare', word: mirrored[word], left: right, right: left, position },
      context,
    );
  if (isNull(right)) return compareNull(word, isNull(left) ? undefined : valueSql(left, context));
  const type = filterType(left, context.fields);
  if (isMoment(type)) return compareMoments({ word, left, right, type }, context);
  const sides = comparedSides(left, right, context);
  // Of two fields both may be null, and then they are equal.
  const mayBothBeNull = !isConstant(right);
  return operatorSql(word, { ...sides, mayBothBeNull });
}

function isConstant(tree: Filter): boolean {
  return tree.kind === 'literal' || (tree.kind === 'call' && tree.name === 'now');
}

function isNull(tree: Filter): boolean {
  return tree.kind === 'literal' && tree.literal.type === 'null';
}

function isMoment(type: FieldType | 'null'): type is 'instant' | 'local' {
  return type === 'instant' || type === 'local';
}

/** `value` is undefined when that side is null too. */
function compareNull(word: CompareWord, value: Sql | undefined): Sql {
  if (word === 'eq') return value === undefined ? sql`true` : sql`(${value} is null)`;
  if (word === 'ne' && value !== undefined) return sql`(${value} is not null)`;
  return sql`false`;
}

type SqlSides = { readonly a: Sql; readonly b: Sql };

function comparedSides(left: Filter, right: Filter, context: FilterContext): SqlSides {
  const types = [filterType(left, context.fields), filterType(right, context.fields)];
  if (!types.includes('text') && !(types.includes('enum') && !isConstant(right)))
    return { a: valueSql(left, context), b: valueSql(right, context) };
  return { a: foldedSql(left, context), b: foldedSql(right, context) };
}

function operatorSql(
  word: CompareWord,
  { a, b, mayBothBeNull }: SqlSides & { readonly mayBothBeNull: boolean },
): Sql {
  switch (word) {
    case 'eq':
      return mayBothBeNull ? sql`(${a} is not distinct from ${b})` : sql`(${a} = ${b})`;
    case 'ne':
      return sql`(${a} is distinct from ${b})`;
    case 'gt':
      return sql`(${a} > ${b})`;
    case 'ge':
      return sql`(${a} >= ${b})`;
    case 'lt':
      return sql`(${a} < ${b})`;
    case 'le':
    default:
      return sql`(${a} <= ${b})`;
  }
}

type Moments = {
  readonly word: CompareWord;
  readonly left: Filter;
  readonly right: Filter;
  readonly type: 'instant' | 'local';
};

/**
 * Moments compare by whole seconds, as they are shown (section 9): a caller that sends back what it read must find the
 * row. Against a constant this becomes a range of the stored value, so that an index serves.
 */
function compareMoments({ word, left, right, type }: Moments, context: FilterContext): Sql {
  const constant = constantMoment(right, context);
  if (constant === undefined || isConstant(left)) {
    const whole = (tree: Filter): Sql =>
      type === 'instant'
        ? sql`date_trunc('second', ${valueSql(tree, context)}, 'UTC')`
        : sql`date_trunc('second', ${valueSql(tree, context)})`;
    return operatorSql(word, {
      a: whole(left),
      b: whole(right),
      mayBothBeNull: constant === undefined,
    });
  }
  const value = valueSql(left, context);
  const second = literalSql({ type, value: constant.wholeSecond });
  const next = sql`${second} + interval '1 second'`;
  switch (word) {
    case 'eq':
      return constant.isWhole ? sql`(${value} >= ${second} and ${value} < ${next})` : sql`false`;
    case 'ne':
      if (!constant.isWhole) return sql`true`;
      return sql`((${value} >= ${second} and ${value} < ${next}) is not true)`;
    case 'gt':
      return sql`(${value} >= ${next})`;
    case 'ge':
      return constant.isWhole ? sql`(${value} >= ${second})` : sql`(${value} >= ${next})`;
    case 'lt':
      return constant.isWhole ? sql`(${value} < ${second})` : sql`(${value} < ${next})`;
    case 'le':
    default:
      return sql`(${value} < ${next})`;
  }
}

type ConstantMoment = { readonly wholeSecond: string; readonly isWhole: boolean };

function constantMoment(tree: Filter, { now }: FilterContext): ConstantMoment | undefined {
  if (tree.kind === 'call' && tree.name === 'now') return splitSecond(now);
  if (tree.kind !== 'literal') return undefined;
  const { literal } = tree;
  return literal.type === 'instant' || literal.type === 'local'
    ? splitSecond(literal.value)
    : undefined;
}

function splitSecond(value: string): ConstantMoment {
  const fraction = /\.\d+/.exec(value)?.[0] ?? '';
  return { wholeSecond: value.replace(fraction, ''), isWhole: !/[1-9]/.test(fraction) };
}

type In = Extract<Filter, { kind: 'in' }>;

function inSql({ operand, items, position }: In, context: FilterContext): Sql {
  const type = filterType(operand, context.fields);
  const equals = (literal: FilterLiteral): Sql => {
    const right: Filter = { kind: 'literal', literal, position };
    return compareSql({ kind: 'compare', word: 'eq', left: operand, right, position }, context);
  };
  const literals = items.map((item) => item.literal);
  if (type === 'null' || isMoment(type)) return sql`(${sql.join(literals.map(equals), sql` or `)})`;
  const values = literals.filter((literal) => literal.type !== 'null');
  const tests = values.length < literals.length ? [equals({ type: 'null' })] : [];
  if (values.length > 0) {
    const isText = type === 'text';
    const list = values.map((value) => (isText ? lower(literalSql(value)) : literalSql(value)));
    const tested = isText ? foldedSql(operand, context) : valueSql(operand, context);
    tests.push(sql`(${tested} in (${sql.join(list)}))`);
  }
  return sql`(${sql.join(tests, sql` or `)})`;
}

function lower(text: Sql): Sql {
  return sql`lower(${text})`;
}

/** Text as it is compared, without regard to letter case; a letter case asked for in the filter changes nothing then. */
function foldedSql(tree: Filter, context: FilterContext): Sql {
  if (tree.kind === 'call' && (tree.name === 'tolower' || tree.name === 'toupper')) {
    const [arg] = tree.args;
    if (arg !== undefined) return foldedSql(arg, context);
  }
  return lower(textSql(tree, context));
}

function textSql(tree: Filter, context: FilterContext): Sql {
  const value = valueSql(tree, context);
  return filterType(tree, context.fields) === 'enum' ? sql`${value}::text` : value;
}

type Call = Extract<Filter, { kind: 'call' }>;

function callSql({ name, args }: Call, context: FilterContext): Sql {
  const [first, second] = args;
  if (first === undefined) return sql`${context.now}::timestamptz`;
  if (second !== undefined)
    return textTestSql(name, { a: foldedSql(first, context), b: foldedSql(second, context) });
  switch (name) {
    case 'tolower':
      return lower(textSql(first, context));
    case 'toupper':
      return sql`upper(${textSql(first, context)})`;
    case 'trim':
      return sql`btrim(${textSql(first, context)}, ${' \t\r\n\v\f'}::text)`;
    case 'length':
      return sql`char_length(${textSql(first, context)})`;
    default:
      return clockPartSql(name, { tree: first, context });
  }
}

function textTestSql(name: FunctionName, { a, b }: SqlSides): Sql {
  switch (name) {
    case 'contains':
      return sql`(strpos(${a}, ${b}) > 0)`;
    case 'startswith':
      return sql`starts_with(${a}, ${b})`;
    case 'endswith':
      return sql`(right(${a}, char_length(${b})) = ${b})`;
    default:
      return sql`(strpos(${a}, ${b}) - 1)`;
  }
}

type Clock = { readonly tree: Filter; readonly context: FilterContext };

/** Parts of an instant are those of UTC, as it is shown. */
function clockPartSql(name: FunctionName, { tree, context }: Clock): Sql {
  const value = valueSql(tree, context);
  const isInstant = filterType(tree, context.fields) === 'instant';
  const clock = isInstant ? sql`${value} at time zone 'UTC'` : value;
  return sql`floor(extract(${sql.raw(name)} from ${clock}))::int`;
}
