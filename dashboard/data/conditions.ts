/** Battery and radio of a lock over time, as it is drawn and told (docs/dashboard.md). Pure. */
import type { ItemOf } from '#client/operations';
import type { Lock } from './locks.ts';

export const conditionsPath = '/ext/v1/sites/{site_id}/locks/{id}/condition_history';
export type Condition = ItemOf<typeof conditionsPath>;

/** One request shows no more; the newest. */
export const mostConditions = 1000;

/** From empty to full: how high a level stands in the picture. */
export const batteryHeights = ['critical', 'low', 'good', 'fresh'] as const;
export const bestSignal = 31;

export type Span = { readonly from: Date; readonly until: Date };

export type ConditionSeries = {
  /** Seconds since 1970: the beginning of the span, each change, its end. */
  readonly at: readonly number[];
  /** Index of `batteryHeights`; null = not known. */
  readonly battery: readonly (number | null)[];
  /** 0-31; null = not known, or not heard. */
  readonly signal: readonly (number | null)[];
  /** `bestSignal` while it was not heard, else 0: as high as the picture. */
  readonly lost: readonly number[];
};

/** Changes, the oldest first, as lines of steps. */
export function conditionSeries(
  conditions: readonly Condition[],
  { from, until }: Span,
): ConditionSeries {
  const steps = conditions.map((condition) => ({
    ...condition,
    seconds: Math.max(from.getTime(), Date.parse(condition.utc_date_time)) / 1000,
  }));
  const last = steps.at(-1);
  const whole = steps.flatMap((step, index) => {
    const before = steps[index - 1];
    // A line ends at its last value: said once more where the contact was lost, it goes on to there.
    const isLoss = step.online === false && before !== undefined && before.online !== false;
    return isLoss ? [{ ...before, seconds: step.seconds }, step] : [step];
  });
  if (last !== undefined)
    whole.push({ ...last, seconds: Math.max(last.seconds, until.getTime() / 1000) });
  return {
    at: whole.map(({ seconds }) => seconds),
    battery: whole.map(({ battery_level: level }) => heightOf(level)),
    signal: whole.map(({ online, signal_strength: signal }) => (online === false ? null : signal)),
    lost: whole.map(({ online }) => (online === false ? bestSignal : 0)),
  };
}

function heightOf(level: Condition['battery_level']): number | null {
  const height = batteryHeights.findIndex((one) => one === level);
  return height < 0 ? null : height;
}

export type Loss = { readonly times: number; readonly ms: number };

/** How often the lock was not heard, and how long in all. */
export function lossOf(conditions: readonly Condition[], { from, until }: Span): Loss {
  let [times, ms, isLost] = [0, 0, false];
  conditions.forEach((condition, index) => {
    if (condition.online !== false) {
      isLost = false;
      return;
    }
    const next = conditions[index + 1];
    const end = next === undefined ? until.getTime() : Date.parse(next.utc_date_time);
    ms += Math.max(0, end - Math.max(from.getTime(), Date.parse(condition.utc_date_time)));
    if (!isLost) times += 1;
    isLost = true;
  });
  return { times, ms };
}

/** Since when the battery has been as it is, within what was read; null = not known. */
export function batterySince(conditions: readonly Condition[]): Condition | null {
  const last = conditions.at(-1);
  if (last === undefined || heightOf(last.battery_level) === null) return null;
  let since = last;
  for (const one of conditions.toReversed()) {
    if (one.battery_level !== last.battery_level) break;
    since = one;
  }
  return since;
}

/** The weakest and strongest signal there was while it was heard; null = never measured. */
export function signalRange(
  conditions: readonly Condition[],
): { readonly least: number; readonly most: number } | null {
  const signals = conditions.flatMap(({ online, signal_strength: signal }) =>
    online === false || signal === null ? [] : [signal],
  );
  if (signals.length === 0) return null;
  return { least: Math.min(...signals), most: Math.max(...signals) };
}

export type Ailing = {
  readonly lock: Lock;
  /** Why; the gravest alone says where it stands. */
  readonly isWeakBattery: boolean;
  readonly isLost: boolean;
  /** 0-31; null = it is heard well. */
  readonly weakSignal: number | null;
};

/** Doors that somebody should go to, the most urgent first: empty batteries, no contact, weak batteries, bad radio. */
export function ailingOf(
  locks: readonly Lock[],
  weakSignals: ReadonlyMap<string, number>,
): readonly Ailing[] {
  const ailing = locks.flatMap((lock) => {
    const { battery_level: level } = lock;
    const one = {
      lock,
      isWeakBattery: level === 'low' || level === 'critical',
      isLost: lock.iq_link_state === 'attached' && !lock.online,
      weakSignal: weakSignals.get(lock.id) ?? null,
    };
    return one.isWeakBattery || one.isLost || one.weakSignal !== null ? [one] : [];
  });
  return ailing.sort((a, b) => urgencyOf(a) - urgencyOf(b));
}

function urgencyOf({ lock, isWeakBattery, isLost }: Ailing): number {
  if (lock.battery_level === 'critical') return 0;
  if (isLost) return 1;
  return isWeakBattery ? 2 : 3;
}
