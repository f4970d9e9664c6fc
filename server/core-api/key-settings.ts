import {
  KeySettingPage,
  KeySettingResponse,
  PatchKeySettingsRequest,
  PostKeySettingsRequest,
} from '#contract/key-settings';
import type { CollectionSettings } from '#server/domain/collection-settings';
import type { KeySettings } from '#server/domain/key-settings';
import { route, type Call, type Route } from '#server/http/route';
import { keySettingFields } from '#server/store/key-settings';
import { actorOf } from './actor.ts';
import { placeOf } from './collection-settings.ts';
import { told } from '#server/http/written';

const tag = 'key settings';
const path = '/accessors/{accessor_id}/collection_settings/{collection_id}/key_settings';

type Parts = {
  readonly keySettings: KeySettings;
  readonly collectionSettings: CollectionSettings;
};

/** core-api.md 6.6: how single keys of an accessor behave in a collection. */
export function keySettingRoutes({ keySettings, collectionSettings }: Parts): Route[] {
  const hasPlace = (call: Call) => collectionSettings.get(actorOf(call), placeOf(call));
  const exists = (call: Call) => keySettings.get(actorOf(call), placeOf(call), call.id('id'));
  const settingOf = (call: Call) => ({ ...placeOf(call), id: call.text('id') });
  return [
    route({
      method: 'POST',
      path,
      access: 'write',
      summary: 'Create the setting of a key',
      tag,
      body: { schema: PostKeySettingsRequest, mode: 'create' },
      answer: KeySettingResponse,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists: hasPlace,
      handle: (call, body) => told(call, keySettings.create(actorOf(call), placeOf(call), body)),
    }),
    route({
      method: 'GET',
      path,
      access: 'read',
      summary: 'List the settings of keys of an accessor',
      tag,
      list: { fields: keySettingFields },
      answer: KeySettingPage,
      exists: hasPlace,
      handle: async (call) =>
        call.page(await keySettings.list(actorOf(call), call.list, placeOf(call)), (row) => row),
    }),
    route({
      method: 'GET',
      path: `${path}/{id}`,
      access: 'read',
      summary: 'The setting of one key',
      tag,
      answer: KeySettingResponse,
      handle: exists,
    }),
    route({
      method: 'PATCH',
      path: `${path}/{id}`,
      access: 'write',
      summary: 'Change the setting of a key',
      tag,
      body: { schema: PatchKeySettingsRequest, mode: 'patch' },
      answer: KeySettingResponse,
      errors: ['OFFLINE_ACCESS_INVALID'],
      exists,
      handle: (call, body) => told(call, keySettings.update(actorOf(call), settingOf(call), body)),
    }),
    route({
      method: 'DELETE',
      path: `${path}/{id}`,
      access: 'write',
      summary: 'Remove the setting of a key',
      tag,
      answer: null,
      handle: (call) => told(call, keySettings.remove(actorOf(call), settingOf(call))),
    }),
  ];
}
