/** The demo building as a process of its own: real hubs that know nothing of the server but its address. */
import { spawn, type ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';

export type SimulatorOrder = {
  readonly buildingPath: string;
  readonly gatewayUrl: string;
  readonly caPath: string;
  readonly dataDir: string;
  readonly port: number;
  /** PEM of the key its hardware believes for updates; null = it takes none. */
  readonly makerKeyPath: string | null;
};

export type SimulatorProcess = {
  start(): void;
  /** Asks it to end, and waits. */
  stop(): Promise<void>;
};

const restartMs = 2_000;

/** Starts the simulator and starts it again should it end by itself. */
export function createSimulatorProcess({
  order,
  clock,
  log,
}: {
  readonly order: SimulatorOrder;
  readonly clock: Clock;
  readonly log: Log;
}): SimulatorProcess {
  let child: ChildProcess | undefined;
  let again: Timer | undefined;
  let isStopped = false;

  function launch(): void {
    const started = spawn(process.execPath, [...process.execArgv, program(), ...words(order)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        log.debug({ part: 'simulator' }, line);
      });
    started.once('error', (error) => log.error({ err: error }, 'the simulator cannot be started'));
    started.once('exit', (code, signal) => {
      child = undefined;
      if (isStopped) return;
      log.error({ code, signal }, 'the simulator ended; it is started again');
      again = clock.setTimeout(launch, restartMs);
    });
  }

  return {
    start: launch,
    async stop() {
      isStopped = true;
      again?.cancel();
      const running = child;
      if (running === undefined || running.exitCode !== null) return;
      await new Promise<void>((resolve) => {
        running.once('exit', () => resolve());
        running.kill('SIGTERM');
      });
    },
  };
}

/** The program beside this one: TypeScript in development, JavaScript in dist. */
function program(): string {
  return fileURLToPath(new URL(`../../simulator/main${extname(import.meta.url)}`, import.meta.url));
}

function words(order: SimulatorOrder): string[] {
  return [
    ['--building', order.buildingPath],
    ['--server', order.gatewayUrl],
    ['--ca', order.caPath],
    ['--data', order.dataDir],
    ['--port', String(order.port)],
    order.makerKeyPath === null ? [] : ['--maker-key', order.makerKeyPath],
  ].flat();
}
