/** Mobile keys: what opens doors, signed by the server for one phone and sealed to it (behaviour.md 11). */
import { createPrivateKey } from 'node:crypto';
import { CompactEncrypt, CompactSign } from 'jose';
import type { MobileKeyClaims } from '#access/phones';
import { ApiError } from '#contract/api-error';
import type { AccessorId, CollectionId, IqId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Seal } from '#server/runtime/seal';
import { findCollectionOptions } from '#server/store/collection-options';
import {
  findCollectionOfIq,
  holdDeviceKeys,
  listMobileKeyPlaces,
  type DeviceKeys,
  type MobileKeyPlace,
  type OwnedDevice,
} from '#server/store/devices';
import type { Database } from '#server/store/pool';
import { inTransaction, type Scope } from '#server/store/scope';
import type { TenantKey } from '#server/store/tenant-keys';
import { heldAccessor } from './accessors.ts';
import { deviceFact, noDevice } from './devices.ts';
import type { TenantCertificates, TenantTrust } from './tenant-certificates.ts';
import { clockToleranceMs, publicKeyOf } from './x509.ts';

export type MobileKeyOrder = {
  readonly collectionId: CollectionId | null;
  readonly iqId: IqId | null;
};

export type MobileKeys = {
  /**
   * A new mobile key for each place asked for, as a JWE to the phone (base64). REQUEST_INVALID: `iq_id` is needed. VALUE_INVALID:
   * no such IQ, or a collection the accessor is not in. OPERATION_NOT_ALLOWED: not activated, its certificate's tenant key has
   * retired, blocked or suspended.
   */
  issue(actor: Actor, device: OwnedDevice, order: MobileKeyOrder): Promise<string>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly seal: Seal;
  readonly tenantCertificates: TenantCertificates;
};

type Active = NonNullable<DeviceKeys['active']>;
/** One key to be made: for all IQs of a collection, or for one. */
type Place = { readonly collectionId: CollectionId | null; readonly iqId: IqId | null };

export function createMobileKeys({
  database,
  audit,
  clock,
  seal,
  tenantCertificates,
}: Parts): MobileKeys {
  return {
    async issue(actor, device, order) {
      const trust = await tenantCertificates.trusted(actor);
      const made = await inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const owner = await heldAccessor(scope, device.accessorId);
        const keys = await holdDeviceKeys(scope, device);
        if (keys === undefined) throw noDevice();
        const active = usableKeys(keys, { trust, now: clock.now() });
        if (owner.blocked) throw notAllowed('The accessor is blocked.');
        const places = await placesOf(scope, { accessorId: device.accessorId, order });
        const now = clock.now();
        const claims: MobileKeyClaims[] = [];
        for (const place of places)
          claims.push(await claimsOf(scope, { device, active, place, now }));
        audit.record(scope, actor, deviceFact('issue_key', { owner, id: device.id }));
        return { active, claims };
      });
      const [signer] = trust.mobileKeys;
      if (signer === undefined) throw new ApiError('REQUEST_FAILED');
      const signed = await signAll(made.claims, { signer, seal });
      return sealTo(made.active.publicKey, signed);
    },
  };
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function usableKeys(
  { active }: DeviceKeys,
  { trust, now }: { readonly trust: TenantTrust; readonly now: Date },
): Active {
  if (active === null) throw notAllowed('The device is not activated.');
  const isTrusted = trust.certificates.some(({ version }) => version === active.certificateVersion);
  if (!isTrusted || active.expiresAt <= now)
    throw notAllowed('The certificate of the device is over; renew it by PUT.');
  return active;
}

/** core-api.md 7.3: the collections asked for, one IQ where keys are per IQ. */
async function placesOf(
  scope: Scope,
  { accessorId, order }: { readonly accessorId: AccessorId; readonly order: MobileKeyOrder },
): Promise<readonly Place[]> {
  const { iqId } = order;
  const all = await listMobileKeyPlaces(scope, accessorId);
  const asked = await askedPlaces(scope, { all, order });
  if (iqId === null && asked.some(({ sync_mkey }) => !sync_mkey))
    throw new ApiError('REQUEST_INVALID', {
      reason: 'The iq_id field is required: the collection has a key per IQ.',
    });
  const open = asked.filter(({ is_suspended }) => !is_suspended);
  if (open.length === 0) throw notAllowed('The accessor is suspended or blocked there.');
  return open.map(({ collection_id, sync_mkey }) => ({
    collectionId: collection_id,
    iqId: sync_mkey ? null : iqId,
  }));
}

async function askedPlaces(
  scope: Scope,
  { all, order }: { readonly all: readonly MobileKeyPlace[]; readonly order: MobileKeyOrder },
): Promise<readonly MobileKeyPlace[]> {
  const { collectionId, iqId } = order;
  if (collectionId === null && iqId === null) return all;
  const iq = iqId === null ? undefined : await findCollectionOfIq(scope, iqId);
  if (iqId !== null && iq === undefined) throw wrong('iq_id');
  const wanted = iq === undefined ? collectionId : iq.collection_id;
  if (collectionId !== null && wanted !== collectionId) throw wrong('iq_id');
  const found = all.filter(({ collection_id }) => collection_id === wanted);
  if (found.length === 0) throw wrong(collectionId === null ? 'iq_id' : 'collection_id');
  return found;
}

function wrong(parameter: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter });
}

async function claimsOf(
  scope: Scope,
  {
    device,
    active,
    place,
    now,
  }: {
    readonly device: OwnedDevice;
    readonly active: Active;
    readonly place: Place;
    readonly now: Date;
  },
): Promise<MobileKeyClaims> {
  const { mkey_validity_hours } = await findCollectionOptions(scope, place.collectionId);
  const endMs = now.getTime() + mkey_validity_hours * 3_600_000;
  return {
    kid: active.mkeyId,
    uid: active.mkeyUid,
    accessor_id: device.accessorId,
    device_id: device.id,
    collection_id: place.collectionId,
    ...(place.iqId === null ? {} : { iq_id: place.iqId }),
    nbf: Math.floor((now.getTime() - clockToleranceMs) / 1_000),
    exp: Math.floor(Math.min(endMs, active.expiresAt.getTime()) / 1_000),
  };
}

function signAll(
  all: readonly MobileKeyClaims[],
  { signer, seal }: { readonly signer: TenantKey; readonly seal: Seal },
): Promise<string[]> {
  if (signer.privateSealed === null) throw new ApiError('REQUEST_FAILED');
  const key = createPrivateKey({
    key: seal.open(signer.privateSealed),
    format: 'der',
    type: 'pkcs8',
  });
  return Promise.all(
    all.map((claims) =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'ES256' })
        .sign(key),
    ),
  );
}

async function sealTo(publicKey: Buffer, keys: readonly string[]): Promise<string> {
  const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(keys)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(publicKeyOf(publicKey));
  return Buffer.from(jwe).toString('base64');
}
