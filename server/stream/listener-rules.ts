/** Who may listen to what (streaming.md 1 and 2): query, person and site in; the filter of the connection or a refusal out. */
import { ApiError } from '#contract/api-error';
import { isUuid, type CollectionId, type TenantId } from '#contract/ids';
import { entriesRight, incidentsRight } from '#server/domain/permissions';
import type { Caller } from '#server/http/caller';
import { plainName, queryParameters } from '#server/http/list';
import { insufficientScope, TokenError } from '#server/http/token';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace } from '#server/store/site-people';
import type { EventKind } from '#server/store/streamed-events';

/** What one connection hears. */
export type Listening = {
  readonly kind: EventKind;
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  /** Only the entries of this person; null = of everybody. */
  readonly userId: string | null;
};

const fullAccess = 'user_api.full_access';

/**
 * Reads what a caller asks to hear. Raises REQUEST_INVALID (ids), NOT_FOUND (site unknown to the caller) and an empty 403
 * (TokenError) where scope or right is missing.
 */
export async function readListening(
  database: Database,
  {
    caller,
    kind,
    rawQuery,
  }: { readonly caller: Caller; readonly kind: EventKind; readonly rawQuery: string },
): Promise<Listening> {
  checkScope(caller);
  const query = new Map(queryParameters(rawQuery).map(([name, value]) => [plainName(name), value]));
  const siteId = uuidOf(query, 'site_id');
  if (siteId === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The site_id parameter is required.' });
  const userId = kind === 'entries' ? uuidOf(query, 'user_id') : null;
  const listening = { kind, tenantId: caller.tenantId, siteId: siteId as CollectionId, userId };
  const right = await listeningRight(database, { caller, listening });
  if (right === 'unknown_site') throw new ApiError('NOT_FOUND', { thing: 'Site' });
  if (right === 'refused') throw new TokenError(403, '');
  return listening;
}

/** Raises the empty 403 (TokenError) of a token that may not listen at all. */
export function checkScope(caller: Caller): void {
  if (!caller.scopes.has(fullAccess)) throw insufficientScope();
}

/** Whether the caller may hear this, asked at connect and again while the connection lasts. */
export async function listeningRight(
  database: Database,
  { caller, listening }: { readonly caller: Caller; readonly listening: Listening },
): Promise<'allowed' | 'refused' | 'unknown_site'> {
  const place = await findSitePlace(readScope(database, listening.tenantId), {
    siteId: listening.siteId,
    userId: caller.userId,
  });
  // A site of which the caller is no part answers as if it did not exist.
  if (place === undefined || (!place.isOwner && place.role === null)) return 'unknown_site';
  const right = listening.kind === 'entries' ? entriesRight(place) : incidentsRight(place);
  if (right === 'everything') return 'allowed';
  const isOwn = listening.userId !== null && listening.userId === caller.userId;
  return right === 'own' && isOwn ? 'allowed' : 'refused';
}

function uuidOf(query: ReadonlyMap<string, string>, name: string): string | null {
  const value = query.get(name)?.trim();
  if (value === undefined || value === '') return null;
  if (!isUuid(value))
    throw new ApiError('REQUEST_INVALID', { reason: `The ${name} parameter must be a UUID.` });
  return value.toLowerCase();
}
