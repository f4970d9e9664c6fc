/** What became of attempts to deliver webhooks, for metrics and traces; a receiver's address is in neither. */
import type { Outcome, WebhookAttempts } from '#server/domain/webhook-attempts';
import type { Metrics } from '#server/runtime/metrics';
import type { Tracing } from '#server/runtime/tracing';

/** The attempts, counted as `cardea_webhook_attempts_total` and timed as `cardea_webhook_attempt_seconds`. */
export function watchDeliveries(
  attempts: WebhookAttempts,
  { metrics, tracing }: { readonly metrics: Metrics; readonly tracing: Tracing | null },
): WebhookAttempts {
  const ends = metrics.counter('cardea_webhook_attempts_total', 'Attempts to deliver, by outcome.');
  const seconds = metrics.histogram(
    'cardea_webhook_attempt_seconds',
    'Time until a receiver answered or was given up.',
  );
  return {
    ...attempts,
    async send(sending) {
      const from = performance.now();
      const act = (): Promise<Outcome> => attempts.send(sending);
      const attributes = { 'cardea.delivery_id': sending.id, 'cardea.attempt': sending.attempt };
      const outcome = await (tracing === null
        ? act()
        : tracing.within({ name: 'webhook delivery', kind: 'client', attributes }, async (span) => {
            const answer = await act();
            if (answer.status !== null) span.note({ 'http.response.status_code': answer.status });
            if (!answer.isTaken) span.fail(answer.error ?? String(answer.status));
            return answer;
          }));
      ends.add({ outcome: outcome.isTaken ? 'taken' : outcome.isGone ? 'gone' : 'refused' });
      seconds.observe((performance.now() - from) / 1000);
      return outcome;
    },
  };
}
