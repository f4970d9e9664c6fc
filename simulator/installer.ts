/** The installer who is always there: shows the card or presses the button wherever a hub waits for a device. */
import { createSteadyClock, type Timer } from '#iq/clock';
import type { SimulatedHardware } from '#iq/drivers/simulated';
import type { SimulatedHub } from './hub.ts';

export type Installer = {
  start(): void;
  stop(): void;
};

/** How often he looks at the hubs. */
const roundMs = 500;

export function createInstaller({
  hubs,
  hardware,
}: {
  readonly hubs: readonly SimulatedHub[];
  readonly hardware: Pick<SimulatedHardware, 'locks' | 'repeaters'>;
}): Installer {
  const lockByMac = new Map(hardware.locks.map((lock) => [lock.mac, lock]));
  const repeaterByMac = new Map(hardware.repeaters.map((repeater) => [repeater.mac, repeater]));
  // He is no part of the building's time: a clock moved by days does not make him walk for days.
  const steady = createSteadyClock();
  let timer: Timer | null = null;

  async function visit(mac: string): Promise<void> {
    await lockByMac.get(mac)?.showMaintenanceCard();
    await repeaterByMac.get(mac)?.pressReset();
  }

  async function goRound(): Promise<void> {
    for (const hub of hubs) {
      // Repeaters first: what hangs on them is out of reach before.
      const pending = hub.pendingMacs();
      const repeaters = pending.filter((mac) => repeaterByMac.has(mac));
      const locks = pending.filter((mac) => lockByMac.has(mac));
      for (const mac of [...repeaters, ...locks]) await visit(mac);
    }
  }

  function nextRound(): void {
    timer = steady.setTimeout(() => {
      void goRound().finally(() => {
        if (timer !== null) nextRound();
      });
    }, roundMs);
  }

  return {
    start: nextRound,
    stop() {
      timer?.cancel();
      timer = null;
    },
  };
}
