/** Members of frames, items and files that a schema library checks whole; those of the HTTP contracts are in fields.ts. */
import { Type } from 'typebox';

/** May be null. */
export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A closed list of words. */
export const words = <const W extends readonly string[]>(list: W) =>
  Type.Union(list.map((word) => Type.Literal(word))) as unknown as Type.TUnsafe<W[number]>;
