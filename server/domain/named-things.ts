/** Things of a site that a request names by id in its body (connect-api.md 1.7: told before what is wrong with its values). */
import { ApiError } from '#contract/api-error';
import { isUuid, type CollectionId, type FloorId, type LockId, type UserId } from '#contract/ids';
import { findFloorCollection } from '#server/store/locks';
import { hasSiteLock } from '#server/store/message-rules';
import type { Scope } from '#server/store/scope';
import { findSiteUser } from '#server/store/site-users';
import { tagOfBody } from './site-user-rules.ts';

type Sent = string | null | undefined;

/** What was left out, or cleared, names nothing that must be there. */
export type NamedThings = {
  readonly tags?: readonly Sent[];
  readonly locks?: readonly Sent[] | null | undefined;
  readonly floor?: Sent;
  /** A person of the site, by the platform's id. */
  readonly user?: Sent;
};

/** VALUE_INVALID (`body_id`) for the first that the site has not. */
export async function requireNamed(
  scope: Scope,
  { siteId, now }: { readonly siteId: CollectionId; readonly now: Date },
  { tags, locks, floor, user }: NamedThings,
): Promise<void> {
  for (const tagId of given(tags)) await tagOfBody(scope, { siteId, tagId });
  for (const id of given(locks))
    if (!(await hasSiteLock(scope, siteId, id as LockId))) throw none('lock_id');
  for (const id of given([floor]))
    if ((await findFloorCollection(scope, id as FloorId)) !== siteId) throw none('floor_id');
  for (const id of given([user]))
    if ((await findSiteUser(scope, { siteId, userId: id as UserId, now })) === undefined)
      throw none('user_id');
}

/** An id whose own text is at fault names nothing that could be looked up. */
function given(sent: readonly Sent[] | null | undefined): readonly string[] {
  return (sent ?? []).filter((id): id is string => typeof id === 'string' && isUuid(id));
}

function none(parameter: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter, case: 'body_id' });
}
