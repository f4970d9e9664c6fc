/** Events in the order of storing, for who may hear them: rights, where reading begins, and the pull (streaming.md 1 and 7). */
import { ApiError } from '#contract/api-error';
import type { CollectionId, TenantId, UserId } from '#contract/ids';
import type { PulledEvents } from '#contract/streamed-events';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { findSitePlace, type SitePlace } from '#server/store/site-people';
import {
  findKeptSeconds,
  newestEventNumber,
  readSiteEventsAfter,
  type EventKind,
} from '#server/store/streamed-events';
import { badCursor, cursorOf, earliestPlace, isKept, placeOfCursor } from './event-cursors.ts';
import { entriesRight, incidentsRight, isPartOfSite, isReleasedTo } from './permissions.ts';
import { hasFeature, requireFeature } from './subscriptions.ts';

const lookMs = 1_000;

/** What is heard; `userId` null = the entries of everybody. */
export type Heard = { readonly kind: EventKind; readonly userId: string | null };

/** Somebody who wants to hear something of a site. */
type Hearing = {
  readonly userId: UserId | undefined;
  readonly heard: Heard;
  readonly now: Date;
};

/** Whether somebody at this place of a site may hear of it; asked at the beginning and again before events are given out. */
export function mayHear(
  place: SitePlace | undefined,
  { userId, heard, now }: Hearing,
): place is SitePlace {
  return (
    place !== undefined &&
    isReleasedTo(place) &&
    hasHearingRight(place, { userId, heard }) &&
    hasFeature(place, 'events_streaming', now)
  );
}

/**
 * The same as a refusal: NOT_FOUND for a site of which the caller is no part, SITE_NOT_RELEASED, `refusal` where the right is
 * missing, NO_SUBSCRIPTION.
 */
export function requireHearing(
  place: SitePlace | undefined,
  { refusal, ...hearing }: Hearing & { readonly refusal: () => Error },
): void {
  if (place !== undefined && !isReleasedTo(place)) throw new ApiError('SITE_NOT_RELEASED');
  // A site of which the caller is no part answers as if it did not exist.
  if (place === undefined || !isPartOfSite(place))
    throw new ApiError('NOT_FOUND', { thing: 'Site' });
  if (!hasHearingRight(place, hearing)) throw refusal();
  requireFeature(place, 'events_streaming', hearing.now);
}

function hasHearingRight(place: SitePlace, { userId, heard }: Omit<Hearing, 'now'>): boolean {
  const right = heard.kind === 'entries' ? entriesRight(place) : incidentsRight(place);
  if (right === 'everything') return true;
  return right === 'own' && heard.userId !== null && heard.userId === userId;
}

type Where = {
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly kind: EventKind;
  readonly now: Date;
};

/**
 * The number behind which a cursor's events begin; null = from now on (`latest`). Raises VALUE_INVALID when it is damaged,
 * foreign or older than what is kept.
 */
export async function readCursor(
  database: Database,
  { cursor, tenantId, siteId, kind, now }: Where & { readonly cursor: string },
): Promise<number | null> {
  if (cursor.toLowerCase() === 'latest') return null;
  if (cursor.toLowerCase() === 'earliest') return earliestPlace.number;
  const place = placeOfCursor(siteId, cursor);
  if (place === null) throw badCursor();
  const keptSeconds = await findKeptSeconds(readScope(database, tenantId), { siteId, kind });
  if (!isKept(place, { keptSeconds, now })) throw badCursor();
  return place.number;
}

/** A question for events behind a cursor. */
export type Pull = Heard & {
  readonly cursor: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** How long to wait for the first event: 0 to 30. */
  readonly waitSeconds: number;
};

export type StreamedEvents = {
  /**
   * What was stored behind a cursor, and the cursor to go on from. Raises VALUE_INVALID (cursor), and `refusal` where the right
   * is missing, at the beginning or when it has gone while the answer waited.
   */
  pull(
    reader: {
      readonly tenantId: TenantId;
      readonly siteId: CollectionId;
      readonly userId: UserId;
      readonly refusal: () => Error;
    },
    pull: Pull,
  ): Promise<PulledEvents>;
  /** Ends what waits, with what is there. */
  stop(): void;
};

export function createStreamedEvents({
  database,
  bus,
  clock,
}: {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
}): StreamedEvents {
  const waiting = new Set<() => void>();
  let isStopped = false;

  /** Resolves at the next sign of new events, a second later, or when the time is up. */
  function somethingNew(tenantId: TenantId, leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const ends: (() => void)[] = [];
      const done = (): void => {
        for (const end of ends) end();
        timer.cancel();
        waiting.delete(done);
        resolve();
      };
      const timer: Timer = clock.setTimeout(done, Math.min(leftMs, lookMs));
      ends.push(bus.subscribe(eventsTopic(tenantId), done), bus.onResync(done));
      waiting.add(done);
    });
  }

  return {
    async pull({ tenantId, siteId, userId, refusal }, { kind, cursor, limit, waitSeconds, ...of }) {
      const scope = readScope(database, tenantId);
      const heard = { kind, userId: of.userId };
      const check = async (): Promise<void> => {
        const place = await findSitePlace(scope, { siteId, userId });
        requireHearing(place, { userId, heard, now: clock.now(), refusal });
      };
      await check();
      const startedAt = clock.now();
      const untilMs = startedAt.getTime() + waitSeconds * 1000;
      const begun = await readCursor(database, { cursor, tenantId, siteId, kind, now: startedAt });
      const after = begun ?? (await newestEventNumber(scope, kind));
      for (;;) {
        const at = clock.now();
        const newest = await newestEventNumber(scope, kind);
        const events = await readSiteEventsAfter(scope, { ...heard, siteId, after, limit });
        const leftMs = untilMs - clock.now().getTime();
        const last = events.at(-1);
        if (last === undefined && leftMs > 0 && !isStopped) {
          await somethingNew(tenantId, leftMs);
          continue;
        }
        await check();
        const place = (of: { readonly number: number; readonly at: Date }) => cursorOf(siteId, of);
        return {
          items: events.map(({ message, number, storedAt }) => ({
            ...message,
            cursor: place({ number, at: storedAt }),
          })),
          // With nothing to give, all that is known is that there was nothing so far.
          cursor:
            last === undefined
              ? place({ number: Math.max(after, newest), at })
              : place({ number: last.number, at: last.storedAt }),
        };
      }
    },
    stop() {
      isStopped = true;
      for (const done of waiting) done();
    },
  };
}
