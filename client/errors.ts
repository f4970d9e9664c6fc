/** A failed call as one typed thing: what happened, whether it may have had an effect, what to do. */
import { errorNames, errorRow, type Effect, type ErrorName, type Retry } from '#contract/errors';

/**
 * A name of the catalogue, or: FORBIDDEN = scope or right missing (an empty 403), UNREACHABLE = no answer came, UNKNOWN = an answer
 * that is not of this API or newer than this client.
 */
export type CardeaErrorName = ErrorName | 'FORBIDDEN' | 'UNREACHABLE' | 'UNKNOWN';

type Row = {
  readonly meaning: string;
  readonly whatToDo: string;
  readonly retry: Retry;
  readonly effect: Effect;
};

const ownRows: Readonly<Record<Exclude<CardeaErrorName, ErrorName>, Row>> = {
  FORBIDDEN: {
    meaning: 'The token lacks the scope, or the person the right, for this.',
    whatToDo: 'Sign in with the scope, or ask an admin of the site for the right.',
    retry: 'after-change',
    effect: 'none',
  },
  UNREACHABLE: {
    meaning: 'The server gave no answer; whether it has got the request is not known.',
    whatToDo: 'Check the network and the address, read the object again, then try again.',
    retry: 'later',
    effect: 'unknown',
  },
  UNKNOWN: {
    meaning: 'The answer is not one this client knows.',
    whatToDo: 'Check the address; a proxy may have answered, or the server is newer.',
    retry: 'never',
    effect: 'unknown',
  },
};

type Facts = {
  readonly name: CardeaErrorName;
  readonly message: string;
  readonly code?: string | null;
  readonly status?: number | null;
  readonly retry?: Retry;
  readonly effect?: Effect;
  readonly requestId?: string | null;
  readonly retryAfterSeconds?: number | null;
  readonly cause?: unknown;
};

export class CardeaError extends Error {
  override readonly name: CardeaErrorName;
  /** The number of the catalogue as text, `2203`; null where the answer had none. */
  readonly code: string | null;
  /** null where no answer came. */
  readonly status: number | null;
  /** When this is raised, in a sentence or two. */
  readonly meaning: string;
  readonly whatToDo: string;
  readonly retry: Retry;
  /** `unknown`: the door may have opened, or the change been made; read it again. */
  readonly effect: Effect;
  /** By which the operator finds the request in the log. */
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(facts: Facts) {
    super(facts.message, facts.cause === undefined ? {} : { cause: facts.cause });
    const row = rowOf(facts.name);
    this.name = facts.name;
    this.code = facts.code ?? null;
    this.status = facts.status ?? null;
    this.meaning = row.meaning;
    this.whatToDo = row.whatToDo;
    this.retry = facts.retry ?? row.retry;
    this.effect = facts.effect ?? row.effect;
    this.requestId = facts.requestId ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
  }

  /** CCC_COMMAND_FAILED: the hub's word, `jammed`; else null. */
  get hubWord(): string | null {
    if (this.name !== 'CCC_COMMAND_FAILED') return null;
    return /code: (\w+)/.exec(this.message)?.[1] ?? null;
  }
}

/** Whether something caught is a failed call, of one of these names where some are given. */
export function isCardeaError<Name extends CardeaErrorName = CardeaErrorName>(
  caught: unknown,
  ...names: readonly Name[]
): caught is CardeaError & { readonly name: Name } {
  if (!(caught instanceof CardeaError)) return false;
  return names.length === 0 || names.some((name) => name === caught.name);
}

/** No answer came: the network failed, or the connection broke before its end. */
export function unreachable(cause: unknown): CardeaError {
  return new CardeaError({ name: 'UNREACHABLE', message: 'The server gave no answer', cause });
}

/** A refusal as told by status, headers and body: problem details, the two members, or nothing (errors.md, Body). */
export function refusalOf(response: Response, text: string): CardeaError {
  const body = objectOf(text);
  const code = textOf(body['code']) ?? textOf(body['ErrorCode']);
  const name = nameOf(code, response.status);
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new CardeaError({
    name,
    code: code ?? (name === 'UNAUTHORIZED' ? String(errorRow(name).code) : null),
    status: response.status,
    message: textOf(body['detail']) ?? textOf(body['Message']) ?? messageOf(name, response.status),
    ...(body['retry'] === undefined ? {} : { retry: body['retry'] as Retry }),
    ...(body['effect'] === undefined ? {} : { effect: body['effect'] as Effect }),
    requestId: response.headers.get('x-request-id'),
    retryAfterSeconds: Number.isFinite(wait) ? wait : null,
  });
}

const nameByCode: ReadonlyMap<string, ErrorName> = new Map(
  errorNames.map((name) => [String(errorRow(name).code), name]),
);

function nameOf(code: string | undefined, status: number): CardeaErrorName {
  const known = code === undefined ? undefined : nameByCode.get(code);
  if (known !== undefined) return known;
  if (status === 401) return 'UNAUTHORIZED';
  return status === 403 && code === undefined ? 'FORBIDDEN' : 'UNKNOWN';
}

function messageOf(name: CardeaErrorName, status: number): string {
  if (name === 'UNAUTHORIZED') return errorRow(name).message;
  return name === 'FORBIDDEN' ? 'Scope or right missing' : `Answered with ${status}`;
}

function rowOf(name: CardeaErrorName): Row {
  if (name === 'FORBIDDEN' || name === 'UNREACHABLE' || name === 'UNKNOWN') return ownRows[name];
  const { raisedWhen, whatToDo, retry, effect } = errorRow(name);
  return { meaning: raisedWhen, whatToDo, retry, effect };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
