/**
 * The firmware of simulated hardware: two images a part, one running, one to write to. A new image is checked by the device itself
 * with the key of its maker; if it does not start, the former one runs on (behaviour.md 20).
 */
import type { HardwareType } from '#contract/firmware';
import type { HubClock } from '../clock.ts';
import { imageFault, type FirmwareImage } from '../firmware-check.ts';
import type { InstallOutcome } from './driver.ts';

/** Writing and checking an image, and the start with it. */
const installMs = 2_000;

export class SimulatedFirmware {
  readonly model: string;
  readonly #hardwareType: HardwareType;
  readonly #clock: HubClock;
  readonly #key: string | null;
  /** Running versions by component. */
  readonly #running: Map<string, string>;
  readonly #written = new Map<string, string>();
  #failsToStart = false;

  constructor(
    made: {
      readonly hardwareType: HardwareType;
      readonly model: string;
      readonly versions: Readonly<Record<string, string>>;
    },
    { clock, key }: { readonly clock: HubClock; readonly key: string | null },
  ) {
    this.model = made.model;
    this.#hardwareType = made.hardwareType;
    this.#running = new Map(Object.entries(made.versions));
    this.#clock = clock;
    this.#key = key;
  }

  /** The version that runs; null = there is no such part. */
  version(component: string): string | null {
    return this.#running.get(component) ?? null;
  }

  /** A fault: images written from now on do not start. */
  failToStart(failsToStart: boolean): void {
    this.#failsToStart = failsToStart;
  }

  get failsToStart(): boolean {
    return this.#failsToStart;
  }

  /** Checks an image and writes it beside the running one. An image that runs already is written. */
  async write(image: FirmwareImage): Promise<InstallOutcome> {
    const { component, version } = image.firmware;
    const running = this.version(component);
    if (running === version) return { result: 'installed' };
    const fault =
      running === null
        ? 'wrong_hardware'
        : imageFault(image, {
            key: this.#key,
            place: {
              hardwareType: this.#hardwareType,
              model: this.model,
              component,
              version: running,
            },
          });
    if (fault !== null) return { result: 'refused', failure: fault };
    await new Promise<void>((resolve) => void this.#clock.setTimeout(resolve, installMs));
    this.#written.set(component, version);
    return { result: 'installed' };
  }

  /** Starts with what was written, or goes back; the outcome is that of the last image. */
  start(): InstallOutcome {
    const written = [...this.#written];
    this.#written.clear();
    if (written.length > 0 && this.#failsToStart)
      return { result: 'refused', failure: 'rolled_back' };
    for (const [component, version] of written) this.#running.set(component, version);
    return { result: 'installed' };
  }

  /** Writes an image and starts with it, as a lock does by itself. */
  async install(image: FirmwareImage): Promise<InstallOutcome> {
    const outcome = await this.write(image);
    return outcome.result === 'installed' ? this.start() : outcome;
  }
}
