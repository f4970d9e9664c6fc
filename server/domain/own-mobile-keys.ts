/** The mobile keys of one's own phone: one for every site that lets the person in (connect-api.md 4.8, behaviour.md 11). */
import { ApiError } from '#contract/api-error';
import type { DeviceId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import type { Seal } from '#server/runtime/seal';
import { holdAccessors } from '#server/store/accessors';
import { holdKeysOfDevice } from '#server/store/devices';
import {
  findOwnDevice,
  listIqsOfSite,
  listPhoneSites,
  type OwnDeviceRow,
  type PersonPlace,
  type PhoneSite,
} from '#server/store/own-devices';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import {
  claimsOf,
  sealTo,
  signKeys,
  usableCertificate,
  type KeyPlace,
  type KeyToSign,
} from './mobile-keys.ts';
import { actorAt, type OwnDevices, type PhoneOwner } from './own-devices.ts';
import type { TenantCertificates } from './tenant-certificates.ts';

export type OwnMobileKeys = {
  /**
   * New keys for the sites that let the person in, as a JWE to the phone (base64). VALUE_INVALID (404: no such phone),
   * OPERATION_NOT_ALLOWED: no site does, or the certificate of the phone is over. REQUEST_FAILED: the signer.
   */
  issue(owner: PhoneOwner, id: DeviceId): Promise<string>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly seal: Seal;
  readonly tenantCertificates: TenantCertificates;
  readonly ownDevices: OwnDevices;
};

export function createOwnMobileKeys(parts: Parts): OwnMobileKeys {
  const { ownDevices } = parts;
  return {
    async issue(owner, id) {
      const device = await ownDevices.get(owner, id);
      const signed: string[] = [];
      let refusal: ApiError | undefined;
      for (const place of owner.places) {
        try {
          signed.push(...(await keysAt(parts, { owner, device, place })));
        } catch (error) {
          // A certificate that is over in one tenant leaves the doors of the others.
          if (!(error instanceof ApiError) || error.error !== 'OPERATION_NOT_ALLOWED') throw error;
          refusal ??= error;
        }
      }
      if (signed.length === 0)
        throw (
          refusal ??
          new ApiError('OPERATION_NOT_ALLOWED', { reason: 'No site lets you in at present.' })
        );
      return sealTo(device.public_key, signed);
    },
  };
}

type At = {
  readonly owner: PhoneOwner;
  readonly device: OwnDeviceRow;
  readonly place: PersonPlace;
};

async function keysAt(parts: Parts, at: At): Promise<readonly string[]> {
  const { database, seal, tenantCertificates, ownDevices } = parts;
  const { owner, device, place } = at;
  const actor = actorAt(owner, place);
  const known = await findOwnDevice(database, [place], { id: device.id });
  if (known === undefined) await ownDevices.extend(owner, device, place);
  // Renewed by a client of that tenant alone: what is sealed for the other key pair would be of no use here.
  else if (!known.public_key.equals(device.public_key)) return [];
  const trust = await tenantCertificates.trusted(actor);
  const keys = await inTransaction({ database, tenantId: place.tenantId }, (scope) =>
    claimsAt(scope, parts, { ...at, trust }),
  );
  return keys.length === 0 ? [] : signKeys(keys, { trust, seal });
}

async function claimsAt(
  scope: WriteScope,
  { audit, clock, ownDevices }: Parts,
  {
    owner,
    device: { id },
    place,
    trust,
  }: At & { readonly trust: Awaited<ReturnType<TenantCertificates['trusted']>> },
): Promise<readonly KeyToSign[]> {
  const now = clock.now();
  const find = { id, userId: place.userId, now };
  const all = (await listPhoneSites(scope, find)).map(({ accessor_id }) => accessor_id);
  await holdAccessors(scope, all);
  await ownDevices.giveMissingKeys(scope, place, id);
  const keys = await holdKeysOfDevice(scope, id);
  if (keys === undefined) return [];
  const held = new Set(keys.links.flatMap(({ accessorId, keyId }) => (keyId ? [accessorId] : [])));
  const sites = (await listPhoneSites(scope, find)).filter(
    ({ accessor_id, lets_in }) => lets_in && held.has(accessor_id),
  );
  if (sites.length === 0) return [];
  const active = usableCertificate(keys, { trust, now });
  const made: KeyToSign[] = [];
  for (const site of sites) {
    const device = { accessorId: site.accessor_id, id };
    for (const keyPlace of await placesOf(scope, site))
      made.push({
        claims: await claimsOf(scope, { device, active, place: keyPlace, now }),
        certificate: active.certificate,
      });
  }
  audit.record(scope, actorAt(owner, place), {
    action: 'device.issue_key',
    objectType: 'device',
    objectId: id,
  });
  return made;
}

async function placesOf(
  scope: WriteScope,
  { collection_id: collectionId, sync_mkey: isForAll }: PhoneSite,
): Promise<readonly KeyPlace[]> {
  if (isForAll) return [{ collectionId, iqId: null }];
  return (await listIqsOfSite(scope, collectionId)).map((iqId) => ({ collectionId, iqId }));
}
