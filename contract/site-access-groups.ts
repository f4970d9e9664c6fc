/** Access groups as the Connect face shows and takes them (connect-api.md 5). */
import { Type, type Static } from 'typebox';
import { Int, Name, optional, page, Uuid } from './fields.ts';
import { RefResponse } from './refs.ts';

export const AccessGroupSummaryResponse = Type.Object({
  ...RefResponse.properties,
  lock_count: Int,
  user_count: Int,
});
export type AccessGroupSummaryResponse = Static<typeof AccessGroupSummaryResponse>;
export const AccessGroupSummaryPage = page(AccessGroupSummaryResponse);

export const PostSiteAccessGroupRequest = Type.Object({ customer_reference: Name });
export const PatchSiteAccessGroupRequest = Type.Object({ customer_reference: optional(Name) });
export const PostAccessGroupLockRequest = Type.Object({ lock_id: Uuid });
/** The person across sites, never the site user. */
export const PostAccessGroupUserRequest = Type.Object({ user_id: Uuid });
