import { ApiError } from '#contract/api-error';
import { LockConditionPage, type LockConditionResponse } from '#contract/lock-conditions';
import { instantText } from '#contract/time-text';
import type { LockConditions } from '#server/domain/lock-conditions';
import type { SiteLocks } from '#server/domain/site-locks';
import type { Call, Route } from '#server/http/route';
import { valueForms } from '#server/http/value-forms';
import { lockConditionFields, type LockConditionRow } from '#server/store/lock-conditions';
import type { SiteRoute } from './site-route.ts';
import { wholeOf } from './site-view.ts';

/** How battery and radio of a lock have been (docs/decisions/0292). */
export function lockConditionRoutes(
  siteRoute: SiteRoute,
  {
    lockConditions,
    siteLocks,
  }: { readonly lockConditions: LockConditions; readonly siteLocks: SiteLocks },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/locks/{id}/condition_history',
      right: 'see_everything',
      installer: 'lock',
      summary: 'Battery and radio of a lock from each change on, oldest first',
      tag: 'locks',
      query: {
        from: {
          kind: 'text',
          summary: 'How it was at this instant, and every change since; absent = as far as kept',
        },
        to: { kind: 'text', summary: 'Not after this instant; absent = now' },
      },
      list: { fields: lockConditionFields },
      answer: LockConditionPage,
      exists: (at, call) => siteLocks.check(at.actor, wholeOf(at), call.id('id')),
      handle: async ({ actor }, call) => {
        const of = {
          lockId: call.id('id'),
          from: instantOf(call, 'from'),
          to: instantOf(call, 'to'),
        };
        return call.page(await lockConditions.list(actor, call.list, of), toCondition);
      },
    }),
  ];
}

function instantOf(call: Call, parameter: string): Date | null {
  const sent = call.query(parameter);
  if (sent === null) return null;
  const text = valueForms['date-time']?.(sent) ?? null;
  if (text === null) throw new ApiError('VALUE_INVALID', { parameter });
  return new Date(text);
}

function toCondition(row: LockConditionRow): LockConditionResponse {
  return { ...row, utc_date_time: instantText(row.utc_date_time) };
}
