/** Whether a one-time code lets a command pass, with the block against guessing (behaviour.md 6). */
import { ApiError } from '#contract/api-error';
import type { AccessorId, IqId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Seal } from '#server/runtime/seal';
import { findOtpRules, holdPin, noteOtp, type SealedPin } from '#server/store/iq-pins';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { isOtp, otpBlockMs, otpPastSeconds, otpWrongLimit, type OtpSource } from './otp.ts';

export type OtpParts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly seal: Seal;
};

export type OtpRequest = {
  readonly iqId: IqId;
  readonly accessorId: AccessorId;
  readonly otp: string;
  /** What the code is for, for the audit log: `lock.locking`. */
  readonly command: string;
  /** Only a change of the PIN accepts the code of an activation that is not active yet. */
  readonly mayBeInactive: boolean;
};

/** A failure that leaves traces: they are committed before it is thrown. */
export type Refused = { readonly refusal: ApiError };

function isRefused(value: unknown): value is Refused {
  return (
    typeof value === 'object' &&
    value !== null &&
    'refusal' in value &&
    value.refusal instanceof ApiError
  );
}

/** Runs work in a transaction; a refusal it returns is thrown after the commit. */
export async function settled<T>(
  { database, actor }: { readonly database: Database; readonly actor: Actor },
  work: (scope: WriteScope) => Promise<T | Refused>,
): Promise<T> {
  const result = await inTransaction({ database, tenantId: actor.tenantId }, work);
  if (isRefused(result)) throw result.refusal;
  return result;
}

type Sent = { readonly accessor_id: string | null; readonly otp: string | null };

/**
 * The members a command on an IQ with `otp_enabled` needs; null where none is needed. REQUEST_INVALID without accessor,
 * NOT_FOUND `Otp is invalid` without code.
 */
export function sentOtp(
  iq: { readonly otp_enabled: boolean | null },
  sent: Sent,
): { readonly accessorId: AccessorId; readonly otp: string } | null {
  if (iq.otp_enabled !== true) return null;
  if (sent.accessor_id === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The accessor_id field is required.' });
  if (sent.otp === null || sent.otp === '') throw otpLeftOut();
  return { accessorId: sent.accessor_id as AccessorId, otp: sent.otp };
}

/**
 * The same for somebody who has signed in and acts as himself: NOT_FOUND `Otp is invalid` without code; CCC_COMMAND_FAILED
 * `pin_not_changed` for an owner without keys, who can have no activation.
 */
export const sentOtpOfPerson: typeof sentOtp = (iq, sent) => {
  if (iq.otp_enabled !== true) return null;
  if (sent.otp === null || sent.otp === '') throw otpLeftOut();
  if (sent.accessor_id === null)
    throw new ApiError('CCC_COMMAND_FAILED', { word: 'pin_not_changed' });
  return { accessorId: sent.accessor_id as AccessorId, otp: sent.otp };
};

/** No code is asked (connect-api.md 4.12: the body of a locker's action has none). */
export const noOtpAsked: typeof sentOtp = () => null;

export function otpLeftOut(): ApiError {
  return new ApiError('NOT_FOUND', { message: 'Otp is invalid' });
}

/** What the seal keeps. */
export function sourceOf(pin: SealedPin, seal: Seal): OtpSource {
  return {
    secret: seal.open(pin.secret_sealed).toString(),
    pin: seal.open(pin.pin_sealed).toString(),
  };
}

/** A right code; `spend` notes that it went out with a command, where the site wants codes used once. */
export type PassedOtp = { readonly refusal: undefined; spend(): Promise<void> };

/** Nothing to spend: no code was needed. */
export const noOtpNeeded: PassedOtp = { refusal: undefined, spend: () => Promise.resolve() };

/** Checks a code and counts it when it is wrong; a refusal is an audit record, never an entry. */
export async function checkOtp(
  scope: WriteScope,
  { actor, audit, clock, seal }: OtpParts & { readonly actor: Actor },
  request: OtpRequest,
): Promise<Refused | PassedOtp> {
  const now = clock.now();
  const code = request.otp.toLowerCase();
  const pin = await holdPin(scope, request.iqId, request.accessorId);
  const { isSingleUse, futureSeconds, collectionId } = await findOtpRules(scope, request.iqId);
  const refuse = (word: 'otp_blocked' | 'pin_not_changed' | 'otp_invalid'): Refused => {
    audit.record(scope, actor, {
      action: 'otp.refuse',
      objectType: 'iq',
      objectId: request.iqId,
      accessorId: request.accessorId,
      collectionId,
      outcome: 'refused',
      detail: `${request.command}: ${word}`,
    });
    return { refusal: new ApiError('CCC_COMMAND_FAILED', { word }) };
  };
  if (pin === undefined) return refuse('pin_not_changed');
  if (pin.blocked_until !== null && pin.blocked_until > now) return refuse('otp_blocked');
  if (pin.activation_state !== 'active' && !request.mayBeInactive) return refuse('pin_not_changed');
  const isRight = isOtp(code, sourceOf(pin, seal), { now, futureSeconds });
  const isUsed = isSingleUse && pin.used_codes.some((used) => used.code === code);
  if (!isRight || isUsed) {
    await noteOtp(scope, pin.id, wrongNote(pin, now));
    return refuse('otp_invalid');
  }
  const cleared = { wrong_at: [], blocked_until: null };
  if (pin.wrong_at.length > 0 || pin.blocked_until !== null)
    await noteOtp(scope, pin.id, { ...cleared, used_codes: pin.used_codes });
  return {
    refusal: undefined,
    async spend() {
      if (!isSingleUse) return;
      const windowMs = (otpPastSeconds + futureSeconds) * 1000;
      const kept = pin.used_codes.filter(({ at }) => Date.parse(at) > now.getTime() - windowMs);
      const used = [...kept, { code, at: now.toISOString() }];
      await noteOtp(scope, pin.id, { ...cleared, used_codes: used });
    },
  };
}

function wrongNote(pin: SealedPin, now: Date) {
  const since = now.getTime() - otpBlockMs;
  const wrong = [...pin.wrong_at.filter((at) => at.getTime() > since), now];
  const isBlocked = wrong.length >= otpWrongLimit;
  return {
    wrong_at: isBlocked ? [] : wrong,
    blocked_until: isBlocked ? new Date(now.getTime() + otpBlockMs) : null,
    used_codes: pin.used_codes,
  };
}
