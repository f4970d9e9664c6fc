/** Detaching a lock (behaviour.md 4.6): begun here, ended by the card at the lock, or at once by force. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, IqId, LockId } from '#contract/ids';
import type { DetachLockRequest } from '#contract/locks';
import type { Actor } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { LockRow } from '#server/store/locks';
import type { Database } from '#server/store/pool';
import { retireCode } from '#server/store/retired-codes';
import type { WriteScope } from '#server/store/scope';
import { setLockLink, unlinkLock } from '#server/store/tree';
import type { DesiredState } from './desired-state.ts';
import { knownAccessor } from './iq-pins.ts';
import { getIq, reachFault } from './iqs.ts';
import { endContact } from './lock-conditions.ts';
import { getLock, heldLock, lockFact } from './locks.ts';
import {
  checkOtp,
  noOtpNeeded,
  sentOtp,
  settled,
  type OtpParts,
  type Refused,
} from './otp-checks.ts';

export type SentDetachment = Required<Static<typeof DetachLockRequest>>;

export type Detachments = {
  /**
   * Begins detaching. VALUE_INVALID (another link state), OPERATION_NOT_ALLOWED (already detached), the codes of OTP and hub.
   * With `force` it ends at once, the hub online or not. `readOtp`: which members a one-time code needs; absent = those of a
   * program.
   */
  detach(
    actor: Actor,
    id: LockId,
    body: SentDetachment,
    readOtp?: typeof sentOtp,
  ): Promise<LockRow>;
};

type Parts = OtpParts & {
  readonly database: Database;
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

export function createDetachments(parts: Parts): Detachments {
  const { database } = parts;
  return {
    detach: (actor, id, body, readOtp = sentOtp) =>
      settled({ database, actor }, (scope) => detach(scope, parts, { actor, id, body, readOtp })),
  };
}

type Order = {
  readonly actor: Actor;
  readonly id: LockId;
  readonly body: SentDetachment;
  readonly readOtp: typeof sentOtp;
};

async function detach(
  scope: WriteScope,
  parts: Parts,
  { actor, id, body, readOtp }: Order,
): Promise<LockRow | Refused> {
  const now = parts.clock.now();
  if (body.iq_link_state !== null && body.iq_link_state !== 'detached_pending')
    throw new ApiError('VALUE_INVALID', {
      parameter: 'iq_link_state',
      reason: 'Send detached_pending or nothing.',
    });
  if (body.accessor_id !== null) await knownAccessor(scope, body.accessor_id as AccessorId);
  const lock = await heldLock(scope, id, now);
  const { iq_id: iqId, collection_id: collectionId } = lock;
  const iq = iqId === null ? undefined : await getIq(scope, iqId, now);
  const sent = iq === undefined ? null : readOtp(iq, body);
  if (iq === undefined || lock.iq_link_state === 'detached')
    throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The lock is detached.' });
  const otp =
    sent === null
      ? noOtpNeeded
      : await checkOtp(
          scope,
          { ...parts, actor },
          { ...sent, iqId: iq.id, command: 'lock.detach', mayBeInactive: false },
        );
  if (otp.refusal !== undefined) return otp;
  const unreachable = body.force ? undefined : reachFault(iq);
  if (unreachable !== undefined) return { refusal: unreachable };
  await otp.spend();
  const isForced = body.force && lock.iq_link_state !== 'attached_pending';
  // Nobody knows whether the hardware hears of it.
  if (isForced) await retireCode(scope, { lockId: id, now });
  await changeLink(scope, { lock, iqId: iq.id, isForced });
  if (isForced) await endContact(scope, parts, [id]);
  await parts.desiredState.refresh(scope, { iqIds: [iq.id], lockIds: [id] });
  const accessorId = body.accessor_id as AccessorId | null;
  parts.audit.record(scope, actor, {
    ...lockFact('detach', { id, collectionId, accessorId }),
    detail: isForced ? 'forced: the hardware must be reset by hand' : null,
  });
  return getLock(scope, id, now);
}

/** One that never joined, and one given up by force, leaves at once; the others wait for the hub. */
async function changeLink(
  scope: WriteScope,
  change: { readonly lock: LockRow; readonly iqId: IqId; readonly isForced: boolean },
): Promise<void> {
  const { lock, iqId, isForced } = change;
  if (isForced || lock.iq_link_state === 'attached_pending') {
    await unlinkLock(scope, lock.id, { iqId, from: [lock.iq_link_state] });
    return;
  }
  await setLockLink(scope, lock.id, { iqId, from: 'attached', to: 'detached_pending' });
}
