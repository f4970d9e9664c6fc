import { readdir } from 'node:fs/promises';
import * as fc from 'fast-check';
import { Type, type TObject, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ApiError } from '#contract/api-error';
import {
  Alias,
  Bool,
  DeviceName,
  Instant,
  Int,
  listOf,
  LocalEnd,
  LocalStart,
  MailAddress,
  Name,
  optional,
  orNull,
  Reference,
  Text,
  Uuid,
  words,
} from '#contract/fields';
import { decodeBody, readBody, type BodyMode } from './body.ts';

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const contractFolder = new URL('../../contract/', import.meta.url);

/** Every request schema of the contract, by its name. */
async function requestSchemas(): Promise<readonly (readonly [string, TObject])[]> {
  const files = (await readdir(contractFolder)).filter((file) => /^[a-z-]+\.ts$/.test(file));
  const found: (readonly [string, TObject])[] = [];
  for (const file of files) {
    const module = (await import(new URL(file, contractFolder).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(module))
      if (name.endsWith('Request') && isObjectSchema(value)) found.push([name, value]);
  }
  return found;
}

function isObjectSchema(value: unknown): value is TObject {
  return typeof value === 'object' && value !== null && 'properties' in value && 'type' in value;
}

type Read = { readonly value: unknown } | { readonly error: ApiError };

type More = { mode?: BodyMode; type?: string; isEmptyIdNull?: boolean };

function read(text: string, schema: TObject, more: More = {}): Read {
  const raw = {
    bytes: Buffer.from(text),
    contentType: more.type ?? json,
    isEmptyIdNull: more.isEmptyIdNull ?? false,
  };
  try {
    return { value: readBody(raw, schema, (more.mode ?? 'create') as 'create') };
  } catch (error) {
    if (error instanceof ApiError) return { error };
    throw error;
  }
}

const names = (schemas: readonly (readonly [string, TObject])[]): string[] => [
  ...new Set(schemas.flatMap(([, schema]) => Object.keys(schema.properties))),
];

describe('any JSON against any request schema', () => {
  it('gives a value of the schema, or 1100 or 1101, and never throws anything else', async () => {
    const schemas = await requestSchemas();
    expect(schemas.length).toBeGreaterThan(20);
    const member = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('true', '12', '', ' ', '08:00', '2026-01-01', '90.00:00:00', '\u0000'),
      fc.constantFrom('00000000-0000-0000-0000-000000000000', 'sallis', '\ud800'),
      fc.uuid(),
      fc.array(fc.uuid(), { maxLength: 3 }),
    );
    const body = fc.dictionary(fc.constantFrom(...names(schemas), '__proto__', 'x'), member);
    const schemaAndMode = fc.tuple(
      fc.constantFrom(...schemas),
      fc.constantFrom<BodyMode>('create', 'patch'),
    );
    fc.assert(
      fc.property(body, schemaAndMode, (sent, [[name, schema], mode]) => {
        const result = read(JSON.stringify(sent), schema, { mode });
        if ('error' in result)
          expect(['REQUEST_INVALID', 'VALUE_INVALID']).toContain(result.error.error);
        else expect(fits(result.value, schema, mode), name).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('any text, as JSON or as a form, gives an object or 1100 or 1101', async () => {
    const schemas = await requestSchemas();
    const formText = fc
      .array(
        fc.tuple(
          fc.constantFrom(...names(schemas), 'iq_tree_items[0].id', 'ids[]', 'a[b][c]', ']['),
          fc.constantFrom('', '[]', '[0]', '[1].id', '[x]', '.id', '[[', '%'),
          fc.oneof(fc.string(), fc.uuid()),
        ),
        { maxLength: 6 },
      )
      .map((pairs) => pairs.map(([name, more, value]) => `${name}${more}=${value}`).join('&'));
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), formText),
        fc.constantFrom(...schemas),
        fc.constantFrom(json, form, ''),
        (text, [, schema], type) => {
          const result = read(text, schema, { type });
          if ('error' in result)
            expect(['REQUEST_INVALID', 'VALUE_INVALID']).toContain(result.error.error);
          else expect(typeof result.value).toBe('object');
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** Its range is not the body's to judge: outside of it the answer is a 404. */
function isJudgedLater(member: TSchema): boolean {
  return 'maximum' in member && !('format' in member);
}

/** Whether a read body is what handlers are promised: in a create body an absent member is null. */
function fits(value: unknown, schema: TObject, mode: BodyMode): boolean {
  const properties = Object.fromEntries(
    Object.entries(schema.properties as Record<string, TSchema>).map(([name, member]) => [
      name,
      isJudgedLater(member) ? Type.Number() : member,
    ]),
  );
  if (mode === 'patch') return Value.Check({ ...schema, properties }, value);
  const members = Object.entries(properties).map(
    ([name, member]) => [name, Type.Union([member, Type.Null()])] as const,
  );
  return Value.Check(Type.Object(Object.fromEntries(members)), value);
}

const Everything = Type.Object({
  id: Uuid,
  name: optional(orNull(Reference)),
  flag: optional(Bool),
  number: optional(orNull(Int)),
  kind: optional(orNull(words(['first', 'second']))),
  at: optional(orNull(Instant)),
  ids: optional(orNull(listOf(Uuid))),
  items: optional(orNull(listOf(Type.Object({ id: Uuid, text: optional(orNull(Text)) })))),
});
const id = '5F0C0000-0000-4000-8000-00000000000A';
const lower = id.toLowerCase();

describe('a form', () => {
  it.each([
    `id=${id}&items[0].id=${id}&items[0].text=a+b&items[1].id=${id}`,
    `id=${id}&items[0][id]=${id}&items[0][text]=a%20b&items[1][id]=${id}`,
    `id=${id}&ITEMS[10][ID]=${id}&items[2][Text]=a+b&items[2].id=${id}`,
  ])('%s is the object it stands for', (text) => {
    const items = [
      { id: lower, text: 'a b' },
      { id: lower, text: null },
    ];
    expect(read(text, Everything, { type: form })).toMatchObject({ value: { id: lower, items } });
  });

  it.each([`ids=${id}`, `ids[]=${id}`, `ids[0]=${id}`, `ids%5b0%5D=${id}`])(
    '%s is a list of one',
    (text) => {
      const result = read(`id=${id}&${text}`, Everything, { type: form });
      expect(result).toMatchObject({ value: { ids: [lower] } });
    },
  );

  it('with empty values leaves what is no text unchanged', () => {
    const text = 'id=&flag=&number=&kind=&ids=';
    const schema = Type.Object({ ...Everything.properties, id: optional(orNull(Uuid)) });
    expect(read(text, schema, { type: form, mode: 'patch' })).toEqual({ value: {} });
  });
});

describe('values', () => {
  it('are given the defaults of a create body', () => {
    expect(read(`{"id":"${id}"}`, Everything)).toEqual({
      value: {
        id: lower,
        name: null,
        flag: false,
        number: null,
        kind: null,
        at: null,
        ids: null,
        items: null,
      },
    });
  });

  it('may be numbers and words in another writing', () => {
    const text = `{"ID":"${id}","number":" 12 ","kind":"SECOND","at":"2026-01-02"}`;
    expect(read(text, Everything)).toMatchObject({
      value: { number: 12, kind: 'second', at: '2026-01-02T00:00:00Z' },
    });
  });

  it.each(['1.5', '"1e3"', '1e400', '99999999999999999999', '"x"', 'true', '[]'])(
    'the number %s is refused',
    (number) => {
      const result = read(`{"id":"${id}","number":${number}}`, Everything);
      expect('error' in result).toBe(true);
    },
  );

  it('of a member that is required are asked for by name', () => {
    const result = read('{"id":null,"items":[{}]}', Everything);
    expect(result).toMatchObject({
      error: {
        message:
          'The request received is invalid: The id field is required. The items[0].id field is required.',
      },
    });
  });
});

describe('names of the Connect face (connect-api.md 1.2)', () => {
  const refusal = (sent: string, schema: TSchema): string | null => {
    const result = read(JSON.stringify({ text: sent }), Type.Object({ text: schema }));
    if ('error' in result) return result.error.error;
    expect(result.value).toEqual({ text: sent });
    return null;
  };
  const key = '🔑';

  it.each([
    ['Name', Name, 1, 255],
    ['Alias', Alias, 0, 255],
    ['DeviceName', DeviceName, 0, 50],
  ] as const)('%s counts code points without outer blanks', (_name, schema, least, most) => {
    expect(refusal(key.repeat(most), schema)).toBeNull();
    expect(refusal(`  ${key.repeat(most)}\t`, schema)).toBeNull();
    expect(refusal(key.repeat(most + 1), schema)).toBe('VALUE_INVALID');
    const ofBlanks = least === 0 ? null : 'VALUE_INVALID';
    expect(refusal('', schema)).toBe(ofBlanks);
    expect(refusal('  ', schema)).toBe(ofBlanks);
  });

  it('an alias of nothing is null where it may be null', () => {
    const schema = Type.Object({ alias: optional(orNull(Alias)) });
    expect(read('{"alias":""}', schema)).toEqual({ value: { alias: null } });
    expect(read('{"alias":""}', schema, { mode: 'patch' })).toEqual({ value: { alias: null } });
    expect(read('{"alias":null}', schema, { mode: 'patch' })).toEqual({ value: {} });
  });

  it('an e-mail address is never empty, and nothing only where it is null or absent', () => {
    const schema = Type.Object({ email: optional(orNull(MailAddress)) });
    for (const mode of ['create', 'patch'] as const)
      for (const sent of ['""', '" "'])
        expect(read(`{"email":${sent}}`, schema, { mode })).toMatchObject({
          error: { error: 'VALUE_INVALID', message: expect.stringContaining('email') as string },
        });
    expect(read('{"email":null}', schema)).toEqual({ value: { email: null } });
    expect(read('{"email":null}', schema, { mode: 'patch' })).toEqual({ value: {} });
    expect(read('{"email":" a@b.test "}', schema)).toEqual({ value: { email: 'a@b.test' } });
  });
});

describe('"" for an id', () => {
  const schema = Type.Object({ tag_id: optional(orNull(Uuid)), role_ids: optional(listOf(Uuid)) });

  it('is nothing on the Connect face where the id need not be sent', () => {
    const more = { isEmptyIdNull: true };
    const sent = '{"tag_id":""}';
    expect(read(sent, schema, more)).toMatchObject({ value: { tag_id: null } });
    expect(read(sent, schema, { ...more, mode: 'patch' })).toEqual({ value: {} });
    const nil = '{"tag_id":"00000000-0000-0000-0000-000000000000"}';
    expect(read(nil, schema, { ...more, mode: 'patch' })).toEqual({ value: { tag_id: null } });
  });

  it.each(['{"role_ids":[""]}', '{"tag_id":" "}'])('is refused in %s', (sent) => {
    const result = read(sent, schema, { isEmptyIdNull: true });
    expect(result).toMatchObject({ error: { error: 'REQUEST_INVALID' } });
  });

  it('is refused where the id is required', () => {
    const result = read('{"id":""}', Type.Object({ id: Uuid }), { isEmptyIdNull: true });
    expect(result).toMatchObject({ error: { error: 'REQUEST_INVALID' } });
  });
});

describe('times (connect-api.md 1.4)', () => {
  const at = (sent: string): unknown => {
    const schema = Type.Object({ at: Instant });
    const result = read(JSON.stringify({ at: sent }), schema);
    return 'error' in result ? result.error.error : (result.value as { at: string }).at;
  };

  it.each([
    ['31-12-2026T10:00:00Z', '2026-12-31T10:00:00Z'],
    ['31-12-2026 10:00', '2026-12-31T10:00:00Z'],
    ['31-12-2026', '2026-12-31T00:00:00Z'],
    ['2026-12-31T10:00:00.987+02:00', '2026-12-31T08:00:00Z'],
    ['2026-12-31 10:00', '2026-12-31T10:00:00Z'],
    ['2026-12-31', '2026-12-31T00:00:00Z'],
    ['31-02-2026T10:00:00Z', 'VALUE_INVALID'],
    ['12-31-2026T10:00:00Z', 'VALUE_INVALID'],
    ['1-1-2026', 'VALUE_INVALID'],
    ['31-12-26', 'VALUE_INVALID'],
    ['31-12-2026x', 'VALUE_INVALID'],
  ])('the instant %s is %s', (sent, expected) => {
    expect(at(sent)).toBe(expected);
  });

  it('a wall clock may begin with the day, and keeps its digits whatever its zone', () => {
    const schema = Type.Object({ start: LocalStart, end: LocalEnd });
    expect(read('{"start":"01-12-2026","end":"31-12-2026"}', schema)).toEqual({
      value: { start: '2026-12-01T00:00:00', end: '2026-12-31T23:59:59' },
    });
    expect(read('{"start":"01-12-2026T16:00:00+05:00","end":"2026-12-31 16:00Z"}', schema)).toEqual(
      { value: { start: '2026-12-01T16:00:00', end: '2026-12-31T16:00:00' } },
    );
  });
});

it('a body of nothing is an empty object, whatever its type', () => {
  for (const contentType of [undefined, json, form, 'text/plain'])
    for (const text of ['', ' \n', 'null'])
      expect(decodeBody({ bytes: Buffer.from(text), contentType })).toEqual({});
});
