/** Tokens for programs that hold a client secret; a browser signs people in by PKCE instead. */
import { CardeaError, unreachable } from './errors.ts';
import type { Token } from './sending.ts';

export type Credentials = {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `core_api.full`; of a person `user_api.full_access`. */
  readonly scope: string;
  /** Whose token it is to be; absent = the program's own. */
  readonly person?: { readonly username: string; readonly password: string };
  readonly fetch?: typeof globalThis.fetch;
};

/** A token that is kept until the server refuses it; calls at the same time share one request. */
export function createToken(credentials: Credentials): Token {
  let kept: { readonly token: Promise<string>; value: string | null } | undefined;
  return (refused) => {
    if (kept === undefined || (refused !== undefined && kept.value === refused)) {
      const made = { token: fetchToken(credentials), value: null as string | null };
      kept = made;
      made.token.then(
        (value) => (made.value = value),
        () => {
          if (kept === made) kept = undefined;
        },
      );
    }
    return kept.token;
  };
}

async function fetchToken(credentials: Credentials): Promise<string> {
  const { baseUrl, clientId, clientSecret, scope, person, fetch = globalThis.fetch } = credentials;
  const grant = person === undefined ? 'client_credentials' : 'password';
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: grant,
      client_id: clientId,
      client_secret: clientSecret,
      scope,
      ...person,
    }),
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  const body = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  const { access_token: token, error } = body;
  if (response.ok && typeof token === 'string') return token;
  throw new CardeaError({
    name: response.status < 500 ? 'UNAUTHORIZED' : 'UNKNOWN',
    // RFC 6749 5.2: a word such as `invalid_client`.
    message: `No token: ${typeof error === 'string' ? error : response.status}`,
    status: response.status,
    requestId: response.headers.get('x-request-id'),
  });
}
