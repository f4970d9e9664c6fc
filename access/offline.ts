/** What a lock holds and decides while its hub is out of reach (behaviour.md 12.2, 12.3): exits and offline keys only. */
import type { KeyItem, Schedule } from '#contract/access-table';

export type OfflineKey = {
  readonly keyId: string;
  readonly accessorId: string;
  readonly type: KeyItem['type'];
  /** As in the access table: tag number, mobile key or base64 HMAC of the keypad code. */
  readonly value: string;
  readonly rfidUid: string | null;
  /** UTC instant, or null = never */
  readonly expiresAt: string | null;
  /** null = round the clock: the lock cannot hold schedules, or `offline_schedules` is off. */
  readonly schedules: readonly Schedule[] | null;
  readonly overridePrivacyMode: boolean;
};

/** The whole offline memory of one lock. */
export type OfflineMemory = {
  /** Digest of the content; the lock reports it so that the hub knows what the lock holds. */
  readonly version: string;
  readonly timeZone: string;
  /** base64 key of the HMAC under which keypad codes are compared. */
  readonly pinHashKey: string;
  readonly openTimeSeconds: number;
  readonly keys: readonly OfflineKey[];
};
