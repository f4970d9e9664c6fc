/**
 * Makes the tables of coming months and erases events past their retention: whole months where nobody keeps anything of them, else
 * some rows at a time so that nothing else waits. Several processes may do it at once.
 */
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';
import { listEventMonths, openEventMonths, type EventMonth } from '#server/store/event-months';
import {
  dropMonthIfOver,
  eraseExpiredEvents,
  eraseHiddenEvents,
  eraseOwnerlessEvents,
  longestRetention,
  type Erasing,
} from '#server/store/expired-events';
import type { Database } from '#server/store/pool';

/** Erased within 24 h of the end (behaviour.md 9): each hour leaves room for a day with the server down. */
const everyMs = 3_600_000;
const firstMs = 60_000;
const atOnce = 5_000;

export type Erased = {
  /** Events erased one by one. */
  readonly events: number;
  /** Tables of months dropped with all that was in them. */
  readonly months: readonly string[];
};

export type EventEraser = {
  start(): void;
  /** Ends after the portion under way. */
  stop(): Promise<void>;
  /** One whole round; returns what went. */
  run(): Promise<Erased>;
};

export function createEventEraser({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): EventEraser {
  async function run(): Promise<Erased> {
    const now = clock.now();
    if (!(await openEventMonths(database, now)))
      log.warn('the tables of the coming months of events could not be made; tried again later');
    const longestSeconds = await longestRetention(database);
    const months: string[] = [];
    let events = 0;
    for (const month of await listEventMonths(database)) {
      if (rounds.isStopped) break;
      if (await dropMonthIfOver(database, month, { now, longestSeconds })) months.push(month.table);
      else events += await eraseRows(month, { now, limit: atOnce });
    }
    return { events, months };
  }

  async function eraseRows(month: EventMonth, rule: Erasing): Promise<number> {
    // Nothing has ended in a month that has not begun.
    if (month.from !== null && month.from > rule.now) return 0;
    let erased = 0;
    for (const erase of [eraseExpiredEvents, eraseOwnerlessEvents, eraseHiddenEvents])
      erased += await repeat(() => erase(database, month, rule));
    return erased;
  }

  async function repeat(erase: () => Promise<number>): Promise<number> {
    let total = 0;
    for (;;) {
      if (rounds.isStopped) return total;
      const erased = await erase();
      if (erased === 0) return total;
      total += erased;
    }
  }

  async function round(): Promise<void> {
    const { events, months } = await run();
    if (events + months.length > 0)
      log.info({ events, months }, 'events past their retention were erased');
  }

  const rounds = createRounds({
    clock,
    firstMs,
    everyMs,
    round,
    onFailure: (error) => log.warn({ err: error }, 'expired events could not be erased'),
  });

  return { start: () => rounds.start(), stop: () => rounds.stop(), run };
}
