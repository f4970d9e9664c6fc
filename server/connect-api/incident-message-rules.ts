import type { IncidentCategory } from '#contract/events';
import type { LockId } from '#contract/ids';
import {
  IncidentMessageRulePage,
  IncidentMessageRuleResponse,
  PatchIncidentMessageRuleRequest,
  PatchMessageRuleRelationRequest,
  RuleLockPage,
} from '#contract/message-rules';
import type { MessageRules } from '#server/domain/message-rules';
import type { Call, Route } from '#server/http/route';
import { ruleLockFields } from '#server/store/message-rule-members';
import { messageRuleFields, type MessageRuleRow, type SiteRule } from '#server/store/message-rules';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'messages';
const right = 'manage_site';
const one = '/incident_message_rule/{id}';

function ruleOf({ siteId }: AtSite, call: Call): SiteRule {
  return { siteId, kind: 'incident', id: call.id('id') };
}

/** connect-api.md 3.4, 3.9: the rule of each incident, and its locks. */
export function incidentMessageRuleRoutes(
  siteRoute: SiteRoute,
  { messageRules }: { readonly messageRules: MessageRules },
): Route[] {
  const exists = (at: AtSite, call: Call) => messageRules.get(at.actor, ruleOf(at, call));
  return [
    siteRoute({
      method: 'GET',
      path: '/incident_message_rule',
      right,
      summary: 'List the rules that tell of incidents',
      tag,
      list: { fields: messageRuleFields.incident },
      answer: IncidentMessageRulePage,
      handle: async ({ actor, siteId }, call) =>
        call.page(
          await messageRules.list(actor, call.list, { siteId, kind: 'incident' }),
          toIncidentMessageRule,
        ),
    }),
    siteRoute({
      method: 'GET',
      path: one,
      right,
      summary: 'One rule that tells of an incident',
      tag,
      answer: IncidentMessageRuleResponse,
      handle: async (at, call) => toIncidentMessageRule(await exists(at, call)),
    }),
    siteRoute({
      method: 'PATCH',
      path: one,
      right,
      summary: 'Choose the channels of an incident',
      tag,
      body: { schema: PatchIncidentMessageRuleRequest, mode: 'patch' },
      answer: IncidentMessageRuleResponse,
      errors: ['MESSAGE_INVALID'],
      exists,
      handle: async (at, call, body) =>
        toIncidentMessageRule(
          await messageRules.updateIncidentRule(at.actor, ruleOf(at, call), body),
        ),
    }),
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
    siteRoute({
      method: 'PATCH',
      path: `${one}/locks`,
      right,
      summary: 'Remove and add locks of a rule',
      tag,
      body: { schema: PatchMessageRuleRelationRequest, mode: 'patch' },
      answer: null,
      exists,
      handle: (at, call, { add_ids: add = [], remove_ids: remove = [] }) =>
        messageRules.relate(at.actor, ruleOf(at, call), { relation: 'locks', add, remove }),
    }),
    siteRoute({
      method: 'GET',
      path: '/locks/{id}/incident_message_rules',
      right,
      summary: 'List the rules that tell of incidents at a lock',
      tag,
      list: { fields: messageRuleFields.incident },
      answer: IncidentMessageRulePage,
      exists: ({ actor, siteId }, call) => messageRules.getLock(actor, siteId, lockOf(call)),
      handle: async ({ actor, siteId }, call) => {
        const of = { siteId, kind: 'incident', lockId: lockOf(call) } as const;
        return call.page(await messageRules.list(actor, call.list, of), toIncidentMessageRule);
      },
    }),
  ];
}

function lockOf(call: Call): LockId {
  return call.id('id');
}

function toIncidentMessageRule(row: MessageRuleRow): IncidentMessageRuleResponse {
  return {
    id: row.id,
    incident: row.word as IncidentCategory,
    send_mail: row.send_mail,
    send_sms: row.send_sms,
    send_push: row.send_push,
  };
}
