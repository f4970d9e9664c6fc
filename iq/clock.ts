/** Time as the hub sees it; the simulator moves it. */
import { uptime } from 'node:os';

export type Timer = { cancel(): void };

export type HubClock = {
  now(): Date;
  /** Runs `act` once after `ms` of this clock's time. A moved clock fires what became due. */
  setTimeout(act: () => void, ms: number): Timer;
};

const longestTimerMs = 2_147_483_647;

/** The machine's own clock. */
export function createSystemClock(): HubClock {
  return {
    now: () => new Date(),
    setTimeout: afterMachineMs,
  };
}

function afterMachineMs(act: () => void, ms: number): Timer {
  const due = performance.now() + ms;
  let handle: NodeJS.Timeout;
  // Node fires a delay above 2^31-1 ms at once, so long waits go in legs.
  const wait = (): void => {
    const leftMs = Math.max(0, due - performance.now());
    handle = setTimeout(leftMs > longestTimerMs ? wait : act, Math.min(leftMs, longestTimerMs));
  };
  wait();
  return { cancel: () => clearTimeout(handle) };
}

/** Time that only flows, for signs of life: no correction, no movable clock may make a living connection look dead. */
export type SteadyClock = {
  nowMs(): number;
  setTimeout(act: () => void, ms: number): Timer;
};

export function createSteadyClock(): SteadyClock {
  return {
    nowMs: () => performance.now(),
    setTimeout: afterMachineMs,
  };
}

/** Since the machine, not the program, was started. */
export function machineUpMs(): number {
  return uptime() * 1000;
}
