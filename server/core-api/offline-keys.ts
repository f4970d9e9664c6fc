import { LockSummaryPage, type LockSummaryResponse } from '#contract/locks';
import {
  OfflineKeyPage,
  PatchKeyOfflineAccessRequest,
  PutOfflineKeyAccessRequest,
} from '#contract/offline-keys';
import type { Keys } from '#server/domain/keys';
import type { OfflineKeys } from '#server/domain/offline-keys';
import { route, type Call, type Route } from '#server/http/route';
import { keyFields } from '#server/store/keys';
import type { LockRow } from '#server/store/locks';
import { lockSummaryFields } from '#server/store/offline-keys';
import { actorOf } from './actor.ts';
import { keyOf } from './keys.ts';
import { told } from '#server/http/written';

const tag = 'offline keys';

type Parts = {
  readonly offlineKeys: OfflineKeys;
  readonly keys: Keys;
};

/** core-api.md 6.2 and 6.3: offline rights, from the lock and from the key. */
export function offlineKeyRoutes(parts: Parts): Route[] {
  return [...atLock(parts), ...atKey(parts)];
}

function atLock({ offlineKeys }: Parts): Route[] {
  const exists = (call: Call) => offlineKeys.checkLock(actorOf(call), call.id('id'));
  return [
    route({
      method: 'GET',
      path: '/locks/{id}/offline_keys',
      access: 'read',
      summary: 'List the keys that open a lock offline',
      tag,
      list: { fields: keyFields },
      answer: OfflineKeyPage,
      exists,
      handle: async (call) => {
        const found = await offlineKeys.listOfLock(actorOf(call), call.list, call.id('id'));
        return call.page(found, (row) =>
          found.ignoresSchedules ? { ...row, schedules_apply: false } : row,
        );
      },
    }),
    route({
      method: 'PATCH',
      path: '/locks/{id}/offline_keys',
      access: 'write',
      summary: 'Remove and add keys that open a lock offline',
      tag,
      body: { schema: PatchKeyOfflineAccessRequest, mode: 'patch' },
      answer: null,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists,
      handle: (call, body) =>
        told(call, offlineKeys.changeOfLock(actorOf(call), call.id('id'), body)),
    }),
    route({
      method: 'PUT',
      path: '/locks/{id}/offline_keys',
      access: 'write',
      summary: 'Set the keys that open a lock offline',
      tag,
      body: { schema: PutOfflineKeyAccessRequest, mode: 'create' },
      answer: null,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists,
      handle: (call, { ids }) =>
        told(call, offlineKeys.setOfLock(actorOf(call), call.id('id'), ids ?? [])),
    }),
  ];
}

function atKey({ offlineKeys, keys }: Parts): Route[] {
  const exists = (call: Call) => keys.getOwned(actorOf(call), keyOf(call));
  return [
    route({
      method: 'GET',
      path: '/accessors/{accessor_id}/keys/{id}/offline_lock_access',
      access: 'read',
      summary: 'List the locks a key opens offline',
      tag,
      list: { fields: lockSummaryFields },
      answer: LockSummaryPage,
      exists,
      handle: async (call) =>
        call.page(
          await offlineKeys.listOfKey(actorOf(call), call.list, call.id('id')),
          toLockSummary,
        ),
    }),
    route({
      method: 'PATCH',
      path: '/accessors/{accessor_id}/keys/{id}/offline_lock_access',
      access: 'write',
      summary: 'Remove and add locks a key opens offline',
      tag,
      body: { schema: PatchKeyOfflineAccessRequest, mode: 'patch' },
      answer: null,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists,
      handle: (call, body) => told(call, offlineKeys.changeOfKey(actorOf(call), keyOf(call), body)),
    }),
  ];
}

function toLockSummary(row: LockRow): LockSummaryResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    mac_address: row.mac,
    is_online: row.online,
    collection_id: row.collection_id,
    floor_id: row.floor_id,
  };
}
