import type { TestServer } from './cardea.ts';

/** A JSON Schema as far as tests read it. */
export type Schema = {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
};

/** Whose rules an operation follows: programs with hardware and accessors, or people of a site. */
export type FaceName = 'core' | 'site';

/** One operation of the published description. */
export type Operation = {
  readonly face: FaceName;
  readonly method: string;
  /** With the face's prefix and `{id}` parameters. */
  readonly path: string;
  readonly operationId: string;
  /** Takes tokens of the Core face, whosever rules it follows. */
  readonly isForPrograms: boolean;
  readonly summary: string;
  readonly pathParameters: readonly string[];
  /** Those of them that are no UUIDs. */
  readonly textParameters: readonly string[];
  readonly queryParameters: readonly { readonly name: string; readonly schema: Schema }[];
  readonly isList: boolean;
  readonly body: Schema | undefined;
  readonly codes: readonly string[];
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
};

type Described = {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
  readonly responses?: Operation['responses'];
  readonly 'x-error-codes'?: readonly string[];
};

/** Every operation of the description that the running server publishes. */
export async function publishedOperations(server: TestServer): Promise<readonly Operation[]> {
  const { json } = await server.ask('GET', '//openapi.json', { token: null });
  const { paths } = json as { paths: Record<string, Record<string, Described>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => operationOf(method, path, described)),
  );
}

function operationOf(method: string, path: string, described: Described): Operation {
  const parameters = described.parameters ?? [];
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const isOfSite = /^\/(ext|v1\.1|v1\.2\/(sites|me|pods|users\/search))\b/.test(path);
  return {
    face: isOfSite ? 'site' : 'core',
    isForPrograms: !isOfSite || (described.operationId ?? '').startsWith('core_'),
    method: method.toUpperCase(),
    path,
    operationId: described.operationId ?? '',
    summary: described.summary ?? '',
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    textParameters: parameters
      .filter((parameter) => parameter.in === 'path' && parameter.schema?.format !== 'uuid')
      .map(({ name }) => name),
    queryParameters: query.map(({ name, schema = {} }) => ({ name, schema })),
    isList: query.some(({ name }) => name === '$filter'),
    body: described.requestBody?.content?.['application/json']?.schema,
    codes: described['x-error-codes'] ?? [],
    responses: described.responses ?? {},
  };
}
