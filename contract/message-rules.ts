/** Rules that make messages of entries and incidents: connect-api.md 3.9, 4.11, 5. */
import { Type, type Static } from 'typebox';
import { incidentCategories } from './events.ts';
import {
  Bool,
  listOf,
  Name,
  optional,
  orNull,
  page,
  Text,
  TimeEnd,
  TimeStart,
  Uuid,
  words,
} from './fields.ts';
import { writtenDays } from './time-schedules.ts';

export const ruleTypes = ['entered', 'rejected'] as const;
export type RuleType = (typeof ruleTypes)[number];

/** Words of incidents that have a rule: all but the one that may mean anything. */
export const incidentRuleWords = incidentCategories.filter((word) => word !== 'unknown');

export const EntryMessageRuleResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  rule_type: words(ruleTypes),
  send_mail: Bool,
  send_sms: Bool,
  send_push: Bool,
  on_inside_handle: Bool,
});
export type EntryMessageRuleResponse = Static<typeof EntryMessageRuleResponse>;
export const EntryMessageRulePage = page(EntryMessageRuleResponse);

export const IncidentMessageRuleResponse = Type.Object({
  id: Uuid,
  incident: words(incidentCategories),
  send_mail: Bool,
  send_sms: Bool,
  send_push: Bool,
});
export type IncidentMessageRuleResponse = Static<typeof IncidentMessageRuleResponse>;
export const IncidentMessageRulePage = page(IncidentMessageRuleResponse);

/** Each member has two spellings, one for creating and one for changing; both calls take both (connect-api.md 4.11). */
const spellings = {
  type: optional(orNull(words(ruleTypes))),
  rule_type: optional(orNull(words(ruleTypes))),
  mail: optional(Bool),
  send_mail: optional(Bool),
  sms: optional(Bool),
  send_sms: optional(Bool),
  push: optional(Bool),
  send_push: optional(Bool),
  inside_handle: optional(Bool),
  on_inside_handle: optional(Bool),
};

export const PostEntryMessageRuleRequest = Type.Object({ customer_reference: Name, ...spellings });

export const PatchEntryMessageRuleRequest = Type.Object({
  customer_reference: optional(Name),
  ...spellings,
});

export const PatchIncidentMessageRuleRequest = Type.Object({
  send_mail: optional(Bool),
  send_sms: optional(Bool),
  send_push: optional(Bool),
});

export const PatchMessageRuleRelationRequest = Type.Object({
  add_ids: optional(listOf(Uuid)),
  remove_ids: optional(listOf(Uuid)),
});

/** A lock by id and name. */
export const RuleLockResponse = Type.Object({ id: Uuid, customer_reference: orNull(Text) });
export type RuleLockResponse = Static<typeof RuleLockResponse>;
export const RuleLockPage = page(RuleLockResponse);

export const PostMessageScheduleRequest = Type.Object({
  start_time: TimeStart,
  end_time: TimeEnd,
  ...writtenDays,
});
