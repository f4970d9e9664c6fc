import {
  LockPage,
  LockResponse,
  PostLockRequest,
  UpdateCollectionLockRequest,
  UpdateLockRequest,
} from '#contract/locks';
import type { LockId } from '#contract/ids';
import { instantTextOrNull } from '#contract/time-text';
import type { Locks } from '#server/domain/locks';
import { route, type Route } from '#server/http/route';
import { lockFields, type LockRow } from '#server/store/locks';
import { actorOf } from './actor.ts';
import { told } from '#server/http/written';

const tag = 'locks';

/** core-api.md 6.2 and 6.6: locks as such. */
export function lockRoutes({ locks }: { readonly locks: Locks }): Route[] {
  const update = (path: string, isDeprecated: boolean): Route =>
    route({
      method: 'PATCH',
      path,
      access: 'hardware',
      summary: 'Change name, collection, floor or camera mark of a lock',
      tag,
      isDeprecated,
      body: { schema: UpdateLockRequest, mode: 'patch' },
      answer: LockResponse,
      exists: (call) => locks.get(actorOf(call), call.id('id')),
      handle: async (call, body) =>
        toLockResponse(await told(call, locks.update(actorOf(call), call.id('id'), body))),
    });
  return [
    route({
      method: 'GET',
      path: '/locks',
      access: 'read',
      summary: 'List locks',
      tag,
      list: { fields: lockFields },
      answer: LockPage,
      handle: async (call) => call.page(await locks.list(actorOf(call), call.list), toLockResponse),
    }),
    route({
      method: 'POST',
      path: '/locks',
      access: 'hardware',
      summary: 'Register a lock by its code',
      tag,
      body: { schema: PostLockRequest, mode: 'create' },
      answer: LockResponse,
      errors: ['ACTIVATION_CODE_INVALID'],
      handle: async (call, body) => toLockResponse(await locks.create(actorOf(call), body)),
    }),
    route({
      method: 'GET',
      path: '/locks/{id}',
      access: 'read',
      summary: 'One lock',
      tag,
      answer: LockResponse,
      handle: async (call) => toLockResponse(await locks.get(actorOf(call), call.id('id'))),
    }),
    update('/locks/{id}', false),
    update('/locks/{id}/update', true),
    route({
      method: 'DELETE',
      path: '/locks/{id}',
      access: 'hardware',
      summary: 'Remove a lock',
      tag,
      query: { force: { kind: 'bool', summary: 'also with office mode schedule or offline keys' } },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (call) => locks.remove(actorOf(call), call.id('id'), { force: call.flag('force') }),
    }),
    route({
      method: 'GET',
      path: '/collections/{collection_id}/locks',
      access: 'read',
      summary: 'List the locks of a collection',
      tag,
      list: { fields: lockFields },
      answer: LockPage,
      handle: async (call) =>
        call.page(
          await locks.listOfCollection(actorOf(call), call.list, call.id('collection_id')),
          toLockResponse,
        ),
    }),
    route({
      method: 'PATCH',
      path: '/collections/{collection_id}/locks/{lock_id}/update',
      access: 'hardware',
      summary: 'Change the camera mark of a lock',
      tag,
      body: { schema: UpdateCollectionLockRequest, mode: 'patch' },
      answer: LockResponse,
      exists: (call) =>
        locks.getOfCollection(actorOf(call), call.id('lock_id'), call.id('collection_id')),
      handle: async (call, body) => {
        const id: LockId = call.id('lock_id');
        return toLockResponse(await told(call, locks.update(actorOf(call), id, body)));
      },
    }),
  ];
}

/** A lock's row as core-api.md 7.2 shows it. */
export function toLockResponse(row: LockRow): LockResponse {
  return {
    id: row.id,
    mac: row.mac,
    customer_reference: row.customer_reference,
    locked_state: row.locked_state,
    lock_type: row.lock_type,
    online: row.online,
    iq_link_state: row.iq_link_state,
    tag_registration_state: row.tag_registration_state,
    battery_level: row.battery_level,
    left_open_alarm: row.left_open_alarm,
    intrusion_alarm: row.intrusion_alarm,
    collection_id: row.collection_id,
    privacy_mode: row.privacy_mode,
    communication_type: row.communication_type,
    iq: iqSummary(row),
    repeater: repeaterSummary(row),
    easy_office_mode_schedule: row.easy_office_mode,
    floor: floor(row),
    signal_strength: row.signal_strength,
    signal_strength_last_update: instantTextOrNull(row.signal_strength_last_update),
    license_plate_camera: row.license_plate_camera,
    vendor: {
      id: row.vendor_id,
      reference: row.vendor_reference,
      display_name: row.vendor_display_name,
    },
  };
}

function iqSummary(row: LockRow): LockResponse['iq'] {
  if (row.iq_id === null) return null;
  return {
    id: row.iq_id,
    customer_reference: row.iq_customer_reference,
    mac_address: row.iq_mac,
    is_online: row.iq_online ?? false,
    collection_id: row.iq_collection_id,
    revision: row.iq_revision,
  };
}

function repeaterSummary(row: LockRow): LockResponse['repeater'] {
  if (row.repeater_id === null) return null;
  return {
    id: row.repeater_id,
    customer_reference: row.repeater_customer_reference,
    mac_address: row.repeater_mac,
    is_online: row.repeater_online,
    collection_id: row.repeater_collection_id,
  };
}

function floor(row: LockRow): LockResponse['floor'] {
  if (row.floor_id === null) return null;
  return {
    id: row.floor_id,
    customer_reference: row.floor_customer_reference,
    number: row.floor_number,
    lock_count: row.floor_lock_count ?? 0,
  };
}
