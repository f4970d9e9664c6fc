/**
 * The phones of people (connect-api.md 4.8, behaviour.md 11). A phone is the person's: Core shows it under each accessor of that
 * person in the tenant. A person known to several tenants has one row of the phone in each, with a certificate by the signer of
 * that tenant; the same key pair, the same id.
 */
import { ApiError } from '#contract/api-error';
import { nilUuid, type DeviceId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdAccessors } from '#server/store/accessors';
import { holdKeysOfDevice, listDeviceHolders, revokeCredentials } from '#server/store/devices';
import { updateKey } from '#server/store/keys';
import type { ListResult } from '#server/store/list';
import {
  countOwnDevices,
  findOwnDevice,
  holdOwnPhones,
  listDevicePlaces,
  listOwnDevices,
  listPhoneSites,
  listPlacesOfLogin,
  putOwnDevice,
  type OwnDeviceRow,
  type PersonPlace,
} from '#server/store/own-devices';
import type { Database } from '#server/store/pool';
import type { WriteScope } from '#server/store/scope';
import { findIqsWithoutCertificate } from '#server/store/tenant-certificates';
import type { DesiredState } from './desired-state.ts';
import { giveKey, lockIdsOf, newMobileKey } from './device-certificates.ts';
import { takeAway } from './devices.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { TenantSigner } from './signers.ts';
import type { SignedIn } from './site-places.ts';
import type { TenantCertificates } from './tenant-certificates.ts';
import { finishCertificate, phoneCertificateData, readPublicKey } from './x509.ts';

/** Whoever signed in, at work on the own phones. */
export type PhoneOwner = {
  readonly clientId: string;
  readonly requestId: string;
  /** Where the person is known and the client may act; the first is the one whose certificate the phone is given. */
  readonly places: readonly PersonPlace[];
};

export type PostOwnDevice = {
  readonly device_name: string | null;
  readonly device_uid: string;
  readonly public_key: string;
};

export type OwnDevices = {
  ownerOf(who: SignedIn & Pick<PhoneOwner, 'clientId' | 'requestId'>): Promise<PhoneOwner>;
  list(owner: PhoneOwner, options: ListOptions): Promise<ListResult<OwnDeviceRow>>;
  /** VALUE_INVALID (404) when the person has none of that id. */
  get(owner: PhoneOwner, id: DeviceId): Promise<OwnDeviceRow>;
  /**
   * Adds a phone, or renews the one of the same `device_uid`, and has its certificate signed. VALUE_INVALID: no key of P-256.
   * OPERATION_NOT_ALLOWED: ten phones, or no tenant knows the person. REQUEST_FAILED: the signer.
   */
  add(owner: PhoneOwner, body: PostOwnDevice): Promise<Written<OwnDeviceRow>>;
  /** A new certificate, for a new key pair or the same. VALUE_INVALID, REQUEST_FAILED. */
  renew(owner: PhoneOwner, id: DeviceId, publicKey: string): Promise<Written<OwnDeviceRow>>;
  /** Takes the phone away wherever the client may act. */
  remove(owner: PhoneOwner, id: DeviceId): Promise<Written<void>>;
  /** Makes the phone known in a place that got to know the person after it. REQUEST_FAILED. */
  extend(owner: PhoneOwner, device: OwnDeviceRow, place: PersonPlace): Promise<void>;
  /** Makes the keys that are missing for sites which the person has joined since; who holds them is held. */
  giveMissingKeys(scope: WriteScope, place: PersonPlace, id: DeviceId): Promise<void>;
};

export type OwnDeviceParts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  readonly tenantCertificates: TenantCertificates;
  readonly tenantSigner: TenantSigner;
};

/** connect-api.md 3.6. */
const mostPhones = 10;
/** A header has its bounds. */
const mostIqsNamed = 20;

type Phone = {
  readonly id: DeviceId;
  readonly name: string | null;
  readonly uid: string;
  readonly publicKey: Buffer;
};

type Certified = {
  readonly place: PersonPlace;
  readonly certificate: Buffer;
  readonly certificateId: string;
  readonly certificateVersion: number;
  readonly expiresAt: Date;
};

export function createOwnDevices(parts: OwnDeviceParts): OwnDevices {
  const { database, audit, clock, ids, desiredState } = parts;

  async function get(owner: PhoneOwner, id: DeviceId): Promise<OwnDeviceRow> {
    const row = await findOwnDevice(database, owner.places, { id });
    if (row === undefined)
      throw new ApiError('VALUE_INVALID', { parameter: 'device_id', case: 'path_id' });
    return row;
  }

  /** Has every certificate signed before any is written, as nothing slow belongs inside a transaction. */
  async function put(
    owner: PhoneOwner,
    phone: Phone,
    places: readonly PersonPlace[],
  ): Promise<readonly string[]> {
    const all: Certified[] = [];
    for (const place of places) all.push(await certify(parts, actorAt(owner, place), phone, place));
    const warnings: string[] = [];
    for (const certified of all) warnings.push(...(await write(owner, phone, certified)).warnings);
    return warnings;
  }

  function write(
    owner: PhoneOwner,
    phone: Phone,
    { place, ...certified }: Certified,
  ): Promise<Written<void>> {
    const actor = actorAt(owner, place);
    return writeRights({ database, actor }, async (scope, warn) => {
      const now = clock.now();
      await holdOwners(scope, place, phone.id);
      const present = await holdOwnPhones(scope, place.userId);
      const isKnown = present.some(({ id }) => id === phone.id);
      if (!isKnown && present.length >= mostPhones) throw tooMany();
      // Another request has added the same phone meanwhile.
      if (!isKnown && present.some(({ device_uid: uid }) => uid === phone.uid))
        throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'The phone is being added.' });
      const former = await holdKeysOfDevice(scope, phone.id);
      const formerKey = former?.certificate ?? null;
      const { mkeyId, mkeyUid } = formerKey ?? newMobileKey(ids);
      await putOwnDevice(scope, {
        ...phone,
        ...certified,
        userId: place.userId,
        mkeyId,
        mkeyUid,
        now,
      });
      const expires_at = certified.expiresAt.toISOString();
      for (const { keyId } of former?.links ?? [])
        if (keyId !== null) await updateKey(scope, keyId, { expires_at });
      if (formerKey !== null)
        await revokeCredentials(scope, {
          ids: [formerKey.certificateId],
          expiresAt: formerKey.expiresAt,
          now,
        });
      await giveMissingKeys(scope, place, phone.id);
      const accessorIds = await listDeviceHolders(scope, phone.id);
      const lockIds = await lockIdsOf(scope, phone.id);
      const touched = { accessorIds, lockIds };
      await desiredState.refresh(scope, formerKey === null ? touched : { ...touched, trust: true });
      for (const accessorId of accessorIds)
        for (const iqId of await findIqsWithoutCertificate(scope, {
          accessorId,
          most: mostIqsNamed,
        }))
          warn(`certificate_sync_failed; iq=${iqId}`);
      audit.record(scope, actor, fact(isKnown ? 'renew' : 'create', phone.id));
    });
  }

  async function giveMissingKeys(
    scope: WriteScope,
    { userId }: PersonPlace,
    id: DeviceId,
  ): Promise<void> {
    const now = clock.now();
    const keys = await holdKeysOfDevice(scope, id);
    if (keys?.certificate === null || keys === undefined) return;
    const { mkeyId, expiresAt } = keys.certificate;
    // A key that was taken away stays away.
    const linked = new Set(keys.links.map(({ accessorId }) => accessorId));
    const missing = (await listPhoneSites(scope, { id, userId, now })).filter(
      ({ accessor_id }) => !linked.has(accessor_id),
    );
    for (const { accessor_id, collection_id } of missing) {
      const accessor = { id: accessor_id, collection_id };
      await giveKey(scope, { ids, now }, { deviceId: id, accessor, mkeyId, expiresAt });
    }
    const accessorIds = missing.map(({ accessor_id }) => accessor_id);
    if (accessorIds.length > 0)
      await desiredState.refresh(scope, { accessorIds, lockIds: await lockIdsOf(scope, id) });
  }

  return {
    async ownerOf({ tenantId, loginId, userId, clientId, requestId }) {
      // A client of a tenant acts there; our own apps wherever the person is known.
      const places =
        tenantId === nilUuid
          ? await listPlacesOfLogin(database, loginId)
          : userId === undefined
            ? []
            : [{ tenantId, userId }];
      return { clientId, requestId, places };
    },

    list: (owner, options) => listOwnDevices(database, options, owner.places),
    get,

    async add(owner, body) {
      const publicKey = readKey(body.public_key);
      const [home] = owner.places;
      if (home === undefined)
        throw new ApiError('OPERATION_NOT_ALLOWED', { reason: 'You have no site.' });
      const uid = body.device_uid;
      const present = await findOwnDevice(database, owner.places, { uid });
      if (present === undefined && (await countOwnDevices(database, owner.places)) >= mostPhones)
        throw tooMany();
      const id = present?.id ?? ids.next<DeviceId>();
      const phone = { id, name: body.device_name, uid, publicKey };
      const warnings = await put(owner, phone, owner.places);
      return { value: await get(owner, id), warnings };
    },

    async renew(owner, id, sent) {
      const publicKey = readKey(sent);
      const { device_name: name, device_uid } = await get(owner, id);
      const places = await listDevicePlaces(database, owner.places, id);
      const phone = { id, name, uid: device_uid ?? '', publicKey };
      const warnings = await put(owner, phone, places);
      return { value: await get(owner, id), warnings };
    },

    async remove(owner, id) {
      const warnings: string[] = [];
      for (const place of await listDevicePlaces(database, owner.places, id)) {
        const actor = actorAt(owner, place);
        const written = await writeRights({ database, actor }, async (scope) => {
          await holdOwners(scope, place, id);
          const keys = await holdKeysOfDevice(scope, id);
          if (keys === undefined) return;
          await takeAway(scope, { desiredState, now: clock.now() }, { id, keys });
          audit.record(scope, actor, fact('delete', id));
        });
        warnings.push(...written.warnings);
      }
      return { value: undefined, warnings };
    },

    async extend(owner, { id, device_name: name, device_uid, public_key: publicKey }, place) {
      await put(owner, { id, name, uid: device_uid ?? '', publicKey }, [place]);
    },

    giveMissingKeys,
  };

  /** Accessors before phones, as everybody does who changes keys. */
  async function holdOwners(
    scope: WriteScope,
    { userId }: PersonPlace,
    id: DeviceId,
  ): Promise<void> {
    const sites = await listPhoneSites(scope, { id, userId, now: clock.now() });
    const own = sites.map(({ accessor_id }) => accessor_id);
    await holdAccessors(scope, [...own, ...(await listDeviceHolders(scope, id))]);
  }
}

/** The person at work in one of the places. */
export function actorAt(
  { clientId, requestId }: PhoneOwner,
  { tenantId, userId }: PersonPlace,
): Actor {
  return { tenantId, clientId, userId, requestId };
}

function tooMany(): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason: `You have ${mostPhones} phones.` });
}

function readKey(sent: string): Buffer {
  const key = readPublicKey(sent);
  // Other encodings of the same key, as with explicit curve parameters, are not what phones send.
  if (key?.toString('base64') === sent.replaceAll(/\s/g, '')) return key;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'public_key',
    reason: 'It must be the base64 of a DER SubjectPublicKeyInfo on P-256.',
  });
}

/** A certificate for a phone, signed by the signer of the tenant; it lives one year. */
async function certify(
  { clock, ids, tenantCertificates, tenantSigner }: OwnDeviceParts,
  actor: Actor,
  phone: Phone,
  place: PersonPlace,
): Promise<Certified> {
  const { tenantId } = place;
  const { certificates } = await tenantCertificates.ensure(actor);
  const now = clock.now();
  const expiresAt = new Date(now);
  expiresAt.setUTCFullYear(expiresAt.getUTCFullYear() + 1);
  const certificateId = ids.next<string>();
  const { id: deviceId, publicKey } = phone;
  const data = await phoneCertificateData({
    tenantId,
    deviceId,
    certificateId,
    publicKey,
    now,
    expiresAt,
  });
  const signature = await tenantSigner.sign(tenantId, data);
  for (const { version, publicKey: issuer } of certificates) {
    const certificate = finishCertificate({ data, signature, publicKey: issuer });
    if (certificate !== null)
      return { place, certificate, certificateId, certificateVersion: version, expiresAt };
  }
  throw new ApiError('REQUEST_FAILED', {
    cause: new Error('the signature of the signer verifies under no key of the tenant'),
  });
}

function fact(verb: string, id: DeviceId) {
  return { action: `device.${verb}`, objectType: 'device', objectId: id };
}
