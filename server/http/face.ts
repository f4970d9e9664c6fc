/**
 * Lays the routes of one API face on the app: token, rights, ids, existence, body, handler, answer, in the order of
 * core-api.md 2.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '#contract/api-error';
import { isUuid, type Id } from '#contract/ids';
import type { Clock } from '#server/runtime/clock';
import { InvalidValues, readBody, type RawBody } from './body.ts';
import type { Caller } from './caller.ts';
import { sendCsv, type Download } from './download.ts';
import { findJsonExcess } from './json-bounds.ts';
import { requestOrigin, type OriginRules } from './list-origin.ts';
import { pageOf, parseListOptions, queryParameters, type ListRequest } from './list.ts';
import { isPicture, operationSchema, successStatus } from './openapi.ts';
import { sendPicture, type Picture } from './picture.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Access, Call, QueryParameter, Route } from './route.ts';
import { headerMismatch } from './token.ts';

/** The API families that take tokens: which audiences they accept and who may call what. */
export type Face = {
  /** `/v1.2` */
  readonly prefix: string;
  readonly name: string;
  /** Goes before the ids of its operations, where another face has operations of the same paths. */
  readonly operationPrefix?: string;
  readonly audiences: readonly string[];
  /** Throws the face's own refusal (an empty 403) when the caller's scopes do not allow it. */
  authorize(caller: Caller, access: Access): void;
  /** The failure for an id of the path or the body that names nothing; absent = the 1101 of the Core face. */
  readonly missing?: (parameter: string) => ApiError;
  /** "" for an id that need not be sent is null. */
  readonly isEmptyIdNull?: boolean;
  /** Paths below the prefix that only another version serves: 405 for every method. */
  readonly absent?: readonly string[];
};

export type FaceParts = {
  readonly checkToken: (
    authorization: string | undefined,
    rules: { readonly audiences: readonly string[] },
  ) => Promise<Caller>;
  readonly clock: Clock;
  readonly originRules: OriginRules;
  readonly rateLimit: RateLimit;
  /** Asked of tokens for access codes, and of all at their one call: an empty 403 where it is not theirs (identity.md 4). */
  readonly admitByCode: (caller: Caller, access: Access) => Promise<void>;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls a route of a face, once the token has been checked. */
    caller: Caller | undefined;
  }
}

/** Registers every route of a face. */
export function registerFace(
  app: FastifyInstance,
  { face, routes, parts }: { face: Face; routes: readonly Route[]; parts: FaceParts },
): void {
  // A member of the request: a WeakMap that grows by every request is work for each collection.
  if (!app.hasRequestDecorator('caller')) app.decorateRequest('caller', undefined);
  for (const path of face.absent ?? []) layAbsent(app, face.prefix + path);
  for (const route of routes) {
    const textParams = new Set(route.textParams);
    app.route({
      method: route.method,
      url: laidPath(face.prefix + route.path),
      schema: operationSchema(route, face),
      ...bodyLimitOf(route),
      onRequest: async (request) => {
        const caller = await parts.checkToken(request.headers.authorization, face);
        parts.rateLimit(caller.clientId);
        face.authorize(caller, route.access);
        if (caller.accessCodeId !== undefined || route.access === 'pod_pass')
          await parts.admitByCode(caller, route.access);
        if (route.hasCollectionHeader === true) checkCollectionHeader(request);
        request.caller = caller;
      },
      handler: async (request, reply) => {
        try {
          return await answer({ request, reply, route, face, textParams, parts });
        } catch (thrown) {
          throw namedAsInPath(thrown, { path: route.path, face });
        }
      },
    });
  }
}

function bodyLimitOf({ largeBody, file }: Route): { readonly bodyLimit?: number } {
  const most = largeBody?.bytes ?? file?.bytes;
  return most === undefined ? {} : { bodyLimit: most };
}

function laidPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** A path that is known and takes no method but the browser's question, so that all others are told 405 with `Allow`. */
function layAbsent(app: FastifyInstance, path: string): void {
  app.options(laidPath(path), { schema: { hide: true } }, (_request, reply) =>
    reply.code(204).send(),
  );
}

/**
 * An id that names nothing, by the name that this path has for it: the domain says `lock_id`, `/locks/{id}` says `id`
 * (errors.md: 1101 names the parameter as the caller wrote it).
 */
function namedAsInPath(
  thrown: unknown,
  { path, face }: { readonly path: string; readonly face: Face },
): unknown {
  if (!(thrown instanceof ApiError)) return thrown;
  const { case: of, parameter = '', connectMessage } = thrown.detail;
  if (connectMessage !== undefined && face.missing !== undefined)
    return new ApiError(thrown.error, { ...thrown.detail, message: connectMessage });
  if (of !== 'path_id' && of !== 'body_id') return thrown;
  if (face.missing !== undefined) return face.missing(parameter);
  if (of === 'body_id') return thrown;
  const isOfPath = !parameter.endsWith('_id') || path.includes(`{${parameter}}`);
  if (isOfPath || !path.includes('{id}')) return thrown;
  return new ApiError(thrown.error, { ...thrown.detail, parameter: 'id' });
}

/** Throws the empty 403 unless the header names the collection of the path, in whatever letter case. */
function checkCollectionHeader(request: FastifyRequest): void {
  const sent = request.headers['clp-collection-id'];
  const named = (request.params as Record<string, string>)['collection_id'];
  if (typeof sent !== 'string' || sent.trim().toLowerCase() !== named?.toLowerCase())
    throw headerMismatch();
}

type Answering = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly route: Route;
  readonly face: Face;
  readonly textParams: ReadonlySet<string>;
  readonly parts: FaceParts;
};

async function answer(answering: Answering): Promise<unknown> {
  const { request, reply, route, face } = answering;
  const { call, readOptions } = createCall(answering);
  const read = (): unknown => {
    readOptions();
    return route.body === undefined
      ? undefined
      : readBody(
          { ...bodyOf(request, route), isEmptyIdNull: face.isEmptyIdNull ?? false },
          route.body.schema,
          route.body.mode as 'create',
        );
  };
  if (route.exists !== undefined && route.isFoundByHandle !== true) await route.exists(call);
  let body: unknown;
  try {
    body = read();
  } catch (unread) {
    await tellMissing(unread, { route, call });
    throw unread;
  }
  const value = await route.handle(call, body);
  void reply.code(successStatus(route));
  if (route.answer === null || route.answer === 'empty') return reply.send();
  if (route.answer === 'csv') return sendCsv({ request, reply }, value as Download);
  if (isPicture(route.answer)) return sendPicture({ request, reply }, value as Picture);
  // Fastify takes a string for text that is written already.
  if (typeof value === 'string')
    return reply.type('application/json; charset=utf-8').send(JSON.stringify(value));
  return value;
}

/** Where a request cannot be read, a missing object is told first: one of the path, and before a wrong value one of the body. */
async function tellMissing(
  unread: unknown,
  { route, call }: { readonly route: Route; readonly call: Call },
): Promise<void> {
  if (route.isFoundByHandle === true) await route.exists?.(call);
  if (unread instanceof InvalidValues) await route.named?.(call, unread.body);
}

/** The body's bytes. REQUEST_INVALID when a large one is beyond its bounds. */
function bodyOf(request: FastifyRequest, { largeBody }: Route): RawBody {
  const raw = rawBody(request);
  const excess = largeBody === undefined ? null : findJsonExcess(raw.bytes, largeBody);
  if (excess !== null) throw new ApiError('REQUEST_INVALID', { reason: excess });
  return raw;
}

function rawBody(request: FastifyRequest): RawBody {
  const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  // Some clients send an empty list with every DELETE (core-api.md 2).
  const isEmptyList =
    request.method === 'DELETE' && /^\s*\[\s*\]\s*$/.test(sent.toString('latin1'));
  const bytes = isEmptyList ? Buffer.alloc(0) : sent;
  return { bytes, contentType: request.headers['content-type'] };
}

/** The call, and what reads the rest of its URL: a missing object is told before a parameter that cannot be read. */
function createCall({ request, reply, route, textParams, parts }: Omit<Answering, 'face'>): {
  readonly call: Call;
  readonly readOptions: () => void;
} {
  const { caller } = request;
  if (caller === undefined) throw new Error('a route was reached without a token check');
  const params = readParams(request.params as Record<string, string>, textParams);
  const [path, rawQuery] = splitUrl(request.raw.url ?? '');
  let values: ReadonlyMap<string, string> | undefined;
  const query = () => (values ??= readQuery(rawQuery, route.query ?? {}));
  const now = parts.clock.now();
  let options: Call['list'] | undefined;
  const warnings: string[] = [];
  const call: Call = {
    caller,
    requestId: request.id,
    now,
    id: (name) => param(params, name) as Id<never>,
    text: (name) => param(params, name),
    flag: (name) => query().get(name) === 'true',
    query: (name) => query().get(name) ?? null,
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return (Array.isArray(value) ? value[0] : value) ?? null;
    },
    file: () => rawBody(request).bytes,
    get list() {
      if (route.list === undefined) throw new Error(`${route.path} declares no list`);
      options ??= parseListOptions(rawQuery, {
        fields: route.list.fields,
        events: route.list.events ?? false,
        v3Conversion: !isTrue(request.headers['clp-disable-odata-v3-conversion']),
        now,
      });
      return options;
    },
    get listRequest(): ListRequest {
      const { headers, socket } = request.raw;
      const isTls = 'encrypted' in socket && socket.encrypted === true;
      const origin = requestOrigin(
        { headers, remoteAddress: socket.remoteAddress, isTls },
        parts.originRules,
      );
      return { origin, path, rawQuery };
    },
    page: ({ rows, count, hasMore }, toItem) =>
      pageOf(
        { items: rows.map((row) => toItem(row)), count, hasMore },
        { options: call.list, request: call.listRequest },
      ),
    warn: (word) => {
      warnings.push(word);
      void reply.header('clp-warning', warnings.join(', '));
    },
  };
  const readOptions = (): void => {
    query();
    if (route.list !== undefined) void call.list;
  };
  return { call, readOptions };
}

function isTrue(header: string | string[] | undefined): boolean {
  const text = (Array.isArray(header) ? header.at(-1) : header)?.trim().toLowerCase();
  return text === 'true' || text === '1';
}

function splitUrl(url: string): [string, string] {
  const cut = url.indexOf('?');
  return cut < 0 ? [url, ''] : [url.slice(0, cut), url.slice(cut + 1)];
}

function readParams(
  sent: Readonly<Record<string, string>>,
  textParams: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const [name, value] of Object.entries(sent)) {
    if (textParams.has(name)) params.set(name, plainText(name, value));
    else if (isUuid(value)) params.set(name, value.toLowerCase());
    else
      throw new ApiError('REQUEST_INVALID', { reason: `The ${name} in the path must be a UUID.` });
  }
  return params;
}

/** PostgreSQL takes no NUL in a text. */
function plainText(name: string, text: string): string {
  if (!text.includes('\u0000')) return text;
  throw new ApiError('REQUEST_INVALID', { reason: `The ${name} parameter holds a NUL character.` });
}

function param(params: ReadonlyMap<string, string>, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw new Error(`the path has no parameter ${name}`);
  return value;
}

/** Declared query parameters, by their kind; a repeated one: the last counts. */
function readQuery(
  rawQuery: string,
  declared: Readonly<Record<string, QueryParameter>>,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const names = new Map(Object.keys(declared).map((name) => [name.toLowerCase(), name]));
  if (names.size === 0) return values;
  for (const [sent, value] of queryParameters(rawQuery)) {
    const name = names.get(sent.toLowerCase());
    if (name !== undefined && value !== '') values.set(name, value);
  }
  for (const [name, { kind, isRequired }] of Object.entries(declared)) {
    const value = values.get(name);
    if (value !== undefined) values.set(name, readQueryValue(name, value, kind));
    else if (isRequired === true)
      throw new ApiError('REQUEST_INVALID', { reason: `The ${name} field is required.` });
  }
  return values;
}

function readQueryValue(name: string, value: string, kind: QueryParameter['kind']): string {
  const plain = value.trim();
  if (kind === 'text') return plainText(name, value);
  if (kind === 'uuid' && isUuid(plain)) return plain.toLowerCase();
  const word = plain.toLowerCase();
  if (kind === 'bool' && (word === 'true' || word === '1')) return 'true';
  if (kind === 'bool' && (word === 'false' || word === '0')) return 'false';
  throw new ApiError('REQUEST_INVALID', {
    reason: `The ${name} parameter must be a ${kind === 'uuid' ? 'UUID' : 'boolean'}.`,
  });
}
