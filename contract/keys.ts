import { Type, type Static } from 'typebox';
import { Bool, listOf, optional, orNull, page, Text, Uuid, words } from './fields.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 8. */
export const keyTypes = ['tag', 'mkey', 'pin', 'wallet', 'license_plate', 'custom_pin'] as const;
export type KeyType = (typeof keyTypes)[number];

/** core-api.md 7.3: `id` is the relation accessor - credential, `key_id` the credential. */
export const KeyResponse = Type.Object({
  id: Uuid,
  key_id: Uuid,
  key_number: orNull(Text),
  key_type: words(keyTypes),
  accessor_id: Uuid,
  blocked: Bool,
  vendors: listOf(VendorResponse),
});
export type KeyResponse = Static<typeof KeyResponse>;
export const KeyPage = page(KeyResponse);

export const PostKeyRequest = Type.Object({ tag_id: Uuid, blocked: optional(Bool) });

export const PatchKeyRequest = Type.Object({
  key_id: optional(orNull(Uuid)),
  blocked: optional(Bool),
});
