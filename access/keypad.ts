/**
 * The lock-out of one lock's keypad (behaviour.md 5.4), pure.
 *
 * States: open (counting wrong PINs of the last 5 minutes) → locked out (30 s, doubling to 15 min with each further five) → open.
 * A right PIN or 30 quiet minutes forget everything. PINs typed while locked out are ignored and do not count.
 */
import type { Decision } from './decision.ts';

export type Keypad = {
  /** Milliseconds of the wrong PINs that still count. */
  readonly wrongAt: readonly number[];
  /** Lock-outs in a row. */
  readonly lockOuts: number;
  readonly lockedUntil: number | null;
  readonly lastWrongAt: number | null;
};

export const freshKeypad: Keypad = {
  wrongAt: [],
  lockOuts: 0,
  lockedUntil: null,
  lastWrongAt: null,
};

const wrongLimit = 5;
const countedMs = 5 * 60_000;
const quietMs = 30 * 60_000;
const firstLockOutMs = 30_000;
const longestLockOutMs = 15 * 60_000;

/** True while the keypad ignores PINs. */
export function isLockedOut(keypad: Keypad, now: Date): boolean {
  return keypad.lockedUntil !== null && now.getTime() < keypad.lockedUntil;
}

/**
 * The keypad after a PIN was decided upon: wrong is a PIN that nobody has, right one that opens; a known PIN that is refused
 * is neither, since guessing is what the lock-out is against.
 */
export function afterDecision(keypad: Keypad, decision: Decision, now: Date): Keypad {
  const isRight = decision.act !== 'refuse';
  const isWrong = decision.rejectReason === 'unknown_credential';
  return isRight || isWrong ? afterPin(keypad, { isRight, now }) : keypad;
}

/** The keypad after a PIN was typed and found right or wrong; a locked-out keypad stays as it is. */
export function afterPin(
  keypad: Keypad,
  { isRight, now }: { readonly isRight: boolean; readonly now: Date },
): Keypad {
  if (isLockedOut(keypad, now)) return keypad;
  if (isRight) return freshKeypad;
  const at = now.getTime();
  const isQuiet = keypad.lastWrongAt !== null && at - keypad.lastWrongAt >= quietMs;
  const before = isQuiet ? freshKeypad : keypad;
  const wrongAt = [...before.wrongAt.filter((wrong) => at - wrong < countedMs), at];
  if (wrongAt.length < wrongLimit) return { ...before, wrongAt, lastWrongAt: at };
  const lockedMs = Math.min(firstLockOutMs * 2 ** before.lockOuts, longestLockOutMs);
  return {
    wrongAt: [],
    lockOuts: before.lockOuts + 1,
    lockedUntil: at + lockedMs,
    lastWrongAt: at,
  };
}
