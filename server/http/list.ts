import { ApiError } from '#contract/api-error';
import type { Filter, ListFields, ListOptions, OrderItem, Page } from '#contract/odata';
import { readFilter, readOrderBy } from './odata-check.ts';
import { ODataError } from './odata-error.ts';
import { LONGEST_OPTION } from './odata-lexer.ts';

/** 5.1. */
export const DEFAULT_TOP = 20;
export const LARGEST_TOP = 1000;

export type ListRules = {
  /** What a caller may filter and order by. */
  readonly fields: ListFields;
  /** False with `CLP-disable-odata-v3-conversion` (5.2). */
  readonly v3Conversion: boolean;
  /** What `now()` means. */
  readonly now: Date;
  /** Entries and incidents: `$skip` above 0 is refused (5.3). */
  readonly events?: boolean;
};

const optionNames = ['filter', 'orderby', 'top', 'skip', 'count', 'inlinecount'] as const;
type OptionName = (typeof optionNames)[number];

/** The parameters of a raw query as sent, decoded: `+` and `%20` are blanks, `?&` and `&&` are nothing (core-api.md 2). */
export function queryParameters(rawQuery: string): (readonly [name: string, value: string])[] {
  return [...new URLSearchParams(rawQuery)];
}

/** A parameter's name without the `$`, in lower case, since both are free in list options. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/^\$/, '');
}

/**
 * Reads the list options of a raw query string (without the `?`, or with it) by core-api.md 2, 5.1 and 5.3.
 * Throws ApiError ODATA_INVALID with the position.
 */
export function parseListOptions(rawQuery: string, rules: ListRules): ListOptions {
  const given = new Map<string, string>();
  for (const [name, value] of queryParameters(rawQuery)) given.set(plainName(name), value);
  const option = (name: OptionName): string | undefined => given.get(name);
  const skip = readNumber('skip', option('skip')) ?? 0;
  if (rules.events === true && skip > 0)
    refuse('skip', new ODataError('Events are paged by continuation token, not by $skip', 1));
  return {
    filter: readFilterOption(option('filter'), rules),
    orderBy: readOrderOption(option('orderby'), rules),
    top: Math.min(readNumber('top', option('top')) ?? DEFAULT_TOP, LARGEST_TOP),
    skip,
    count: readCount(option('count'), option('inlinecount'), rules),
    now: rules.now.toISOString(),
  };
}

function readFilterOption(text: string | undefined, rules: ListRules): Filter | null {
  if (text === undefined || text.trim() === '') return null;
  return attempt('filter', () => readFilter(text, rules));
}

function readOrderOption(text: string | undefined, { fields }: ListRules): OrderItem[] {
  if (text === undefined || text.trim() === '') return [];
  return attempt('orderby', () => readOrderBy(text, fields));
}

function readNumber(name: OptionName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const digits = text.trim();
  if (!/^\d+$/.test(digits) || digits.length > LONGEST_OPTION)
    return refuse(name, new ODataError('Expected a whole number of 0 or more', 1));
  // Any number of rows to leave out that is this large leaves out all.
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

function readCount(
  count: string | undefined,
  inlineCount: string | undefined,
  { v3Conversion }: ListRules,
): boolean {
  const byV4 = readWord('count', count, ['true', 'false']) === 'true';
  if (!v3Conversion) return byV4;
  return readWord('inlinecount', inlineCount, ['allpages', 'none']) === 'allpages' || byV4;
}

function readWord(
  name: OptionName,
  text: string | undefined,
  words: readonly string[],
): string | undefined {
  const word = text?.trim().toLowerCase();
  if (word === undefined || word === '' || words.includes(word)) return word;
  return refuse(name, new ODataError(`Expected ${words.join(' or ')}`, 1));
}

function attempt<Result>(name: OptionName, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ODataError) return refuse(name, error);
    throw error;
  }
}

function refuse(name: OptionName, { reason, position }: ODataError): never {
  throw new ApiError('ODATA_INVALID', { reason: `$${name}: ${reason} at position ${position}.` });
}

/** Where a list was asked for: `origin` without a slash at its end, `path` as called, the query as sent. */
export type ListRequest = {
  readonly origin: string;
  readonly path: string;
  readonly rawQuery: string;
};

export type PageParts<Item> = {
  readonly items: readonly Item[];
  readonly count: number | null;
  /** Whether rows follow those of this page. */
  readonly hasMore: boolean;
};

/** The envelope of 5.1; the link keeps every parameter of the request and moves `$skip` on by the page size. */
export function pageOf<Item>(
  { items, count, hasMore }: PageParts<Item>,
  { options, request }: { readonly options: ListOptions; readonly request: ListRequest },
): Page<Item> {
  const hasLink = hasMore && options.top > 0;
  const skip = String(options.skip + options.top);
  const link = hasLink
    ? nextLink(request, { name: '$skip', value: skip, replaces: ['skip'] })
    : null;
  return { items, next_page_link: link, count };
}

export type LinkChange = {
  readonly name: string;
  readonly value: string;
  /** Names, without `$` and in lower case, of the parameters that give way. */
  readonly replaces: readonly string[];
};

/** The absolute URL of the next page, percent-encoded with `%20` for a blank. */
export function nextLink(
  { origin, path, rawQuery }: ListRequest,
  { name, value, replaces }: LinkChange,
): string {
  const kept = queryParameters(rawQuery).filter(([old]) => !replaces.includes(plainName(old)));
  const query = [...kept, [name, value] as const]
    .map(([key, text]) => `${encode(key)}=${encode(text)}`)
    .join('&');
  return `${origin}${path}?${query}`;
}

/** `$` may stand as it is in a query (RFC 3986, 3.4), and callers look for `$skip`. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%24', '$');
}
