import { Type, type Static } from 'typebox';
import { Bool, optional, orNull, page, Uuid } from './fields.ts';

/** core-api.md 7.5: how an accessor behaves in one collection; null = as the accessor itself says. */
export const CollectionSettingResponse = Type.Object({
  id: Uuid,
  accessor_id: Uuid,
  collection_id: Uuid,
  blocked: Bool,
  remote_access: orNull(Bool),
  suspended: Bool,
  toggle_easy_office_mode: orNull(Bool),
  toggle_manual_office_mode: orNull(Bool),
  override_privacy_mode: orNull(Bool),
  use_pin: Bool,
});
export type CollectionSettingResponse = Static<typeof CollectionSettingResponse>;
export const CollectionSettingPage = page(CollectionSettingResponse);

const written = {
  blocked: optional(Bool),
  remote_access: optional(orNull(Bool)),
  suspended: optional(Bool),
  toggle_easy_office_mode: optional(orNull(Bool)),
  toggle_manual_office_mode: optional(orNull(Bool)),
  override_privacy_mode: optional(orNull(Bool)),
  use_pin: optional(Bool),
};

export const PostCollectionSettingRequest = Type.Object({
  id: optional(orNull(Uuid)),
  collection_id: Uuid,
  ...written,
});
export const PatchCollectionSettingRequest = Type.Object(written);
