import { ApiError } from '#contract/api-error';
import type { EventExports } from '#server/domain/event-exports';
import { safeFileName } from '#server/http/download';
import type { Call, QueryParameter, Route } from '#server/http/route';
import { valueForms } from '#server/http/value-forms';
import type { EventKind } from '#server/store/streamed-events';
import type { SiteRoute } from './site-route.ts';

const tag = 'events';

const query = {
  from_date: {
    kind: 'text',
    summary: 'Not before this instant; absent = as far as events are kept',
  },
  to_date: { kind: 'text', summary: 'Not after this instant; absent = now' },
  username: { kind: 'text', summary: 'Part of a first or last name or an alias' },
  lock_name: { kind: 'text', summary: 'Part of the name of a lock' },
  event_category: { kind: 'text', summary: 'Exactly this category' },
  event_detail: { kind: 'text', summary: 'Exactly this detail' },
  access_by: { kind: 'text', summary: 'Exactly this means of access' },
  access_detail: { kind: 'text', summary: 'Exactly this tag number or plate' },
  export_file_name: { kind: 'text', summary: 'What the file is to be called' },
} as const satisfies Readonly<Record<string, QueryParameter>>;

/** connect-api.md 3.8, 4.10: the logs of a site as CSV files. */
export function eventExportRoutes(
  siteRoute: SiteRoute,
  { eventExports }: { readonly eventExports: EventExports },
): Route[] {
  const exported = (kind: EventKind): Route =>
    siteRoute({
      method: 'GET',
      path: `/${kind}/export`,
      right: 'see_everything',
      summary: `The ${kind} of a site as a CSV file, newest first`,
      tag,
      query,
      answer: 'csv',
      errors: ['NO_SUBSCRIPTION', 'PLATFORM_FUNCTION_FAILED', 'REQUEST_FAILED'],
      handle: async ({ actor, siteId, place }, call) => {
        const text = await eventExports.open(actor, {
          kind,
          siteId,
          place,
          from: instantOf(call, 'from_date'),
          to: instantOf(call, 'to_date'),
          filters: {
            username: call.query('username'),
            lock_name: call.query('lock_name'),
            event_category: call.query('event_category'),
            event_detail: call.query('event_detail'),
            access_by: call.query('access_by'),
            access_detail: call.query('access_detail'),
          },
        });
        const name = safeFileName(call.query('export_file_name') ?? '', '.csv');
        return { fileName: name ?? `${kind}.csv`, text };
      },
    });
  return [exported('entries'), exported('incidents')];
}

function instantOf(call: Call, parameter: string): Date | null {
  const sent = call.query(parameter);
  if (sent === null) return null;
  const text = valueForms['date-time']?.(sent) ?? null;
  if (text === null) throw new ApiError('VALUE_INVALID', { parameter });
  return new Date(text);
}
