/** What a process says about itself, by the names that Prometheus clients usually give. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** The connections of a pool, as `pg` counts them. */
export type PoolFigures = {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
};

export type ProcessMetrics = {
  /** Begins to measure the event loop. */
  start(): void;
  stop(): void;
};

const nanosecondsPerSecond = 1e9;
/** Finer would cost more than it tells: what an operator looks for is a loop that stands still. */
const resolutionMs = 20;

/** Shows the process, its event loop, its pool and its build as `process_…`, `nodejs_…` and `cardea_…`. */
export function showProcess(
  metrics: Metrics,
  {
    version,
    roles,
    pool,
    mostConnections,
  }: {
    readonly version: string;
    readonly roles: readonly string[];
    readonly pool: PoolFigures;
    readonly mostConnections: number;
  },
): ProcessMetrics {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  const startedAt = performance.timeOrigin / 1000;
  let used = performance.eventLoopUtilization();
  metrics
    .gauge('cardea_build_info', 'Always 1; what runs, by its labels.')
    .set(1, { version, node: process.versions.node, roles: roles.join(',') });
  metrics
    .gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.')
    .set(startedAt);
  metrics.counter('process_cpu_seconds_total', 'Processor time used.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  metrics.gauge('process_resident_memory_bytes', 'Memory held.', () => process.memoryUsage.rss());
  metrics.gauge(
    'nodejs_heap_size_used_bytes',
    'Memory of objects.',
    () => process.memoryUsage().heapUsed,
  );
  metrics.gauge('nodejs_eventloop_utilization', 'Share of time at work, since last read.', () => {
    const { utilization } = performance.eventLoopUtilization(used);
    used = performance.eventLoopUtilization();
    return utilization;
  });
  metrics.gauge('nodejs_eventloop_lag_p50_seconds', 'Delay of the event loop, middle.', () =>
    delayOf(delay.percentile(50)),
  );
  metrics.gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'Delay of the event loop, of the worst 1 %.',
    () => delayOf(delay.percentile(99)),
  );
  // Read last of the three: what was measured so far is forgotten with it.
  metrics.gauge('nodejs_eventloop_lag_max_seconds', 'Longest delay since last read.', () => {
    const longest = delayOf(delay.max);
    delay.reset();
    return longest;
  });
  metrics.gauge('cardea_database_connections', 'Connections held.', () => pool.totalCount);
  metrics.gauge('cardea_database_connections_idle', 'Those without work.', () => pool.idleCount);
  metrics.gauge(
    'cardea_database_waiting',
    'Statements that wait for a connection.',
    () => pool.waitingCount,
  );
  metrics
    .gauge('cardea_database_connections_limit', 'The most connections this process holds.')
    .set(mostConnections);
  return {
    start: () => void delay.enable(),
    stop: () => void delay.disable(),
  };
}

/** The timer's own period is part of what is measured. */
function delayOf(nanoseconds: number): number {
  if (!Number.isFinite(nanoseconds)) return 0;
  return Math.max(0, nanoseconds / nanosecondsPerSecond - resolutionMs / 1000);
}
