/**
 * Keypad codes (behaviour.md 5.4): a generated PIN and a chosen one for each accessor, kept as keyed hashes only. Codes are
 * given out one after the other within a tenant, so that none is given twice to people who could meet at a lock.
 */
import { hashPin } from '#access/pins';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, KeyId } from '#contract/ids';
import type { KeyType } from '#contract/keys';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { countCodes, findTakenCodes, holdPinHashKeys } from '#server/store/accessor-pins';
import type { HeldAccessor } from '#server/store/accessors';
import { holdCollectionOptions } from '#server/store/collection-options';
import { isGuestOver, isSuspendedEverywhere } from '#server/store/collection-settings';
import { deleteKey, findKeyOf, insertKey, updateKey } from '#server/store/keys';
import type { Database } from '#server/store/pool';
import type { Scope, WriteScope } from '#server/store/scope';
import { getAccessor, heldAccessor } from './accessors.ts';
import type { DesiredState } from './desired-state.ts';
import { pinChanged, type Notices } from './notices.ts';
import { writeRights, type Written } from './rights-write.ts';

export type AccessorPins = {
  /**
   * A new PIN of 6 or 7 digits, shown this once; the former one stops. VALUE_INVALID: expiry out of 1 to 366 days.
   * OPERATION_NOT_ALLOWED: suspended in every collection.
   */
  rotate(
    actor: Actor,
    accessorId: AccessorId,
    expiry: { readonly expiry_date: string | null },
  ): Promise<Written<string>>;
  /**
   * Sets a chosen PIN. VALUE_INVALID: form, run or repetition, or somebody has it. NO_SUBSCRIPTION: the collection allows
   * none. OPERATION_NOT_ALLOWED: suspended in every collection.
   */
  setCustom(actor: Actor, accessorId: AccessorId, pin: string): Promise<Written<void>>;
  /** Nothing happens when there is none. */
  removeCustom(actor: Actor, accessorId: AccessorId): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly notices: Notices;
};

const dayMs = 86_400_000;
/** core-api.md 7.3. */
const expiryRange = { leastMs: dayMs, mostMs: 366 * dayMs, toleranceMs: 60_000 };

export function createAccessorPins(parts: Parts): AccessorPins {
  const { database, audit, clock, ids, desiredState, notices } = parts;

  /** A new code is a new credential: it is not blocked, whatever the former one was. */
  async function store(
    scope: WriteScope,
    owner: HeldAccessor,
    pin: { readonly type: KeyType; readonly hash: string; readonly expiresAt: string | null },
  ): Promise<KeyId> {
    const present = await findKeyOf(scope, owner.id, { key_type: pin.type });
    const value = { credential_value: pin.hash, expires_at: pin.expiresAt, blocked: false };
    const id = present?.id ?? ids.next<KeyId>();
    if (present === undefined)
      await insertKey(scope, {
        ...value,
        id,
        accessor_id: owner.id,
        key_type: pin.type,
        credential_id: id,
        created_at: clock.now(),
      });
    else await updateKey(scope, id, value);
    await desiredState.refresh(scope, { accessorIds: [owner.id] });
    return id;
  }

  return {
    rotate: (actor, accessorId, { expiry_date: expiresAt }) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, accessorId);
        checkExpiry(expiresAt, clock.now());
        await checkSuspension(scope, owner, clock.now());
        const keys = await holdPinHashKeys(scope);
        const code = await freeCode(scope, { ids, keys, collectionId: owner.collection_id });
        const hash = hashPin(code, keys.own);
        const id = await store(scope, owner, { type: 'pin', hash, expiresAt });
        audit.record(scope, actor, fact('pin.rotate', { owner, id }));
        await notices.tell(scope, pinChanged(owner, 'changed'));
        return code;
      }),

    setCustom: (actor, accessorId, pin) =>
      writeRights({ database, actor }, async (scope) => {
        if (!/^\d{4,8}$/.test(pin) || isGuessable(pin)) throw invalidPin();
        const { collection_id: siteId } = await getAccessor(scope, accessorId);
        await holdCollectionOptions(scope, siteId);
        const owner = await heldAccessor(scope, accessorId);
        await checkSuspension(scope, owner, clock.now());
        const options = await holdCollectionOptions(scope, owner.collection_id);
        if (!options.custom_pin_enabled) throw new ApiError('NO_SUBSCRIPTION');
        const keys = await holdPinHashKeys(scope);
        const hash = hashPin(pin, keys.own);
        const own = await findKeyOf(scope, accessorId, { key_type: 'custom_pin' });
        const exceptKeyId = own?.id ?? null;
        const taken = await findTakenCodes(scope, hashesOf(pin, keys), {
          collectionId: owner.collection_id,
          exceptKeyId,
        });
        if (taken.size > 0) throw invalidPin();
        const id = await store(scope, owner, { type: 'custom_pin', hash, expiresAt: null });
        audit.record(scope, actor, fact('custom_pin.set', { owner, id }));
        await notices.tell(scope, pinChanged(owner, 'changed'));
      }),

    removeCustom: (actor, accessorId) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, accessorId);
        const key = await findKeyOf(scope, accessorId, { key_type: 'custom_pin' });
        if (key === undefined) return;
        await deleteKey(scope, key.id);
        await desiredState.refresh(scope, { accessorIds: [accessorId] });
        audit.record(scope, actor, fact('custom_pin.delete', { owner, id: key.id }));
        await notices.tell(scope, pinChanged(owner, 'removed'));
      }),
  };
}

/** One answer for every fault, so that nobody learns from it that a code is somebody else's. */
function invalidPin(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'pin' });
}

function checkExpiry(expiresAt: string | null, now: Date): void {
  if (expiresAt === null) return;
  const ahead = Date.parse(expiresAt) - now.getTime();
  const { leastMs, mostMs, toleranceMs } = expiryRange;
  if (ahead < leastMs - toleranceMs || ahead > mostMs + toleranceMs)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'expiry_date',
      reason: 'It must lie 1 to 366 days ahead.',
    });
}

/** behaviour.md 5.4: nobody is given a PIN that opens nothing. */
async function checkSuspension(
  scope: Scope,
  { id: accessorId, collection_id: collectionId }: HeldAccessor,
  now: Date,
): Promise<void> {
  const isOver =
    collectionId !== null && (await isGuestOver(scope, { accessorId, collectionId, now }));
  if (isOver || (await isSuspendedEverywhere(scope, accessorId)))
    throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The accessor is suspended.' });
}

/** One digit repeated, or a run up or down: 4444, 123456, 9876. */
export function isGuessable(code: string): boolean {
  const steps = new Set(
    Array.from(code)
      .slice(1)
      .map((digit, index) => Number(digit) - Number(code[index])),
  );
  const [step] = steps;
  return steps.size === 1 && step !== undefined && Math.abs(step) <= 1;
}

const usualDigits = 6;
/** Below this share of free codes they get a digit more. */
const scarceShare = 0.01;
const drawnAtOnce = 100;

/** How long a code is where so many are in use: 6 digits, 7 when fewer than 1 % of those of 6 are free. */
export function codeDigits(used: number): number {
  const free = 10 ** usualDigits - used;
  return free < 10 ** usualDigits * scarceShare ? usualDigits + 1 : usualDigits;
}

type PinHashKeys = Awaited<ReturnType<typeof holdPinHashKeys>>;

type Drawing = {
  readonly ids: Ids;
  readonly keys: PinHashKeys;
  readonly collectionId: CollectionId | null;
};

/** A code as it may lie here: under the tenant's own key, or under one it came with. */
function hashesOf(code: string, { own, former }: PinHashKeys): readonly string[] {
  return [own, ...former].map((key) => hashPin(code, key));
}

/** A code nobody has whom its owner could meet. */
async function freeCode(scope: Scope, drawing: Drawing): Promise<string> {
  const [first, ...others] = await drawFree(scope, usualDigits, drawing);
  // Many free ones among those drawn mean that there are plenty; counting costs as much as there are codes.
  if (first !== undefined && others.length >= drawnAtOnce / 10) return first;
  const digits = codeDigits(await countCodes(scope, drawing.collectionId));
  if (first !== undefined && digits === usualDigits) return first;
  for (let attempt = 1; attempt <= 100; attempt += 1) {
    const [code] = await drawFree(scope, digits, drawing);
    if (code !== undefined) return code;
  }
  throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'No keypad code is free.' });
}

async function drawFree(
  scope: Scope,
  digits: number,
  { ids, keys, collectionId }: Drawing,
): Promise<readonly string[]> {
  const codes = Array.from({ length: drawnAtOnce }, () => drawCode(digits, ids)).filter(
    (code) => !isGuessable(code),
  );
  const hashes = new Map([...new Set(codes)].map((code) => [code, hashesOf(code, keys)]));
  const taken = await findTakenCodes(scope, [...hashes.values()].flat(), {
    collectionId,
    exceptKeyId: null,
  });
  return [...hashes]
    .filter(([, own]) => !own.some((hash) => taken.has(hash)))
    .map(([code]) => code);
}

/** Digits that are all equally likely: what does not divide evenly is drawn again. */
function drawCode(digits: number, ids: Ids): string {
  const count = 10 ** digits;
  const fair = Math.floor(2 ** 32 / count) * count;
  for (;;) {
    const drawn = ids.bytes(4).readUInt32BE();
    if (drawn < fair) return String(drawn % count).padStart(digits, '0');
  }
}

function fact(action: string, { owner, id }: { readonly owner: HeldAccessor; readonly id: KeyId }) {
  return {
    action,
    objectType: 'key',
    objectId: id,
    accessorId: owner.id,
    collectionId: owner.collection_id,
  };
}
