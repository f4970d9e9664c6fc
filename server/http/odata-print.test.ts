import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  compareWords,
  filterFunctions,
  functionShape,
  type FunctionName,
  type ParsedFilter,
  type ParsedLiteral,
} from '#contract/odata';
import { printFilter } from './odata-print.ts';
import { DEEPEST, parseFilter } from './odata.ts';

const reserved = new Set(['and', 'or', 'not', 'in', 'null', 'true', 'false', ...compareWords]);
const position = 0;
const two = (value: number): string => String(value).padStart(2, '0');

const path = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}(\/[a-z_][a-z0-9_]{0,8}){0,2}$/)
  .filter((text) => !reserved.has(text.toLowerCase()));

const variable = path.filter((text) => !text.includes('/'));

const clock = fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59)).map((parts) => parts.map(two).join(':'));

const datetime = fc
  .record({
    date: fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T00:00:00Z'),
      noInvalidDate: true,
    }),
    clock,
    micros: fc.oneof(fc.constant(0), fc.nat(999_999)),
    zone: fc.constantFrom('', 'Z', '+02:00', '-14:00', '+05:30'),
  })
  .map(({ date, clock, micros, zone }): ParsedLiteral => {
    const fraction = String(micros).padStart(6, '0').replace(/0+$/, '');
    const value = `${date.toISOString().slice(0, 10)}T${clock}`;
    return { type: 'datetime', value: fraction === '' ? value : `${value}.${fraction}`, zone };
  });

const literal: fc.Arbitrary<ParsedLiteral> = fc.oneof(
  fc.constant<ParsedLiteral>({ type: 'null' }),
  fc.boolean().map((value): ParsedLiteral => ({ type: 'bool', value })),
  fc
    .oneof(fc.integer(), fc.double({ min: -1e300, max: 1e300, noNaN: true }))
    .map((value): ParsedLiteral => ({ type: 'number', value: value === 0 ? 0 : value })),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .filter((text) => !text.includes('\0'))
    .map((value): ParsedLiteral => ({ type: 'text', value })),
  fc.uuid().map((value): ParsedLiteral => ({ type: 'uuid', value })),
  clock.map((value): ParsedLiteral => ({ type: 'time', value })),
  fc.integer().map((value): ParsedLiteral => ({ type: 'span', value: value === 0 ? 0 : value })),
  datetime,
);

const { tree } = fc.letrec<{ tree: ParsedFilter }>((tie) => {
  const inner = tie('tree');
  const call = fc
    .constantFrom(...(Object.keys(filterFunctions) as FunctionName[]))
    .chain((name) =>
      fc
        .tuple(...functionShape(name).takes.map(() => inner))
        .map((args): ParsedFilter => ({ kind: 'call', name, args, position })),
    );
  return {
    tree: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'filter' },
      path.map((path): ParsedFilter => ({ kind: 'field', path, position })),
      literal.map((literal): ParsedFilter => ({ kind: 'literal', literal, position })),
      fc
        .record({ word: fc.constantFrom(...compareWords), left: inner, right: inner })
        .map((parts): ParsedFilter => ({ kind: 'compare', ...parts, position })),
      fc
        .record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          operands: fc.array(inner, { minLength: 2, maxLength: 3 }),
        })
        .map((parts): ParsedFilter => ({ ...parts, position })),
      inner.map((operand): ParsedFilter => ({ kind: 'not', operand, position })),
      fc
        .record({ operand: inner, items: fc.array(literal, { minLength: 1, maxLength: 4 }) })
        .map(({ operand, items }): ParsedFilter => {
          return {
            kind: 'in',
            operand,
            items: items.map((item) => ({ literal: item, position })),
            position,
          };
        }),
      call,
      fc
        .record({ path, variable, operand: inner })
        .map((parts): ParsedFilter => ({ kind: 'any', ...parts, position })),
    ),
  };
});

function withoutPositions(tree: ParsedFilter): unknown {
  return JSON.parse(
    JSON.stringify(tree, (name, value: unknown) => (name === 'position' ? undefined : value)),
  );
}

it('a printed filter parses into the same tree, in both dialects', () => {
  let deepest = 0;
  fc.assert(
    fc.property(tree, fc.boolean(), (tree, v3Conversion) => {
      const text = printFilter(tree);
      fc.pre(text.length <= 4096);
      deepest = Math.max(deepest, text.split('(').length - 1);
      expect(withoutPositions(parseFilter(text, { v3Conversion }))).toEqual(withoutPositions(tree));
    }),
    { numRuns: 3000 },
  );
  // The property means nothing when only flat filters were tried.
  expect(deepest).toBeGreaterThan(3);
  expect(DEEPEST).toBe(32);
});
