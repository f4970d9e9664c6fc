import { isUuid } from '#contract/ids';
import { plusesForBlanks } from '#contract/mail-text';
import {
  filterType,
  functionShape,
  itemFields,
  type ArgumentKind,
  type CompareWord,
  type FieldType,
  type Filter,
  type FilterLiteral,
  type ListField,
  type ListFields,
  type OrderItem,
  type ParsedFilter,
  type ParsedLiteral,
} from '#contract/odata';
import { ODataError } from './odata-error.ts';
import { readSpan } from './odata-literal.ts';
import { parseFilter, parseOrderBy, shorten } from './odata.ts';
import type { Dialect } from './odata-lexer.ts';

/** Parses a $filter and checks it against the fields of a list (core-api.md 5.2); throws ODataError. */
export function readFilter(
  text: string,
  { fields, ...dialect }: Dialect & { readonly fields: ListFields },
): Filter {
  return condition(parseFilter(text, dialect), fields);
}

/** Parses an $orderby and checks its fields; a field named again changes nothing and is left out; throws ODataError. */
export function readOrderBy(text: string, fields: ListFields): OrderItem[] {
  const items = new Map<string, OrderItem>();
  for (const { path: written, direction, position } of parseOrderBy(text)) {
    const path = valuePath(written, { fields, position });
    if (!items.has(path)) items.set(path, { path, direction });
  }
  return [...items.values()];
}

const pathsByFields = new WeakMap<ListFields, ReadonlyMap<string, string>>();

/** Field names are accepted in any letter case, as body members are (core-api.md 2). */
function knownPath(
  written: string,
  { fields, position }: { readonly fields: ListFields; readonly position: number },
): string {
  let paths = pathsByFields.get(fields);
  if (paths === undefined) {
    paths = new Map(Object.keys(fields).map((path) => [path.toLowerCase(), path]));
    pathsByFields.set(fields, paths);
  }
  const path = paths.get(written.toLowerCase());
  if (path === undefined) throw new ODataError(`Unknown field '${shorten(written)}'`, position);
  return path;
}

/** A field that has a value; a list of objects has none. */
function valuePath(
  written: string,
  of: { readonly fields: ListFields; readonly position: number },
): string {
  const path = knownPath(written, of);
  if (of.fields[path]?.type === 'collection')
    throw new ODataError(`Ask a list as '${path}/any(x: ...)'`, of.position);
  return path;
}

function condition(tree: ParsedFilter, fields: ListFields): Filter {
  const checked = check(tree, fields);
  if (filterType(checked, fields) !== 'bool')
    throw new ODataError('Expected a condition, found a value', tree.position);
  return checked;
}

function check(tree: ParsedFilter, fields: ListFields): Filter {
  const { position } = tree;
  switch (tree.kind) {
    case 'and':
    case 'or': {
      const operands = tree.operands.map((operand) => condition(operand, fields));
      return { kind: tree.kind, operands, position };
    }
    case 'not':
      return { kind: 'not', operand: condition(tree.operand, fields), position };
    case 'compare':
      return checkCompare(tree, fields);
    case 'in': {
      const operand = check(tree.operand, fields);
      const target = fieldOf(operand, fields);
      const items = tree.items.map((item) => ({
        literal: mailRead(coerce(item.literal, { target, position: item.position }), operand),
        position: item.position,
      }));
      return { kind: 'in', operand, items, position };
    }
    case 'any':
      return checkAny(tree, fields);
    case 'call': {
      const { takes } = functionShape(tree.name);
      const args = tree.args.map((arg, index) => argument(arg, takes[index] ?? 'text', fields));
      return { kind: 'call', name: tree.name, args: mailsRead(args), position };
    }
    case 'field':
      return { kind: 'field', path: valuePath(tree.path, { fields, position }), position };
    case 'literal':
    default:
      return { kind: 'literal', literal: asWritten(tree.literal), position };
  }
}

type Any = Extract<ParsedFilter, { kind: 'any' }>;

/**
 * The condition sees the fields of an item alone: with those around it a list could be asked within a list, and each level would
 * multiply the work.
 */
function checkAny({ path: written, variable, operand, position }: Any, fields: ListFields): Filter {
  const path = knownPath(written, { fields, position });
  const field = fields[path];
  if (field?.type !== 'collection')
    throw new ODataError(`'${shorten(written)}' is no list`, position);
  const checked = condition(operand, itemFields(field.items, variable));
  return { kind: 'any', path, variable, operand: checked, position };
}

/** What a literal beside this part has to be. */
function fieldOf(tree: Filter, fields: ListFields): ListField | undefined {
  if (tree.kind === 'field') return fields[tree.path];
  const type = filterType(tree, fields);
  return type === 'null' ? undefined : { type };
}

type Compare = Extract<ParsedFilter, { kind: 'compare' }>;

function checkCompare({ word, left, right, position }: Compare, fields: ListFields): Filter {
  // Each side is checked once: twice would double the work at every level of nesting.
  const checked = checkSides(left, right, fields);
  const types = [filterType(checked.left, fields), filterType(checked.right, fields)] as const;
  refuseMisfit(types, { word, position });
  return { kind: 'compare', word, ...checked, position };
}

type Sides = { readonly left: Filter; readonly right: Filter };

function checkSides(left: ParsedFilter, right: ParsedFilter, fields: ListFields): Sides {
  if (right.kind === 'literal' && left.kind !== 'literal') {
    const checked = check(left, fields);
    return { left: checked, right: beside(checked, right, fields) };
  }
  const checked = check(right, fields);
  if (left.kind !== 'literal' || right.kind === 'literal')
    return { left: check(left, fields), right: checked };
  return { left: beside(checked, left, fields), right: checked };
}

type LiteralNode = Extract<ParsedFilter, { kind: 'literal' }>;

function beside(other: Filter, { literal, position }: LiteralNode, fields: ListFields): Filter {
  const target = fieldOf(other, fields);
  const coerced = coerce(literal, { target, position });
  return { kind: 'literal', literal: mailRead(coerced, other), position };
}

/** A text beside a member that holds an e-mail address. */
function mailRead(literal: FilterLiteral, other: Filter): FilterLiteral {
  if (literal.type !== 'text' || !isMail(other)) return literal;
  return { type: 'text', value: plusesForBlanks(literal.value) };
}

function mailsRead(args: readonly Filter[]): readonly Filter[] {
  const mail = args.find(isMail);
  if (mail === undefined) return args;
  return args.map((arg) =>
    arg.kind === 'literal' ? { ...arg, literal: mailRead(arg.literal, mail) } : arg,
  );
}

function isMail(tree: Filter): boolean {
  if (tree.kind === 'call') return tree.args.some(isMail);
  return tree.kind === 'field' && /(^|\/)email$/.test(tree.path);
}

type ValueType = FieldType | 'null';

function refuseMisfit(
  [left, right]: readonly [ValueType, ValueType],
  { word, position }: { readonly word: CompareWord; readonly position: number },
): void {
  const hasNull = left === 'null' || right === 'null';
  if (!hasNull && family(left) !== family(right))
    throw new ODataError(`Cannot compare ${left} with ${right}`, position);
  if (word === 'eq' || word === 'ne') return;
  const unordered = [left, right].find((type) => type === 'bool' || type === 'enum');
  if (unordered !== undefined)
    throw new ODataError(`Values of type ${unordered} have no order for '${word}'`, position);
}

function family(type: ValueType): string {
  if (type === 'int') return 'number';
  return type === 'enum' ? 'text' : type;
}

function argument(arg: ParsedFilter, kind: ArgumentKind, fields: ListFields): Filter {
  const checked = check(arg, fields);
  const type = filterType(checked, fields);
  if (!fits(type, kind))
    throw new ODataError(`Expected ${kindNames[kind]}, found ${type}`, arg.position);
  return checked;
}

const kindNames: Readonly<Record<ArgumentKind, string>> = {
  text: 'text',
  moment: 'a time stamp',
  clock: 'a time stamp or a time of day',
};

function fits(type: ValueType, kind: ArgumentKind): boolean {
  if (kind === 'text') return type === 'text' || type === 'enum';
  return type === 'instant' || type === 'local' || (kind === 'clock' && type === 'time');
}

function asWritten(literal: ParsedLiteral): FilterLiteral {
  return literal.type === 'datetime' ? asInstant(literal) : literal;
}

type DateTime = Extract<ParsedLiteral, { type: 'datetime' }>;

/** 5.2: a time stamp without zone is UTC. */
function asInstant({ value, zone }: DateTime): FilterLiteral {
  return { type: 'instant', value: value + (zone === '' ? 'Z' : zone) };
}

type Target = { readonly target: ListField | undefined; readonly position: number };

/** Gives a literal the type of what stands beside it. Throws ODataError. */
function coerce(literal: ParsedLiteral, { target, position }: Target): FilterLiteral {
  if (literal.type === 'null') return literal;
  if (target === undefined) return asWritten(literal);
  const coerced =
    literal.type === 'text' ? fromText(literal.value, target) : plain(literal, target);
  if (coerced !== undefined) return coerced;
  if (target.type === 'enum' && literal.type === 'text')
    throw new ODataError(`Expected one of '${(target.words ?? []).join("', '")}'`, position);
  throw new ODataError(`Cannot compare ${target.type} with ${literal.type}`, position);
}

function fromText(value: string, { type, words }: ListField): FilterLiteral | undefined {
  if (type === 'text') return { type, value };
  if (type === 'uuid') return isUuid(value) ? { type, value: value.toLowerCase() } : undefined;
  if (type === 'span') return asSpan(readSpan(value));
  if (type !== 'enum') return undefined;
  const word = words?.find((known) => known.toLowerCase() === value.toLowerCase());
  return word === undefined ? undefined : { type, value: word };
}

function asSpan(literal: ParsedLiteral | undefined): FilterLiteral | undefined {
  return literal?.type === 'span' ? literal : undefined;
}

function plain(
  literal: Exclude<ParsedLiteral, { type: 'null' | 'text' }>,
  { type }: ListField,
): FilterLiteral | undefined {
  if (literal.type === 'number') return type === 'int' || type === 'number' ? literal : undefined;
  if (literal.type !== 'datetime') return literal.type === type ? literal : undefined;
  if (type === 'instant') return asInstant(literal);
  // Section 9: a wall clock drops the zone.
  return type === 'local' ? { type, value: literal.value } : undefined;
}
