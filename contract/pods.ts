/** Pods: flats, rooms and offices with members and guests (connect-api.md 4.9, 5; behaviour.md 14). */
import { Type, type Static } from 'typebox';
import {
  Bool,
  Instant,
  Int,
  listOf,
  LocalEnd,
  LocalStart,
  MailAddress,
  Name,
  optional,
  orNull,
  page,
  ranged,
  Text,
  TimeEnd,
  TimeStart,
  Uuid,
  words,
} from './fields.ts';
import { SiteUserResponse } from './site-users.ts';
import { writtenDays } from './time-schedules.ts';
import { UserShortResponse } from './users.ts';

/** When people of a pod may enter; `custom` is for guests only. */
export const podAccessRuleTypes = ['always', 'custom', 'checkin_checkout'] as const;
export type PodAccessRuleType = (typeof podAccessRuleTypes)[number];
export const podUserTypes = ['member', 'guest'] as const;
export type PodUserType = (typeof podUserTypes)[number];
export const podAccessCodeStates = ['active', 'revoked'] as const;
export type PodAccessCodeState = (typeof podAccessCodeStates)[number];

/** Hours of a rule, by the wall clock of the doors. */
export const PodScheduleResponse = Type.Object({
  monday: Bool,
  tuesday: Bool,
  wednesday: Bool,
  thursday: Bool,
  friday: Bool,
  saturday: Bool,
  sunday: Bool,
  start_time: TimeStart,
  end_time: TimeEnd,
  start_date: orNull(LocalStart),
  end_date: orNull(LocalEnd),
});
export type PodScheduleResponse = Static<typeof PodScheduleResponse>;

const shownRule = {
  access_rule_type: words(podAccessRuleTypes),
  schedules: orNull(listOf(PodScheduleResponse)),
};
export const PodAccessRuleResponse = Type.Object(shownRule);
export type PodAccessRuleResponse = Static<typeof PodAccessRuleResponse>;
export const PodGuestAccessRuleResponse = Type.Object({
  ...shownRule,
  locks: orNull(listOf(Uuid)),
});
export type PodGuestAccessRuleResponse = Static<typeof PodGuestAccessRuleResponse>;

export const PodResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  access_rule: PodAccessRuleResponse,
  max_guest_amount: Int,
  member_amount: Int,
  guest_amount: Int,
  lock_amount: Int,
});
export type PodResponse = Static<typeof PodResponse>;
export const PodPage = page(PodResponse);

/** `id` and `site_user_id` are equal: the site user (connect-api.md 4.9). */
const podUser = { pod_user_type: words(podUserTypes), site_user_id: Uuid };
export const PodUserResponse = {
  'v1.1': Type.Object({ ...SiteUserResponse['v1.1'].properties, ...podUser }),
  'v1.2': Type.Object({ ...SiteUserResponse['v1.2'].properties, ...podUser }),
} as const;
export type PodUserResponse = Static<(typeof PodUserResponse)['v1.2']>;
export const PodUserPage = {
  'v1.1': page(PodUserResponse['v1.1']),
  'v1.2': page(PodUserResponse['v1.2']),
} as const;

export const PodGuestResponse = Type.Object({
  first_name: orNull(Text),
  last_name: orNull(Text),
  email: orNull(Text),
  tag_number: orNull(Text),
  access_rule: PodGuestAccessRuleResponse,
});
export type PodGuestResponse = Static<typeof PodGuestResponse>;

const codeTimes = {
  code_created_date: Instant,
  code_expiry_date: Instant,
  use_limit: Int,
  state: words(podAccessCodeStates),
};
export const PodAccessCodeWithOwnerResponse = Type.Object({
  id: Uuid,
  generated_by: Type.Object({ ...UserShortResponse.properties, email: orNull(Text) }),
  ...codeTimes,
});
export type PodAccessCodeWithOwnerResponse = Static<typeof PodAccessCodeWithOwnerResponse>;
export const PodAccessCodePage = page(PodAccessCodeWithOwnerResponse);
/** `code` is shown in the answer that made it and never again. */
export const PodAccessCodeResponse = Type.Object({ id: Uuid, code: orNull(Text), ...codeTimes });
export type PodAccessCodeResponse = Static<typeof PodAccessCodeResponse>;

export const PodScheduleRequest = Type.Object({
  start_time: TimeStart,
  end_time: TimeEnd,
  ...writtenDays,
});

const writtenRule = {
  /** Needed although printed as optional: without it the value is invalid, not the form (connect-api.md 5.2). */
  access_rule_type: optional(orNull(words(podAccessRuleTypes))),
  schedules: optional(orNull(listOf(PodScheduleRequest))),
};
/** `access_rule` of a pod, and the body that replaces it. */
export const PodAccessRuleRequest = Type.Object(writtenRule);
export const PodGuestAccessRuleRequest = Type.Object({
  locks: optional(orNull(listOf(Uuid))),
  ...writtenRule,
});

export const PostPodMember = Type.Object({
  tag_id: optional(orNull(Uuid)),
  first_name: Name,
  last_name: Name,
  email: optional(orNull(MailAddress)),
});
export const PostPodGuest = Type.Object({
  access_rule: PodGuestAccessRuleRequest,
  first_name: Name,
  last_name: Name,
  email: optional(orNull(MailAddress)),
});

export const PostPodRequest = Type.Object({
  customer_reference: Name,
  max_guest_amount: ranged({ minimum: 0 }),
  locks: optional(orNull(listOf(Uuid))),
  members: optional(orNull(listOf(PostPodMember))),
  access_rule: optional(orNull(PodAccessRuleRequest)),
});
export const PatchPodRequest = Type.Object({
  customer_reference: optional(Name),
  max_guest_amount: optional(ranged({ minimum: 0 })),
});
export const PatchPodMembersRequest = Type.Object({
  add_members: optional(orNull(listOf(PostPodMember))),
  remove_member_ids: optional(orNull(listOf(Uuid))),
});
export const PatchPodGuestsRequest = Type.Object({
  add_guests: optional(orNull(listOf(PostPodGuest))),
  remove_guests_ids: optional(orNull(listOf(Uuid))),
});
export const PatchPodGuestRequest = Type.Object({ access_rule: PodGuestAccessRuleRequest });
export const PatchPodLocksRequest = Type.Object({
  lock_to_add_ids: optional(orNull(listOf(Uuid))),
  lock_to_remove_ids: optional(orNull(listOf(Uuid))),
});
export const PutPodAccessCodeRequest = Type.Object({
  code_expiry_date: optional(orNull(Instant)),
  use_limit: optional(orNull(ranged({ minimum: 1 }))),
});
export const PostPodGuestByAccessCodeRequest = Type.Object({ first_name: Name, last_name: Name });
