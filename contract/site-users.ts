/** Site users: people as a site sees them (connect-api.md 2.1, 3.2, 4.2, 5, 7). */
import { Type, type Static } from 'typebox';
import { versioned } from './connect-version.ts';
import {
  Alias,
  Bool,
  Instant,
  listOf,
  MailAddress,
  Name,
  optional,
  orNull,
  page,
  Text,
  Uuid,
  words,
} from './fields.ts';
import { RefResponse } from './refs.ts';
import { RoleResponse } from './roles.ts';
import { UserSummaryResponse } from './users.ts';

export const subscriptionStates = ['subscribed', 'suspended'] as const;
export type SubscriptionState = (typeof subscriptionStates)[number];

/** Pods of a person: listed only where they are asked for. */
const pods = {
  member_of_pods: listOf(RefResponse),
  guest_of_pods: listOf(RefResponse),
};

const members = {
  id: Uuid,
  user: UserSummaryResponse,
  roles: listOf(RoleResponse),
  alias: orNull(Text),
  toggle_easy_office_mode: Bool,
  toggle_manual_office_mode: Bool,
  remote_access: Bool,
  blocked: Bool,
  tag_owned_by_this_site: Bool,
  subscription_state: words(subscriptionStates),
  override_privacy_mode: Bool,
  use_pin: Bool,
};

const added = {
  /** The day on which a removal request that waits is carried out. */
  data_removal_expires_at: orNull(Instant),
  /** When the access of a guest ends. */
  expires_at: orNull(Instant),
};

const podsWhenAsked = {
  member_of_pods: optional(pods.member_of_pods),
  guest_of_pods: optional(pods.guest_of_pods),
};

export const SiteUserResponse = versioned({ ...members, ...podsWhenAsked }, added);
export type SiteUserResponse = Static<(typeof SiteUserResponse)['v1.2']>;
export const SiteUserPage = {
  'v1.1': page(SiteUserResponse['v1.1']),
  'v1.2': page(SiteUserResponse['v1.2']),
} as const;

export const ownershipStates = ['site_owner', 'site_user'] as const;
export type OwnershipState = (typeof ownershipStates)[number];

/** Answer of `sites/{id}/me`. */
export const OwnSiteUserResponse = {
  'v1.1': SiteUserResponse['v1.1'],
  'v1.2': Type.Object({
    ...members,
    ...added,
    ...pods,
    ownership_state: words(ownershipStates),
  }),
} as const;
export type OwnSiteUserResponse = Static<(typeof OwnSiteUserResponse)['v1.2']>;

const flags = {
  toggle_easy_office_mode: optional(Bool),
  toggle_manual_office_mode: optional(Bool),
  blocked: optional(Bool),
  override_privacy_mode: optional(Bool),
  use_pin: optional(Bool),
};

export const PostSiteUserRequest = Type.Object({
  first_name: Name,
  last_name: Name,
  email: optional(orNull(MailAddress)),
  tag_id: optional(orNull(Uuid)),
  role_ids: optional(orNull(listOf(Uuid))),
  alias: optional(orNull(Alias)),
  ...flags,
});

/** `id` is the person across sites. */
export const PostExistingSiteUserRequest = Type.Object({
  id: Uuid,
  role_ids: optional(orNull(listOf(Uuid))),
  alias: optional(orNull(Alias)),
  ...flags,
});

/** The nil UUID takes the tag away, "" the alias. */
export const PatchSiteUserRequest = Type.Object({
  first_name: optional(Name),
  last_name: optional(Name),
  email: optional(MailAddress),
  role_ids: optional(listOf(Uuid)),
  alias: optional(orNull(Alias)),
  tag_id: optional(orNull(Uuid)),
  ...flags,
});

/** `state` is needed: without it VALUE_INVALID. */
export const PatchSiteUserSubscriptionRequest = Type.Object({
  state: optional(words(subscriptionStates)),
});

export const PostSiteGuestRequest = Type.Object({
  alias: Name,
  expires_at: optional(orNull(Instant)),
});

/** The own state at an IQ. */
export const OwnIqPinResponse = Type.Object({
  iq_id: Uuid,
  activation_date: orNull(Instant),
  activated: Bool,
});
export type OwnIqPinResponse = Static<typeof OwnIqPinResponse>;
export const OwnIqPinPage = page(OwnIqPinResponse);

export const ActivatedIqResponse = versioned(RefResponse.properties, { otp_enabled: Bool });
export const ActivatedIqPage = {
  'v1.1': page(ActivatedIqResponse['v1.1']),
  'v1.2': page(ActivatedIqResponse['v1.2']),
} as const;
