import { Type, type Static } from 'typebox';
import { Bool, optional, page, Uuid, withDefault, words } from './fields.ts';

/** core-api.md 8: on every lock of the owner's groups, or only where listed (behaviour.md 12.3). */
export const offlineAccessTypes = ['by_access', 'by_offline_keys'] as const;
export type OfflineAccessType = (typeof offlineAccessTypes)[number];

/** core-api.md 7.5: how one key of an accessor behaves in one collection. */
export const KeySettingResponse = Type.Object({
  id: Uuid,
  accessor_key_id: Uuid,
  blocked: Bool,
  offline_access_type: words(offlineAccessTypes),
});
export type KeySettingResponse = Static<typeof KeySettingResponse>;
export const KeySettingPage = page(KeySettingResponse);

export const PostKeySettingsRequest = Type.Object({
  accessor_key_id: Uuid,
  blocked: optional(Bool),
  offline_access_type: optional(withDefault(words(offlineAccessTypes), 'by_offline_keys')),
});

export const PatchKeySettingsRequest = Type.Object({
  blocked: optional(Bool),
  offline_access_type: optional(words(offlineAccessTypes)),
});
