import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { PostAccessorDeviceRequest } from '#contract/devices';
import type { AccessorId, DeviceId, LockId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdAccessors, type HeldAccessor } from '#server/store/accessors';
import {
  deleteDevice,
  findDevice,
  holdDeviceKeys,
  insertDevice,
  listDeviceHolders,
  listDevices,
  revokeCredentials,
  type DeviceKeys,
  type DeviceRow,
  type OwnedDevice,
} from '#server/store/devices';
import { deleteKey } from '#server/store/keys';
import type { ListResult } from '#server/store/list';
import { findOfflineLocks } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { heldAccessor } from './accessors.ts';
import type { DesiredState } from './desired-state.ts';
import { writeRights, type Written } from './rights-write.ts';

export type PostDevice = Required<Static<typeof PostAccessorDeviceRequest>>;

export type Devices = {
  /** VALUE_INVALID (404) when the accessor has none of that id. */
  get(actor: Actor, device: OwnedDevice): Promise<DeviceRow>;
  list(actor: Actor, options: ListOptions, accessorId: AccessorId): Promise<ListResult<DeviceRow>>;
  create(actor: Actor, accessorId: AccessorId, body: PostDevice): Promise<Written<DeviceRow>>;
  /** Takes the phone away; its certificate and mobile key go on the revocation list of every hub (behaviour.md 11). */
  remove(actor: Actor, device: OwnedDevice): Promise<Written<void>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
};

/** Phones of accessors (core-api.md 6.4). */
export function createDevices({ database, audit, clock, ids, desiredState }: Parts): Devices {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);
  return {
    get: (actor, device) => getDevice(scopeOf(actor), device),
    list: (actor, options, accessorId) => listDevices(scopeOf(actor), options, accessorId),

    create: (actor, accessorId, body) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, accessorId);
        const id = ids.next<DeviceId>();
        await insertDevice(scope, { ...body, accessorId, id, created_at: clock.now() });
        const after = await getDevice(scope, { accessorId, id });
        audit.record(scope, actor, { ...deviceFact('create', { owner, id }), after });
        return after;
      }),

    remove: (actor, device) =>
      writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, device.accessorId);
        await holdAccessors(scope, await listDeviceHolders(scope, device.id));
        const keys = await holdDeviceKeys(scope, device);
        if (keys === undefined) throw noDevice();
        const before = await getDevice(scope, device);
        await takeAway(scope, { desiredState, now: clock.now() }, { id: device.id, keys });
        audit.record(scope, actor, { ...deviceFact('delete', { owner, id: device.id }), before });
      }),
  };
}

/** Removes a phone with its keys; every hub stops accepting it. The accessors that it opens for are held. */
export async function takeAway(
  scope: WriteScope,
  { desiredState, now }: { readonly desiredState: DesiredState; readonly now: Date },
  { id, keys }: { readonly id: DeviceId; readonly keys: DeviceKeys },
): Promise<void> {
  const { certificate, links } = keys;
  await deleteDevice(scope, id);
  if (certificate === null) return;
  const accessorIds: AccessorId[] = [];
  const lockIds: LockId[] = [];
  for (const { accessorId, keyId } of links) {
    if (keyId === null) continue;
    lockIds.push(...(await findOfflineLocks(scope, { keyId })));
    await deleteKey(scope, keyId);
    accessorIds.push(accessorId);
  }
  const { certificateId, mkeyId, expiresAt } = certificate;
  await revokeCredentials(scope, { ids: [certificateId, mkeyId], expiresAt, now });
  await desiredState.refresh(scope, { accessorIds, lockIds, trust: true });
}

/** The device of a path. VALUE_INVALID (404) when the accessor has none of that id. */
export async function getDevice(scope: Scope, device: OwnedDevice): Promise<DeviceRow> {
  const row = await findDevice(scope, device);
  if (row === undefined) throw noDevice();
  return row;
}

export function noDevice(): ApiError {
  return new ApiError('VALUE_INVALID', { parameter: 'd_id', case: 'path_id' });
}

/** What the audit log says of a device. */
export function deviceFact(
  verb: string,
  { owner, id }: { readonly owner: HeldAccessor; readonly id: DeviceId },
) {
  return {
    action: `device.${verb}`,
    objectType: 'device',
    objectId: id,
    accessorId: owner.id,
    collectionId: owner.collection_id,
  };
}
