/** The phones of a person (connect-api.md 3.6, 4.8, 5). */
import { Type, type Static } from 'typebox';
import { DeviceName, Instant, Name, optional, orNull, page, Text, Uuid } from './fields.ts';

/** `key_id` is what keys of a site user name the mobile key by. */
const MKeyDetails = Type.Object({
  id: Uuid,
  key_id: Uuid,
  expiry_date: orNull(Instant),
  registration_date: Instant,
});

const shown = { id: Uuid, device_name: orNull(Text), device_uid: orNull(Text), mkey: MKeyDetails };

export const OwnDeviceResponse = Type.Object(shown);
export type OwnDeviceResponse = Static<typeof OwnDeviceResponse>;
export const OwnDevicePage = page(OwnDeviceResponse);

/** `certificate`: base64 of the DER X.509. */
export const OwnDeviceWithCertificateResponse = Type.Object({
  ...shown,
  certificate: orNull(Text),
});

/** `public_key`: base64 of a DER SubjectPublicKeyInfo on P-256. */
export const PostOwnDeviceRequest = Type.Object({
  device_name: optional(orNull(DeviceName)),
  device_uid: Name,
  public_key: Text,
});

export const PutOwnDeviceCertificateRequest = Type.Object({ public_key: Text });

export const OwnMKeyResponse = Type.Object({ mkey_data: orNull(Text) });
