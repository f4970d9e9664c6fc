import { isUuid } from '#contract/ids';
import type { ParsedLiteral } from '#contract/odata';
import { ODataError } from './odata-error.ts';
import { readDateTime, readSpan, readTime, readV3Time } from './odata-literal.ts';

/** `text` of a word is as written; paths keep their slashes. */
export type Token = { readonly position: number } & (
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'literal'; readonly literal: ParsedLiteral }
  | { readonly kind: '(' | ')' | ',' | ':' | 'end' }
);

export type Dialect = { readonly v3Conversion: boolean };

/** 5.2: longer than this is 1102. */
export const LONGEST_OPTION = 4096;

const LARGEST_NUMBER = 1e300;

const blanks = /[ \t\r\n]*/y;
const word = /[A-Za-z_][A-Za-z0-9_]*(?:\/[A-Za-z_][A-Za-z0-9_]*)*/y;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/iy;
const dateTime =
  /\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d| \d\d:\d\d)?)?/iy;
const time = /\d{1,2}:\d\d(?::\d\d(?:\.\d{1,9})?)?/y;
const number = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/iy;
const quoted = /'((?:[^']|'')*)'/y;
const v3Suffix = /[lmdf]/iy;
const afterLiteral = /[ \t\r\n(),]|$/y;

/**
 * Splits the text of a filter or an order into tokens, in time linear in its length: every pattern is anchored and its
 * repetitions never overlap. Throws ODataError.
 */
export function readTokens(text: string, dialect: Dialect): Token[] {
  refuseLongOrBroken(text);
  const tokens: Token[] = [];
  let index = matchAt(blanks, text, 0)?.length ?? 0;
  while (index < text.length) {
    const { token, end } = readToken(text, index, dialect);
    tokens.push(token);
    index = end + (matchAt(blanks, text, end)?.length ?? 0);
  }
  tokens.push({ kind: 'end', position: text.length + 1 });
  return tokens;
}

function refuseLongOrBroken(text: string): void {
  if (text.length > LONGEST_OPTION && Array.from(text).length > LONGEST_OPTION)
    throw new ODataError(`Longer than ${LONGEST_OPTION} characters`, LONGEST_OPTION + 1);
  // PostgreSQL has no text with U+0000 in it, so it could only fail there.
  const nul = text.indexOf('\0');
  if (nul >= 0) throw new ODataError('A character that is not allowed', nul + 1);
}

function matchAt(pattern: RegExp, text: string, index: number): string | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0];
}

type Read = { readonly token: Token; readonly end: number };

function readToken(text: string, index: number, dialect: Dialect): Read {
  const position = index + 1;
  const sign = text[index];
  if (sign === '(' || sign === ')' || sign === ',' || sign === ':')
    return { token: { kind: sign, position }, end: index + 1 };
  const read = sign === "'" ? readQuoted(text, index) : readBare(text, index, dialect);
  if (read !== undefined) {
    if (matchAt(afterLiteral, text, read.end) === undefined)
      throw new ODataError('Unexpected characters after a value', read.end + 1);
    return { token: { kind: 'literal', literal: read.literal, position }, end: read.end };
  }
  const name = matchAt(word, text, index);
  if (name === undefined) throw new ODataError('Unexpected character', position);
  const end = index + name.length;
  if (text[end] === "'") return readPrefixed(text, { index, name, dialect });
  return { token: { kind: 'word', text: name, position }, end };
}

type ReadLiteral = { readonly literal: ParsedLiteral; readonly end: number };

function readQuoted(text: string, index: number): ReadLiteral & { readonly inner: string } {
  const whole = matchAt(quoted, text, index);
  if (whole === undefined) throw new ODataError('A quoted text does not end', index + 1);
  const inner = whole.slice(1, -1).replaceAll("''", "'");
  return { literal: { type: 'text', value: inner }, end: index + whole.length, inner };
}

function readBare(text: string, index: number, dialect: Dialect): ReadLiteral | undefined {
  const id = matchAt(uuid, text, index);
  if (id !== undefined)
    return { literal: { type: 'uuid', value: id.toLowerCase() }, end: index + id.length };
  for (const [form, read] of [
    [dateTime, readDateTime],
    [time, readTime],
  ] as const) {
    const found = matchAt(form, text, index);
    if (found === undefined) continue;
    const literal = read(found);
    if (literal === undefined) throw new ODataError('There is no such time', index + 1);
    return { literal, end: index + found.length };
  }
  return readNumber(text, index, dialect);
}

function readNumber(text: string, index: number, dialect: Dialect): ReadLiteral | undefined {
  const digits = matchAt(number, text, index);
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (Math.abs(value) > LARGEST_NUMBER) throw new ODataError('The number is too large', index + 1);
  const end = index + digits.length;
  const suffix = dialect.v3Conversion ? (matchAt(v3Suffix, text, end)?.length ?? 0) : 0;
  // -0 is 0 to PostgreSQL.
  return { literal: { type: 'number', value: value === 0 ? 0 : value }, end: end + suffix };
}

type Prefixed = { readonly index: number; readonly name: string; readonly dialect: Dialect };

/** `duration'..'` is v4; the other prefixes are v3 and belong to the rewrite (5.2). */
function readPrefixed(text: string, { index, name, dialect }: Prefixed): Read {
  const position = index + 1;
  const { inner, end } = readQuoted(text, index + name.length);
  const prefix = name.toLowerCase();
  const isKnown =
    prefix === 'duration' ||
    (dialect.v3Conversion && ['datetime', 'datetimeoffset', 'guid', 'time'].includes(prefix));
  if (!isKnown) throw new ODataError('A quoted text with an unknown prefix', position);
  const literal = readPrefixedText(prefix, inner.trim());
  if (literal === undefined) throw new ODataError(`Not a value of ${prefix}`, position);
  if (matchAt(afterLiteral, text, end) === undefined)
    throw new ODataError('Unexpected characters after a value', end + 1);
  return { token: { kind: 'literal', literal, position }, end };
}

function readPrefixedText(prefix: string, text: string): ParsedLiteral | undefined {
  if (prefix === 'duration') return readSpan(text);
  if (prefix === 'time') return readV3Time(text);
  if (prefix === 'guid')
    return isUuid(text) ? { type: 'uuid', value: text.toLowerCase() } : undefined;
  return readDateTime(text);
}
