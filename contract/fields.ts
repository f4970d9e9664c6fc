/**
 * The member types of the HTTP contracts (core-api.md 7 and 9) as schemas: one definition serves reading, writing, OpenAPI.
 * Requests are read by server/http/body.ts, which knows the formats below and their tolerances.
 */
import { Type, type Static, type TSchema, type TUnsafe } from 'typebox';

type Form = {
  readonly type: 'string' | 'boolean' | 'integer' | 'number';
  readonly [keyword: string]: unknown;
};

const form = <T>(schema: Form): TUnsafe<T> => Type.Unsafe<T>(schema);

export const Uuid = form<string>({ type: 'string', format: 'uuid' });
export const Text = form<string>({ type: 'string' });
/** `customer_reference`: kept as sent, 255 code points at most, "" is stored as null. */
export const Reference = form<string>({ type: 'string', format: 'reference', maxLength: 255 });
/**
 * Names and references of the Connect face (connect-api.md 1.2): so many code points without the blanks around them, kept as sent,
 * else VALUE_INVALID. A text that may be empty is nothing when it is: give it `orNull`.
 */
export const Name = form<string>({ type: 'string', format: 'name' });
export const Alias = form<string>({ type: 'string', format: 'alias' });
export const DeviceName = form<string>({ type: 'string', format: 'device-name' });
/** An e-mail address: "" is refused and never means "nothing" (connect-api.md 1.2); whether mail reaches it, only a mail tells. */
export const MailAddress = form<string>({ type: 'string', format: 'mail-address' });
export const Bool = form<boolean>({ type: 'boolean' });
export const Int = form<number>({ type: 'integer' });
/** A whole number that is VALUE_INVALID outside its range. */
export const ranged = (range: { readonly minimum: number; readonly maximum?: number }) =>
  form<number>({ type: 'integer', format: 'in-range', ...range });
/** An IANA name. */
export const TimeZone = form<string>({ type: 'string', format: 'time-zone' });
/** ISO 3166 alpha-2. */
export const CountryCode = form<string>({ type: 'string', format: 'country-code' });
/** Instant: ISO 8601 in, no zone = UTC; `YYYY-MM-DDTHH:mm:ssZ` out. */
export const Instant = form<string>({ type: 'string', format: 'date-time' });
/** Wall clock without zone; a date alone is the start of the day. */
export const LocalStart = form<string>({ type: 'string', format: 'local-start' });
/** Wall clock without zone; a date alone is the end of the day. */
export const LocalEnd = form<string>({ type: 'string', format: 'local-end' });
/** Time of day; without seconds it gets `:00`. */
export const TimeStart = form<string>({ type: 'string', format: 'time-start' });
/** Time of day; without seconds it gets `:59`. */
export const TimeEnd = form<string>({ type: 'string', format: 'time-end' });
/** Duration `d.hh:mm:ss`. */
export const Span = form<string>({ type: 'string', format: 'span' });

/** Any JSON object, kept as sent; what it holds is checked where it is read. */
export const JsonObject = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  format: 'json',
  additionalProperties: true,
});

/** A closed list of words: any letter case in, exactly these out. */
export function words<const W extends readonly string[]>(list: W): TUnsafe<W[number]> {
  return form<W[number]>({ type: 'string', enum: [...list] });
}

/** May be null. In a PATCH body null means "cleared" after reading, and is never what an absent member becomes. */
export function orNull<S extends TSchema>(schema: S): TUnsafe<Static<S> | null> {
  const { type, enum: listed, ...rest } = schema as unknown as Record<string, unknown>;
  // A list of types and not `anyOf`: the serialiser then picks by a look instead of a validation.
  return Type.Unsafe<Static<S> | null>({
    ...rest,
    type: [type, 'null'],
    ...(Array.isArray(listed) ? { enum: [...(listed as unknown[]), null] } : {}),
  });
}

/** Absent in a create body = this value. */
export function withDefault<S extends TSchema>(schema: S, value: Static<S>): S {
  return { ...schema, default: value };
}

/** A member that need not be sent. Create: absent bool = false, else its default, else null. PATCH: absent = unchanged. */
export const optional = Type.Optional;
export const listOf = Type.Array;

/** The paging envelope of core-api.md 5.1. */
export function page<S extends TSchema>(item: S) {
  return Type.Object({
    items: Type.Array(item),
    next_page_link: orNull(Text),
    count: orNull(Int),
  });
}

/** The envelope of entries and incidents, core-api.md 5.3. */
export function eventPage<S extends TSchema>(item: S) {
  return Type.Object({
    items: Type.Array(item),
    continuation_token: orNull(Text),
    next_page_link: orNull(Text),
    count: orNull(Int),
  });
}

/** Each schedule's seven days, as members. */
export const weekdays = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;

/** Days of a schedule that holds the whole week. */
export const everyDay = {
  monday: true,
  tuesday: true,
  wednesday: true,
  thursday: true,
  friday: true,
  saturday: true,
  sunday: true,
} as const;
