import { Type, type Static } from 'typebox';
import {
  Instant,
  optional,
  orNull,
  page,
  Reference,
  Text,
  Uuid,
  withDefault,
  words,
} from './fields.ts';

/** core-api.md 8. */
export const accessorDeviceStates = ['none', 'pending', 'activated'] as const;
export const vaultTypes = ['HashicorpVault', 'AzureKeyVault'] as const;
export type VaultType = (typeof vaultTypes)[number];

export const MkeyResponse = Type.Object({ id: Uuid, expiry_date: Instant, uid: orNull(Text) });

/** core-api.md 7.3: the phone of an accessor. */
export const AccessorDeviceResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  state: words(accessorDeviceStates),
  mkey: orNull(MkeyResponse),
});
export type AccessorDeviceResponse = Static<typeof AccessorDeviceResponse>;
export const AccessorDevicePage = page(AccessorDeviceResponse);

export const PostAccessorDeviceRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  device_uid: optional(orNull(Reference)),
});

/** `public_key`: base64 of a DER SubjectPublicKeyInfo on P-256. */
export const AccessorDeviceCertificateRequest = Type.Object({
  public_key: Text,
  expiry_date: Instant,
});

/** base64 of the DER TBSCertificate (behaviour.md 11): what the tenant's signer signs. */
export const CertificateDataResponse = Type.Object({ certificate_data: orNull(Text) });

export const PatchAccessorDeviceCertificateRequest = Type.Object({
  signature: optional(orNull(Text)),
  vault_type: optional(withDefault(words(vaultTypes), 'HashicorpVault')),
});

/** base64 of the DER X.509 certificate. */
export const CertificateResponse = Type.Object({ certificate: orNull(Text) });

/** base64 of a JWE to the phone around a JSON array of signed keys (behaviour.md 11). */
export const MkeyDataResponse = Type.Object({ mkey_data: orNull(Text) });
