import {
  EntryMessageRulePage,
  EntryMessageRuleResponse,
  PatchEntryMessageRuleRequest,
  PatchMessageRuleRelationRequest,
  PostEntryMessageRuleRequest,
  PostMessageScheduleRequest,
  RuleLockPage,
  type RuleType,
} from '#contract/message-rules';
import { PatchTimeScheduleRequest } from '#contract/time-schedules';
import {
  AccessGroupTimeSchedulePage,
  AccessGroupTimeScheduleResponse,
} from '#contract/time-schedules';
import { UserSummaryPage } from '#contract/users';
import type { MessageRuleSchedules, RuleSchedule } from '#server/domain/message-rule-schedules';
import type { MessageRules } from '#server/domain/message-rules';
import type { Call, Route } from '#server/http/route';
import { personFields, ruleLockFields } from '#server/store/message-rule-members';
import {
  messageRuleFields,
  type MessageRuleRow,
  type RuleRelation,
  type SiteRule,
} from '#server/store/message-rules';
import { timeScheduleFields } from '#server/store/time-schedules';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'messages';

type Parts = {
  readonly messageRules: MessageRules;
  readonly messageRuleSchedules: MessageRuleSchedules;
};

/** connect-api.md 3.9: rules that tell of entries, with their users, locks and schedules. */
export function entryMessageRuleRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [
    ...rules(siteRoute, parts),
    ...relations(siteRoute, parts),
    ...schedules(siteRoute, parts),
  ];
}

const right = 'manage_site';
const one = '/entry_message_rule/{id}';

function ruleOf({ siteId }: AtSite, call: Call): SiteRule {
  return { siteId, kind: 'entry', id: call.id('id') };
}

function rules(siteRoute: SiteRoute, { messageRules }: Parts): Route[] {
  const exists = (at: AtSite, call: Call) => messageRules.get(at.actor, ruleOf(at, call));
  return [
    siteRoute({
      method: 'GET',
      path: '/entry_message_rule',
      right,
      summary: 'List the rules that tell of entries',
      tag,
      list: { fields: messageRuleFields.entry },
      answer: EntryMessageRulePage,
      handle: async ({ actor, siteId }, call) =>
        call.page(
          await messageRules.list(actor, call.list, { siteId, kind: 'entry' }),
          toEntryMessageRule,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: '/entry_message_rule',
      right,
      summary: 'Add a rule that tells of entries',
      tag,
      body: { schema: PostEntryMessageRuleRequest, mode: 'create' },
      answer: EntryMessageRuleResponse,
      errors: ['MESSAGE_INVALID'],
      handle: async ({ actor, siteId }, _call, body) =>
        toEntryMessageRule(await messageRules.createEntryRule(actor, siteId, body)),
    }),
    siteRoute({
      method: 'GET',
      path: one,
      right,
      summary: 'One rule that tells of entries',
      tag,
      answer: EntryMessageRuleResponse,
      handle: async (at, call) => toEntryMessageRule(await exists(at, call)),
    }),
    siteRoute({
      method: 'PATCH',
      path: one,
      right,
      summary: 'Change a rule that tells of entries',
      tag,
      body: { schema: PatchEntryMessageRuleRequest, mode: 'patch' },
      answer: EntryMessageRuleResponse,
      errors: ['MESSAGE_INVALID'],
      exists,
      handle: async (at, call, body) =>
        toEntryMessageRule(await messageRules.updateEntryRule(at.actor, ruleOf(at, call), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: one,
      right,
      summary: 'Remove a rule that tells of entries',
      tag,
      answer: null,
      handle: (at, call) => messageRules.removeEntryRule(at.actor, ruleOf(at, call)),
    }),
  ];
}

function relations(siteRoute: SiteRoute, { messageRules }: Parts): Route[] {
  const exists = (at: AtSite, call: Call) => messageRules.get(at.actor, ruleOf(at, call));
  const change = (relation: RuleRelation): Route =>
    siteRoute({
      method: 'PATCH',
      path: `${one}/${relation}`,
      right,
      summary: `Remove and add ${relation} of a rule`,
      tag,
      body: { schema: PatchMessageRuleRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (at, call, { add_ids: add = [], remove_ids: remove = [] }) =>
        messageRules.relate(at.actor, ruleOf(at, call), { relation, add, remove }),
    });
  return [
    siteRoute({
      method: 'GET',
      path: `${one}/users`,
      right,
      summary: 'List whom a rule is about; nobody = everybody',
      tag,
      list: { fields: personFields },
      answer: UserSummaryPage,
      exists,
      handle: async (at, call) => {
        const of = { rule: ruleOf(at, call), relation: 'users' } as const;
        return call.page(await messageRules.listPersons(at.actor, call.list, of), (row) => row);
      },
    }),
    change('users'),
    siteRoute({
      method: 'GET',
      path: `${one}/locks`,
      right,
      summary: 'List the locks of a rule; none = every lock',
      tag,
      list: { fields: ruleLockFields },
      answer: RuleLockPage,
      exists,
      handle: async (at, call) =>
        call.page(
          await messageRules.listLocks(at.actor, call.list, ruleOf(at, call)),
          (row) => row,
        ),
    }),
    change('locks'),
  ];
}

function schedules(siteRoute: SiteRoute, { messageRules, messageRuleSchedules }: Parts): Route[] {
  const exists = (at: AtSite, call: Call) => messageRules.get(at.actor, ruleOf(at, call));
  const scheduleOf = (at: AtSite, call: Call): RuleSchedule => ({
    rule: ruleOf(at, call),
    id: call.id('time_schedule_id'),
  });
  const scheduleExists = async (at: AtSite, call: Call): Promise<void> => {
    await exists(at, call);
    await messageRuleSchedules.get(at.actor, scheduleOf(at, call));
  };
  const all = `${one}/time_schedules`;
  return [
    siteRoute({
      method: 'GET',
      path: all,
      right,
      summary: 'List the schedules of a rule; none = always',
      tag,
      list: { fields: timeScheduleFields },
      answer: AccessGroupTimeSchedulePage,
      exists,
      handle: async (at, call) =>
        call.page(
          await messageRuleSchedules.list(at.actor, call.list, ruleOf(at, call)),
          (row) => row,
        ),
    }),
    siteRoute({
      method: 'POST',
      path: all,
      right,
      summary: 'Add a schedule to a rule',
      tag,
      body: { schema: PostMessageScheduleRequest, mode: 'create' },
      answer: AccessGroupTimeScheduleResponse,
      exists,
      handle: (at, call, body) => messageRuleSchedules.create(at.actor, ruleOf(at, call), body),
    }),
    siteRoute({
      method: 'PATCH',
      path: `${all}/{time_schedule_id}`,
      right,
      summary: 'Change a schedule of a rule',
      tag,
      body: { schema: PatchTimeScheduleRequest, mode: 'patch' },
      answer: AccessGroupTimeScheduleResponse,
      exists: scheduleExists,
      handle: (at, call, body) => messageRuleSchedules.update(at.actor, scheduleOf(at, call), body),
    }),
    siteRoute({
      method: 'DELETE',
      path: `${all}/{time_schedule_id}`,
      right,
      summary: 'Remove a schedule of a rule',
      tag,
      answer: null,
      handle: (at, call) => messageRuleSchedules.remove(at.actor, scheduleOf(at, call)),
    }),
  ];
}

function toEntryMessageRule(row: MessageRuleRow): EntryMessageRuleResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    rule_type: row.word as RuleType,
    send_mail: row.send_mail,
    send_sms: row.send_sms,
    send_push: row.send_push,
    on_inside_handle: row.on_inside_handle,
  };
}
