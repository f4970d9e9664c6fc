/** The certificate of a phone: what is to be signed goes out, the signature comes in (behaviour.md 3.4, 11). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type {
  AccessorDeviceCertificateRequest,
  PatchAccessorDeviceCertificateRequest,
} from '#contract/devices';
import type { DeviceId, KeyId, LockId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdAccessors, type HeldAccessor } from '#server/store/accessors';
import { findCollectionOptions } from '#server/store/collection-options';
import {
  activateDevice,
  holdDeviceKeys,
  holdKeysOfDevice,
  keyFor,
  linkDevice,
  listDeviceHolders,
  revokeCredentials,
  writePendingCertificate,
  type DeviceKeys,
  type OwnedDevice,
  type PendingCertificate,
} from '#server/store/devices';
import { insertKey, updateKey } from '#server/store/keys';
import { addKeyWhereRoom, findOfflineLocks } from '#server/store/offline-keys';
import type { Database } from '#server/store/pool';
import type { WriteScope } from '#server/store/scope';
import { findIqsWithoutCertificate } from '#server/store/tenant-certificates';
import type { TenantKey } from '#server/store/tenant-keys';
import { heldAccessor } from './accessors.ts';
import type { DesiredState } from './desired-state.ts';
import { deviceFact, noDevice } from './devices.ts';
import { writeRights, type Written } from './rights-write.ts';
import { createValueFaults } from './value-faults.ts';
import type { TenantCertificates } from './tenant-certificates.ts';
import { finishCertificate, phoneCertificateData, readPublicKey, readSignature } from './x509.ts';

export type PostCertificate = Static<typeof AccessorDeviceCertificateRequest>;
export type PatchCertificate = Required<Static<typeof PatchAccessorDeviceCertificateRequest>>;

export type DeviceCertificates = {
  /**
   * The DER TBSCertificate to be signed. OPERATION_NOT_ALLOWED: `first` for a device that is activated.
   * VALUE_INVALID: no key of P-256, expiry not ahead. REQUEST_FAILED: the signer gives no tenant certificate.
   */
  begin(
    actor: Actor,
    device: OwnedDevice,
    order: { readonly body: PostCertificate; readonly mode: 'first' | 'renewal' },
  ): Promise<Written<Buffer>>;
  /** The finished DER X.509. OPERATION_NOT_ALLOWED: nothing waits for a signature. VALUE_INVALID: it does not verify. */
  finish(actor: Actor, device: OwnedDevice, body: PatchCertificate): Promise<Written<Buffer>>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly tenantCertificates: TenantCertificates;
};

/** A header has its bounds. */
const mostIqsNamed = 20;

export function createDeviceCertificates(parts: Parts): DeviceCertificates {
  const { database, audit, clock, ids, tenantCertificates } = parts;
  return {
    async begin(actor, device, { body, mode }) {
      const now = clock.now();
      const publicKey = readPublicKey(body.public_key);
      const expiresAt = new Date(body.expiry_date);
      const keyFault = new ApiError('VALUE_INVALID', {
        parameter: 'public_key',
        reason: 'It must be the base64 of a DER SubjectPublicKeyInfo on P-256.',
      });
      const faults = createValueFaults();
      if (publicKey === null) faults.add(keyFault);
      if (expiresAt <= now)
        faults.add(
          new ApiError('VALUE_INVALID', {
            parameter: 'expiry_date',
            reason: 'It must lie ahead.',
          }),
        );
      faults.raise();
      if (publicKey === null) throw keyFault;
      // The signer must have a key before anybody can ask it for a signature.
      await tenantCertificates.ensure(actor);
      return writeRights({ database, actor }, async (scope) => {
        const owner = await heldAccessor(scope, device.accessorId);
        const keys = await holdDeviceKeys(scope, device);
        if (keys === undefined) throw noDevice();
        if (mode === 'first' && keyFor(keys, device.accessorId) !== null)
          throw notAllowed('The device is activated; renew its certificate by PUT.');
        const certificateId = ids.next<string>();
        const tbs = await phoneCertificateData({
          tenantId: actor.tenantId,
          deviceId: device.id,
          certificateId,
          publicKey,
          now,
          expiresAt,
        });
        const pending = { tbs, certificateId, publicKey, expiresAt };
        await writePendingCertificate(scope, device.id, pending);
        audit.record(scope, actor, deviceFact('begin_certificate', { owner, id: device.id }));
        return tbs;
      });
    },

    async finish(actor, device, body) {
      const { certificates } = await tenantCertificates.trusted(actor);
      return writeRights({ database, actor }, async (scope, warn) => {
        const owner = await heldAccessor(scope, device.accessorId);
        await holdAccessors(scope, await listDeviceHolders(scope, device.id));
        const keys = await holdDeviceKeys(scope, device);
        if (keys === undefined) throw noDevice();
        if (keys.pending === null) throw notAllowed('No certificate waits for a signature.');
        const signed = signedCertificate(keys.pending, { body, certificates });
        await putInForce(scope, parts, { device, owner, keys, pending: keys.pending, signed });
        for (const iqId of await findIqsWithoutCertificate(scope, {
          accessorId: device.accessorId,
          most: mostIqsNamed,
        }))
          warn(`certificate_sync_failed; iq=${iqId}`);
        audit.record(scope, actor, deviceFact('activate', { owner, id: device.id }));
        return signed.certificate;
      });
    },
  };
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

type Signed = { readonly certificate: Buffer; readonly version: number };

/** The certificate under the newest tenant key that made the signature. */
function signedCertificate(
  { tbs }: PendingCertificate,
  {
    body,
    certificates,
  }: { readonly body: PatchCertificate; readonly certificates: readonly TenantKey[] },
): Signed {
  const signature = readSignature(body.signature ?? '', body.vault_type);
  if (signature !== null) {
    for (const { version, publicKey } of certificates) {
      const certificate = finishCertificate({ data: tbs, signature, publicKey });
      if (certificate !== null) return { certificate, version };
    }
  }
  throw new ApiError('VALUE_INVALID', {
    parameter: 'signature',
    reason: "It is no signature of the tenant's signer over certificate_data.",
  });
}

async function putInForce(
  scope: WriteScope,
  { clock, ids, desiredState }: Parts,
  what: {
    readonly device: OwnedDevice;
    readonly owner: HeldAccessor;
    readonly keys: DeviceKeys;
    readonly pending: PendingCertificate;
    readonly signed: Signed;
  },
): Promise<void> {
  const { device, owner, keys, pending, signed } = what;
  const now = clock.now();
  const held = keys.links.filter(({ keyId }) => keyId !== null);
  // Whoever has lost the last key begins with a new one, so that what the former one was made of stays worthless.
  const former = held.length > 0 || keys.isOfPerson ? keys.certificate : null;
  const { mkeyId, mkeyUid } = former ?? newMobileKey(ids);
  const { expiresAt } = pending;
  await activateDevice(scope, device.id, {
    certificate: signed.certificate,
    certificateVersion: signed.version,
    mkeyId,
    mkeyUid,
  });
  for (const { keyId } of held)
    if (keyId !== null) await updateKey(scope, keyId, { expires_at: expiresAt.toISOString() });
  const isNew = keyFor(keys, device.accessorId) === null;
  if (isNew)
    await giveKey(scope, { ids, now }, { deviceId: device.id, accessor: owner, mkeyId, expiresAt });
  if (former !== null)
    await revokeCredentials(scope, {
      ids: [former.certificateId],
      expiresAt: former.expiresAt,
      now,
    });
  const accessorIds = [...new Set([device.accessorId, ...held.map((link) => link.accessorId)])];
  const lockIds = await lockIdsOf(scope, device.id);
  const touched = { accessorIds, lockIds };
  await desiredState.refresh(scope, former === null ? touched : { ...touched, trust: true });
}

/** A mobile key that no phone has yet. */
export function newMobileKey(ids: Ids): { readonly mkeyId: string; readonly mkeyUid: string } {
  return { mkeyId: ids.next<string>(), mkeyUid: ids.bytes(8).toString('hex').toUpperCase() };
}

/** Makes the key by which a phone opens for an accessor, who is held. */
export async function giveKey(
  scope: WriteScope,
  { ids, now }: { readonly ids: Ids; readonly now: Date },
  what: {
    readonly deviceId: DeviceId;
    readonly accessor: Pick<HeldAccessor, 'id' | 'collection_id'>;
    readonly mkeyId: string;
    readonly expiresAt: Date;
  },
): Promise<void> {
  const { deviceId, accessor, mkeyId, expiresAt } = what;
  const keyId = ids.next<KeyId>();
  await insertKey(scope, {
    id: keyId,
    accessor_id: accessor.id,
    key_type: 'mkey',
    credential_id: mkeyId,
    credential_value: mkeyId,
    blocked: false,
    expires_at: expiresAt.toISOString(),
    created_at: now,
  });
  await linkDevice(scope, deviceId, { accessorId: accessor.id, keyId });
  const options = await findCollectionOptions(scope, accessor.collection_id);
  if (options.offline_access_for_new_mobile_keys) await addKeyWhereRoom(scope, { keyId, now });
}

/** The locks that know a key of the phone by themselves. */
export async function lockIdsOf(scope: WriteScope, id: DeviceId): Promise<LockId[]> {
  const found: LockId[] = [];
  for (const { keyId } of (await holdKeysOfDevice(scope, id))?.links ?? [])
    if (keyId !== null) found.push(...(await findOfflineLocks(scope, { keyId })));
  return found;
}
