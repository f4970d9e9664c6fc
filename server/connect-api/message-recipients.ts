import type { UserId } from '#contract/ids';
import {
  MessageRecipientPage,
  MessageRecipientResponse,
  PutMessageRecipientRequest,
} from '#contract/message-recipients';
import { PatchMessageRuleRelationRequest } from '#contract/message-rules';
import { UserSummaryPage } from '#contract/users';
import type { MessageRecipients } from '#server/domain/message-recipients';
import type { MessageRules } from '#server/domain/message-rules';
import type { Call, Route } from '#server/http/route';
import { messageRecipientFields } from '#server/store/message-recipients';
import { personFields } from '#server/store/message-rule-members';
import type { RuleKind, SiteRule } from '#server/store/message-rules';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'messages';
const right = 'manage_site';

type Parts = {
  readonly messageRules: MessageRules;
  readonly messageRecipients: MessageRecipients;
};

/** behaviour.md 18: whom a rule tells beside the owner, how they are reached, and their quiet hours. */
export function messageRecipientRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [
    ...ofSite(siteRoute, parts),
    ...ofRule(siteRoute, parts, 'entry'),
    ...ofRule(siteRoute, parts, 'incident'),
  ];
}

function ofSite(siteRoute: SiteRoute, { messageRecipients }: Parts): Route[] {
  const personOf = ({ siteId }: AtSite, call: Call) => ({
    siteId,
    userId: call.id('user_id') as UserId,
  });
  const exists = (at: AtSite, call: Call) => messageRecipients.check(at.actor, personOf(at, call));
  return [
    siteRoute({
      method: 'GET',
      path: '/message_recipients',
      right,
      summary: 'List phone numbers and quiet hours',
      tag,
      list: { fields: messageRecipientFields },
      answer: MessageRecipientPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await messageRecipients.list(actor, call.list, siteId), (row) => row),
    }),
    siteRoute({
      method: 'PUT',
      path: '/message_recipients/{user_id}',
      right,
      summary: 'Set phone number and quiet hours of a person',
      tag,
      body: { schema: PutMessageRecipientRequest, mode: 'create' },
      answer: MessageRecipientResponse,
      exists,
      handle: (at, call, body) => messageRecipients.put(at.actor, personOf(at, call), body),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/message_recipients/{user_id}',
      right,
      summary: 'Tell a person nothing any more',
      tag,
      answer: null,
      exists,
      handle: (at, call) => messageRecipients.remove(at.actor, personOf(at, call)),
    }),
  ];
}

function ofRule(siteRoute: SiteRoute, { messageRules }: Parts, kind: RuleKind): Route[] {
  const ruleOf = ({ siteId }: AtSite, call: Call): SiteRule => ({
    siteId,
    kind,
    id: call.id('id'),
  });
  const exists = (at: AtSite, call: Call) => messageRules.get(at.actor, ruleOf(at, call));
  const path = `/${kind}_message_rule/{id}/recipients`;
  return [
    siteRoute({
      method: 'GET',
      path,
      right,
      summary: 'List whom a rule tells beside the owner',
      tag,
      list: { fields: personFields },
      answer: UserSummaryPage,
      exists,
      handle: async (at, call) => {
        const of = { rule: ruleOf(at, call), relation: 'recipients' } as const;
        return call.page(await messageRules.listPersons(at.actor, call.list, of), (row) => row);
      },
    }),
    siteRoute({
      method: 'PATCH',
      path,
      right,
      summary: 'Remove and add people whom a rule tells',
      tag,
      body: { schema: PatchMessageRuleRelationRequest, mode: 'patch' },
      answer: null,
      errors: ['MESSAGE_INVALID'],
      exists,
      handle: (at, call, { add_ids: add = [], remove_ids: remove = [] }) =>
        messageRules.relate(at.actor, ruleOf(at, call), { relation: 'recipients', add, remove }),
    }),
  ];
}
