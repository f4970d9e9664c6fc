/** The bolt of a simulated lock: drawn back for a time, or for office mode, or stuck where it is. */
import type { HubClock, Timer } from '../clock.ts';
import type { DriverWord, LockStatus, Outcome } from './driver.ts';

export class SimulatedBolt {
  readonly #clock: HubClock;
  readonly #onStuck: () => void;
  #relock: Timer | null = null;
  #isOfficeMode = false;
  #isJammed = false;
  #isUncertain = false;

  /** `onStuck` is called when the bolt cannot close after an opening. */
  constructor(parts: { clock: HubClock; onStuck: () => void }) {
    this.#clock = parts.clock;
    this.#onStuck = parts.onStuck;
  }

  get state(): LockStatus['bolt'] {
    if (this.#isUncertain) return 'uncertain';
    return this.#isOfficeMode ? 'office_mode' : 'locked';
  }

  /** Drawn back at this moment. */
  get isReleased(): boolean {
    return this.#relock !== null || this.#isOfficeMode || this.#isUncertain;
  }

  get isJammed(): boolean {
    return this.#isJammed;
  }

  get isOfficeMode(): boolean {
    return this.#isOfficeMode;
  }

  release(openMs: number): Outcome {
    if (this.#isJammed) return refused('jammed');
    this.forceBack(openMs);
    return confirmed;
  }

  /** The inside handle draws the bolt back by hand, jammed motor or not. */
  forceBack(openMs: number): void {
    this.#relock?.cancel();
    this.#relock = this.#clock.setTimeout(() => {
      this.#relock = null;
      if (!this.#isJammed || this.#isOfficeMode) return;
      this.#isUncertain = true;
      this.#onStuck();
    }, openMs);
  }

  setOfficeMode(isOfficeMode: boolean): Outcome {
    if (this.#isJammed) return refused('jammed');
    this.#isOfficeMode = isOfficeMode;
    return confirmed;
  }

  jam(): void {
    this.#isJammed = true;
  }

  /** True when the bolt was stuck open and has closed by this. */
  unjam(): boolean {
    this.#isJammed = false;
    const wasUncertain = this.#isUncertain;
    this.#isUncertain = false;
    return wasUncertain;
  }

  stop(): void {
    this.#relock?.cancel();
    this.#relock = null;
  }
}

export const confirmed: Outcome = { result: 'confirmed' };

export function refused(word: DriverWord): Outcome {
  return { result: 'refused', word };
}
