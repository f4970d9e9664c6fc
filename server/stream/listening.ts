/** Who may listen to what, and from where on (streaming.md 1, 2 and 7): query, person and site in; a connection's listening or a refusal out. */
import { ApiError } from '#contract/api-error';
import { isUuid, type CollectionId, type TenantId } from '#contract/ids';
import { readCursor, requireHearing } from '#server/domain/streamed-events';
import type { Caller } from '#server/http/caller';
import { plainName, queryParameters } from '#server/http/list';
import { insufficientScope, TokenError } from '#server/http/token';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace } from '#server/store/site-people';
import type { Start } from '#server/store/stream-connections';
import type { EventKind } from '#server/store/streamed-events';

/** What one connection hears. */
export type Listening = {
  readonly kind: EventKind;
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  /** Only the entries of this person; null = of everybody. */
  readonly userId: string | null;
  readonly start: Start;
};

const fullAccess = 'user_api.full_access';
const placeName = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Reads what a caller asks to hear. Raises REQUEST_INVALID (ids), NOT_FOUND (site unknown to the caller), SITE_NOT_RELEASED,
 * NO_SUBSCRIPTION, VALUE_INVALID (a cursor that is damaged, foreign or too old; a name) and an empty 403 (TokenError) where scope
 * or right is missing.
 */
export async function readListening(
  database: Database,
  {
    caller,
    kind,
    rawQuery,
    now,
  }: {
    readonly caller: Caller;
    readonly kind: EventKind;
    readonly rawQuery: string;
    readonly now: Date;
  },
): Promise<Listening> {
  checkScope(caller);
  const query = new Map(queryParameters(rawQuery).map(([name, value]) => [plainName(name), value]));
  const siteId = uuidOf(query, 'site_id') as CollectionId | null;
  if (siteId === null)
    throw new ApiError('REQUEST_INVALID', { reason: 'The site_id parameter is required.' });
  const { tenantId } = caller;
  const what = { kind, userId: kind === 'entries' ? uuidOf(query, 'user_id') : null };
  const place = await findSitePlace(readScope(database, tenantId), {
    siteId,
    userId: caller.userId,
  });
  const refusal = () => new TokenError(403, '');
  requireHearing(place, { userId: caller.userId, heard: what, now, refusal });
  const start = await readStart(database, { query, tenantId, siteId, kind, now });
  return { ...what, tenantId, siteId, start };
}

/** Raises the empty 403 (TokenError) of a token that may not listen at all. */
export function checkScope(caller: Caller): void {
  if (!caller.scopes.has(fullAccess)) throw insufficientScope();
}

type Where = {
  readonly query: ReadonlyMap<string, string>;
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly kind: EventKind;
  readonly now: Date;
};

/** Where the events begin (streaming.md 7). Raises VALUE_INVALID. */
async function readStart(database: Database, { query, ...where }: Where): Promise<Start> {
  const name = textOf(query, 'resume');
  if (name !== null && !placeName.test(name))
    throw new ApiError('VALUE_INVALID', {
      parameter: 'resume',
      reason: 'A name has 1 to 64 letters, digits, - and _.',
    });
  const cursor = textOf(query, 'cursor');
  return {
    after: cursor === null ? null : await readCursor(database, { cursor, ...where }),
    name,
    showsCursor: cursor !== null || name !== null,
  };
}

function uuidOf(query: ReadonlyMap<string, string>, name: string): string | null {
  const value = textOf(query, name);
  if (value === null) return null;
  if (!isUuid(value))
    throw new ApiError('REQUEST_INVALID', { reason: `The ${name} parameter must be a UUID.` });
  return value.toLowerCase();
}

function textOf(query: ReadonlyMap<string, string>, name: string): string | null {
  const value = query.get(name)?.trim() ?? '';
  return value === '' ? null : value;
}
