/** Tag registration at a lock: it learns tags for a while and opens for nobody by tag (behaviour.md 5.1). */
import type { HubClock } from './clock.ts';
import type { Door } from './door.ts';
import type { Driver, Outcome } from './drivers/driver.ts';

export type Registration = {
  /** Begins, or sets the time anew. */
  begin(door: Door, seconds: number): Promise<Outcome>;
  end(door: Door): void;
};

export function createRegistration({
  clock,
  driver,
  onChanged,
}: {
  readonly clock: HubClock;
  readonly driver: Driver;
  readonly onChanged: () => void;
}): Registration {
  function end(door: Door): void {
    if (!door.registration) return;
    door.registration.timer.cancel();
    door.registration = null;
    // A lock that does not hear this keeps a learning light; the hub decides by its own state.
    void driver.endTagRegistration(door.mac);
    onChanged();
  }
  return {
    async begin(door, seconds) {
      const outcome = await driver.startTagRegistration(door.mac);
      if (outcome.result !== 'confirmed') return outcome;
      door.registration?.timer.cancel();
      const until = new Date(clock.now().getTime() + seconds * 1000);
      door.registration = { until, timer: clock.setTimeout(() => end(door), seconds * 1000) };
      onChanged();
      return outcome;
    },
    end,
  };
}
