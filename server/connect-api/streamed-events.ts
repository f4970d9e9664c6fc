import { ApiError } from '#contract/api-error';
import { isUuid } from '#contract/ids';
import { PulledEvents } from '#contract/streamed-events';
import { hasSiteRight } from '#server/domain/permissions';
import type { StreamedEvents } from '#server/domain/streamed-events';
import type { Call, Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import type { EventKind } from '#server/store/streamed-events';
import type { SiteRoute } from './site-route.ts';

/** streaming.md 7: the event streams as plain HTTP. */
export function streamedEventRoutes(
  siteRoute: SiteRoute,
  { streamedEvents }: { readonly streamedEvents: StreamedEvents },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/events',
      right: 'take_part',
      feature: 'events_streaming',
      summary: 'Entries or incidents behind a cursor, in the order of storing',
      tag: 'events',
      query: {
        stream: { kind: 'text', summary: '`entries` or `incidents`; must be given' },
        user_id: { kind: 'text', summary: 'Only the entries of this person' },
        cursor: { kind: 'text', summary: '`latest` (default), `earliest`, or one of an answer' },
        limit: { kind: 'text', summary: 'At most so many items: 1 to 1000, default 20' },
        wait: { kind: 'text', summary: 'Seconds to wait for the first: 0 to 30, default 0' },
      },
      answer: PulledEvents,
      // Who hears the own entries only is refused everything else before the rest of the query is read (connect-api.md: order of checks).
      exists: async ({ place, userId }, call) => {
        const isOwn = call.query('user_id')?.trim().toLowerCase() === userId;
        if (!isOwn && !hasSiteRight(place, 'see_everything')) throw new TokenError(403, '');
      },
      handle: ({ actor, siteId, userId }, call) => {
        const kind = kindOf(call);
        const { tenantId } = actor;
        const refusal = () => new TokenError(403, '');
        return streamedEvents.pull(
          { tenantId, siteId, userId, refusal },
          {
            kind,
            userId: kind === 'entries' ? personOf(call) : null,
            cursor: call.query('cursor')?.trim() ?? 'latest',
            limit: numberOf(call, 'limit', { least: 1, most: 1_000, usual: 20 }),
            waitSeconds: numberOf(call, 'wait', { least: 0, most: 30, usual: 0 }),
          },
        );
      },
    }),
  ];
}

function kindOf(call: Call): EventKind {
  const word = call.query('stream')?.trim().toLowerCase();
  if (word === undefined)
    throw new ApiError('REQUEST_INVALID', { reason: 'The stream field is required.' });
  if (word === 'entries' || word === 'incidents') return word;
  throw new ApiError('VALUE_INVALID', { parameter: 'stream' });
}

function personOf(call: Call): string | null {
  const id = call.query('user_id')?.trim() ?? '';
  if (id === '') return null;
  if (isUuid(id)) return id.toLowerCase();
  throw new ApiError('REQUEST_INVALID', { reason: 'The user_id parameter must be a UUID.' });
}

function numberOf(
  call: Call,
  parameter: string,
  { least, most, usual }: { readonly least: number; readonly most: number; readonly usual: number },
): number {
  const sent = call.query(parameter)?.trim() ?? '';
  if (sent === '') return usual;
  if (!/^-?\d{1,9}$/.test(sent))
    throw new ApiError('REQUEST_INVALID', {
      reason: `The ${parameter} parameter must be a whole number.`,
    });
  const value = Number(sent);
  if (value < least || value > most) throw new ApiError('VALUE_INVALID', { parameter });
  return value;
}
