/**
 * Reading a request body against its schema with the tolerance of core-api.md 2: members in any letter case, numbers and
 * booleans as text, forms, unknown members ignored. All faults are found at once; faults of form (1100) go before faults of
 * value (1101).
 */
import type { Static, TObject, TSchema } from 'typebox';
import { ApiError, type ErrorDetail } from '#contract/api-error';
import { countryHint } from '#contract/countries';
import { nilUuid } from '#contract/ids';
import { zoneHint } from '#contract/time-zone';
import { readForm, type FormNode } from './form-body.ts';
import { valueForms } from './value-forms.ts';

/** create: absent members get their default (bool false, others null). patch: absent and null members are left out. */
export type BodyMode = 'create' | 'patch';
export type CreateBody<S extends TObject> = Required<Static<S>>;
export type PatchBody<S extends TObject> = Static<S>;

type Schema = {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
};

type Faults = { readonly form: string[]; readonly value: { name: string; reason?: string }[] };

/** What a caller sent, before a schema has read it. */
export type RawBody = {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
  /** "" for an id that need not be sent is null, as the Connect face has it (connect-api.md 1.2). */
  readonly isEmptyIdNull?: boolean;
};

/**
 * Returns the body as its schema says.
 * Raises REQUEST_INVALID (unreadable, wrong JSON type, id no UUID, required member missing; 415 for other media types) and
 * VALUE_INVALID (a value that is not allowed).
 */
export function readBody<S extends TObject>(raw: RawBody, schema: S, mode: 'create'): CreateBody<S>;
export function readBody<S extends TObject>(raw: RawBody, schema: S, mode: 'patch'): PatchBody<S>;
export function readBody(raw: RawBody, schema: TSchema, mode: BodyMode): unknown {
  const sent = decodeBody(raw);
  const faults: Faults = { form: [], value: [] };
  const result = readObject(sent, plain(schema), {
    mode,
    faults,
    path: '',
    isForm: sent instanceof Map,
    isEmptyIdNull: raw.isEmptyIdNull ?? false,
  });
  raise(faults, result);
  return result;
}

/** VALUE_INVALID of a body whose form is right: what could be read of it. */
export class InvalidValues extends ApiError {
  readonly body: unknown;

  constructor(detail: ErrorDetail, body: unknown) {
    super('VALUE_INVALID', detail);
    this.body = body;
  }
}

function plain(schema: TSchema): Schema {
  return schema;
}

/** A list of a million wrong items would make a message far larger than the body itself. */
const mostFaultsNamed = 100;

function raise(faults: Faults, body: unknown): void {
  if (faults.form.length > 0)
    throw new ApiError('REQUEST_INVALID', { reason: sentences(faults.form) });
  const [first, ...rest] = faults.value;
  if (first === undefined) return;
  const more = sentences(rest.map((fault) => describe(fault)));
  const reason = [first.reason, more].filter((part) => part !== undefined && part !== '').join(' ');
  const detail = { parameter: first.name, ...(reason === '' ? {} : { reason }) };
  throw new InvalidValues(detail, body);
}

function sentences(faults: readonly string[]): string {
  const named = faults.slice(0, mostFaultsNamed);
  const unnamed = faults.length - named.length;
  return [...named, ...(unnamed > 0 ? [`There are ${unnamed} more.`] : [])].join(' ');
}

function describe(fault: { name: string; reason?: string }): string {
  const text = `Value of '${fault.name}' is invalid.`;
  return fault.reason === undefined ? text : `${text} ${fault.reason}`;
}

/** JSON, or a form's tree; blank and `null` are an empty object. */
export function decodeBody({ bytes, contentType }: RawBody): unknown {
  const text = decodeText(bytes).trim();
  if (text === '' || text === 'null') return {};
  const media = (contentType ?? '').split(/[;,]/)[0]?.trim().toLowerCase() ?? '';
  const looksLikeJson = text.startsWith('{') || text.startsWith('[');
  if (!looksLikeJson && media === 'application/x-www-form-urlencoded') {
    const form = readForm(text);
    if (form === null)
      throw new ApiError('REQUEST_INVALID', { reason: 'The form nests too deep.' });
    return form;
  }
  const isJson =
    media === '' || media === 'application/json' || /^application\/.+\+json$/.test(media);
  if (!looksLikeJson && !isJson)
    throw new ApiError('REQUEST_INVALID', {
      case: 'media_type',
      reason: 'Send application/json or application/x-www-form-urlencoded.',
    });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ApiError('REQUEST_INVALID', { reason: 'The body is not valid JSON.', cause });
  }
}

function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ApiError('REQUEST_INVALID', { reason: 'The body is not valid UTF-8.', cause });
  }
}

type Reading = {
  readonly mode: BodyMode;
  readonly faults: Faults;
  readonly path: string;
  readonly isForm: boolean;
  readonly isEmptyIdNull: boolean;
};

function readObject(sent: unknown, schema: Schema, reading: Reading): unknown {
  const members = membersOf(sent);
  if (members === null) {
    reading.faults.form.push(
      reading.path === ''
        ? 'The body must be an object.'
        : `The ${reading.path} field must be an object.`,
    );
    return {};
  }
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const inner = { ...reading, path: reading.path === '' ? name : `${reading.path}.${name}` };
    const value = readMember(members.get(name), member, {
      ...inner,
      isRequired: schema.required?.includes(name) ?? false,
    });
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** Members by lower-case name, the last one counts; null when it is no object. */
function membersOf(sent: unknown): ReadonlyMap<string, unknown> | null {
  if (sent instanceof Map)
    return new Map([...(sent as Map<string, FormNode>)].map(([k, v]) => [k.toLowerCase(), v]));
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return null;
  return new Map(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
}

function readMember(
  sent: unknown,
  schema: Schema,
  reading: Reading & { readonly isRequired: boolean },
): unknown {
  if (sent === undefined || sent === null || isEmptyValue(sent, schema, reading)) {
    if (reading.isRequired) {
      reading.faults.form.push(`The ${reading.path} field is required.`);
      return undefined;
    }
    return reading.mode === 'patch' ? undefined : absent(schema);
  }
  return readValue(sent, schema, reading);
}

function absent(schema: Schema): unknown {
  if (schema.default !== undefined) return schema.default;
  return schema.type === 'boolean' ? false : null;
}

/**
 * "" for a member that is no text, as a form sends it for "nothing". For an id JSON says null; the Connect face takes "" as well
 * where the id need not be sent.
 */
function isEmptyValue(
  sent: unknown,
  schema: Schema,
  { isForm, isEmptyIdNull, isRequired }: Reading & { readonly isRequired: boolean },
): boolean {
  if ((isForm ? lastOf(sent) : sent) !== '') return false;
  const isId = schema.format === 'uuid';
  if (isId && isEmptyIdNull && !isRequired) return true;
  return !typesOf(schema).includes('string') || (isForm && (isId || schema.enum !== undefined));
}

function typesOf(schema: Schema): readonly string[] {
  return typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
}

function readValue(sent: unknown, schema: Schema, reading: Reading): unknown {
  const types = typesOf(schema);
  if (schema.format === 'json') return readJson(sent, reading);
  if (types.includes('object')) return readObject(sent, schema, reading);
  if (types.includes('array')) return readArray(sent, schema, reading);
  if (types.includes('boolean')) return readBoolean(sent, reading);
  if (types.includes('integer') || types.includes('number'))
    return readNumber(sent, schema, reading);
  return readText(sent, schema, reading);
}

/** An object kept as it was sent; a form has none. */
function readJson(sent: unknown, { faults, path, isForm }: Reading): unknown {
  if (typeof sent === 'object' && sent !== null && !Array.isArray(sent) && !isForm) return sent;
  faults.form.push(`The ${path} field must be a JSON object.`);
  return {};
}

function readArray(sent: unknown, schema: Schema, reading: Reading): unknown {
  const list = arrayOf(sent, reading);
  if (list === null) {
    reading.faults.form.push(`The ${reading.path} field must be a list.`);
    return [];
  }
  const items = schema.items ?? {};
  return list.map((item, index) => {
    const inner = { ...reading, path: `${reading.path}[${index}]` };
    if (item === null || item === undefined) {
      inner.faults.form.push(`The ${inner.path} field is required.`);
      return null;
    }
    return readValue(item, items, inner);
  });
}

/** A list, a form's single value, or a form's numbered items in the order of their numbers. */
function arrayOf(sent: unknown, { isForm }: Reading): readonly unknown[] | null {
  if (isForm && typeof sent === 'string') return [sent];
  if (Array.isArray(sent)) return sent as unknown[];
  if (!(sent instanceof Map)) return null;
  const numbered = [...(sent as Map<string, FormNode>)];
  if (!numbered.every(([name]) => /^\d{1,6}$/.test(name))) return null;
  return numbered.sort(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

function readBoolean(sent: unknown, reading: Reading): unknown {
  const value = lastOf(sent);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase();
    if (word === 'true') return true;
    if (word === 'false') return false;
  }
  reading.faults.form.push(`The ${reading.path} field must be a boolean.`);
  return false;
}

function readNumber(sent: unknown, schema: Schema, reading: Reading): unknown {
  const types = typesOf(schema);
  const value = lastOf(sent);
  const number =
    typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || (types.includes('integer') && !Number.isInteger(number))) {
    reading.faults.form.push(`The ${reading.path} field must be a number.`);
    return 0;
  }
  if (schema.format === 'in-range') return inRange(number, schema, reading);
  // Whoever knows a range of its own judges it: outside of some the answer is a 404.
  const hasRange = schema.maximum !== undefined;
  if (!Number.isFinite(number) || (!hasRange && Math.abs(number) > 2_147_483_647))
    reading.faults.value.push({ name: reading.path });
  return number;
}

function inRange(
  number: number,
  { minimum = 0, maximum }: Schema,
  { faults, path }: Reading,
): number {
  if (number < minimum || number > (maximum ?? 2_147_483_647)) {
    const reason =
      maximum === undefined ? `It is ${minimum} or more.` : `Allowed are ${minimum} to ${maximum}.`;
    faults.value.push({ name: path, reason });
  }
  return number;
}

function readText(sent: unknown, schema: Schema, reading: Reading): unknown {
  const value = lastOf(sent);
  if (typeof value !== 'string') {
    reading.faults.form.push(`The ${reading.path} field must be a string.`);
    return '';
  }
  const isNullable = Array.isArray(schema.type);
  if (isNullable && clears(value, schema, reading.mode)) return null;
  if (schema.enum !== undefined) return readWord(value, schema.enum, reading);
  // PostgreSQL keeps no NUL in text, and half a surrogate pair is no character: neither could be read back as sent.
  if (value.includes('\u0000')) return invalid(reading, 'It holds a NUL character.');
  if (/\p{Surrogate}/u.test(value)) return invalid(reading, 'It holds half a character.');
  if (schema.maxLength !== undefined && Array.from(value).length > schema.maxLength)
    return invalid(reading, `It is longer than ${schema.maxLength} characters.`);
  const form = schema.format === undefined ? undefined : valueForms[schema.format];
  if (form === undefined) return value;
  const canonical = form(value);
  if (canonical !== null) return canonical;
  if (schema.format === 'uuid')
    reading.faults.form.push(`The ${reading.path} field must be a UUID.`);
  else return invalid(reading, formHints[schema.format ?? '']);
  return '';
}

/** What to send instead, for the forms of core-api.md 9. */
const formHints: Readonly<Record<string, string>> = {
  'date-time': 'Send a date and time such as 2050-01-01T12:30:00Z.',
  'local-start': 'Send a date such as 2050-01-01, or a date and time.',
  'local-end': 'Send a date such as 2050-01-31, or a date and time.',
  'time-start': 'Send a time of day such as 08:00 or 08:00:00.',
  'time-end': 'Send a time of day such as 17:30 or 17:30:59.',
  span: 'Send days and time such as 90.00:00:00.',
  'time-zone': zoneHint,
  'country-code': countryHint,
};

function invalid(reading: Reading, reason?: string): string {
  reading.faults.value.push({ name: reading.path, ...(reason === undefined ? {} : { reason }) });
  return '';
}

/** `""` and the nil UUID mean "nothing" for members that may be null (core-api.md 2, clearing on PATCH). */
function clears(value: string, schema: Schema, mode: BodyMode): boolean {
  if (value === '' && schema.format === 'mail-address') return false;
  if (value === '') return schema.format !== 'uuid' || mode === 'create';
  return schema.format === 'uuid' && value === nilUuid;
}

function readWord(value: string, listed: readonly unknown[], reading: Reading): unknown {
  const wanted = value.toLowerCase();
  const found = listed.find((word) => typeof word === 'string' && word.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const allowed = listed.filter((word) => typeof word === 'string').join(', ');
  reading.faults.value.push({ name: reading.path, reason: `Allowed are ${allowed}.` });
  return null;
}

/** A form may send a member twice: the last one counts. */
function lastOf(sent: unknown): unknown {
  return Array.isArray(sent) ? (sent as unknown[]).at(-1) : sent;
}
