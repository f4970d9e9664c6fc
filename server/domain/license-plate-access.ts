/**
 * Opening for a licence plate (behaviour.md 13). The server decides, from the desired state of the hub behind the lock and by
 * the code the hub decides with, so that a plate seen by a camera and one read at the door can never disagree.
 */
import { isAdmittedWithin } from '#access/admission';
import { decide, type Decision } from '#access/decision';
import { tableOf } from '#access/table';
import { toLocalText } from '#access/zones';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, IqId, LockId } from '#contract/ids';
import { plateText } from '#contract/license-plates';
import type { Actor } from '#server/events/audit';
import { commandFailure, type CommandQueue, type QueuedCommand } from '#server/gateway/commands';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import { eventsTopic, insertEvents } from '#server/store/events';
import {
  findPlateDoor,
  findPlateHolders,
  findPlateMembers,
  listDecidingItems,
  type PlateDoor,
} from '#server/store/license-plate-access';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { readinessFault } from './lockings.ts';
import { lockFact, noLock } from './locks.ts';
import { settled, type OtpParts } from './otp-checks.ts';

/** The lock of a path and the collection it is said to be in. */
export type PlatePlace = { readonly collectionId: CollectionId; readonly lockId: LockId };

export type LicensePlateAccess = {
  /** VALUE_INVALID (404) when the lock is not in the collection. */
  checkPlace(actor: Actor, place: PlatePlace): Promise<unknown>;
  /** Normalised plates admitted now or within 24 h, sorted, each once. VALUE_INVALID without a camera at the lock. */
  list(actor: Actor, place: PlatePlace): Promise<readonly string[]>;
  /**
   * Decides, and opens when granted: true only after the lock has confirmed. VALUE_INVALID (no plate, no camera),
   * CCC_COMMAND_FAILED, IQ_OFFLINE; for a granted plate CCC_OPERATION_NOT_ALLOWED and what an opening may fail with.
   */
  open(actor: Actor, place: PlatePlace, plate: string): Promise<boolean>;
};

type Parts = Pick<OtpParts, 'audit'> & {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bus: Bus;
  readonly commands: CommandQueue;
};

/** behaviour.md 13: how far ahead a camera may keep plates. */
const listedAheadMs = 24 * 3_600_000;

export function createLicensePlateAccess(parts: Parts): LicensePlateAccess {
  const { database, clock } = parts;
  const read = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    checkPlace: (actor, place) => getDoor(read(actor), place, clock.now()),

    async list(actor, place) {
      const scope = read(actor);
      const door = await getCameraDoor(scope, place, clock.now());
      // A lock without a hub opens for nobody.
      if (door.iq_id === null) return [];
      const { lockId } = place;
      const accessorIds = await findPlateMembers(scope, lockId);
      const table = tableOf(await listDecidingItems(scope, door.iq_id, { lockId, accessorIds }));
      const from = clock.now();
      const until = new Date(from.getTime() + listedAheadMs);
      const plates = [...table.accessors.values()]
        .flatMap(({ keys }) => keys)
        .filter(({ type }) => type === 'license_plate')
        .map(({ value }) => value);
      return [...new Set(plates)]
        .filter((plate) =>
          isAdmittedWithin(table, {
            lockId,
            credential: { type: 'license_plate', plate },
            from,
            until,
          }),
        )
        .sort();
    },

    async open(actor, place, sent) {
      const plate = plateText(sent);
      if (plate === null)
        throw new ApiError('VALUE_INVALID', {
          parameter: 'license_plate',
          reason: 'It must have 1 to 32 letters or digits.',
        });
      const queued = await settled({ database, actor }, (scope) =>
        decideAndQueue(scope, parts, { actor, place, plate }),
      );
      if (queued === null) return false;
      const failure = commandFailure(await queued.start());
      if (failure !== undefined) throw failure;
      return true;
    },
  };
}

async function getDoor(scope: Scope, place: PlatePlace, now: Date): Promise<PlateDoor> {
  const door = await findPlateDoor(scope, place, now);
  if (door === undefined) throw noLock();
  return door;
}

async function getCameraDoor(scope: Scope, place: PlatePlace, now: Date): Promise<PlateDoor> {
  const door = await getDoor(scope, place, now);
  if (door.license_plate_camera) return door;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'lock_id',
    reason: 'The lock is not marked as having a licence plate camera.',
  });
}

type Asked = { readonly actor: Actor; readonly place: PlatePlace; readonly plate: string };

/** Everything in one transaction: what is decided, written down, and asked of the hub; null = refused. */
async function decideAndQueue(
  scope: WriteScope,
  parts: Parts,
  asked: Asked,
): Promise<QueuedCommand | null | { readonly refusal: ApiError }> {
  const { actor, place } = asked;
  const door = await getCameraDoor(scope, place, parts.clock.now());
  const note = (
    accessorId: string | null,
    how: { readonly outcome?: 'refused'; readonly detail: string },
  ): void => {
    const lock = {
      id: place.lockId,
      collectionId: place.collectionId,
      accessorId: accessorId as AccessorId | null,
    };
    parts.audit.record(scope, actor, { ...lockFact('license_plate_access', lock), ...how });
  };
  const fail = (refusal: ApiError, accessorId: string | null = null) => {
    const detail = `${refusal.code} ${refusal.detail.word ?? ''}`.trim();
    note(accessorId, { outcome: 'refused', detail });
    return { refusal };
  };
  const { iq_id: iqId, iq_link_state: link } = door;
  if (iqId === null || (link !== 'attached' && link !== 'detached_pending'))
    return fail(new ApiError('CCC_COMMAND_FAILED', { word: 'not_attached' }));
  if (door.iq_online !== true) return fail(new ApiError('IQ_OFFLINE'));
  const { decision, mayOverride } = await decideHere(scope, parts, { ...asked, door, iqId });
  const { accessorId } = decision;
  if (decision.act === 'refuse') {
    await writeRefusal(scope, parts, { ...asked, door, iqId, decision });
    note(accessorId, { outcome: 'refused', detail: decision.rejectReason ?? '' });
    return null;
  }
  const fault = readinessFault(door) ?? (door.lock_online ? undefined : offlineLock());
  if (fault !== undefined) return fail(fault, accessorId);
  try {
    const queued = await parts.commands.enqueue(scope, {
      iqId,
      lockId: place.lockId,
      requestId: actor.requestId,
      body: {
        kind: 'open',
        lock_id: place.lockId,
        accessor_id: accessorId,
        override_privacy_mode: mayOverride,
        access_by: 'license_plate',
        access_detail: asked.plate,
      },
    });
    note(accessorId, { detail: 'granted' });
    return queued;
  } catch (error) {
    // A broken store of commands has ended the transaction: nothing more can be written in it.
    if (error instanceof ApiError && error.error !== 'CCC_FAILED') return fail(error, accessorId);
    throw error;
  }
}

function offlineLock(): ApiError {
  return new ApiError('CCC_COMMAND_FAILED', { word: 'lock_offline' });
}

type AtDoor = Asked & { readonly door: PlateDoor; readonly iqId: IqId };

async function decideHere(
  scope: Scope,
  { clock }: Parts,
  { place: { lockId }, plate, door, iqId }: AtDoor,
): Promise<{ readonly decision: Decision; readonly mayOverride: boolean }> {
  const accessorIds = await findPlateHolders(scope, plate);
  const table = tableOf(await listDecidingItems(scope, iqId, { lockId, accessorIds }));
  const decision = decide({
    table,
    lockId,
    door: {
      officeMode: 'none',
      privacy: door.privacy_mode,
      tagRegistration: false,
      keypadLockedOut: false,
    },
    presentation: { what: { type: 'license_plate', plate }, heldMs: 0 },
    now: clock.now(),
    serverGoneSince: null,
  });
  const accessor = decision.accessorId === null ? null : table.accessors.get(decision.accessorId);
  return { decision, mayOverride: accessor?.override_privacy_mode ?? false };
}

/** A refused plate is a fact at the door that no hub has seen: the server writes it down. */
async function writeRefusal(
  scope: WriteScope,
  { bus, clock, ids }: Parts,
  { place, plate, door, iqId, decision }: AtDoor & { readonly decision: Decision },
): Promise<void> {
  const at = clock.now();
  await insertEvents(scope, {
    entries: [
      {
        id: ids.next<string>(),
        iqId,
        boot: null,
        sequence: null,
        at,
        local: toLocalText(door.time_zone ?? 'UTC', at),
        category: 'lock_rejected',
        detail: decision.detail,
        lockId: place.lockId,
        accessorId: decision.accessorId,
        accessBy: 'license_plate',
        accessDetail: plate,
        exitRequested: false,
        rejectReason: decision.rejectReason,
      },
    ],
    incidents: [],
    ledgers: new Map(),
    now: at,
  });
  scope.afterCommit(() => bus.publish(eventsTopic(scope.tenantId), ''));
}
