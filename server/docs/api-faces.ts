/** The API description, one part for each face: all operations on one page would be too many to find one. */
import { apiScopes, personScopes } from '#contract/clients';

type Operation = {
  readonly tags?: readonly string[];
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly 'x-error-codes'?: readonly string[];
};

/** As much of an OpenAPI description as the parts are made of. */
export type WholeDescription = {
  readonly info?: { readonly title: string; readonly version: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>> | undefined>>;
  readonly components?: Readonly<Record<string, unknown>>;
};

export type ApiFace = {
  /** Last part of its address: `connect-v1.2`. */
  readonly key: string;
  readonly title: string;
  readonly operations: readonly ApiOperation[];
  readonly description: unknown;
};

export type ApiOperation = {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  /** Where the page of its face shows it, below its tag. */
  readonly anchor: string;
};

type SignIn = { readonly authorization: string; readonly token: string };

/** Splits the description by the face that each operation's tag begins with: `Core: locks`. */
export function apiFaces(whole: WholeDescription, signIn: SignIn): readonly ApiFace[] {
  const faces = new Map<string, Map<string, Record<string, Operation>>>();
  for (const [path, methods = {}] of Object.entries(whole.paths ?? {}))
    for (const [method, operation] of Object.entries(methods)) {
      const [title = '', tag = ''] = (operation.tags?.[0] ?? '').split(': ');
      if (tag === '') continue;
      const paths = faces.get(title) ?? new Map<string, Record<string, Operation>>();
      faces.set(title, paths);
      const told = { ...operation, tags: [tag], security, description: describe(operation) };
      paths.set(path, { ...paths.get(path), [method]: told });
    }
  return [...faces].map(([title, paths]) => ({
    title,
    key: title.toLowerCase().replaceAll(' ', '-'),
    operations: [...paths].flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { summary = '', operationId, tags = [] }]) => ({
        method: method.toUpperCase(),
        path,
        summary,
        anchor: `#/${encodeURIComponent(tags[0] ?? '')}/${operationId ?? ''}`,
      })),
    ),
    description: {
      ...whole,
      info: { title: `Cardea: ${title}`, version: whole.info?.version ?? '' },
      paths: Object.fromEntries(paths),
      components: { ...whole.components, securitySchemes: securitySchemes(signIn) },
    },
  }));
}

const security = [{ person: [] }, { program: [] }, { token: [] }];

function describe({ description = '', 'x-error-codes': codes = [] }: Operation): string {
  const links = codes.map((code) => `[${code}](/docs/errors#${code})`);
  return [description, `Errors: ${links.join(', ')}`].filter(Boolean).join('\n\n');
}

function securitySchemes({ authorization, token }: SignIn): Record<string, unknown> {
  const named = (scopes: readonly string[]): Record<string, string> =>
    Object.fromEntries(scopes.map((scope) => [scope, '']));
  return {
    person: {
      type: 'oauth2',
      description: 'Sign in here, as a person. The client needs no secret: leave it empty.',
      flows: {
        authorizationCode: {
          authorizationUrl: authorization,
          tokenUrl: token,
          scopes: named([
            ...personScopes.filter((scope) => scope !== 'offline_access'),
            'user_api.full_access',
          ]),
        },
      },
    },
    program: {
      type: 'oauth2',
      description: 'With the id and the secret of a client of yours.',
      flows: { clientCredentials: { tokenUrl: token, scopes: named(apiScopes) } },
    },
    token: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'Or paste an access token.',
    },
  };
}
