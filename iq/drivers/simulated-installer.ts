/** The installer who is always there: shows the card or presses the button wherever a hub waits for a device. */
import { createSteadyClock, type Timer } from '../clock.ts';
import type { HubView } from '../hub-options.ts';
import type { SimulatedHardware } from './simulated.ts';

export type Installer = {
  start(): void;
  stop(): void;
};

/** How often he looks at the hubs. */
const roundMs = 500;

/** macs of the devices a hub waits for; none while it does not run. */
function pendingMacs(view: HubView | null): string[] {
  const table = view?.table;
  if (!table) return [];
  const locks = [...table.locks.values()].map(({ item }) => item);
  return [...table.repeaters.values(), ...locks]
    .filter((item) => item.link === 'attached_pending')
    .map((item) => item.mac);
}

export function createInstaller({
  hubs,
  hardware,
}: {
  readonly hubs: readonly { view(): HubView | null }[];
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
      const pending = pendingMacs(hub.view());
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
