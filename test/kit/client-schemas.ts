/**
 * The schemas of the description as types. A schema that the contract exports gets its name there (a closed list of words the
 * singular of its list), found by its members since the description says each out in full; every other is written where it stands.
 */
import { readdirSync } from 'node:fs';

/** A schema as far as the routes use the language; anything else stops the generator. */
export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
};

/** A named type: the contract file it is from, and its schema. */
export type Named = { readonly file: string; readonly name: string; readonly schema: JsonSchema };

/** Finds the name of a schema; `about` are the words of what it is used in, to choose among equals. */
export type Naming = (schema: JsonSchema, about: readonly string[]) => Named | undefined;

const ends = new Set(['request', 'response']);
const contractFolder = new URL('../../contract/', import.meta.url);

/** Reads the exported schemas and lists of words of contract/. */
export async function contractNaming(): Promise<Naming> {
  const byShape = new Map<string, Named[]>();
  const files = readdirSync(contractFolder).filter((file) => /^[a-z-]+\.ts$/.test(file));
  for (const file of files.sort()) {
    const loaded: unknown = await import(new URL(file, contractFolder).href);
    for (const named of namedIn(file.replace('.ts', ''), loaded)) {
      const shape = shapeOf(named.schema);
      byShape.set(shape, [...(byShape.get(shape) ?? []), named]);
    }
  }
  return (schema, about) => best(byShape.get(shapeOf(schema)) ?? [], about);
}

/** `SiteUserKey` and `site_user_keys` as words in the singular. */
export function wordsOf(name: string): string[] {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[0-9]+/g) ?? [];
  return words.map((word) => singular(word.toLowerCase()));
}

export function singular(word: string): string {
  if (/(ss|us|s?access|address)$/.test(word)) return word;
  return word.replace(/ies$/, 'y').replace(/s$/, '');
}

export function pascal(words: readonly string[]): string {
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function namedIn(file: string, loaded: unknown): Named[] {
  return Object.entries(loaded as Record<string, unknown>).flatMap(([name, value]) => {
    if (Array.isArray(value)) return wordList(file, name, value);
    if (typeof value !== 'object' || value === null) return [];
    if (isObject(value)) return [{ file, name, schema: value }];
    const { 'v1.1': earlier, 'v1.2': later } = value as Readonly<Record<string, unknown>>;
    return [
      { name: `${name}V11`, schema: earlier },
      { name, schema: later },
    ].flatMap(({ name: own, schema }) => (isObject(schema) ? [{ file, name: own, schema }] : []));
  });
}

function wordList(file: string, name: string, list: readonly unknown[]): Named[] {
  if (list.length < 2 || !list.every((word) => typeof word === 'string')) return [];
  const schema = { type: 'string', enum: list };
  return [{ file, name: pascal([singular(name)]), schema }];
}

function isObject(value: unknown): value is JsonSchema {
  const { type, properties } = (value ?? {}) as JsonSchema;
  return type === 'object' && Object.keys(properties ?? {}).length > 0;
}

/** The schema without what types do not say: formats, lengths, and whether null stands for the whole. */
export function shapeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return JSON.stringify(schema.enum.filter((word) => word !== null));
  const type = typesOf(schema)
    .filter((name) => name !== 'null')
    .join('|');
  if (schema.items !== undefined) return `[${nullableShape(schema.items)}]`;
  if (schema.properties === undefined) return type;
  const members = Object.entries(schema.properties).map(([name, member]) => {
    const mark = schema.required?.includes(name) === true ? '' : '?';
    return `${name}${mark}:${nullableShape(member)}`;
  });
  return `{${members.sort().join()}}`;
}

function nullableShape(schema: JsonSchema): string {
  return shapeOf(schema) + (mayBeNull(schema) ? '|null' : '');
}

export function typesOf({ type }: JsonSchema): readonly string[] {
  if (type === undefined) return [];
  return typeof type === 'string' ? [type] : type;
}

export function mayBeNull(schema: JsonSchema): boolean {
  return typesOf(schema).includes('null');
}

/** Among types of one shape: the one whose words the place of use has, then the one that says most of it. */
function best(candidates: readonly Named[], about: readonly string[]): Named | undefined {
  const rank = (named: Named): readonly number[] => {
    const own = wordsOf(named.name).filter((word) => !ends.has(word));
    const hits = own.filter((word) => about.includes(word)).length;
    return [own.length - hits, own.length, -hits, named.name.length];
  };
  return [...candidates].sort((a, b) => compare(rank(a), rank(b)) || (a.name < b.name ? -1 : 1))[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const differences = a.map((value, index) => value - (b[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
