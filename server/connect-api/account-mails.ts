import { AccountMailPage, type AccountMailResponse } from '#contract/account-mails';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { AccountOutbox } from '#server/domain/account-mails';
import type { Route } from '#server/http/route';
import { accountMailFields, type AccountMailRow } from '#server/store/account-mails';
import type { OperatorRoute } from './operator-route.ts';

/** identity.md 9: mails about accounts; where there is no mail server the operator hands their links on. */
export function accountMailRoutes(
  operatorRoute: OperatorRoute,
  { accountOutbox }: { readonly accountOutbox: AccountOutbox },
): Route[] {
  return [
    operatorRoute({
      method: 'GET',
      path: '/outbox',
      summary: 'List the mails about accounts with their delivery records',
      tag: 'accounts',
      list: { fields: accountMailFields },
      answer: AccountMailPage,
      handle: async (_at, call) =>
        call.page(await accountOutbox.list(call.list), toAccountMailResponse),
    }),
  ];
}

function toAccountMailResponse({ body, ...row }: AccountMailRow): AccountMailResponse {
  return {
    ...row,
    text: body,
    created_at: instantText(row.created_at),
    delivered_at: instantTextOrNull(row.delivered_at),
  };
}
