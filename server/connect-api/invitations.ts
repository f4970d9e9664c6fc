import { InvitationPage, type InvitationResponse } from '#contract/invitations';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { Invitations } from '#server/domain/invitations';
import type { Route } from '#server/http/route';
import { invitationFields, type InvitationRow } from '#server/store/invitations';
import type { SiteRoute } from './site-route.ts';

/** identity.md 9: how far the latest invitation of each person has come; who declined is seen here. */
export function invitationRoutes(
  siteRoute: SiteRoute,
  { invitations }: { readonly invitations: Invitations },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/invitations',
      right: 'manage_users',
      summary: 'List the invitations of a site',
      tag: 'invitations',
      list: { fields: invitationFields },
      answer: InvitationPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await invitations.list(actor, call.list, siteId), toInvitationResponse),
    }),
  ];
}

function toInvitationResponse(row: InvitationRow): InvitationResponse {
  return {
    ...row,
    created_at: instantText(row.created_at),
    expires_at: instantText(row.expires_at),
    ended_at: instantTextOrNull(row.ended_at),
  };
}
