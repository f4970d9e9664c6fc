/** The part of a process that sends webhooks: events laid out, deliveries sent, people told, what is past its time erased. */
import type { WebhookAttempts } from '#server/domain/webhook-attempts';
import { createWebhookHealth } from '#server/domain/webhook-health';
import { createNotices } from '#server/domain/notices';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { listLongFailingTenants } from '#server/store/webhooks';
import { createWebhookEraser } from './webhook-eraser.ts';
import { createWebhookLayer } from './webhook-layer.ts';
import { createWebhookSender } from './webhook-sender.ts';

export type WebhookSending = {
  start(): void;
  stop(): Promise<void>;
};

type Parts = {
  readonly database: Database;
  readonly attempts: WebhookAttempts;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

const healthEveryMs = 60_000;

export function createWebhookSending(parts: Parts): WebhookSending {
  const { database, clock, log } = parts;
  const health = createWebhookHealth({ ...parts, notices: createNotices(parts) });
  const layer = createWebhookLayer(parts);
  const sender = createWebhookSender({ ...parts, health });
  const eraser = createWebhookEraser(parts);
  let isStopped = false;
  let timer: Timer | undefined;
  let telling: Promise<void> = Promise.resolve();

  async function tell(): Promise<void> {
    try {
      for (const tenantId of await listLongFailingTenants(database, health.longSince()))
        await health.tellLongFailing(tenantId);
    } catch (error) {
      log.warn({ err: error }, 'people could not be told of failing webhooks');
    }
  }

  function watch(): void {
    timer = clock.setTimeout(() => {
      telling = tell().finally(() => {
        if (!isStopped) watch();
      });
    }, healthEveryMs);
  }

  return {
    start() {
      layer.start();
      sender.start();
      eraser.start();
      watch();
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      await Promise.all([layer.stop(), sender.stop(), eraser.stop(), telling]);
    },
  };
}
