import {
  GetSignalStrengthResponse,
  GetSoftwareVersionsResponse,
  IqDetailsResponse,
  IqPage,
  IqResponse,
  PatchIqRequest,
  PostIqRequest,
} from '#contract/iqs';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { IqReading, Iqs } from '#server/domain/iqs';
import type { TenantCertificates } from '#server/domain/tenant-certificates';
import { route, type Route } from '#server/http/route';
import { iqFields, type IqRow } from '#server/store/iqs';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'iqs';
/** What any command to a hub may end in (core-api.md 6.8, H). */
const hubErrors = [
  'CCC_FAILED',
  'CCC_COMMAND_FAILED',
  'CCC_OPERATION_NOT_ALLOWED',
  'CCC_ENTITY_NOT_FOUND',
  'IQ_OFFLINE',
] as const;

/** core-api.md 6.1: IQs, without their tree and OTPs. */
export function iqRoutes({
  iqs,
  tenantCertificates,
}: {
  readonly iqs: Iqs;
  readonly tenantCertificates: TenantCertificates;
}): Route[] {
  return [
    route({
      method: 'GET',
      path: '/iqs',
      access: 'read',
      summary: 'List IQs',
      tag,
      list: { fields: iqFields },
      answer: IqPage,
      handle: async (call) => call.page(await iqs.list(actorOf(call), call.list), toIqResponse),
    }),
    route({
      method: 'POST',
      path: '/iqs',
      access: 'hardware',
      summary: 'Register an IQ by its activation code',
      tag,
      body: { schema: PostIqRequest, mode: 'create' },
      answer: IqResponse,
      errors: ['ACTIVATION_CODE_INVALID', 'IQ_ACTIVATION_FAILED', 'NO_SUBSCRIPTION'],
      async handle(call, body) {
        const row = await iqs.create(actorOf(call), body);
        if (row.subscribed && !(await tenantCertificates.reaches(actorOf(call), row)))
          call.warn(`certificate_sync_failed; iq=${row.id}`);
        return toIqResponse(row);
      },
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}',
      access: 'read',
      summary: 'One IQ',
      tag,
      answer: IqResponse,
      handle: async (call) => toIqResponse(await iqs.get(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'PATCH',
      path: '/iqs/{id}',
      access: 'hardware',
      summary: 'Change an IQ',
      tag,
      body: { schema: PatchIqRequest, mode: 'patch' },
      answer: IqResponse,
      exists: (call) => iqs.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toIqResponse(await told(call, iqs.update(actorOf(call), call.id('id'), body))),
    }),
    route({
      method: 'DELETE',
      path: '/iqs/{id}',
      access: 'hardware',
      summary: 'Remove an IQ',
      tag,
      answer: null,
      errors: ['DELETE_IQ_PREREQUISITES'],
      handle: (call) => iqs.remove(actorOf(call), call.id('id')),
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}/details',
      access: 'read',
      summary: 'Radio and network of an IQ',
      tag,
      answer: IqDetailsResponse,
      handle: async (call) => toDetails(await iqs.read(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}/signal_strength',
      access: 'read',
      summary: 'Signal strength of an IQ, 0 to 31',
      tag,
      query: { force_refresh: { kind: 'bool', summary: 'ask the hub, for at most 5 s' } },
      answer: GetSignalStrengthResponse,
      errors: hubErrors,
      exists: (call) => iqs.get(actorOf(call), call.id('id')),
      handle: async (call) => ({
        signal_strength: call.flag('force_refresh')
          ? await iqs.measureSignal(actorOf(call), call.id('id'))
          : (await iqs.get(actorOf(call), call.id('id'))).signal_strength,
      }),
    }),
    route({
      method: 'GET',
      path: '/iqs/{id}/software_versions',
      access: 'read',
      summary: 'Firmware of an IQ',
      tag,
      answer: GetSoftwareVersionsResponse,
      handle: async (call) => toVersions(await iqs.read(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'POST',
      path: '/iqs/{id}/restore',
      access: 'hardware',
      summary: 'Send tree, rights and settings of an IQ again',
      tag,
      answer: IqResponse,
      errors: hubErrors,
      handle: async (call) => toIqResponse(await iqs.restore(actorOf(call), call.id('id'))),
    }),
    route({
      method: 'POST',
      path: '/iqs/{iq_id}/reset',
      access: 'hardware',
      summary: 'Restart the software of an IQ',
      tag,
      answer: 'empty',
      errors: hubErrors,
      handle: (call) => iqs.restart(actorOf(call), call.id('iq_id')),
    }),
  ];
}

/** An IQ's row as core-api.md 7.1 shows it. */
export function toIqResponse(row: IqRow): IqResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    time_zone: row.time_zone,
    subscribed: row.subscribed,
    otp_enabled: row.otp_enabled,
    led_enabled: row.led_enabled,
    led_pattern: row.led_pattern,
    mac: row.mac,
    operator: row.operator,
    state: row.state,
    restore_required: row.restore_required,
    reset_date: instantTextOrNull(row.reset_date),
    online: row.online,
    data_sync_state: row.data_sync_state,
    signal_strength: row.signal_strength,
    collection_id: row.collection_id,
    revision: row.revision,
    vendor: {
      id: row.vendor_id,
      reference: row.vendor_reference,
      display_name: row.vendor_display_name,
    },
  };
}

const absent = { priority: null, status: 'unavailable', mac_address: null } as const;

/** core-api.md 7.1: always these three interfaces; unknown ones are unavailable. */
function toDetails({ report, readAt }: IqReading): IqDetailsResponse {
  const { m2m, ethernet, wifi } = report ?? { m2m: absent, ethernet: absent, wifi: absent };
  return {
    rf_info: { request_date: instantText(readAt), channel: report?.radio_channel ?? 0 },
    network_details: {
      m2m: { priority: m2m.priority, status: m2m.status },
      ethernet,
      wifi,
    },
  };
}

function toVersions({ report }: IqReading): GetSoftwareVersionsResponse {
  return (
    report?.versions ?? {
      modem_application_version: null,
      modem_firmware_version: null,
      router_firmware_version: null,
      node_firmware_version: null,
    }
  );
}
