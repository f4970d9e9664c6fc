/** Where a body takes ids, and bodies that are right but for one of them. */
import type { Schema } from './operations.ts';

/** One place for an id: its name, and the body that has the id given there. */
export type IdPlace = { readonly name: string; readonly bodyWith: (id: string) => object };

/** Every member of a body that holds ids, at any depth. */
export function idPlacesOf(body: Schema): readonly IdPlace[] {
  return membersOf(body).flatMap(([name, member]) =>
    placesIn(member).map(({ name: inner, fill }) => ({
      name: inner === '' ? name : `${name}.${inner}`,
      bodyWith: (id) => ({ ...requiredOf(body), [name]: fill(id) }),
    })),
  );
}

type Inner = { readonly name: string; readonly fill: (id: string) => unknown };

function placesIn(schema: Schema): readonly Inner[] {
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap((branch) => placesIn(branch));
  if (schema.format === 'uuid') return [{ name: '', fill: (id) => id }];
  if (schema.items !== undefined)
    return placesIn(schema.items).map(({ name, fill }) => ({ name, fill: (id) => [fill(id)] }));
  return idPlacesOf(schema).map(({ name, bodyWith }) => ({ name, fill: bodyWith }));
}

function membersOf(schema: Schema): readonly (readonly [string, Schema])[] {
  return Object.entries(schema.properties ?? {});
}

/** The members that must be there, each with a value of its kind. */
function requiredOf(schema: Schema): Record<string, unknown> {
  const required = new Set(schema.required ?? []);
  return Object.fromEntries(
    membersOf(schema)
      .filter(([name]) => required.has(name))
      .map(([name, member]) => [name, usualValue(member)]),
  );
}

function usualValue(schema: Schema): unknown {
  if (schema.anyOf?.[0] !== undefined) return usualValue(schema.anyOf[0]);
  if (schema.enum !== undefined) return schema.enum.at(-1);
  if (schema.format === 'uuid') return '11111111-1111-4111-8111-111111111111';
  if (schema.type === 'array') return [];
  if (schema.type === 'object') return requiredOf(schema);
  if (schema.type === 'boolean') return false;
  return schema.type === 'integer' || schema.type === 'number' ? 60 : '1234';
}
