import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '#contract/api-error';
import { isUuid } from '#contract/ids';
import {
  eventOrder,
  type EventPage,
  type EventPosition,
  type FieldType,
  type ListFields,
  type ListOptions,
} from '#contract/odata';
import { nextLink, plainName, queryParameters, type ListRequest } from './list.ts';
import { readDateTime, readTime } from './odata-literal.ts';
import { printFilter, printOrder } from './odata-print.ts';

/*
 * A token is base64url of a 12-byte digest and the JSON of [id, key, …] of the last row shown. The digest covers list,
 * filter and order too, so a token only fits the query it came from. It guards against mistakes, not against forgery: a
 * forged token can do no more than a filter of the same caller can, as every value is checked before SQL sees it.
 */
const DIGEST_BYTES = 12;
/** 5.3: at most 512 characters. */
const LONGEST_BODY_BYTES = 384 - DIGEST_BYTES;

/** What a token belongs to; `list` is any fixed name of the resource and, where it has one, of its parent. */
export type EventQuery = {
  readonly list: string;
  readonly fields: ListFields;
  readonly options: ListOptions;
};

export type GivenToken = {
  /** The header or parameter it came in, as the caller knows it. */
  readonly parameter: string;
  readonly token: string;
};

const tokenNames = ['continuationtoken', 'continuation_token'];

/** Finds the continuation token of a request, header before query (core-api.md 5.3); null when none or an empty one was sent. */
export function findContinuationToken(
  headers: IncomingHttpHeaders,
  rawQuery: string,
): GivenToken | null {
  for (const parameter of ['CLP-Continuation-Token', 'continuationToken']) {
    const value = headers[parameter.toLowerCase()];
    const token = (Array.isArray(value) ? value.at(-1) : value)?.trim();
    if (token !== undefined && token !== '') return { parameter, token };
  }
  const [parameter, token] =
    queryParameters(rawQuery).findLast(([name]) => tokenNames.includes(plainName(name))) ?? [];
  if (parameter === undefined || token === undefined || token.trim() === '') return null;
  return { parameter, token: token.trim() };
}

/** Writes where a page ended as a token of 1 to 512 characters; keys that do not fit are left to be read again by the id. */
export function writeContinuation({ id, keys }: EventPosition, query: EventQuery): string {
  const whole = Buffer.from(JSON.stringify([id, ...(keys ?? [])]));
  const body = whole.length <= LONGEST_BODY_BYTES ? whole : Buffer.from(JSON.stringify([id]));
  return Buffer.concat([digest(body, query), body]).toString('base64url');
}

/** Reads a token back; throws ApiError VALUE_INVALID when it is damaged or belongs to another filter or order. */
export function readContinuation(given: GivenToken, query: EventQuery): EventPosition {
  const position = decode(given.token, query);
  if (position === undefined) throw new ApiError('VALUE_INVALID', { parameter: given.parameter });
  return position;
}

function decode(token: string, query: EventQuery): EventPosition | undefined {
  if (!/^[A-Za-z0-9_-]{1,512}$/.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const body = bytes.subarray(DIGEST_BYTES);
  const isWhole = bytes.toString('base64url') === token;
  if (!isWhole || !bytes.subarray(0, DIGEST_BYTES).equals(digest(body, query))) return undefined;
  return readBody(body.toString(), query);
}

function digest(body: Buffer, { list, options }: EventQuery): Buffer {
  const filter = options.filter === null ? '' : printFilter(options.filter);
  const binding = JSON.stringify([list, filter, printOrder(eventOrder(options))]);
  return createHash('sha256').update(binding).update(body).digest().subarray(0, DIGEST_BYTES);
}

function readBody(json: string, { fields, options }: EventQuery): EventPosition | undefined {
  const body = parseJson(json);
  if (!Array.isArray(body)) return undefined;
  const [id, ...keys] = body as unknown[];
  if (typeof id !== 'string' || !isUuid(id)) return undefined;
  if (keys.length === 0) return { id, keys: null };
  const order = eventOrder(options);
  const types = order.map(({ path }) => fields[path]?.type ?? 'text');
  const isSound = keys.length === types.length && keys.every((key, i) => isKey(key, types[i]));
  return isSound ? { id, keys } : undefined;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** True when PostgreSQL can read the text as a value of the type. */
function isKey(key: unknown, type: FieldType | undefined): key is string | null {
  if (key === null) return true;
  if (typeof key !== 'string' || key.includes('\0')) return false;
  switch (type) {
    case 'uuid':
      return isUuid(key);
    case 'bool':
      return key === 'true' || key === 'false';
    case 'int':
      return /^-?\d{1,18}$/.test(key);
    case 'number':
    case 'span':
      return /^-?\d{1,18}(?:\.\d{1,18})?(?:e[+-]?\d{1,2})?$/.test(key);
    case 'instant':
    case 'local':
      return readDateTime(key) !== undefined;
    case 'time':
      return readTime(key) !== undefined;
    case 'text':
    case 'enum':
    case 'collection':
    case undefined:
    default:
      return true;
  }
}

export type EventPageParts<Item> = {
  readonly items: readonly Item[];
  readonly count: number | null;
  /** Where the page ended, null when nothing follows. */
  readonly next: EventPosition | null;
};

/** The envelope of 5.3; the link carries the token as `$continuationToken`. */
export function eventPageOf<Item>(
  { items, count, next }: EventPageParts<Item>,
  { request, ...query }: EventQuery & { readonly request: ListRequest },
): EventPage<Item> {
  if (next === null) return { items, continuation_token: null, next_page_link: null, count };
  const token = writeContinuation(next, query);
  const change = { name: '$continuationToken', value: token, replaces: [...tokenNames, 'skip'] };
  return {
    items,
    continuation_token: token,
    next_page_link: nextLink(request, change),
    count,
  };
}
