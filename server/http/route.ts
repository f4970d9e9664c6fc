/**
 * What a route is: one description from which the server, the rights check and the OpenAPI entry are made. Handlers see a
 * `Call`; they decide nothing about HTTP but the answer's value.
 */
import type { TObject, TSchema } from 'typebox';
import type { ErrorName } from '#contract/errors';
import type { Id } from '#contract/ids';
import type { ListFields, ListOptions, Page } from '#contract/odata';
import type { BodyMode, CreateBody, PatchBody } from './body.ts';
import type { Caller } from './caller.ts';
import type { JsonBounds } from './json-bounds.ts';
import type { ListRequest } from './list.ts';

/**
 * read: any scope of the face; write: day-to-day writing; hardware: what touches hardware; plates: licence plates; lockers: what a
 * token for lockers alone may do; pod_pass: what alone a token for an access code may do that nobody has become a guest by yet.
 */
export type Access = 'read' | 'write' | 'hardware' | 'plates' | 'lockers' | 'pod_pass';

export type QueryKind = 'bool' | 'uuid' | 'text';
export type QueryParameter = {
  readonly kind: QueryKind;
  readonly isRequired?: boolean;
  readonly summary: string;
};

/** One page of rows, as the store's lists return it. */
export type FoundRows<Row> = {
  readonly rows: readonly Row[];
  readonly count: number | null;
  readonly hasMore: boolean;
};

/** A request as handlers see it. */
export type Call = {
  readonly caller: Caller;
  readonly requestId: string;
  readonly now: Date;
  /** An id of the path: a UUID in lower case, its form already checked; it stands for whatever noun is asked for. */
  id(name: string): Id<never>;
  /** A path segment that is no id. */
  text(name: string): string;
  /** A query parameter by its declared kind: absent bool = false, absent others = null. */
  flag(name: string): boolean;
  query(name: string): string | null;
  header(name: string): string | null;
  /** The body's bytes, of a route that declares `file`. */
  file(): Buffer;
  /** List options of a route that declares `list`. */
  readonly list: ListOptions;
  readonly listRequest: ListRequest;
  /** The envelope of core-api.md 5.1 around a page of rows. */
  page<Row, Item>(found: FoundRows<Row>, toItem: (row: Row) => Item): Page<Item>;
  /** Adds a word to the CLP-Warning header. */
  warn(word: string): void;
};

export type BodySpec<S extends TObject, M extends BodyMode> = {
  readonly schema: S;
  readonly mode: M;
};
export type BodyOf<S extends TObject, M extends BodyMode> = M extends 'create'
  ? CreateBody<S>
  : PatchBody<S>;

/** Media types of the pictures that are sent. */
export type PictureAnswer = { readonly pictures: readonly string[] };

type RouteBase = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** After the face's prefix, parameters in braces: `/locks/{id}`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly tag: string;
  /** Path parameters that are no ids. */
  readonly textParams?: readonly string[];
  readonly query?: Readonly<Record<string, QueryParameter>>;
  /** `CLP-Collection-Id` must name the collection of the path, else an empty 403 (core-api.md 1). */
  readonly hasCollectionHeader?: boolean;
  readonly list?: { readonly fields: ListFields; readonly events?: boolean };
  /** Bodies may be so large, in place of the usual 1 MiB, and are JSON within these bounds. */
  readonly largeBody?: { readonly bytes: number } & JsonBounds;
  /** The body is a file as it is, of these kinds and so large at most; `call.file()` gives it unread. */
  readonly file?: { readonly mediaTypes: readonly string[]; readonly bytes: number };
  /** A schema: 200 with it. null: 204. 'empty': 200 without body. 'csv': a `Download`. Pictures of these kinds: a `Picture`. */
  readonly answer: TSchema | null | 'empty' | 'csv' | PictureAnswer;
  /** The answer says what was begun and is not done yet: 202 in place of 200 or 204. */
  readonly isAccepted?: boolean;
  /** The answer is what was made, said with 201 in place of 200. */
  readonly isCreated?: boolean;
  /** `handle` finds the path's objects before all else: `exists` is asked only when the request cannot be read. */
  readonly isFoundByHandle?: boolean;
  /** Codes beside those every operation may send (1100, 1101, 2201; 1102 with list options). */
  readonly errors?: readonly ErrorName[];
  readonly isDeprecated?: boolean;
};

/** A route whose body type is hidden, as the kernel holds it. */
export type Route = RouteBase & {
  readonly body?: BodySpec<TObject, BodyMode>;
  readonly exists?: (call: Call) => Promise<unknown>;
  readonly named?: (call: Call, body: unknown) => Promise<unknown>;
  readonly handle: (call: Call, body: unknown) => Promise<unknown>;
};

/**
 * Describes one operation. `exists` runs before the body is read: it finds the path's objects or throws, so that a missing
 * object is told before a bad body (core-api.md 2, order of checks). `named` is asked when a value of the body is wrong, before
 * that is told: it finds what the body's ids name, or throws (connect-api.md 1.7).
 */
export function route<S extends TObject, M extends BodyMode>(
  definition: RouteBase & {
    readonly body?: BodySpec<S, M>;
    readonly exists?: (call: Call) => Promise<unknown>;
    readonly named?: (call: Call, body: BodyOf<S, M>) => Promise<unknown>;
    readonly handle: (call: Call, body: BodyOf<S, M>) => Promise<unknown>;
  },
): Route {
  return definition as unknown as Route;
}
