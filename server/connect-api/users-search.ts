import type { CollectionId } from '#contract/ids';
import { plusesForBlanks } from '#contract/mail-text';
import { UserSummaryPage } from '#contract/users';
import { hasSiteRight } from '#server/domain/permissions';
import type { SitePlaces } from '#server/domain/site-places';
import type { SiteUsers } from '#server/domain/site-users';
import { route, type Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { placeAt } from './site-route.ts';

export type UsersSearchParts = {
  readonly sitePlaces: SitePlaces;
  readonly siteUsers: SiteUsers;
};

/** connect-api.md 3.1: somebody by e-mail or tag number, for whoever may add people to the site that is named. */
export function usersSearchRoutes({ sitePlaces, siteUsers }: UsersSearchParts): Route[] {
  return [
    route({
      method: 'GET',
      path: '/users/search',
      access: 'read',
      summary: 'Find a person by the exact e-mail address or the tag number of eight digits',
      tag: 'users',
      query: {
        search_for: { kind: 'text', isRequired: true, summary: 'an address, or a tag number' },
        for_site_id: { kind: 'uuid', isRequired: true, summary: 'the site to add the person to' },
      },
      answer: UserSummaryPage,
      errors: ['NOT_FOUND', 'SITE_NOT_RELEASED'],
      handle: async (call) => {
        const siteId = call.query('for_site_id') as CollectionId;
        const { tenantId, userId, place } = await placeAt(sitePlaces, call, siteId);
        if (!hasSiteRight(place, 'manage_users')) throw new TokenError(403, '');
        const { clientId } = call.caller;
        const actor = { tenantId, clientId, userId, requestId: call.requestId };
        const text = addressText(call.query('search_for') ?? '');
        const found = await siteUsers.search(actor, { text, siteId });
        return { items: found === undefined ? [] : [found], next_page_link: null, count: null };
      },
    }),
  ];
}

/** A plus that was not escaped arrives as a blank (connect-api.md 1.2). */
function addressText(text: string): string {
  const trimmed = text.trim();
  return trimmed.includes('@') ? plusesForBlanks(trimmed) : trimmed;
}
