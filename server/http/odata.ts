import {
  compareWords,
  filterFunctions,
  functionShape,
  type CompareWord,
  type Direction,
  type FunctionName,
  type OrderItem,
  type ParsedFilter,
  type ParsedLiteral,
} from '#contract/odata';
import { ODataError } from './odata-error.ts';
import { readTokens, type Dialect, type Token } from './odata-lexer.ts';

/*
 * A Pratt parser for $filter (core-api.md 5.2), OData v4 with v3 rewritten on the way. Binding power, weakest first:
 *   or 1 < and 2 < not 3 < eq ne gt ge lt le in 4
 * Comparisons do not chain: `a eq b eq c` needs parentheses. Every parenthesis, function and `not` is one level.
 */
const OR = 1;
const AND = 2;
const COMPARE = 4;

/** 5.2: deeper than this is 1102. */
export const DEEPEST = 32;

type Cursor = {
  readonly tokens: readonly Token[];
  readonly dialect: Dialect;
  index: number;
  depth: number;
};

type Word = Extract<Token, { kind: 'word' }>;

/** Parses the text of a $filter into a tree that still has to be checked against the fields; throws ODataError. */
export function parseFilter(text: string, dialect: Dialect): ParsedFilter {
  const cursor: Cursor = { tokens: readTokens(text, dialect), dialect, index: 0, depth: 0 };
  const tree = readExpression(cursor, 0);
  const rest = peek(cursor);
  if (rest.kind !== 'end')
    throw new ODataError("Expected 'and', 'or' or the end, found something else", rest.position);
  return tree;
}

/** Parses the text of an $orderby, `field [asc|desc], …`; throws ODataError. */
export function parseOrderBy(text: string): (OrderItem & { readonly position: number })[] {
  const tokens = readTokens(text, { v3Conversion: false });
  const cursor: Cursor = { tokens, dialect: { v3Conversion: false }, index: 0, depth: 0 };
  const items: (OrderItem & { readonly position: number })[] = [];
  for (;;) {
    const field = next(cursor);
    if (field.kind !== 'word') throw new ODataError('Expected a field', field.position);
    items.push({ path: field.text, direction: readDirection(cursor), position: field.position });
    const separator = next(cursor);
    if (separator.kind === 'end') return items;
    if (separator.kind !== ',')
      throw new ODataError("Expected 'asc', 'desc', a comma or the end", separator.position);
  }
}

function readDirection(cursor: Cursor): Direction {
  const token = peek(cursor);
  if (token.kind !== 'word') return 'asc';
  const word = token.text.toLowerCase();
  if (word !== 'asc' && word !== 'desc')
    throw new ODataError("Expected 'asc' or 'desc'", token.position);
  next(cursor);
  return word;
}

function peek(cursor: Cursor): Token {
  const token = cursor.tokens[cursor.index] ?? cursor.tokens.at(-1);
  return token ?? { kind: 'end', position: 1 };
}

function next(cursor: Cursor): Token {
  const token = peek(cursor);
  cursor.index += 1;
  return token;
}

function peekWord(cursor: Cursor): string | undefined {
  const token = peek(cursor);
  return token.kind === 'word' ? token.text.toLowerCase() : undefined;
}

function expect(cursor: Cursor, kind: '(' | ')' | ',' | ':'): void {
  const token = next(cursor);
  if (token.kind !== kind) throw new ODataError(`Expected '${kind}'`, token.position);
}

function nested<Result>(cursor: Cursor, position: number, read: () => Result): Result {
  cursor.depth += 1;
  if (cursor.depth > DEEPEST) throw new ODataError(`Nested deeper than ${DEEPEST}`, position);
  const result = read();
  cursor.depth -= 1;
  return result;
}

/** Reads as much as binds stronger than `power`. */
function readExpression(cursor: Cursor, power: number): ParsedFilter {
  let left = readPrefix(cursor);
  for (;;) {
    const { position } = peek(cursor);
    const word = peekWord(cursor);
    if (word === 'or' && power < OR) left = readChain(cursor, { left, word, power: OR, position });
    else if (word === 'and' && power < AND)
      left = readChain(cursor, { left, word, power: AND, position });
    else if (isCompareWord(word) && power < COMPARE) {
      next(cursor);
      const right = readExpression(cursor, COMPARE);
      left = { kind: 'compare', word, left, right, position };
      refuseChain(cursor);
    } else if (word === 'in' && power < COMPARE) {
      next(cursor);
      left = { kind: 'in', operand: left, items: readItems(cursor), position };
      refuseChain(cursor);
    } else return left;
  }
}

type Chain = {
  readonly left: ParsedFilter;
  readonly word: 'and' | 'or';
  readonly power: number;
  readonly position: number;
};

/** One node however long the chain is, so that only real nesting makes the tree deep. */
function readChain(cursor: Cursor, { left, word, power, position }: Chain): ParsedFilter {
  const operands = [left];
  while (peekWord(cursor) === word) {
    next(cursor);
    operands.push(readExpression(cursor, power));
  }
  return { kind: word, operands, position };
}

function refuseChain(cursor: Cursor): void {
  const word = peekWord(cursor);
  if (isCompareWord(word) || word === 'in')
    throw new ODataError('A second comparison needs parentheses', peek(cursor).position);
}

function isCompareWord(word: string | undefined): word is CompareWord {
  return compareWords.some((known) => known === word);
}

function readItems(cursor: Cursor): { literal: ParsedLiteral; position: number }[] {
  expect(cursor, '(');
  const items: { literal: ParsedLiteral; position: number }[] = [];
  for (;;) {
    const item = readPrefix(cursor);
    if (item.kind !== 'literal')
      throw new ODataError("Expected a value in the list of 'in'", item.position);
    items.push({ literal: item.literal, position: item.position });
    const separator = next(cursor);
    if (separator.kind === ')') return items;
    if (separator.kind !== ',') throw new ODataError("Expected ',' or ')'", separator.position);
  }
}

function readPrefix(cursor: Cursor): ParsedFilter {
  const token = next(cursor);
  const { position } = token;
  switch (token.kind) {
    case 'literal':
      return { kind: 'literal', literal: token.literal, position };
    case '(':
      return nested(cursor, position, () => {
        const inner = readExpression(cursor, 0);
        expect(cursor, ')');
        return inner;
      });
    case 'word':
      return readWord(cursor, token);
    case ')':
    case ',':
    case ':':
      throw new ODataError('Expected a field or a value', position);
    case 'end':
    default:
      throw new ODataError('Unexpected end', position);
  }
}

const reserved = new Set<string>([...compareWords, 'in', 'and', 'or']);

function readWord(cursor: Cursor, token: Word): ParsedFilter {
  const { text, position } = token;
  const word = text.toLowerCase();
  if (word === 'null') return { kind: 'literal', literal: { type: 'null' }, position };
  if (word === 'true' || word === 'false')
    return { kind: 'literal', literal: { type: 'bool', value: word === 'true' }, position };
  if (word === 'not')
    return nested(cursor, position, () => {
      // Weaker than a comparison: the ABNF of OData reads `not state eq 'active'` so.
      return { kind: 'not', operand: readExpression(cursor, AND), position };
    });
  if (peek(cursor).kind === '(' && !reserved.has(word)) return readCall(cursor, token);
  if (reserved.has(word)) throw new ODataError(`Unexpected '${word}'`, position);
  return { kind: 'field', path: text, position };
}

function isFunction(word: string): word is FunctionName {
  return Object.hasOwn(filterFunctions, word);
}

function readCall(cursor: Cursor, { text, position }: Word): ParsedFilter {
  const word = text.toLowerCase();
  if (word.endsWith('/any')) return readAny(cursor, { text, position, kind: 'word' });
  const isV3 = word === 'substringof' && cursor.dialect.v3Conversion;
  const name = isV3 ? 'contains' : word;
  if (!isFunction(name)) throw new ODataError(`Unknown function '${shorten(text)}'`, position);
  const args = nested(cursor, position, () => readArguments(cursor));
  const { takes } = functionShape(name);
  if (args.length !== takes.length)
    throw new ODataError(`${word} takes ${takes.length} arguments, not ${args.length}`, position);
  return { kind: 'call', name, args: isV3 ? args.reverse() : args, position };
}

/** `roles/any(r: r/code eq 'x')` */
function readAny(cursor: Cursor, { text, position }: Word): ParsedFilter {
  const path = text.slice(0, -'/any'.length);
  return nested(cursor, position, () => {
    expect(cursor, '(');
    const variable = next(cursor);
    if (variable.kind !== 'word' || !isVariable(variable.text))
      throw new ODataError('Expected a name for an item of the list', variable.position);
    expect(cursor, ':');
    const operand = readExpression(cursor, 0);
    expect(cursor, ')');
    return { kind: 'any', path, variable: variable.text, operand, position };
  });
}

const literalWords = new Set(['null', 'true', 'false', 'not']);

function isVariable(text: string): boolean {
  const word = text.toLowerCase();
  return !text.includes('/') && !reserved.has(word) && !literalWords.has(word);
}

function readArguments(cursor: Cursor): ParsedFilter[] {
  expect(cursor, '(');
  if (peek(cursor).kind === ')') {
    next(cursor);
    return [];
  }
  const args: ParsedFilter[] = [];
  for (;;) {
    args.push(readExpression(cursor, 0));
    const separator = next(cursor);
    if (separator.kind === ')') return args;
    if (separator.kind !== ',') throw new ODataError("Expected ',' or ')'", separator.position);
  }
}

/** A caller's word for a message: whole when it is as long as a name may be, never a page of text. */
export function shorten(text: string): string {
  return text.length <= 64 ? text : `${text.slice(0, 64)}…`;
}
