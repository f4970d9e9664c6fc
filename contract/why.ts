/** Why a door decides what it decides, for people of a site (design.md: "why"; docs/why.md). Ours, below `/ext/v1`. */
import { Type, type Static } from 'typebox';
import { rejectReasons, accessByWords, entryCategories } from './events.ts';
import {
  Bool,
  Instant,
  Int,
  listOf,
  LocalStart,
  optional,
  orNull,
  Text,
  Uuid,
  words,
} from './fields.ts';

/** What the door does. */
export const whyOutcomes = [
  'open',
  'office_mode_start',
  'office_mode_end',
  'easy_office_mode_start',
  'easy_office_mode_end',
  'refuse',
  'learn_tag',
] as const;

/** The check of behaviour.md 8 that ended the decision, by name: that of its refusal, else what it grants. */
export const whyRules = [
  ...rejectReasons,
  'tag_registration',
  'exit',
  'manual_office_mode',
  'easy_office_mode',
  'granted',
] as const;
export type WhyRule = (typeof whyRules)[number];

/** Exactly one of `key_id`, `tag_number`, `rfid_uid`, `pin` and `license_plate` says what is held to the door. */
export const PostWhyRequest = Type.Object({
  lock_id: Uuid,
  key_id: optional(orNull(Uuid)),
  tag_number: optional(orNull(Text)),
  rfid_uid: optional(orNull(Text)),
  pin: optional(orNull(Text)),
  license_plate: optional(orNull(Text)),
  /** Absent = at once, with the door as it is. */
  at: optional(orNull(Instant)),
  /** Held for more than 5 s, which asks for manual office mode. */
  is_held: optional(Bool),
  /** Absent = as the lock reports, or off at another time than now. */
  privacy_mode: optional(orNull(Bool)),
  /** The hub is out of the lock's reach. */
  is_lock_alone: optional(Bool),
  /** Since when the hub is without the server. Absent = as it is, or in contact at another time than now. */
  iq_offline_since: optional(orNull(Instant)),
});

const sides = ['early', 'late'] as const;
const Rule = words(whyRules);

const ScheduleWhy = Type.Object({
  schedule_id: Uuid,
  covers: Bool,
  /** How far the instant lies outside, where that was the reason. */
  missed_by_seconds: orNull(Int),
  /** `early`: it begins later; `late`: it ended before. */
  missed_side: orNull(words(sides)),
});

const GroupWhy = Type.Object({
  access_group_id: Uuid,
  customer_reference: orNull(Text),
  schedules: listOf(ScheduleWhy),
});

const HolderWhy = Type.Object({
  /** null = somebody of another site. */
  accessor_id: orNull(Uuid),
  key_id: orNull(Uuid),
  outcome: words(whyOutcomes),
  check: Int,
  rule: Rule,
  /** Groups that hold both this person and the lock. */
  groups: listOf(GroupWhy),
});

const Verdict = {
  outcome: words(whyOutcomes),
  /** Number of the check of behaviour.md 8. */
  check: Int,
  rule: Rule,
};

/** A change that the hub has not proven to hold, or that came after an event. */
const ChangedObject = Type.Object({
  object_type: words(['settings', 'lock', 'access_group', 'accessor'] as const),
  object_id: Uuid,
  changed_at: Instant,
});

const decided = {
  ...Verdict,
  /** A sentence for people. */
  text: Text,
  reject_reason: orNull(words(rejectReasons)),
  event_category: orNull(words(entryCategories)),
  event_detail: orNull(Text),
  at: Instant,
  local_date_time: LocalStart,
  time_zone: Text,
  lock_id: Uuid,
  iq_id: Uuid,
  access_by: words(accessByWords),
  accessor_id: orNull(Uuid),
  key_id: orNull(Uuid),
  /** The group and schedule that let in. */
  access_group_id: orNull(Uuid),
  schedule_id: orNull(Uuid),
  /** The schedule that missed by least, where time was the reason. */
  nearest: orNull(
    Type.Object({
      access_group_id: Uuid,
      schedule_id: Uuid,
      missed_by_seconds: Int,
      missed_side: words(sides),
    }),
  ),
  holders: listOf(HolderWhy),
};

export const WhyResponse = Type.Object({
  ...decided,
  door: Type.Object({
    iq_online: Bool,
    /** The hub has proven to hold everything this answer rests on. */
    is_in_hub: Bool,
    /** What it has not proven to hold yet. */
    waiting: listOf(ChangedObject),
    /** What the door decides with what the hub has proven to hold; null = it has proven nothing. */
    decides: orNull(Type.Object(Verdict)),
  }),
});
export type WhyResponse = Static<typeof WhyResponse>;

export const EntryWhyResponse = Type.Object({
  entry_id: Uuid,
  /** What the door has written down: this is certain. */
  recorded: Type.Object({
    rule: orNull(Rule),
    reject_reason: orNull(words(rejectReasons)),
    event_category: words(entryCategories),
    event_detail: orNull(Text),
    accessor_id: orNull(Uuid),
  }),
  text: Text,
  /** What changed since the event: the reasons below may not be those of that day. */
  changed_since: listOf(ChangedObject),
  /** The rules of today decide alike, and nothing they rest on has changed since. */
  is_certain: Bool,
  /** The same question put to the rules of today; null when they cannot be asked, as the lock or hub is gone. */
  today: orNull(Type.Object(decided)),
});
export type EntryWhyResponse = Static<typeof EntryWhyResponse>;
