import { MessagePage, type MessageResponse } from '#contract/messages';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { Messages } from '#server/domain/messages';
import type { Route } from '#server/http/route';
import { messageFields, type MessageRow } from '#server/store/messages';
import type { SiteRoute } from './site-route.ts';

/** behaviour.md 18: what was made for whom, and how far it has come; where a channel has no provider it is read here. */
export function messageRoutes(
  siteRoute: SiteRoute,
  { messages }: { readonly messages: Messages },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/outbox',
      right: 'manage_site',
      summary: 'List the messages of a site with their delivery records',
      tag: 'messages',
      list: { fields: messageFields },
      answer: MessagePage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await messages.list(actor, call.list, siteId), toMessageResponse),
    }),
  ];
}

function toMessageResponse(row: MessageRow): MessageResponse {
  const { body, ...rest } = row;
  return {
    ...rest,
    text: body,
    next_attempt_at: instantTextOrNull(row.next_attempt_at),
    created_at: instantText(row.created_at),
    delivered_at: instantTextOrNull(row.delivered_at),
  };
}
