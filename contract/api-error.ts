import { errorRow, type Effect, type ErrorName } from './errors.ts';

/** Why a hub did not do what it was asked (core-api.md 4); any other word is answered with 500. */
export const hubWords = [
  'timeout',
  'hardware_not_found',
  'accessor_not_found',
  'otp_invalid',
  'pin_not_changed',
  'lock_offline',
  'not_attached',
  'otp_blocked',
  'command_forbidden',
  'privacy_mode',
  'access_denied',
  'hardware_error',
  'jammed',
] as const;
export type HubWord = (typeof hubWords)[number] | (string & {});

const wordStatus: ReadonlyMap<string, number> = new Map([
  ['timeout', 408],
  ['hardware_not_found', 404],
  ['accessor_not_found', 404],
  ['otp_invalid', 400],
  ['pin_not_changed', 400],
  ['lock_offline', 400],
  ['not_attached', 400],
  ['otp_blocked', 403],
  ['command_forbidden', 403],
  ['privacy_mode', 403],
  ['access_denied', 403],
]);

/** The cases of 1100 and 1101 that are told apart (errors.md rule 5, core-api.md 4). An id in a body is 2202 on the Connect face. */
const caseStatus = {
  path_id: 404,
  body_id: 400,
  route: 404,
  method: 405,
  in_use: 409,
  too_large: 413,
  media_type: 415,
  too_many: 429,
  unavailable: 503,
} as const;

export type ErrorCase = keyof typeof caseStatus;

export type ErrorDetail = {
  /** 1101: the parameter as the caller wrote it. */
  readonly parameter?: string;
  /** 2202: what was looked for, with a capital. */
  readonly thing?: string;
  /** 3102: the hub's word. */
  readonly word?: HubWord;
  /** A sentence that goes on after the text of the table. */
  readonly reason?: string;
  /** A whole message in place of the table's, where an API file quotes one ("Otp is invalid"). */
  readonly message?: string;
  /** The same on the Connect face alone. */
  readonly connectMessage?: string;
  readonly case?: ErrorCase;
  readonly retryAfterSeconds?: number;
  /** For the operator's log only. */
  readonly cause?: unknown;
};

/** A failure of the catalogue, thrown by name; status, text, retry and effect come from the table. */
export class ApiError extends Error {
  readonly error: ErrorName;
  readonly detail: ErrorDetail;

  constructor(error: ErrorName, detail: ErrorDetail = {}) {
    super(errorMessage(error, detail), detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = 'ApiError';
    this.error = error;
    this.detail = detail;
  }

  get code(): number {
    return errorRow(this.error).code;
  }

  get status(): number {
    if (this.detail.case !== undefined) return caseStatus[this.detail.case];
    if (this.error === 'CCC_COMMAND_FAILED') return wordStatus.get(this.detail.word ?? '') ?? 500;
    return errorRow(this.error).statuses[0];
  }

  /** What the failure may have done: 3102 with 408 or 500 leaves the door unknown. */
  get effect(): Effect {
    if (this.error !== 'CCC_COMMAND_FAILED') return errorRow(this.error).effect;
    return this.status === 408 || this.status === 500 ? 'unknown' : 'none';
  }
}

function errorMessage(error: ErrorName, detail: ErrorDetail): string {
  if (detail.message !== undefined) return detail.message;
  const text = errorRow(error)
    .message.replace('{parameterName}', detail.parameter ?? 'request')
    .replace('{Thing}', detail.thing ?? 'Object')
    .replace('{word}', detail.word ?? 'hardware_error');
  if (detail.reason === undefined) return text;
  return text.endsWith('.') ? `${text} ${detail.reason}` : `${text}: ${detail.reason}`;
}
