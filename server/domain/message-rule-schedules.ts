import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { PostMessageScheduleRequest } from '#contract/message-rules';
import type { PatchTimeScheduleRequest } from '#contract/time-schedules';
import type { ListOptions } from '#contract/odata';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import {
  deleteMessageSchedule,
  findMessageSchedule,
  insertMessageSchedule,
  listMessageSchedules,
  updateMessageSchedule,
  type MessageScheduleRow,
} from '#server/store/message-rule-schedules';
import type { SiteRule } from '#server/store/message-rules';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope } from '#server/store/scope';
import { changed } from './collections.ts';
import { heldRule } from './message-rules.ts';
import { checkSchedule } from './time-schedules.ts';

export type PostMessageSchedule = Required<Static<typeof PostMessageScheduleRequest>>;
export type PatchMessageSchedule = Static<typeof PatchTimeScheduleRequest>;

/** A schedule by the rule it belongs to, as paths name it. */
export type RuleSchedule = { readonly rule: SiteRule; readonly id: string };

/** The hours in which a rule of entries tells; a rule without any always does (connect-api.md 4.11). */
export type MessageRuleSchedules = {
  /** NOT_FOUND `Time schedule not found` when the rule has none of that id. */
  get(actor: Actor, schedule: RuleSchedule): Promise<MessageScheduleRow>;
  list(actor: Actor, options: ListOptions, rule: SiteRule): Promise<ListResult<MessageScheduleRow>>;
  /** VALUE_INVALID: no weekday, or the end date lies before the start date. */
  create(actor: Actor, rule: SiteRule, body: PostMessageSchedule): Promise<MessageScheduleRow>;
  update(
    actor: Actor,
    schedule: RuleSchedule,
    body: PatchMessageSchedule,
  ): Promise<MessageScheduleRow>;
  remove(actor: Actor, schedule: RuleSchedule): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
};

export function createMessageRuleSchedules(parts: Parts): MessageRuleSchedules {
  const { database, audit, clock, ids } = parts;
  return {
    get: (actor, schedule) => getSchedule(readScope(database, actor.tenantId), schedule),
    list: (actor, options, rule) =>
      listMessageSchedules(readScope(database, actor.tenantId), options, rule.id),

    create: (actor, rule, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldRule(scope, rule);
        checkSchedule(body);
        const id = ids.next<string>();
        await insertMessageSchedule(scope, rule.id, { ...body, id, created_at: clock.now() });
        const row = await getSchedule(scope, { rule, id });
        audit.record(scope, actor, { ...fact('create', { rule, id }), before: null, after: row });
        return row;
      }),

    update: (actor, { rule, id }, body) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldRule(scope, rule);
        const former = await getSchedule(scope, { rule, id });
        checkSchedule({ ...former, ...body });
        await updateMessageSchedule(scope, id, body);
        const row = await getSchedule(scope, { rule, id });
        audit.record(scope, actor, {
          ...fact('update', { rule, id }),
          detail: changed(body),
          before: former,
          after: row,
        });
        return row;
      }),

    remove: (actor, { rule, id }) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        await heldRule(scope, rule);
        const former = await getSchedule(scope, { rule, id });
        await deleteMessageSchedule(scope, id);
        audit.record(scope, actor, {
          ...fact('delete', { rule, id }),
          before: former,
          after: null,
        });
      }),
  };
}

async function getSchedule(scope: Scope, { rule, id }: RuleSchedule): Promise<MessageScheduleRow> {
  const row = await findMessageSchedule(scope, { ruleId: rule.id, id });
  if (row === undefined) throw new ApiError('NOT_FOUND', { thing: 'Time schedule' });
  return row;
}

function fact(verb: string, { rule, id }: RuleSchedule) {
  return {
    action: `message_schedule.${verb}`,
    objectType: 'message_schedule',
    objectId: id,
    collectionId: rule.siteId,
  };
}
