import { tiedBy, type EventPage, type EventPosition, type ListFields } from '#contract/odata';
import {
  eventPageOf,
  findContinuationToken,
  readContinuation,
  type EventQuery,
} from './continuation.ts';
import type { Call } from './route.ts';

/** A list of events by its fixed name and its fields; a token fits only the list it came from. */
export type EventList = {
  readonly list: string;
  readonly fields: ListFields;
  /** The field that settles what an order leaves equal, where the store has one beside the id. */
  readonly tie?: string;
};

/** Where the page asked for begins; null = with the first row. VALUE_INVALID when the token cannot be used. */
export function eventPosition(call: Call, of: EventList): EventPosition | null {
  const headers = Object.fromEntries(
    ['clp-continuation-token', 'continuationtoken'].map((name) => [
      name,
      call.header(name) ?? undefined,
    ]),
  );
  const given = findContinuationToken(headers, call.listRequest.rawQuery);
  return given === null ? null : readContinuation(given, queryOf(call, of));
}

/** The envelope of core-api.md 5.3 around a page of rows. */
export function toEventPage<Row, Item>(
  call: Call,
  of: EventList & {
    readonly found: {
      readonly rows: readonly Row[];
      readonly count: number | null;
      readonly next: EventPosition | null;
    };
    readonly toItem: (row: Row) => Item;
  },
): EventPage<Item> {
  const { rows, count, next } = of.found;
  const items = rows.map((row) => of.toItem(row));
  return eventPageOf({ items, count, next }, { ...queryOf(call, of), request: call.listRequest });
}

function queryOf(call: Call, { list, fields, tie }: EventList): EventQuery {
  return { list, fields, options: tie === undefined ? call.list : tiedBy(call.list, tie) };
}
