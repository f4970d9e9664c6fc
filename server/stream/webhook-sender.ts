/**
 * Sends what webhooks have to deliver (streaming.md 8): waiting → delivered, or waiting for the next attempt of the schedule, or
 * failed after the last. Lanes are claimed for a time and settled in one transaction with what came of the attempt. A
 * process that is killed leaves its lanes to the others when their time is over; what it had sent may then be sent once more, with
 * the same id.
 */
import type { WebhookId } from '#contract/ids';
import type { Outcome, WebhookAttempts } from '#server/domain/webhook-attempts';
import type { WebhookHealthRules } from '#server/domain/webhook-health';
import { nextDelayMs } from '#server/domain/webhook-schedule';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type WriteScope } from '#server/store/scope';
import {
  claimLanes,
  dropDelivery,
  findNextDelivery,
  holdLane,
  lanesTopic,
  releaseLane,
  settleDelivery,
  type Lane,
  type NextDelivery,
} from '#server/store/webhook-lanes';

const mostLanes = 64;
const mostLanesEach = 8;
/** Longer than an attempt takes; renewed with each. */
const claimMs = 30_000;
/** A lane gives its place to others after so many. */
const mostInRow = 50;
const pollMs = 1_000;
/** At a stop attempts may end by themselves for so long. */
const graceMs = 3_000;

export type WebhookSender = {
  start(): void;
  /** Ends when what is being sent has ended, or after 3 s. */
  stop(): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly attempts: WebhookAttempts;
  readonly health: WebhookHealthRules;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export function createWebhookSender(parts: Parts): WebhookSender {
  const { database, bus, clock, ids, log } = parts;
  const stopping = new AbortController();
  const underway = new Set<{ readonly webhookId: WebhookId; readonly end: Promise<void> }>();
  let isClaiming = false;
  let isWanted = false;
  let isStopped = false;
  let poll: Timer | undefined;
  let claiming: Promise<void> = Promise.resolve();
  let ends: (() => void)[] = [];

  function wake(): void {
    isWanted = true;
    if (isClaiming || isStopped) return;
    isClaiming = true;
    claiming = claimWhileWanted().finally(() => {
      isClaiming = false;
      if (isWanted) wake();
    });
  }

  async function claimWhileWanted(): Promise<void> {
    while (isWanted) {
      isWanted = false;
      try {
        await claimNext();
      } catch (error) {
        log.warn({ err: error }, 'what webhooks have to deliver could not be read');
      }
    }
  }

  async function claimNext(): Promise<void> {
    const limit = mostLanes - underway.size;
    // Whoever ends looks again.
    if (isStopped || limit <= 0) return;
    const now = clock.now();
    const claim = ids.next<string>();
    const lanes = await claimLanes(database, {
      now,
      until: claimEnd(now),
      claim,
      limit,
      limitEach: mostLanesEach,
      except: busyWebhooks(),
    });
    for (const lane of lanes) begin(lane, claim);
    if (lanes.length > 0) isWanted = true;
  }

  function busyWebhooks(): WebhookId[] {
    const counts = new Map<WebhookId, number>();
    for (const { webhookId } of underway) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= mostLanesEach).map(([id]) => id);
  }

  function begin(lane: Lane, claim: string): void {
    const { webhookId } = lane;
    const end = workOn(parts, { lane, claim, signal: stopping.signal }).catch((error: unknown) => {
      // The claim ends by itself, and the lane is taken up again.
      log.warn({ err: error, webhookId }, 'a delivery could not be settled');
    });
    const entry = { webhookId, end };
    underway.add(entry);
    void end.then(() => {
      underway.delete(entry);
      wake();
    });
  }

  function schedule(): void {
    poll = clock.setTimeout(() => {
      wake();
      schedule();
    }, pollMs);
  }

  return {
    start() {
      ends = [bus.subscribe(lanesTopic, wake), bus.onResync(wake)];
      schedule();
      wake();
    },
    async stop() {
      isStopped = true;
      poll?.cancel();
      for (const end of ends) end();
      await claiming;
      const late = setTimeout(() => stopping.abort(), graceMs);
      await Promise.all([...underway].map(({ end }) => end));
      clearTimeout(late);
    },
  };
}

function claimEnd(now: Date): Date {
  return new Date(now.getTime() + claimMs);
}

type Work = { readonly lane: Lane; readonly claim: string; readonly signal: AbortSignal };

/** Sends what is due in a claimed lane, one after the other, and gives the lane back. */
async function workOn(parts: Parts, work: Work): Promise<void> {
  const { database, attempts, clock } = parts;
  const { lane, signal } = work;
  const { tenantId, webhookId } = lane;
  for (let sent = 0; sent < mostInRow && !signal.aborted; sent += 1) {
    const next = await findNextDelivery(readScope(database, tenantId), lane);
    const now = clock.now();
    if (next === undefined || (next.nextAttemptAt !== null && next.nextAttemptAt > now)) break;
    const body = next.body ?? (await attempts.write({ ...next, tenantId, webhookId }));
    if (body === null) {
      await withLane(parts, work, (scope) => dropDelivery(scope, next.id));
      continue;
    }
    const attempt = next.attempts + 1;
    const outcome = await attempts.send({ ...next, body, attempt, signal });
    // Cut off by our own stop: nobody knows what came of it, and it is not counted.
    if (signal.aborted && !outcome.isTaken) break;
    const isHeld = await withLane(parts, work, (scope) =>
      settle(scope, { parts, webhookId, next, body, outcome }),
    );
    if (!isHeld) return;
  }
  await withLane(parts, work, (scope) => releaseLane(scope, lane, clock.now()));
}

/** Runs a change of a lane that is still held, in one transaction; false = another process has it by now. */
function withLane(
  { database, clock }: Parts,
  { lane, claim }: Work,
  change: (scope: WriteScope) => Promise<void>,
): Promise<boolean> {
  return inTransaction({ database, tenantId: lane.tenantId }, async (scope) => {
    if (!(await holdLane(scope, lane, { claim, until: claimEnd(clock.now()) }))) return false;
    await change(scope);
    return true;
  });
}

type Settling = {
  readonly parts: Parts;
  readonly webhookId: WebhookId;
  readonly next: NextDelivery;
  readonly body: string;
  readonly outcome: Outcome;
};

async function settle(scope: WriteScope, settling: Settling): Promise<void> {
  const { parts, webhookId, next, body, outcome } = settling;
  const { clock, health, ids, log } = parts;
  const { isTaken, isGone, status, error } = outcome;
  const now = clock.now();
  const delayMs = isTaken || isGone ? null : delayOf(ids, settling);
  await settleDelivery(scope, {
    id: next.id,
    state: isTaken ? 'delivered' : delayMs === null ? 'failed' : 'waiting',
    attempts: next.attempts + 1,
    nextAttemptAt: delayMs === null ? null : new Date(now.getTime() + delayMs),
    status,
    error,
    body: isTaken ? null : body,
    now,
  });
  if (isTaken) {
    if (next.isFailing) await health.taken(scope, webhookId);
    return;
  }
  await health.notTaken(scope, { id: webhookId, isLast: delayMs === null, isGone });
  log.debug({ webhookId, deliveryId: next.id, status, error }, 'a delivery was not taken');
}

function delayOf(ids: Ids, { next, outcome }: Settling): number | null {
  return nextDelayMs({
    attempts: next.attempts + 1 - next.formerAttempts,
    random: ids.bytes(4).readUInt32BE() / 2 ** 32,
    retryAfterMs: outcome.retryAfterMs,
  });
}
