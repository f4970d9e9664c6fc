/** What opens doors in a person's name, as the Connect face shows it (connect-api.md 5.1). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, optional, orNull, page, Text, Uuid, words } from './fields.ts';
import { UserSummaryWithAliasResponse } from './users.ts';

/** Kinds that Connect does not know are `unknown`; a custom PIN is a `pin` (connect-api.md 6). */
export const siteKeyTypes = ['tag', 'mkey', 'pin', 'wallet', 'unknown'] as const;
export type SiteKeyType = (typeof siteKeyTypes)[number];

/** `id` is the relation of person and credential, `key_id` the credential. */
export const SiteUserKeyResponse = Type.Object({
  id: Uuid,
  key_identifier: orNull(Text),
  key_id: Uuid,
  type: words(siteKeyTypes),
  expiry_date: orNull(Instant),
  registration_date: Instant,
  blocked: Bool,
  offline_access: Bool,
});
export type SiteUserKeyResponse = Static<typeof SiteUserKeyResponse>;
export const SiteUserKeyPage = page(SiteUserKeyResponse);

/** With whose it is; there `offline_access` speaks of the lock of the list. */
export const ExtendedSiteUserKeyResponse = Type.Object({
  ...SiteUserKeyResponse.properties,
  user: UserSummaryWithAliasResponse,
});
export type ExtendedSiteUserKeyResponse = Static<typeof ExtendedSiteUserKeyResponse>;
export const ExtendedSiteUserKeyPage = page(ExtendedSiteUserKeyResponse);

/** In a person's keys `offline_access` means: on every lock of the person's groups in the site (Core's `by_access`). */
export const PatchSiteUserKeyRequest = Type.Object({
  blocked: optional(Bool),
  offline_access: optional(Bool),
});
export type PatchSiteUserKeyRequest = Static<typeof PatchSiteUserKeyRequest>;
