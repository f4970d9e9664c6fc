/** OTP secret and PIN of an accessor on one IQ: read, activate, change, reset (behaviour.md 3.4 and 6). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, IqId } from '#contract/ids';
import type { ChangePinRequest } from '#contract/iq-pins';
import type { ListOptions } from '#contract/odata';
import type { Actor } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import { findAccessor, findPersonOf, findSiteUserOfEither } from '#server/store/accessors';
import {
  activatePin,
  findActivePinId,
  hasPin,
  holdPin,
  holdPinById,
  insertPin,
  isSuspendedAt,
  listIqPins,
  resetPins,
  type FreshPin,
  type IqPinRow,
  type SealedPin,
} from '#server/store/iq-pins';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { checkReachable, getIq, reachFault } from './iqs.ts';
import { otpReset, type Notices } from './notices.ts';
import { checkOtp, otpLeftOut, settled, sourceOf, type OtpParts } from './otp-checks.ts';
import { changedPin, newOtpSource } from './otp.ts';

export type ChangePin = Required<Static<typeof ChangePinRequest>>;

export type IqPins = {
  /** VALUE_INVALID (404) when the IQ has no activation of that id. */
  getExisting(actor: Actor, iqId: IqId, pinId: string): Promise<void>;
  /** The site user of either id. VALUE_INVALID (404) when the site has none. */
  siteUserOf(actor: Actor, siteId: CollectionId, id: string): Promise<AccessorId>;
  /** The activation of an accessor on an IQ, once it is active. VALUE_INVALID (404) when there is none. */
  idOf(actor: Actor, iqId: IqId, accessorId: AccessorId): Promise<string>;
  list(actor: Actor, options: ListOptions, iqId: IqId): Promise<ListResult<IqPinRow>>;
  /** VALUE_INVALID, OPERATION_NOT_ALLOWED (active, and no code was sent), CCC_COMMAND_FAILED (the code). */
  readSecret(
    actor: Actor,
    iqId: IqId,
    sent: { readonly accessorId: AccessorId; readonly otp: string | null },
  ): Promise<string>;
  /** VALUE_INVALID (404: no such accessor), CCC_COMMAND_FAILED `command_forbidden` once it is active. */
  readPin(actor: Actor, iqId: IqId, accessorId: AccessorId): Promise<string>;
  /** Changes the PIN, which activates it. VALUE_INVALID, NOT_FOUND, IQ_ACTIVATION_FAILED, CCC_COMMAND_FAILED, IQ_OFFLINE. */
  change(actor: Actor, iqId: IqId, body: ChangePin): Promise<void>;
  /** Makes an activation inactive again; `accessor_id` is who does it. */
  reset(
    actor: Actor,
    iqId: IqId,
    rule: {
      readonly pinId: string;
      readonly accessor_id: string | null;
      readonly otp: string | null;
    },
  ): Promise<void>;
  /**
   * The same for the own activation, without a code: whoever asks has just proven a second factor (behaviour.md 6, lost PIN).
   * VALUE_INVALID (404: none), CCC_ENTITY_NOT_FOUND, CCC_OPERATION_NOT_ALLOWED, IQ_OFFLINE.
   */
  resetOwn(actor: Actor, iqId: IqId, accessorId: AccessorId): Promise<void>;
};

type Parts = OtpParts & {
  readonly database: Database;
  readonly ids: Ids;
  readonly notices: Notices;
};

export function createIqPins(parts: Parts): IqPins {
  const { database, audit, clock, seal, ids, notices } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function held(scope: WriteScope, iqId: IqId, accessorId: AccessorId): Promise<SealedPin> {
    const present = await holdPin(scope, iqId, accessorId);
    if (present !== undefined) return present;
    const fresh = freshPin(ids.next<string>(), parts);
    const created = { accessor_id: accessorId, iq_id: iqId, created_at: clock.now() };
    await insertPin(scope, { ...fresh, ...created });
    const made = await holdPin(scope, iqId, accessorId);
    if (made === undefined) throw new Error('an activation vanished while it was being made');
    return made;
  }

  /** Makes an activation inactive, and tells its person; `accessorId` is who does it. */
  async function beginAgain(
    scope: WriteScope,
    {
      actor,
      iqId,
      pinId,
      accessorId,
    }: {
      readonly actor: Actor;
      readonly iqId: IqId;
      readonly pinId: string;
      readonly accessorId: AccessorId;
    },
  ): Promise<void> {
    const target = await holdPinById(scope, iqId, pinId);
    if (target === undefined) throw noPin();
    await resetPins(scope, [freshPin(target.id, parts)]);
    audit.record(scope, actor, {
      ...fact('reset_pin', { iqId, accessorId }),
      detail: `of accessor ${target.accessor_id}`,
    });
    const person = await findPersonOf(scope, target.accessor_id);
    if (person !== undefined) await notices.tell(scope, otpReset(person));
  }

  return {
    async getExisting(actor, iqId, pinId) {
      await getIq(scopeOf(actor), iqId, clock.now());
      if (!(await hasPin(scopeOf(actor), iqId, pinId))) throw noPin();
    },
    async siteUserOf(actor, siteId, id) {
      const found = await findSiteUserOfEither(scopeOf(actor), { siteId, id });
      if (found === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'user_id', case: 'path_id' });
      return found;
    },
    async idOf(actor, iqId, accessorId) {
      const id = await findActivePinId(scopeOf(actor), iqId, accessorId);
      if (id === undefined) throw noPin();
      return id;
    },
    async list(actor, options, iqId) {
      await getIq(scopeOf(actor), iqId, clock.now());
      return listIqPins(scopeOf(actor), options, iqId);
    },

    readSecret: (actor, iqId, { accessorId, otp }) =>
      settled({ database, actor }, async (scope) => {
        await getIq(scope, iqId, clock.now());
        await knownAccessor(scope, accessorId);
        const pin = await held(scope, iqId, accessorId);
        if (otp !== null) {
          const request = {
            iqId,
            accessorId,
            otp,
            command: 'iq.read_secret',
            mayBeInactive: false,
          };
          const verdict = await checkOtp(scope, { ...parts, actor }, request);
          if (verdict.refusal !== undefined) return verdict;
          await verdict.spend();
        } else if (pin.activation_state === 'active')
          throw new ApiError('OPERATION_NOT_ALLOWED', {
            reason: 'The accessor is already activated on this IQ; send an otp.',
          });
        audit.record(scope, actor, fact('read_secret', { iqId, accessorId }));
        return sourceOf(pin, seal).secret;
      }),

    readPin: (actor, iqId, accessorId) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const pin = await held(scope, iqId, accessorId);
        if (pin.activation_state === 'active')
          throw new ApiError('CCC_COMMAND_FAILED', { word: 'command_forbidden' });
        audit.record(scope, actor, fact('read_pin', { iqId, accessorId }));
        return sourceOf(pin, seal).pin;
      }),

    async change(actor, iqId, body) {
      const accessorId = body.accessor_id as AccessorId;
      const delta = body.delta ?? '0000';
      await knownAccessor(scopeOf(actor), accessorId);
      if (!/^[0-9]{4}$/.test(delta))
        throw new ApiError('VALUE_INVALID', { parameter: 'delta', reason: 'Send 4 digits.' });
      const { otp } = body;
      if (otp === null || otp === '') throw otpLeftOut();
      await settled({ database, actor }, async (scope) => {
        const iq = await getIq(scope, iqId, clock.now());
        if (await isSuspendedAt(scope, iqId, accessorId))
          throw new ApiError('IQ_ACTIVATION_FAILED', { reason: 'The accessor is suspended.' });
        const pin = await held(scope, iqId, accessorId);
        const request = { iqId, accessorId, otp, command: 'iq.change_pin', mayBeInactive: true };
        const verdict = await checkOtp(scope, { ...parts, actor }, request);
        if (verdict.refusal !== undefined) return verdict;
        const unreachable = reachFault(iq);
        if (unreachable !== undefined) return { refusal: unreachable };
        await verdict.spend();
        const next = changedPin(sourceOf(pin, seal).pin, delta);
        await activatePin(scope, pin.id, {
          pinSealed: seal.seal(Buffer.from(next)),
          now: clock.now(),
        });
        audit.record(scope, actor, fact('change_pin', { iqId, accessorId }));
        return undefined;
      });
    },

    async reset(actor, iqId, { pinId, accessor_id: sentActor, otp }) {
      const iq = await getIq(scopeOf(actor), iqId, clock.now());
      if (sentActor === null)
        throw new ApiError('REQUEST_INVALID', { reason: 'The accessor_id field is required.' });
      const accessorId = sentActor as AccessorId;
      await knownAccessor(scopeOf(actor), accessorId);
      if (iq.otp_enabled && (otp === null || otp === ''))
        throw new ApiError('REQUEST_INVALID', { reason: 'The otp field is required.' });
      await settled({ database, actor }, async (scope) => {
        if (iq.otp_enabled && otp !== null) {
          const request = { iqId, accessorId, otp, command: 'iq.reset_pin', mayBeInactive: false };
          const verdict = await checkOtp(scope, { ...parts, actor }, request);
          if (verdict.refusal !== undefined) return verdict;
          const unreachable = reachFault(iq);
          if (unreachable !== undefined) return { refusal: unreachable };
          await verdict.spend();
        } else checkReachable(iq);
        await beginAgain(scope, { actor, iqId, pinId, accessorId });
        return undefined;
      });
    },

    resetOwn: (actor, iqId, accessorId) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        checkReachable(await getIq(scope, iqId, clock.now()));
        const pinId = await findActivePinId(scope, iqId, accessorId);
        if (pinId === undefined) throw noPin();
        await beginAgain(scope, { actor, iqId, pinId, accessorId });
      }),
  };
}

/** A new secret and PIN, sealed, for an activation that begins or begins again. */
export function freshPin(
  id: string,
  { seal, ids }: { readonly seal: Seal; readonly ids: Ids },
): FreshPin {
  const { secret, pin } = newOtpSource((count) => ids.bytes(count));
  return {
    id,
    secret_sealed: seal.seal(Buffer.from(secret)),
    pin_sealed: seal.seal(Buffer.from(pin)),
  };
}

/** An accessor named in a body or query. VALUE_INVALID when the tenant has none of that id. */
export async function knownAccessor(scope: Scope, id: AccessorId): Promise<void> {
  if ((await findAccessor(scope, id)) === undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'accessor_id',
      reason: 'Nothing has this id.',
    });
}

function noPin(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'pin_id', case: 'path_id' });
}

function fact(
  verb: string,
  { iqId, accessorId }: { readonly iqId: IqId; readonly accessorId: AccessorId },
) {
  return { action: `iq.${verb}`, objectType: 'iq', objectId: iqId, accessorId };
}
