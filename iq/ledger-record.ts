/** What the ledger of a hub holds, and how its places are compared. */
import type { HubEvent } from '#contract/events';

type WithoutNumber<Event> = Event extends HubEvent ? Omit<Event, 'sequence' | 'id'> : never;
/** An event as the door writes it; the ledger adds number and id. */
export type EventDraft = WithoutNumber<HubEvent>;

/** Where a lock kept the event while the hub was out of its reach. */
export type Source = { readonly mac: string; readonly record: number };

export type LedgerRecord = {
  readonly boot: number;
  readonly event: HubEvent;
  readonly source?: Source;
};

export type Position = { readonly boot: number; readonly sequence: number };

export function positionOf({ boot, event }: LedgerRecord): Position {
  return { boot, sequence: event.sequence };
}

/** True when a position lies behind another; null = before everything. */
export function isAfter(position: Position, other: Position | null): boolean {
  if (other === null || position.boot > other.boot) return true;
  return position.boot === other.boot && position.sequence > other.sequence;
}
