import {
  AccessorDeviceCertificateRequest,
  AccessorDevicePage,
  AccessorDeviceResponse,
  CertificateDataResponse,
  CertificateResponse,
  MkeyDataResponse,
  PatchAccessorDeviceCertificateRequest,
  PostAccessorDeviceRequest,
} from '#contract/devices';
import type { CollectionId, IqId } from '#contract/ids';
import type { Accessors } from '#server/domain/accessors';
import type { DeviceCertificates } from '#server/domain/device-certificates';
import type { Devices } from '#server/domain/devices';
import type { MobileKeys } from '#server/domain/mobile-keys';
import { route, type Call, type Route } from '#server/http/route';
import { deviceFields, type OwnedDevice } from '#server/store/devices';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'accessors';
const path = '/accessors/{id}/devices';
const one = `${path}/{d_id}`;
const certificate = `${one}/certificate`;

type Parts = {
  readonly accessors: Accessors;
  readonly devices: Devices;
  readonly deviceCertificates: DeviceCertificates;
  readonly mobileKeys: MobileKeys;
};

/** core-api.md 6.4: phones, their certificates and mobile keys. */
export function deviceRoutes(parts: Parts): Route[] {
  const { accessors, devices, deviceCertificates, mobileKeys } = parts;
  const hasOwner = (call: Call) => accessors.get(actorOf(call), call.id('id'));
  const exists = (call: Call) => devices.get(actorOf(call), deviceOf(call));
  const begin = (method: 'POST' | 'PUT') =>
    route({
      method,
      path: certificate,
      access: 'write',
      summary:
        method === 'POST'
          ? 'Start a certificate: the bytes that the signer of the tenant signs'
          : 'Start a renewal; the certificate in force works until its successor is signed',
      tag,
      body: { schema: AccessorDeviceCertificateRequest, mode: 'create' },
      answer: CertificateDataResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists,
      async handle(call, body) {
        const mode = method === 'POST' ? 'first' : 'renewal';
        const order = { body, mode } as const;
        const data = await told(
          call,
          deviceCertificates.begin(actorOf(call), deviceOf(call), order),
        );
        return { certificate_data: data.toString('base64') };
      },
    });
  return [
    route({
      method: 'GET',
      path,
      access: 'read',
      summary: 'List the phones of an accessor',
      tag,
      list: { fields: deviceFields },
      answer: AccessorDevicePage,
      exists: hasOwner,
      handle: async (call) =>
        call.page(await devices.list(actorOf(call), call.list, call.id('id')), (row) => row),
    }),
    route({
      method: 'POST',
      path,
      access: 'write',
      summary: 'Add a phone',
      tag,
      body: { schema: PostAccessorDeviceRequest, mode: 'create' },
      answer: AccessorDeviceResponse,
      exists: hasOwner,
      handle: (call, body) => told(call, devices.create(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'GET',
      path: one,
      access: 'read',
      summary: 'One phone',
      tag,
      answer: AccessorDeviceResponse,
      handle: exists,
    }),
    route({
      method: 'DELETE',
      path: one,
      access: 'write',
      summary: 'Remove a phone; every hub stops accepting it',
      tag,
      answer: null,
      handle: (call) => told(call, devices.remove(actorOf(call), deviceOf(call))),
    }),
    begin('POST'),
    route({
      method: 'PATCH',
      path: certificate,
      access: 'write',
      summary: 'Hand in the signature; the phone is activated',
      tag,
      body: { schema: PatchAccessorDeviceCertificateRequest, mode: 'create' },
      answer: CertificateResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists,
      async handle(call, body) {
        const done = await told(
          call,
          deviceCertificates.finish(actorOf(call), deviceOf(call), body),
        );
        return { certificate: done.toString('base64') };
      },
    }),
    begin('PUT'),
    route({
      method: 'GET',
      path: `${one}/mkey`,
      access: 'read',
      summary: 'A new mobile key, sealed to the phone',
      tag,
      query: {
        collection_id: { kind: 'uuid', summary: 'only for this collection of the accessor' },
        iq_id: { kind: 'uuid', summary: 'needed where the collection has a key per IQ' },
      },
      answer: MkeyDataResponse,
      errors: ['OPERATION_NOT_ALLOWED', 'REQUEST_FAILED'],
      exists,
      handle: async (call) => ({
        mkey_data: await mobileKeys.issue(actorOf(call), deviceOf(call), {
          collectionId: call.query('collection_id') as CollectionId | null,
          iqId: call.query('iq_id') as IqId | null,
        }),
      }),
    }),
  ];
}

function deviceOf(call: Call): OwnedDevice {
  return { accessorId: call.id('id'), id: call.id('d_id') };
}
