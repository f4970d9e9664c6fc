/** How many events were stored and how old they were by then. A hub that was alone brings old ones: its bounds go to a day. */
import type { Clock } from '#server/runtime/clock';
import type { Metrics } from '#server/runtime/metrics';
import type { GatewayHandlers, LedgerUpload } from './handlers.ts';

const bounds = [0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600, 86_400];

/** The handlers, what they store counted as `cardea_events_stored_total` and timed as `cardea_event_delay_seconds`. */
export function watchEvents(
  handlers: GatewayHandlers,
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock },
): GatewayHandlers {
  const stored = metrics.counter('cardea_events_stored_total', 'Events of hubs that were stored.');
  const delay = metrics.histogram(
    'cardea_event_delay_seconds',
    'Time from an event at the door, by the clock of its hub, to its commit.',
    bounds,
  );
  const seconds = metrics.histogram(
    'cardea_event_batch_seconds',
    'Time to store a batch of events, its commit included.',
  );
  const failures = metrics.counter(
    'cardea_event_batches_failed_total',
    'Batches of events that could not be stored; their hubs bring them again.',
  );

  async function events(batch: readonly LedgerUpload[]) {
    const from = performance.now();
    const positions = await handlers.events(batch).catch((error: unknown) => {
      failures.add();
      throw error;
    });
    seconds.observe((performance.now() - from) / 1000);
    const nowMs = clock.now().getTime();
    for (const upload of batch) {
      for (const { at } of upload.events)
        delay.observe(Math.max(0, (nowMs - new Date(at).getTime()) / 1000));
      stored.add({}, upload.events.length);
    }
    return positions;
  }

  return { ...handlers, events };
}
