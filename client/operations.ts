/** What each operation takes and gives, looked up by method and path; types alone, nothing of it reaches a bundle. */
import type { Operations } from './generated/operations.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path that has the method, as the description writes it: `/v1.2/locks/{id}`. */
export type PathOf<M extends Method> = string & keyof Operations[M];

type Part<M extends Method, P extends PathOf<M>, Name extends string> =
  Operations[M][P] extends Readonly<Record<Name, infer Value>> ? Value : undefined;

/** The body of a good answer; undefined where there is none. */
export type AnswerOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'answer'>;

/** The body to send; undefined where there is none. */
export type BodyOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'body'>;

/** The names of the errors that the description announces; an empty 403 is FORBIDDEN and may always come. */
export type ErrorsOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'errors'>;

/** One item of a list. */
export type ItemOf<P extends PathOf<'GET'>> =
  AnswerOf<'GET', P> extends { readonly items: readonly (infer Item)[] } ? Item : never;

/** The paths whose answers are pages with a link to the next. */
export type ListPath = {
  [P in PathOf<'GET'>]: AnswerOf<'GET', P> extends { readonly next_page_link: string | null }
    ? P
    : never;
}[PathOf<'GET'>];

/** Numbers and booleans are written out, so `{ $top: 100 }` is as good as `{ $top: '100' }`. */
type QueryValue<Value> = string extends Value ? string | number | boolean : Value;
type QueryOf<Query> = { readonly [Name in keyof Query]: QueryValue<Query[Name]> };

/** A member that must be given unless nothing in it must. */
type Given<Name extends string, Value> = [Value] extends [undefined]
  ? unknown
  : Partial<Value> extends Value
    ? { readonly [N in Name]?: Value }
    : { readonly [N in Name]: Value };

export type CallOptions = {
  readonly signal?: AbortSignal;
  /** Sent beside those of the client. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** What one call is given. */
export type OptionsOf<M extends Method, P extends PathOf<M>> = CallOptions &
  Given<'path', Readonly<Part<M, P, 'path'>>> &
  Given<'query', QueryOf<Part<M, P, 'query'>>> &
  Given<'headers', Readonly<Part<M, P, 'headers'>>> &
  Given<'body', BodyOf<M, P>>;

/** The options as the last argument, which may be left out where nothing must be given. */
export type OptionsArgument<M extends Method, P extends PathOf<M>> =
  Partial<OptionsOf<M, P>> extends OptionsOf<M, P>
    ? [options?: OptionsOf<M, P>]
    : [options: OptionsOf<M, P>];
