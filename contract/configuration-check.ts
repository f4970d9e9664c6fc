/** Rights and settings of a site that lead nowhere (docs/why.md). Ours, below `/ext/v1`. */
import { Type, type Static } from 'typebox';
import { Instant, Int, listOf, orNull, Text, Uuid, words } from './fields.ts';

/** error: somebody stands at a shut door, or an open one; warning: soon, or in part; notice: it leads nowhere and harms nobody. */
export const findingSeverities = ['error', 'warning', 'notice'] as const;
export type FindingSeverity = (typeof findingSeverities)[number];

export const findingWords = [
  'group_without_schedule',
  'group_without_lock',
  'group_without_people',
  'schedule_never_opens',
  'schedule_is_over',
  'person_without_key',
  'person_without_group',
  'key_opens_nothing',
  'key_expired',
  'key_expires_soon',
  'blocked_person_with_rights',
  'pin_not_allowed',
  'pin_without_keypad',
  'plate_without_camera',
  'phone_certificate_ends',
  'tag_held_by_several',
  'tag_unused',
  'tag_of_other_site',
  'master_key_dead',
  'lock_without_group',
  'lock_nobody_can_open',
  'lock_without_iq',
  'lock_out_of_reach',
  'battery_low',
  'radio_weak',
  'office_hours_never_begin',
  'offline_keys_near_limit',
  'offline_keys_refused',
  'offline_validity_near',
  'iq_offline_long',
  'iq_unsubscribed_with_rights',
  'rights_not_in_hub',
  'rights_refused_by_hub',
  'iq_without_new_certificate',
] as const;
export type FindingWord = (typeof findingWords)[number];

export const foundTypes = [
  'access_group',
  'time_schedule',
  'accessor',
  'key',
  'tag',
  'device',
  'lock',
  'iq',
  'collection',
] as const;

const FoundObject = Type.Object({
  object_type: words(foundTypes),
  object_id: Uuid,
  /** What the site calls it. */
  name: orNull(Text),
  /** What makes it a finding: a date, a number, the id of its group or owner. */
  detail: orNull(Text),
});
export type FoundObject = Static<typeof FoundObject>;

const Finding = Type.Object({
  word: words(findingWords),
  severity: words(findingSeverities),
  /** All of them; `objects` holds the first. */
  total: Int,
  objects: listOf(FoundObject),
  means: Text,
  remedy: Text,
});

export const ConfigurationCheckResponse = Type.Object({
  checked_at: Instant,
  /** The gravest first. */
  findings: listOf(Finding),
  /** Checks that found nothing. */
  fine: listOf(words(findingWords)),
});
export type ConfigurationCheckResponse = Static<typeof ConfigurationCheckResponse>;
