/** The flash of a simulated lock: the offline keys its hub wrote, who opened it, and what happened while that hub was out of reach. */
import { randomBytes } from 'node:crypto';
import { afterPin, freshKeypad, isLockedOut, type Keypad } from '#access/keypad';
import { decideOffline, type OfflineMemory } from '#access/offline';
import { checkPhone, type PhoneAtDoor } from '#access/phones';
import {
  isSameCredential,
  opensByTrail,
  trailCredential,
  type TrailEntry,
} from '#access/audit-trail';
import type { BatteryState } from '#contract/lock-conditions';
import type { MobileKeyShown, Presentation } from '#access/presentation';
import type { DriverEvent, LockStatus, Outcome } from './driver.ts';
import { confirmed, refused } from './simulated-bolt.ts';

type Remembered = Extract<DriverEvent, { record: number | null }>;
type WithoutRecord<Event> = Event extends unknown ? Omit<Event, 'record'> : never;
/** An event of the lock before it is known whether it is told at once or remembered. */
export type Happening =
  | { readonly kind: 'door'; readonly door: 'open' | 'closed' }
  | { readonly kind: 'bolt'; readonly bolt: LockStatus['bolt'] }
  | { readonly kind: 'privacy'; readonly privacy: boolean }
  | { readonly kind: 'tamper'; readonly tampered: boolean }
  | { readonly kind: 'battery'; readonly battery: BatteryState }
  | { readonly kind: 'clock_lost' | 'ppd_connected' | 'lock_reset' }
  | { readonly kind: 'other'; readonly said: string };
/** An event of a lock that has not been told yet. */
export type Untold = WithoutRecord<Remembered>;

const recordRoom = 1_000;
const trailRoom = 1_000;
const factoryOpenMs = 6_000;

export class SimulatedMemory {
  readonly #offlineKeyLimit: number;
  #offline: OfflineMemory | null = null;
  #keypad: Keypad = freshKeypad;
  #trail: TrailEntry[] = [];
  #trailVersion = 0;
  #records: Remembered[] = [];
  #nextRecord: number;

  /** Records are numbered from `firstRecord` upwards. */
  constructor(parts: { offlineKeyLimit: number; firstRecord: number }) {
    this.#offlineKeyLimit = parts.offlineKeyLimit;
    this.#nextRecord = parts.firstRecord;
  }

  get version(): string | null {
    return this.#offline?.version ?? null;
  }

  get keyCount(): number {
    return this.#offline?.keys.length ?? 0;
  }

  get openMs(): number {
    return this.#offline === null ? factoryOpenMs : this.#offline.openTimeSeconds * 1_000;
  }

  get trail(): { readonly version: number; readonly entries: readonly TrailEntry[] } {
    return { version: this.#trailVersion, entries: this.#trail };
  }

  get oldestRecord(): DriverEvent | undefined {
    return this.#records[0];
  }

  get recordCount(): number {
    return this.#records.length;
  }

  /** Replaces all offline keys; refused when they are more than it holds (12.3). */
  keep(memory: OfflineMemory): Outcome {
    if (memory.keys.length > this.#offlineKeyLimit) return refused('command_forbidden');
    this.#offline = memory;
    return confirmed;
  }

  /** What the lock decides alone; a lock that does not know the time opens only for keys that need none. */
  opensFor(
    presentation: Presentation,
    door: { readonly privacy: boolean; readonly now: Date; readonly isClockLost: boolean },
  ): boolean {
    const { privacy, now } = door;
    const isPin = presentation.what.type === 'pin';
    if (isPin && isLockedOut(this.#keypad, now)) return false;
    const memory = this.#offline && door.isClockLost ? withoutTime(this.#offline) : this.#offline;
    const { opens: byKey } = decideOffline({ memory, privacy, presentation, now });
    const rule = memory?.auditTrail ?? null;
    const { what } = presentation;
    const byTrail =
      what.type !== 'exit' && opensByTrail(what, { rule, trail: this.#trail, privacy, now });
    const opens = byKey || byTrail;
    if (isPin) this.#keypad = afterPin(this.#keypad, { isRight: opens, now });
    return opens;
  }

  /** Remembers who opened the lock; a phone is asked once more, as the hub alone read its first answer. */
  async noteOpening(
    shown: Pick<Presentation, 'what'> | { readonly phone: PhoneAtDoor },
    at: Date,
  ): Promise<void> {
    if ('phone' in shown && !this.#offline?.auditTrail) return;
    const seen = 'phone' in shown ? await this.readPhone(shown.phone, at) : shown.what;
    const what = seen === null || seen.type === 'exit' ? null : trailCredential(seen);
    if (what === null) return;
    const others = this.#trail.filter((entry) => !isSameCredential(entry.what, what));
    this.#trail = [...others, { what, at: at.toISOString() }].slice(-trailRoom);
    this.#trailVersion += 1;
  }

  /** Challenges a phone by what the hub wrote of whom to believe; null = it showed nothing. */
  async readPhone(phone: PhoneAtDoor, now: Date): Promise<MobileKeyShown | null> {
    const known = this.#offline?.phones ?? null;
    const bytes = randomBytes(32);
    const { iqId = '', collectionId = null } = known ?? {};
    const proof = await phone({ bytes, iqId, collectionId });
    return proof && checkPhone(known, { proof, challenge: bytes, now });
  }

  remember(event: Untold): void {
    const record = this.#nextRecord;
    this.#nextRecord += 1;
    this.#records.push({ ...event, record });
    if (this.#records.length > recordRoom) this.#records.shift();
  }

  forgetOldestRecord(): void {
    this.#records.shift();
  }

  /** Record numbers go on: a number is never used for two things. */
  wipe(): void {
    this.#offline = null;
    this.#keypad = freshKeypad;
    this.#trail = [];
    this.#trailVersion += 1;
    this.#records = [];
  }
}

function withoutTime(memory: OfflineMemory): OfflineMemory {
  const keys = memory.keys.filter((key) => key.schedules === null && key.expiresAt === null);
  return { ...memory, keys, auditTrail: null };
}
