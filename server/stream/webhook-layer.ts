/**
 * Makes deliveries of events: follows the event tables of every tenant with webhooks, a page at a time and tenants in turn. The
 * place is a row, so whoever comes next goes on there; of several processes one at a time works on a tenant.
 */
import type { TenantId } from '#contract/ids';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import {
  lanesTopic,
  layEvents,
  layReplay,
  listWebhookTenants,
  webhooksTopic,
} from '#server/store/webhook-lanes';

const pageSize = 500;
const pollMs = 1_000;

export type WebhookLayer = {
  start(): void;
  /** Ends after the page under way. */
  stop(): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
};

export function createWebhookLayer({ database, bus, clock, log }: Parts): WebhookLayer {
  const wanted = new Set<TenantId>();
  const followed = new Map<TenantId, () => void>();
  let isEachWanted = false;
  let isRunning = false;
  let isStopped = false;
  let poll: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let ends: (() => void)[] = [];

  function wake(): void {
    if (isRunning || isStopped) return;
    isRunning = true;
    running = run().finally(() => {
      isRunning = false;
      if (isEachWanted || wanted.size > 0) wake();
    });
  }

  function wakeEach(): void {
    isEachWanted = true;
    wake();
  }

  async function run(): Promise<void> {
    try {
      if (isEachWanted) {
        isEachWanted = false;
        for (const { tenantId, hasWork } of await listWebhookTenants(database)) {
          follow(tenantId);
          if (hasWork) wanted.add(tenantId);
        }
      }
      for (const tenantId of wanted) {
        if (isStopped || isEachWanted) return;
        wanted.delete(tenantId);
        await layPage(tenantId);
      }
    } catch (error) {
      // The poll comes back to it; the place was not moved.
      wanted.clear();
      log.warn({ err: error }, 'events could not be laid out for webhooks');
    }
  }

  /** A page of the live events and one of a replay; what is left waits for the tenant's next turn. */
  async function layPage(tenantId: TenantId): Promise<void> {
    const page = { now: clock.now(), limit: pageSize };
    const laid = await inTransaction({ database, tenantId }, (scope) => layEvents(scope, page));
    const hasReplay = await inTransaction({ database, tenantId }, (scope) =>
      layReplay(scope, page),
    );
    if (laid > 0 || hasReplay) bus.publish(lanesTopic, '');
    if (laid === pageSize || hasReplay) wanted.add(tenantId);
  }

  function follow(tenantId: TenantId): void {
    if (followed.has(tenantId)) return;
    const end = bus.subscribe(eventsTopic(tenantId), () => {
      wanted.add(tenantId);
      wake();
    });
    followed.set(tenantId, end);
  }

  function schedule(): void {
    poll = clock.setTimeout(() => {
      wakeEach();
      schedule();
    }, pollMs);
  }

  return {
    start() {
      ends = [bus.subscribe(webhooksTopic, wakeEach), bus.onResync(wakeEach)];
      schedule();
      wakeEach();
    },
    async stop() {
      isStopped = true;
      poll?.cancel();
      for (const end of [...ends, ...followed.values()]) end();
      await running;
    },
  };
}
