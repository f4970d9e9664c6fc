import type { DeviceId } from '#contract/ids';
import {
  OwnDevicePage,
  OwnDeviceResponse,
  OwnDeviceWithCertificateResponse,
  OwnMKeyResponse,
  PostOwnDeviceRequest,
  PutOwnDeviceCertificateRequest,
} from '#contract/own-devices';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { OwnDevices, PhoneOwner } from '#server/domain/own-devices';
import type { OwnMobileKeys } from '#server/domain/own-mobile-keys';
import { route, type Call, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { told } from '#server/http/written';
import { ownDeviceFields, type OwnDeviceRow } from '#server/store/own-devices';

const tag = 'phones';
const path = '/me/devices';
const one = `${path}/{id}`;

type Parts = { readonly ownDevices: OwnDevices; readonly ownMobileKeys: OwnMobileKeys };

/** connect-api.md 3.6: one's own phones and their mobile keys. */
export function ownDeviceRoutes({ ownDevices, ownMobileKeys }: Parts): Route[] {
  /** A program that acts for itself has no phone: an empty 403. */
  const ownerOf = (call: Call): Promise<PhoneOwner> => {
    const { tenantId, clientId, userId, subject: loginId } = call.caller;
    if (loginId === undefined) throw new TokenError(403, '');
    const { requestId } = call;
    return ownDevices.ownerOf({ tenantId, clientId, requestId, userId, loginId });
  };
  const idOf = (call: Call): DeviceId => call.id('id');
  const exists = async (call: Call) => ownDevices.get(await ownerOf(call), idOf(call));
  const access = 'write';
  return [
    route({
      method: 'GET',
      path,
      access,
      summary: 'List your phones',
      tag,
      list: { fields: ownDeviceFields },
      answer: OwnDevicePage,
      exists: ownerOf,
      handle: async (call) =>
        call.page(await ownDevices.list(await ownerOf(call), call.list), toOwnDevice),
    }),
    route({
      method: 'POST',
      path,
      access,
      summary: 'Add your phone, or renew it by the name it has for itself',
      tag,
      body: { schema: PostOwnDeviceRequest, mode: 'create' },
      answer: OwnDeviceWithCertificateResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists: ownerOf,
      handle: async (call, body) =>
        withCertificate(await told(call, ownDevices.add(await ownerOf(call), body))),
    }),
    route({
      method: 'GET',
      path: one,
      access,
      summary: 'One of your phones',
      tag,
      answer: OwnDeviceResponse,
      errors: ['NOT_FOUND'],
      handle: async (call) => toOwnDevice(await exists(call)),
    }),
    route({
      method: 'DELETE',
      path: one,
      access,
      summary: 'Take a phone away; every hub stops accepting it',
      tag,
      answer: null,
      errors: ['NOT_FOUND'],
      exists,
      handle: async (call) => told(call, ownDevices.remove(await ownerOf(call), idOf(call))),
    }),
    route({
      method: 'GET',
      path: `${one}/mkey`,
      access,
      summary: 'New mobile keys for every site that lets you in, sealed to the phone',
      tag,
      answer: OwnMKeyResponse,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists,
      handle: async (call) => ({
        mkey_data: await ownMobileKeys.issue(await ownerOf(call), idOf(call)),
      }),
    }),
    route({
      method: 'PUT',
      path: `${one}/certificate`,
      access,
      summary: 'Renew the certificate of a phone',
      tag,
      body: { schema: PutOwnDeviceCertificateRequest, mode: 'create' },
      answer: OwnDeviceWithCertificateResponse,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists,
      handle: async (call, { public_key: publicKey }) =>
        withCertificate(
          await told(call, ownDevices.renew(await ownerOf(call), idOf(call), publicKey)),
        ),
    }),
  ];
}

function toOwnDevice(row: OwnDeviceRow): OwnDeviceResponse {
  return {
    id: row.id,
    device_name: row.device_name,
    device_uid: row.device_uid,
    mkey: {
      id: row.mkey_id,
      key_id: row.mkey_id,
      expiry_date: instantTextOrNull(row.expires_at),
      registration_date: instantText(row.created_at),
    },
  };
}

function withCertificate(row: OwnDeviceRow) {
  return { ...toOwnDevice(row), certificate: row.certificate.toString('base64') };
}
