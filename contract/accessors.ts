import { Type, type Static } from 'typebox';
import { Bool, optional, orNull, page, Uuid } from './fields.ts';

const flags = {
  remote_access: Bool,
  blocked: Bool,
  override_privacy_mode: Bool,
  toggle_easy_office_mode: Bool,
  toggle_manual_office_mode: Bool,
};

/** core-api.md 7.3. */
export const AccessorResponse = Type.Object({
  id: Uuid,
  ...flags,
  collection_id: orNull(Uuid),
});
export type AccessorResponse = Static<typeof AccessorResponse>;
export const AccessorPage = page(AccessorResponse);

const written = {
  remote_access: optional(Bool),
  blocked: optional(Bool),
  override_privacy_mode: optional(Bool),
  toggle_easy_office_mode: optional(Bool),
  toggle_manual_office_mode: optional(Bool),
  collection_id: optional(orNull(Uuid)),
};

export const PostAccessorRequest = Type.Object({ id: optional(orNull(Uuid)), ...written });
export const PatchAccessorRequest = Type.Object(written);
