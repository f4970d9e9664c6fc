/** Tells owners that the plan of their site will end. */
import { createSubscriptionEnds } from '#server/domain/subscription-ends';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds, type Rounds } from '#server/runtime/rounds';

const everyMs = 3_600_000;
/** Soon after a start, so that a server that is restarted daily tells as well. */
const firstMs = 60_000;

export function createEndTeller({
  log,
  ...parts
}: Parameters<typeof createSubscriptionEnds>[0] & {
  readonly clock: Clock;
  readonly log: Log;
}): Rounds {
  const subscriptionEnds = createSubscriptionEnds(parts);
  return createRounds({
    clock: parts.clock,
    firstMs,
    everyMs,
    round: () => subscriptionEnds.tell(),
    onFailure: (error) => log.warn({ err: error }, 'ending subscriptions could not be looked for'),
  });
}
