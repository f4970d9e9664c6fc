/** Persons as the Connect face shows them (connect-api.md 5.1); ids are those of the person across sites. */
import { Type, type Static } from 'typebox';
import { Bool, orNull, page, Text, Uuid } from './fields.ts';

export const UserSummaryResponse = Type.Object({
  id: Uuid,
  first_name: orNull(Text),
  last_name: orNull(Text),
  email: orNull(Text),
  image_url: orNull(Text),
  tag_number: orNull(Text),
  is_managed_by_current_site: Bool,
  has_profile: Bool,
});
export type UserSummaryResponse = Static<typeof UserSummaryResponse>;
export const UserSummaryPage = page(UserSummaryResponse);

export const UserShortResponse = Type.Object({
  id: Uuid,
  first_name: orNull(Text),
  last_name: orNull(Text),
});
export type UserShortResponse = Static<typeof UserShortResponse>;
export const UserShortPage = page(UserShortResponse);

export const UserSummaryWithAliasResponse = Type.Object({
  ...UserShortResponse.properties,
  alias: orNull(Text),
});
export type UserSummaryWithAliasResponse = Static<typeof UserSummaryWithAliasResponse>;
