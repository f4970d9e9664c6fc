/** The OpenAPI 3.1 entry of a route, with the codes it can raise (errors.md rules 2 and 3). */
import type { FastifySchema } from 'fastify';
import { errorRow, type ErrorName } from '#contract/errors';
import type { Face } from './face.ts';
import type { PictureAnswer, QueryParameter, Route } from './route.ts';

/** Codes any operation may send. */
const always: readonly ErrorName[] = ['REQUEST_INVALID', 'VALUE_INVALID', 'INTERNAL_ERROR'];

export const errorBodySchema = {
  $id: 'ErrorResponse',
  type: 'object',
  properties: { ErrorCode: { type: 'string' }, Message: { type: 'string' } },
  required: ['ErrorCode', 'Message'],
} as const;

/** The names of all codes a route can raise, by number. */
export function routeErrors(route: Route): readonly ErrorName[] {
  const names = new Set<ErrorName>([...always, ...(route.errors ?? [])]);
  if (route.list !== undefined) names.add('ODATA_INVALID');
  return [...names].sort((a, b) => errorRow(a).code - errorRow(b).code);
}

type OperationSchema = FastifySchema & { readonly 'x-error-codes': readonly string[] };

/** Fastify's schema of a route: documentation, and serialising of the answer. Checking is body.ts's. */
export function operationSchema(route: Route, face: Face): OperationSchema {
  const codes = routeErrors(route);
  const parameters = Object.fromEntries(
    [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => [
      name,
      route.textParams?.includes(name) ? { type: 'string' } : { type: 'string', format: 'uuid' },
    ]),
  );
  return {
    summary: route.summary,
    tags: [`${face.name}: ${route.tag}`],
    operationId: [face.operationPrefix, operationId(route)].filter(Boolean).join('_'),
    deprecated: route.isDeprecated ?? false,
    security: [{ bearer: [] }],
    ...(Object.keys(parameters).length > 0
      ? { params: { type: 'object', properties: parameters, required: Object.keys(parameters) } }
      : {}),
    ...(route.hasCollectionHeader === true ? { headers: collectionHeader } : {}),
    ...(route.query === undefined && route.list === undefined
      ? {}
      : { querystring: querySchema(route) }),
    ...(route.body === undefined ? {} : { body: route.body.schema }),
    ...(route.file === undefined ? {} : { body: { content: contentOf(route.file.mediaTypes) } }),
    response: { ...successResponse(route), ...errorResponses(codes) },
    'x-error-codes': codes.map((name) => String(errorRow(name).code)),
  };
}

const collectionHeader = {
  type: 'object',
  properties: {
    'CLP-Collection-Id': {
      type: 'string',
      format: 'uuid',
      description: 'The collection of the path, said once more',
    },
  },
  required: ['CLP-Collection-Id'],
};

/** `GET /access_groups/{id}/locks` → `get_access_groups_id_locks`. */
export function operationId(route: Pick<Route, 'method' | 'path'>): string {
  const words = route.path.replaceAll(/[{}]/g, '').split('/').filter(Boolean);
  return [route.method.toLowerCase(), ...words].join('_');
}

/** What a route answers when all went well. */
export function successStatus({ answer, isAccepted, isCreated }: Route): number {
  if (isAccepted === true) return 202;
  if (isCreated === true) return 201;
  return answer === null ? 204 : 200;
}

function successResponse(route: Route): Record<string, unknown> {
  const status = successStatus(route);
  if (route.answer === null || route.answer === 'empty')
    return { [status]: { type: 'null', description: status === 202 ? 'Begun' : 'Done' } };
  if (route.answer === 'csv')
    return {
      [status]: {
        description: 'The file',
        content: { 'text/csv': { schema: { type: 'string' } } },
      },
    };
  if (isPicture(route.answer))
    return {
      [status]: { description: 'The picture', content: contentOf(route.answer.pictures) },
      304: { type: 'null', description: 'The one that If-None-Match names' },
    };
  return { [status]: route.answer };
}

export function isPicture(answer: Route['answer']): answer is PictureAnswer {
  return typeof answer === 'object' && answer !== null && 'pictures' in answer;
}

/** A file of one of these kinds. */
function contentOf(mediaTypes: readonly string[]): Record<string, unknown> {
  const schema = { type: 'string', format: 'binary' };
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}

/** One entry a status; the codes and texts behind it are in the description. Bodies are written by failure.ts. */
function errorResponses(codes: readonly ErrorName[]): Record<string, unknown> {
  const byStatus = new Map<number, string[]>();
  for (const name of codes) {
    const row = errorRow(name);
    for (const status of row.statuses) {
      if (status < 400) continue;
      const texts = byStatus.get(status) ?? [];
      byStatus.set(status, [...texts, `${row.code} ${row.message}`]);
    }
  }
  const responses: Record<string, unknown> = {
    401: { type: 'null', description: '1500 Unauthorized request (empty body)' },
  };
  for (const [status, texts] of byStatus)
    responses[status] = { ...errorBody, description: texts.join('; ') };
  if (!byStatus.has(403))
    responses[403] = { type: 'null', description: 'Scope or right missing (empty body)' };
  return responses;
}

const errorBody = {
  type: 'object',
  properties: errorBodySchema.properties,
  required: errorBodySchema.required,
};

const listParameters = {
  $filter: 'OData filter, v4 or v3 (core: 5.2)',
  $orderby: 'field [asc|desc], ...',
  $top: 'page size, default 20, most 1000',
  $skip: 'how many to leave out',
  $count: 'true fills count',
  $inlinecount: 'allpages fills count (v3)',
} as const;

function querySchema(route: Route): Record<string, unknown> {
  const own = Object.entries(route.query ?? {}).map(([name, parameter]) => [
    name,
    parameterSchema(parameter),
  ]);
  const list = Object.entries(route.list === undefined ? {} : listParameters).map(
    ([name, description]) => [name, { type: 'string', description }],
  );
  const required = Object.entries(route.query ?? {})
    .filter(([, parameter]) => parameter.isRequired === true)
    .map(([name]) => name);
  return { type: 'object', properties: Object.fromEntries([...own, ...list]), required };
}

function parameterSchema({ kind, summary }: QueryParameter): Record<string, unknown> {
  if (kind === 'bool') return { type: 'boolean', description: summary };
  if (kind === 'uuid') return { type: 'string', format: 'uuid', description: summary };
  return { type: 'string', description: summary };
}
