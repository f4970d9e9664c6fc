/**
 * Other hardware in the place of a lock, under the same id (behaviour.md 4.7). What the new hardware is, the hub asks it over the
 * air before anything changes; hardware that does not answer is told by its code alone.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, IqId, LockId } from '#contract/ids';
import type { HardwareTraits } from '#contract/iq-link';
import type { ReplaceLockRequest } from '#contract/locks';
import type { Actor } from '#server/events/audit';
import type { CommandQueue } from '#server/gateway/commands';
import type { Clock } from '#server/runtime/clock';
import { isCodeInUse } from '#server/store/hardware-codes';
import {
  findReplaceableLock,
  replaceLockHardware,
  type ReplaceableLock,
} from '#server/store/lock-replacements';
import type { LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { retireCode } from '#server/store/retired-codes';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import type { DesiredState } from './desired-state.ts';
import { hardwareCode, type HardwareCode } from './hardware-codes.ts';
import { knownAccessor } from './iq-pins.ts';
import { getIq, reachFault, within } from './iqs.ts';
import { getLock, heldLock, lockFact, noLock } from './locks.ts';
import {
  checkOtp,
  noOtpNeeded,
  sentOtp,
  settled,
  type OtpParts,
  type Refused,
} from './otp-checks.ts';
import type { Written } from './rights-write.ts';

export type ReplaceLock = Required<Static<typeof ReplaceLockRequest>>;

export type LockReplacements = {
  /**
   * Puts the hardware of the code in the place of the lock, to be attached by card. REQUEST_INVALID (no code),
   * ACTIVATION_CODE_INVALID, VALUE_INVALID (accessor), OPERATION_NOT_ALLOWED (detached, another vendor, too many offline keys),
   * the codes of OTP and hub. Warns `keypad_lost`.
   */
  replace(actor: Actor, id: LockId, body: ReplaceLock): Promise<Written<LockRow>>;
};

type Parts = OtpParts & {
  readonly database: Database;
  readonly clock: Clock;
  readonly commands: CommandQueue;
  readonly desiredState: DesiredState;
};

/** How long the hub is given to find the new hardware. */
const identifiedWithinMs = 3_000;
/** behaviour.md 2: the least that any hardware holds, for hardware that has not said what it is. */
const leastOfflineKeys = 39;

export function createLockReplacements(parts: Parts): LockReplacements {
  const { database } = parts;
  return {
    async replace(actor, id, body) {
      const hardware = hardwareCode(body.activation_code);
      const read = readScope(database, actor.tenantId);
      if (body.accessor_id !== null) await knownAccessor(read, body.accessor_id as AccessorId);
      const traits = await identify(read, parts, { actor, id, mac: hardware.mac });
      return settled({ database, actor }, (scope) =>
        replace(scope, parts, { actor, id, body, hardware, traits }),
      );
    },
  };
}

/** What hardware says of itself when the IQ of the lock asks it; null = nobody knows. */
async function identify(
  read: Scope,
  { clock, commands }: Parts,
  about: { readonly actor: Actor; readonly id: LockId; readonly mac: string },
): Promise<HardwareTraits | null> {
  const { actor, id, mac } = about;
  const lock = await findReplaceableLock(read, id);
  if (lock === undefined) throw noLock();
  const { iq_id: iqId } = lock;
  if (iqId === null || lock.iq_link_state === 'detached') return null;
  if (reachFault(await getIq(read, iqId, clock.now())) !== undefined) return null;
  const { tenantId, requestId } = actor;
  const body = { kind: 'identify', mac } as const;
  const run = commands.run({ tenantId, iqId, lockId: null, body, requestId });
  try {
    const result = await within(run, { clock, ms: identifiedWithinMs });
    return result?.state === 'confirmed' ? (result.outcome.hardware ?? null) : null;
  } catch (error) {
    // A hub that cannot be asked at this moment is told as such by the call itself.
    if (error instanceof ApiError) return null;
    throw error;
  }
}

type Order = {
  readonly actor: Actor;
  readonly id: LockId;
  readonly body: ReplaceLock;
  readonly hardware: HardwareCode;
  readonly traits: HardwareTraits | null;
};

async function replace(
  scope: WriteScope,
  parts: Parts,
  order: Order,
): Promise<Written<LockRow> | Refused> {
  const { actor, id, body, hardware, traits } = order;
  const now = parts.clock.now();
  const former = await heldLock(scope, id, now);
  const known = await findReplaceableLock(scope, id);
  const { iq_id: iqId } = former;
  const iq = iqId === null ? undefined : await getIq(scope, iqId, now);
  const sent = iq === undefined ? null : sentOtp(iq, body);
  if (known === undefined || iq === undefined || former.iq_link_state === 'detached')
    throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The lock is detached.' });
  if (await isCodeInUse(scope, hardware.code))
    throw new ApiError('ACTIVATION_CODE_INVALID', { reason: 'The code is in use.' });
  checkFits(known, traits);
  const otp =
    sent === null
      ? noOtpNeeded
      : await checkOtp(
          scope,
          { ...parts, actor },
          { ...sent, iqId: iq.id, command: 'lock.replace', mayBeInactive: false },
        );
  if (otp.refusal !== undefined) return otp;
  const unreachable = reachFault(iq);
  if (unreachable !== undefined) return { refusal: unreachable };
  await otp.spend();
  await write(scope, parts, { order, former, iqId: iq.id });
  const hadKeypad = former.lock_type.endsWith('_pin');
  const isKeypadLost = hadKeypad && traits !== null && !traits.lock_type.endsWith('_pin');
  return {
    value: await getLock(scope, id, now),
    warnings: isKeypadLost ? ['keypad_lost'] : [],
  };
}

function checkFits(lock: ReplaceableLock, traits: HardwareTraits | null): void {
  if (traits !== null && traits.vendor.toLowerCase() !== lock.vendor_reference)
    throw new ApiError('OPERATION_NOT_ALLOWED', {
      reason: 'The new hardware is of another vendor.',
    });
  const most = traits?.offline_key_limit ?? leastOfflineKeys;
  if (lock.offline_keys <= most) return;
  const holder = traits === null ? 'did not answer and is sure of' : 'holds';
  throw new ApiError('OPERATION_NOT_ALLOWED', {
    reason: `The new hardware ${holder} ${most} offline keys at most, the lock has ${lock.offline_keys}.`,
  });
}

async function write(
  scope: WriteScope,
  parts: Parts,
  { order, former, iqId }: { readonly order: Order; readonly former: LockRow; readonly iqId: IqId },
): Promise<void> {
  const { actor, id, body, hardware, traits } = order;
  await retireCode(scope, { lockId: id, now: parts.clock.now() });
  await replaceLockHardware(scope, id, { ...hardware, traits });
  await parts.desiredState.refresh(scope, { iqIds: [iqId], lockIds: [id] });
  const accessorId = body.accessor_id as AccessorId | null;
  parts.audit.record(scope, actor, {
    ...lockFact('replace', { id, collectionId: former.collection_id, accessorId }),
    detail: `${hardware.mac} takes the place of ${former.mac}, which must be reset by hand`,
  });
}
