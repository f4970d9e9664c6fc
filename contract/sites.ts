/** Sites, and whoever is signed in, as people see them (connect-api.md 3.1, 4.1, 5, 7). */
import { Type, type Static } from 'typebox';
import { versioned } from './connect-version.ts';
import {
  Bool,
  CountryCode,
  Int,
  MailAddress,
  Name,
  optional,
  orNull,
  page,
  Span,
  Text,
  TimeZone,
  Uuid,
  words,
} from './fields.ts';
import { UserSummaryResponse } from './users.ts';

export const installationStates = ['installation', 'released', 'self_installed'] as const;

const members = {
  id: Uuid,
  customer_reference: orNull(Text),
  /** null = no limit. */
  subscribed_user_amount: orNull(Int),
  subscription_valid: Bool,
  country_code: orNull(Text),
  site_uid: orNull(Text),
  time_zone: orNull(Text),
  /** While the site is set up its installer. */
  owner: orNull(UserSummaryResponse),
  installation_state: words(installationStates),
  mkey_compatible: Bool,
};

export const SiteResponse = Type.Object(members);
export type SiteResponse = Static<typeof SiteResponse>;
export const SitePage = page(SiteResponse);

export const ManagedSiteResponse = versioned(
  { ...members, active_user_amount: Int, active_iq_amount: Int, pin_enabled: Bool },
  { store_events_ttl: orNull(Span) },
);
export type ManagedSiteResponse = Static<(typeof ManagedSiteResponse)['v1.2']>;

export const PostSiteRequest = Type.Object({
  customer_reference: Name,
  country_code: CountryCode,
  time_zone: TimeZone,
  /** The caller sets the site up for somebody else. */
  installation: optional(Bool),
});

export const PatchSiteRequest = Type.Object({
  customer_reference: optional(Name),
  owner_id: optional(Uuid),
  country_code: optional(CountryCode),
  time_zone: optional(TimeZone),
});

export const ReleaseSiteRequest = Type.Object({ owner_id: Uuid });

/** design.md, rulings: who a collection made on the Core face belongs to, by e-mail. */
export const PutSiteOwnerRequest = Type.Object({
  email: MailAddress,
  first_name: optional(orNull(Text)),
  last_name: optional(orNull(Text)),
});

export const MeResponse = versioned(
  {
    id: Uuid,
    first_name: orNull(Text),
    last_name: orNull(Text),
    phone: orNull(Text),
    email: orNull(Text),
    language: orNull(Text),
    tag_number: orNull(Text),
    image_url: orNull(Text),
  },
  { tag_rf_id_uid: orNull(Text) },
);
export type MeResponse = Static<(typeof MeResponse)['v1.2']>;
