/** Entries and incidents of a site as CSV, made while it is sent (connect-api.md 4.10). */
import { ApiError } from '#contract/api-error';
import type { CollectionId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import {
  findRetentionSeconds,
  readExportBatch,
  type ExportedEntry,
  type ExportFilters,
  type ExportPosition,
  type ExportRange,
} from '#server/store/event-exports';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import type { SitePlace } from '#server/store/site-people';
import type { EventKind } from '#server/store/streamed-events';
import { csvInstant, csvLines, csvLocal, type CsvCell } from './csv.ts';
import { eventStoreFault } from './incidents.ts';
import { requireFeature } from './subscriptions.ts';

export type EventExport = {
  readonly kind: EventKind;
  readonly siteId: CollectionId;
  readonly place: SitePlace;
  /** null = as far back as events are kept. */
  readonly from: Date | null;
  /** null = now. */
  readonly to: Date | null;
  readonly filters: ExportFilters;
};

export type EventExports = {
  /**
   * The file piece by piece, its first piece read already. VALUE_INVALID: the range ends before it begins. NO_SUBSCRIPTION: it
   * reaches back further than the plan does. PLATFORM_FUNCTION_FAILED: too many run. REQUEST_FAILED: the event store failed.
   */
  open(actor: Actor, wanted: EventExport): Promise<AsyncIterable<string>>;
};

/** Each keeps a processor busy that doors want, too. */
const mostAtOnce = 4;
const batchRows = 1_000;
/** What every site may take with it, whatever its plan (connect-api.md 2.4), in whole days. */
const freeDays = 90;
const dayMs = 86_400_000;
/** A hub whose clock is ahead has events of a time to come. */
const endOfTime = new Date('9999-12-31T00:00:00Z');

export function createEventExports({
  database,
  clock,
}: {
  readonly database: Database;
  readonly clock: { now(): Date };
}): EventExports {
  let running = 0;

  async function rangeOf(scope: Scope, { place, from, to, ...of }: EventExport) {
    if (from !== null && to !== null && to < from)
      throw new ApiError('VALUE_INVALID', {
        parameter: 'to_date',
        reason: 'It lies before from_date.',
      });
    const now = clock.now();
    const keptMs = (await findRetentionSeconds(scope, of.siteId)) * 1000;
    const oldest = Math.max(from?.getTime() ?? 0, now.getTime() - keptMs);
    if (Math.floor((now.getTime() - oldest) / dayMs) > freeDays)
      requireFeature(place, 'events_storage', now);
    return { ...of, from: new Date(oldest), to: to ?? endOfTime, now };
  }

  return {
    async open(actor, wanted) {
      const scope = readScope(database, actor.tenantId);
      const range = await rangeOf(scope, wanted);
      if (running >= mostAtOnce)
        throw new ApiError('PLATFORM_FUNCTION_FAILED', {
          reason: 'Too many exports run at the moment.',
        });
      running += 1;
      let isOver = false;
      const end = (): void => {
        if (!isOver) running -= 1;
        isOver = true;
      };
      const first = await readBatch(scope, range, null).catch((fault: unknown) => {
        end();
        return eventStoreFault(fault);
      });
      return pieces({ scope, range, first, end });
    },
  };
}

type Batch = { readonly rows: readonly ExportedEntry[]; readonly next: ExportPosition | null };

async function readBatch(
  scope: Scope,
  range: ExportRange,
  after: ExportPosition | null,
): Promise<Batch> {
  const rows = await readExportBatch(scope, range, { after, limit: batchRows });
  const last = rows.at(-1);
  const isLast = last === undefined || rows.length < batchRows;
  return { rows, next: isLast ? null : { at: last.at, id: last.id } };
}

type Opened = {
  readonly scope: Scope;
  readonly range: ExportRange;
  readonly first: Batch;
  readonly end: () => void;
};

/** By hand and not as a generator: one that nobody has begun to read would never run its end. */
function pieces({ scope, range, first, end }: Opened): AsyncIterable<string> {
  let batch: Batch | null = first;
  let heading = csvLines([columns[range.kind].map(({ name }) => name)]);
  const done = { done: true, value: undefined } as const;
  const iterator = {
    async next(): Promise<IteratorResult<string, undefined>> {
      if (batch === null) {
        end();
        return done;
      }
      const { rows, next } = batch;
      const value = heading + csvLines(rows.map((row) => cellsOf(row, range.kind)));
      heading = '';
      try {
        batch = next === null ? null : await readBatch(scope, range, next);
      } catch (fault) {
        end();
        throw fault;
      }
      return { done: false, value };
    },
    return(): Promise<IteratorResult<string, undefined>> {
      batch = null;
      end();
      return Promise.resolve(done);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

type Column = { readonly name: string; readonly cell: (row: ExportedEntry) => CsvCell };

/** What entries have and incidents lack. */
const ofPerson: readonly Column[] = [
  { name: 'User First Name', cell: (row) => row.first_name },
  { name: 'User Last Name', cell: (row) => row.last_name },
  { name: 'User Alias', cell: (row) => row.alias },
  { name: 'Access By', cell: (row) => row.access_by },
  { name: 'Access Detail', cell: (row) => row.access_detail },
  { name: 'Exit Requested', cell: (row) => String(row.exit_requested) },
];

const before: readonly Column[] = [
  { name: 'Local Time', cell: (row) => csvLocal(row.local_date_time) },
  { name: 'UTC Time', cell: (row) => csvInstant(row.utc_date_time) },
  { name: 'Event Category', cell: (row) => row.event_category },
  { name: 'Event Detail', cell: (row) => row.event_detail },
  { name: 'Lock Name', cell: (row) => row.lock_name },
  { name: 'Lock Mac', cell: (row) => row.lock_mac },
];

const behind: readonly Column[] = [
  { name: 'IQ Name', cell: (row) => row.iq_name },
  { name: 'IQ Mac', cell: (row) => row.iq_mac },
];

const columns: Readonly<Record<EventKind, readonly Column[]>> = {
  entries: [...before, ...ofPerson, ...behind],
  incidents: [...before, ...behind],
};

function cellsOf(row: ExportedEntry, kind: EventKind): CsvCell[] {
  return columns[kind].map(({ cell }) => cell(row));
}
