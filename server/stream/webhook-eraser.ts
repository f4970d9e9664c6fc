/** Erases deliveries when their event is past its retention, and what webhooks leave that were taken away. */
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import {
  eraseDeliveries,
  eraseWebhook,
  listDeliveryKeepings,
} from '#server/store/webhook-deliveries';

const everyMs = 3_600_000;
const firstMs = 90_000;
const atOnce = 2_000;

export type WebhookEraser = {
  start(): void;
  /** Ends after the portion under way. */
  stop(): Promise<void>;
  /** One whole round; returns how many deliveries went. */
  run(): Promise<number>;
};

export function createWebhookEraser({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}): WebhookEraser {
  async function run(): Promise<number> {
    let total = 0;
    for (const keeping of await listDeliveryKeepings(database)) {
      const scope = readScope(database, keeping.tenantId);
      const rule = { now: clock.now(), limit: atOnce };
      for (let erased = atOnce; erased === atOnce; total += erased) {
        if (rounds.isStopped) return total;
        erased = await eraseDeliveries(scope, keeping, rule);
      }
      if (keeping.keptSeconds === null) await eraseWebhook(scope, keeping.webhookId);
    }
    return total;
  }

  const rounds = createRounds({
    clock,
    firstMs,
    everyMs,
    round: run,
    onFailure: (error) => log.warn({ err: error }, 'deliveries could not be erased'),
  });

  return { start: () => rounds.start(), stop: () => rounds.stop(), run };
}
