/** One failure, one body: from anything thrown to what the wire carries (errors.md, Body and Rules 5). */
import { STATUS_CODES } from 'node:http';
import { ApiError } from '#contract/api-error';
import { errorRow, type ErrorName } from '#contract/errors';
import { TokenError } from './token.ts';

/** Carried by every answer, whoever writes it (core-api.md 1). */
export const securityHeaders: Readonly<Record<string, string>> = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
};

export type Failure = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly body: string;
};

/** What fastify throws before or around a handler, by its own code. */
const frameworkCases = new Map<string, ApiError>([
  ['FST_ERR_CTP_BODY_TOO_LARGE', new ApiError('REQUEST_INVALID', { case: 'too_large' })],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', new ApiError('REQUEST_INVALID', { case: 'media_type' })],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', new ApiError('REQUEST_INVALID')],
  ['FST_ERR_BAD_URL', new ApiError('REQUEST_INVALID', { reason: 'The path is badly encoded.' })],
  ['FST_ERR_MAX_PARAM_LENGTH', new ApiError('REQUEST_INVALID', { case: 'route' })],
]);

/** Anything thrown as a failure of the catalogue; what is not one of ours is INTERNAL_ERROR. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const { code, statusCode } = (thrown ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? frameworkCases.get(code) : undefined;
  if (known !== undefined) return known;
  if (statusCode === 429) return new ApiError('REQUEST_INVALID', { case: 'too_many' });
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new ApiError('REQUEST_INVALID', { cause: thrown });
  return new ApiError('INTERNAL_ERROR', { cause: thrown });
}

/** True where the caller wants RFC 9457: `/v2` paths, or `Accept: application/problem+json`. */
export function wantsProblem({
  url,
  accept,
}: {
  url: string;
  accept: string | undefined;
}): boolean {
  return (
    /^\/+v2(\/|\?|$)/i.test(url) ||
    (accept ?? '').toLowerCase().includes('application/problem+json')
  );
}

/** The answer of a failure: the two-member body, or problem details. */
export function failureAnswer(
  error: ApiError,
  { requestId, asProblem }: { readonly requestId: string; readonly asProblem: boolean },
): Failure {
  const { status, code } = error;
  const message =
    error.error === 'INTERNAL_ERROR'
      ? `${errorRow('INTERNAL_ERROR').message}. Request id: ${requestId}`
      : error.message;
  const headers: Record<string, string> = {};
  const retryAfter = error.detail.retryAfterSeconds ?? (status === 503 ? 5 : undefined);
  if (status === 429 || status === 503) headers['retry-after'] = String(retryAfter ?? 1);
  if (!asProblem)
    return {
      status,
      headers,
      contentType: 'application/json; charset=utf-8',
      body: JSON.stringify({ ErrorCode: String(code), Message: message }),
    };
  return {
    status,
    headers,
    contentType: 'application/problem+json; charset=utf-8',
    body: JSON.stringify({
      type: `/docs/errors#${code}`,
      title: problemTitle(error.error),
      status,
      code: String(code),
      name: error.error,
      detail: message,
      instance: requestId,
      retry: errorRow(error.error).retry,
      effect: error.effect,
    }),
  };
}

/** The same for every failure of its number (RFC 9457): the text of the table without what differs. */
function problemTitle(error: ErrorName): string {
  return errorRow(error)
    .message.replace(" of '{parameterName}'", '')
    .replace('{Thing}', 'Object')
    .replace(' with code: {word}', '');
}

/** A whole HTTP answer that refuses, for sockets on which no route answers: unreadable requests, upgrades. */
export function rawRefusal(
  thrown: unknown,
  { requestId, asProblem = false }: { readonly requestId: string; readonly asProblem?: boolean },
): string {
  const headers = { ...securityHeaders, 'x-request-id': requestId, connection: 'close' };
  if (thrown instanceof TokenError) {
    const challenge = thrown.challenge === '' ? {} : { 'www-authenticate': thrown.challenge };
    return rawAnswer(thrown.status, { ...headers, ...challenge }, '');
  }
  const answer = failureAnswer(toApiError(thrown), { requestId, asProblem });
  return rawAnswer(
    answer.status,
    { ...headers, ...answer.headers, 'content-type': answer.contentType },
    answer.body,
  );
}

function rawAnswer(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): string {
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`;
}
