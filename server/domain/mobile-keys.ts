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
  keyFor,
  listMobileKeyPlaces,
  type DeviceCertificate,
  type DeviceKeys,
  type MobileKeyPlace,
  type OwnedDevice,
} from '#server/store/devices';
import type { Database } from '#server/store/pool';
import { inTransaction, type Scope } from '#server/store/scope';
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

/** One key to be made: for all IQs of a collection, or for one. */
export type KeyPlace = { readonly collectionId: CollectionId | null; readonly iqId: IqId | null };

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
        if (keyFor(keys, device.accessorId) === null)
          throw notAllowed('The device is not activated.');
        const active = usableCertificate(keys, { trust, now: clock.now() });
        if (owner.blocked) throw notAllowed('The accessor is blocked.');
        const places = await placesOf(scope, { accessorId: device.accessorId, order });
        const now = clock.now();
        const claims: MobileKeyClaims[] = [];
        for (const place of places)
          claims.push(await claimsOf(scope, { device, active, place, now }));
        audit.record(scope, actor, deviceFact('issue_key', { owner, id: device.id }));
        return { active, claims: claims.map((one) => ({ claims: one, certificate: null })) };
      });
      return sealTo(made.active.publicKey, await signKeys(made.claims, { trust, seal }));
    },
  };
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

/** The certificate of a phone while it counts. OPERATION_NOT_ALLOWED: there is none, it is over, or its tenant key has retired. */
export function usableCertificate(
  { certificate }: Pick<DeviceKeys, 'certificate'>,
  { trust, now }: { readonly trust: TenantTrust; readonly now: Date },
): DeviceCertificate {
  if (certificate === null) throw notAllowed('The device is not activated.');
  const { certificateVersion, expiresAt } = certificate;
  const isTrusted = trust.certificates.some(({ version }) => version === certificateVersion);
  if (!isTrusted || expiresAt <= now)
    throw notAllowed('The certificate of the device is over; renew it by PUT.');
  return certificate;
}

/** core-api.md 7.3: the collections asked for, one IQ where keys are per IQ. */
async function placesOf(
  scope: Scope,
  { accessorId, order }: { readonly accessorId: AccessorId; readonly order: MobileKeyOrder },
): Promise<readonly KeyPlace[]> {
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
  return new ApiError('VALUE_INVALID', { parameter, reason: 'The accessor has no key for it.' });
}

/** What the key of a phone says for one place. */
export async function claimsOf(
  scope: Scope,
  {
    device,
    active,
    place,
    now,
  }: {
    readonly device: OwnedDevice;
    readonly active: DeviceCertificate;
    readonly place: KeyPlace;
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

/** A key to be signed; with a certificate (DER) where the phone may hold that of another tenant. */
export type KeyToSign = { readonly claims: MobileKeyClaims; readonly certificate: Buffer | null };

/** The keys as compact JWS, signed by the server for the tenant. REQUEST_FAILED without a key to sign by. */
export function signKeys(
  all: readonly KeyToSign[],
  { trust, seal }: { readonly trust: TenantTrust; readonly seal: Seal },
): Promise<string[]> {
  const sealed = trust.mobileKeys[0]?.privateSealed ?? null;
  if (sealed === null) throw new ApiError('REQUEST_FAILED');
  const key = createPrivateKey({ key: seal.open(sealed), format: 'der', type: 'pkcs8' });
  return Promise.all(
    all.map(({ claims, certificate }) =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({
          alg: 'ES256',
          // RFC 7515, 4.1.6.
          ...(certificate === null ? {} : { x5c: [certificate.toString('base64')] }),
        })
        .sign(key),
    ),
  );
}

/** The signed keys as a JWE to the phone, in base64. */
export async function sealTo(publicKey: Buffer, keys: readonly string[]): Promise<string> {
  const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(keys)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .encrypt(publicKeyOf(publicKey));
  return Buffer.from(jwe).toString('base64');
}
