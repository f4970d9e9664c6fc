import * as fc from 'fast-check';
import type { Schema } from './operations.ts';

/** Values that some member does not expect; `ids` are those of things that exist, own and foreign. */
export function hostileValue(ids: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2_147_483_648, 1e300),
    fc.constantFrom('', ' ', 'x', '0', 'true', 'null', '\u0000', '\ud800', 'é'.repeat(300), '🔑'),
    fc.constantFrom('00000000-0000-0000-0000-000000000000', ...ids),
    fc.uuid(),
    fc.constantFrom('24:00', '25:61', '08:00', '2026-02-30', '0000-00-00', '-1.00:00:00'),
    fc.constantFrom('9999-12-31T23:59:59+14:00', '2026-03-29T02:30:00', '90.00:00:00'),
    fc.constantFrom<unknown>([], {}, [null], [[]], [{}], ['x'], { id: null }, [...ids]),
    fc.string(),
    fc.jsonValue({ maxDepth: 3 }),
  );
}

/** Bodies mostly of the right types, with values that may be wrong together. */
export function likelyBody(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {});
  const shapes = Object.fromEntries(
    members.map(([name, member]) => [
      name,
      fc.oneof(
        { weight: 12, arbitrary: valueOf(member, ids) },
        { weight: 1, arbitrary: hostileValue(ids) },
      ),
    ]),
  );
  const required = [...(schema.required ?? [])];
  return fc.record(shapes, required.length === members.length ? {} : { requiredKeys: required });
}

function valueOf(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined)
    return fc.oneof(...schema.anyOf.map((branch) => valueOf(branch, ids)));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (types.includes('object')) return likelyBody(schema, ids);
  if (types.includes('array')) return fc.array(valueOf(schema.items ?? {}, ids), { maxLength: 4 });
  if (types.includes('boolean')) return fc.boolean();
  if (types.includes('integer') || types.includes('number'))
    return fc.oneof(fc.integer({ min: -2, max: 700 }), fc.maxSafeInteger());
  return texts[schema.format ?? ''] ?? idOrText(schema, ids);
}

function idOrText(schema: Schema, ids: readonly string[]): fc.Arbitrary<unknown> {
  if (schema.format === 'uuid') return fc.oneof(fc.constantFrom(...ids), fc.uuid());
  return fc.oneof(
    fc.constantFrom('UTC', 'Europe/Amsterdam', 'NL', 'sallis', '1234', '', 'AB12'),
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 300 }),
  );
}

const clockTime = fc.constantFrom('00:00', '08:00', '18:00:30', '23:59', '24:00', '7:5', '');
const wallClock = fc.constantFrom('2026-01-01', '2026-12-31T10:00', '2025-06-01 08:00:00', '');
const texts: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'time-start': clockTime,
  'time-end': clockTime,
  'local-start': wallClock,
  'local-end': wallClock,
  'date-time': fc.constantFrom('2026-01-01', '2050-01-01T12:30:00Z', '0001-01-01', ''),
  span: fc.constantFrom('90.00:00:00', '0.00:00:01', '9999999.00:00:00', ''),
};
