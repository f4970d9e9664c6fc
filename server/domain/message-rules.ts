/** Rules that make messages of entries and incidents (behaviour.md 18, connect-api.md 4.11). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, LockId, UserId } from '#contract/ids';
import type {
  PatchEntryMessageRuleRequest,
  PatchIncidentMessageRuleRequest,
  PostEntryMessageRuleRequest,
  RuleLockResponse,
} from '#contract/message-rules';
import type { ListOptions } from '#contract/odata';
import type { UserSummaryResponse } from '#contract/users';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import { listRuleLocks, listRulePersons } from '#server/store/message-rule-members';
import {
  changeRuleMembers,
  deleteMessageRule,
  findMessageRule,
  hasPhone,
  hasSiteLock,
  holdMessageRule,
  holdPersons,
  holdSiteLocks,
  insertEntryRule,
  listMessageRules,
  updateMessageRule,
  type MessageRuleRow,
  type RuleKind,
  type RuleRelation,
  type SiteRule,
} from '#server/store/message-rules';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { findSitePlace } from '#server/store/site-people';
import { changed } from './collections.ts';
import { incidentsRight } from './permissions.ts';

export type PostEntryMessageRule = Required<Static<typeof PostEntryMessageRuleRequest>>;
export type PatchEntryMessageRule = Static<typeof PatchEntryMessageRuleRequest>;
export type PatchIncidentMessageRule = Static<typeof PatchIncidentMessageRuleRequest>;

export type RuleMembersChange = {
  readonly relation: RuleRelation;
  readonly add: readonly string[];
  readonly remove: readonly string[];
};

export type MessageRules = {
  /** NOT_FOUND `Rule not found` when the site has none of that id and kind. */
  get(actor: Actor, rule: SiteRule): Promise<MessageRuleRow>;
  list(
    actor: Actor,
    options: ListOptions,
    of: { readonly siteId: CollectionId; readonly kind: RuleKind; readonly lockId?: LockId },
  ): Promise<ListResult<MessageRuleRow>>;
  /** NOT_FOUND `Lock not found` when the site has no such lock. */
  getLock(actor: Actor, siteId: CollectionId, lockId: LockId): Promise<void>;
  /** MESSAGE_INVALID: no channel, or SMS and nobody with a phone number. */
  createEntryRule(
    actor: Actor,
    siteId: CollectionId,
    body: PostEntryMessageRule,
  ): Promise<MessageRuleRow>;
  /** The same failures. */
  updateEntryRule(
    actor: Actor,
    rule: SiteRule,
    body: PatchEntryMessageRule,
  ): Promise<MessageRuleRow>;
  /** MESSAGE_INVALID: SMS and nobody with a phone number. */
  updateIncidentRule(
    actor: Actor,
    rule: SiteRule,
    body: PatchIncidentMessageRule,
  ): Promise<MessageRuleRow>;
  removeEntryRule(actor: Actor, rule: SiteRule): Promise<void>;
  listLocks(
    actor: Actor,
    options: ListOptions,
    rule: SiteRule,
  ): Promise<ListResult<RuleLockResponse>>;
  listPersons(
    actor: Actor,
    options: ListOptions,
    of: { readonly rule: SiteRule; readonly relation: 'users' | 'recipients' },
  ): Promise<ListResult<UserSummaryResponse>>;
  /**
   * NOT_FOUND: one to be added is nobody or nothing of the site. VALUE_INVALID: somebody who may see no incidents is to be told
   * of one.
   */
  relate(actor: Actor, rule: SiteRule, change: RuleMembersChange): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
};

export function createMessageRules({ database, audit, clock, ids }: Parts): MessageRules {
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  function update(
    actor: Actor,
    rule: SiteRule,
    change: Partial<Omit<MessageRuleRow, 'id' | 'customer_reference'>> & {
      readonly customer_reference?: string;
    },
  ): Promise<MessageRuleRow> {
    return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
      const former = await heldRule(scope, rule);
      await checkChannels(scope, rule, { ...former, ...change });
      await updateMessageRule(scope, rule.id, change);
      const row = await getRule(scope, rule);
      audit.record(scope, actor, {
        ...fact('update', rule),
        detail: changed(change),
        before: former,
        after: row,
      });
      return row;
    });
  }

  return {
    get: (actor, rule) => getRule(scopeOf(actor), rule),
    list: (actor, options, of) => listMessageRules(scopeOf(actor), options, of),

    async getLock(actor, siteId, lockId) {
      if (!(await hasSiteLock(scopeOf(actor), siteId, lockId))) throw missing('Lock');
    },

    createEntryRule: (actor, siteId, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const rule: SiteRule = { siteId, kind: 'entry', id: ids.next<string>() };
        const row = {
          id: rule.id,
          customer_reference: body.customer_reference,
          word: body.rule_type ?? body.type ?? 'entered',
          send_mail: body.send_mail || body.mail,
          send_sms: body.send_sms || body.sms,
          send_push: body.send_push || body.push,
          on_inside_handle: body.on_inside_handle || body.inside_handle,
        };
        await checkChannels(scope, rule, row);
        await insertEntryRule(scope, siteId, { ...row, created_at: clock.now() });
        const made = await getRule(scope, rule);
        audit.record(scope, actor, { ...fact('create', rule), before: null, after: made });
        return made;
      }),

    updateEntryRule: (actor, rule, body) =>
      update(actor, rule, {
        ...(body.customer_reference === undefined
          ? {}
          : { customer_reference: body.customer_reference }),
        ...given('word', body.rule_type ?? body.type),
        ...given('send_mail', body.send_mail ?? body.mail),
        ...given('send_sms', body.send_sms ?? body.sms),
        ...given('send_push', body.send_push ?? body.push),
        ...given('on_inside_handle', body.on_inside_handle ?? body.inside_handle),
      }),

    updateIncidentRule: (actor, rule, body) => update(actor, rule, body),

    removeEntryRule: (actor, rule) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const former = await heldRule(scope, rule);
        await deleteMessageRule(scope, rule.id);
        audit.record(scope, actor, { ...fact('delete', rule), before: former, after: null });
      }),

    listLocks: (actor, options, rule) => listRuleLocks(scopeOf(actor), options, rule.id),
    listPersons: (actor, options, { rule, relation }) =>
      listRulePersons(scopeOf(actor), options, { ruleId: rule.id, relation }),

    relate: (actor, rule, change) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldRule(scope, rule);
        await checkMembers(scope, rule, change);
        await changeRuleMembers(scope, rule.id, change);
        if (change.relation === 'recipients')
          await checkChannels(scope, rule, await getRule(scope, rule));
        audit.record(scope, actor, {
          ...fact(`change_${change.relation}`, rule),
          detail: `${change.add.length} added, ${change.remove.length} removed`,
        });
      }),
  };
}

function given<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { readonly [member in Name]?: Value } {
  return (value === undefined || value === null ? {} : { [name]: value }) as {
    readonly [member in Name]?: Value;
  };
}

/** What a path or body of the Connect face names and the site has not. */
function missing(thing: string): ApiError {
  return new ApiError('NOT_FOUND', { thing });
}

async function getRule(scope: Scope, rule: SiteRule): Promise<MessageRuleRow> {
  const row = await findMessageRule(scope, rule);
  if (row === undefined) throw missing('Rule');
  return row;
}

/** The rule of a path, held for a write. NOT_FOUND when the site has none of that id and kind. */
export async function heldRule(scope: WriteScope, rule: SiteRule): Promise<MessageRuleRow> {
  const row = await holdMessageRule(scope, rule);
  if (row === undefined) throw missing('Rule');
  return row;
}

async function checkChannels(
  scope: Scope,
  { siteId, kind, id }: SiteRule,
  rule: Pick<MessageRuleRow, 'send_mail' | 'send_sms' | 'send_push'>,
): Promise<void> {
  if (kind === 'entry' && !rule.send_mail && !rule.send_sms && !rule.send_push)
    throw new ApiError('MESSAGE_INVALID', { reason: 'The rule has no channel.' });
  if (rule.send_sms && !(await hasPhone(scope, { siteId, ruleId: id })))
    throw new ApiError('MESSAGE_INVALID', {
      reason: 'Nobody whom the rule tells has a phone number.',
    });
}

async function checkMembers(
  scope: WriteScope,
  { siteId, kind }: SiteRule,
  { relation, add }: RuleMembersChange,
): Promise<void> {
  if (relation === 'locks') {
    const locks = await holdSiteLocks(scope, siteId, add);
    if (add.some((id) => !locks.has(id))) throw missing('Lock');
    return;
  }
  const persons = await holdPersons(scope, siteId, add);
  if (add.some((id) => !persons.has(id))) throw missing('User');
  if (relation !== 'recipients' || kind !== 'incident') return;
  for (const id of persons) {
    const place = await findSitePlace(scope, { siteId, userId: id as UserId });
    if (incidentsRight(place) !== 'everything')
      throw new ApiError('VALUE_INVALID', {
        parameter: 'add_ids',
        reason: 'Somebody among them may see no incidents of the site.',
      });
  }
}

function fact(verb: string, { siteId, kind, id }: SiteRule) {
  return {
    action: `${kind}_message_rule.${verb}`,
    objectType: `${kind}_message_rule`,
    objectId: id,
    collectionId: siteId,
  };
}
