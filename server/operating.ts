/** What an operator sees of a process: its metrics, its traces, and whether it is ready for work. */
import type { FastifyInstance } from 'fastify';
import { registerDocs } from './docs/register-docs.ts';
import type { Gateway } from './gateway/gateway.ts';
import { createTrustedProxies } from './http/list-origin.ts';
import { createMetricsAccess } from './http/metrics-access.ts';
import { registerPages, type Readiness } from './http/pages.ts';
import { createRequestWatch, type RequestWatch } from './http/watch.ts';
import { issuerOf } from './identity/identity.ts';
import { WEB_CLIENT } from './identity/own-clients.ts';
import type { Config } from './runtime/config.ts';
import type { Clock } from './runtime/clock.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { showProcess } from './runtime/process-metrics.ts';
import type { Tracing } from './runtime/tracing.ts';
import { migrationState } from './store/migrate.ts';
import type { Database } from './store/pool.ts';
import { readWaitingWork } from './store/waiting-work.ts';

/** Longer than this a part counts as away: whoever asks has a limit too. */
const answerWithinMs = 3_000;

export type ProcessState = 'starting' | 'up' | 'stopping';

export type Operating = {
  readonly metrics: Metrics;
  readonly tracing: Tracing | null;
  readonly requests: RequestWatch;
  registerPages(app: FastifyInstance, gateway: Gateway | null): void;
  /** Says where the process is in its life; it is ready only while it is up. */
  setState(state: ProcessState): void;
};

/** Gathers what a process shows of itself. */
export function createOperating({
  config,
  database,
  clock,
  version,
  tracing,
}: {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly tracing: Tracing | null;
}): Operating {
  const metrics = createMetrics();
  const { roles, databaseConnections: mostConnections } = config;
  const { pool } = database;
  const own = showProcess(metrics, { version, roles, pool, mostConnections });
  const requests = createRequestWatch({ metrics, tracing });
  const databaseUp = metrics.gauge('cardea_database_up', 'Whether the database answers.');
  const waiting = metrics.gauge(
    'cardea_queue_waiting',
    'What waits in the tables, of all processes together.',
  );
  const late = metrics.gauge(
    'cardea_queue_late_seconds',
    'For how long the oldest that waits has been due.',
  );
  tracing?.watchPool(pool);
  let state: ProcessState = 'starting';

  async function showWaitingWork(): Promise<void> {
    const work = await inTime(readWaitingWork(database, clock.now()));
    databaseUp.set(work === undefined ? 0 : 1);
    waiting.clear();
    late.clear();
    for (const { queue, waiting: count, lateSeconds } of work ?? []) {
      waiting.set(count, { queue });
      late.set(lateSeconds, { queue });
    }
  }

  async function readiness(gateway: Gateway | null): Promise<Readiness> {
    const migrations = await inTime(migrationState(database));
    const parts = {
      process: state,
      database: migrations === undefined ? 'down' : 'up',
      migrations: migrations ?? 'unknown',
      ...Object.fromEntries(roles.map((role) => [role, state])),
      ...(gateway === null ? {} : { gateway: gateway.link.isRunning() ? 'up' : 'down' }),
    };
    // A newer Cardea beside this one brings the tables forward in ways that the older can live with, or stops it.
    const isUp = (word: string): boolean => word === 'up' || word === 'newer';
    return { ready: Object.values(parts).every(isUp), parts };
  }

  return {
    metrics,
    tracing,
    requests,
    registerPages(app, gateway) {
      registerPages(app, {
        readiness: () => readiness(gateway),
        async metricsText() {
          await showWaitingWork();
          return metrics.text();
        },
        metricsAccess: createMetricsAccess({
          token: config.metricsToken,
          isTrustedProxy: createTrustedProxies(config.trustedProxies),
        }),
        version,
      });
      registerDocs(app, {
        issuer: issuerOf({ ...config, publicUrl: config.publicUrl }),
        clientId: WEB_CLIENT,
      });
    },
    setState(next) {
      state = next;
      if (next === 'up') own.start();
      if (next === 'stopping') own.stop();
    },
  };
}

/** Undefined when it fails or takes too long. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), answerWithinMs);
  });
  try {
    return await Promise.race([answer.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
