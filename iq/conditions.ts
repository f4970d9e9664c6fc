/**
 * Writes battery and radio of each lock into the ledger as they change (docs/decisions/0292): at the instant of the device, so that
 * whoever was offline meanwhile loses nothing. What was written last is kept with the attachment, on the disk.
 */
import type { LockConditionEvent } from '#contract/events';
import type { BatteryState } from '#contract/lock-conditions';
import type { Attached, Attachments } from './attachments.ts';
import type { Door } from './door.ts';
import type { Recorder } from './recorder.ts';

export type Condition = NonNullable<Attached['condition']>;
type Changes = Pick<LockConditionEvent, 'battery_level' | 'online' | 'signal_strength'>;

/** Less is the weather of any radio. */
const leastSignalChange = 3;
const quietBetweenSignalsMs = 600_000;

export type Conditions = {
  /** Writes down what of a lock has changed, if anything. What cannot be written is tried at the next look; never rejects. */
  look(door: Door, said?: Said): Promise<void>;
};

/** What the lock itself remembered, and when. */
export type Said = { readonly at: Date; readonly battery?: BatteryState };

export function createConditions({
  attachments,
  now,
  recorder,
  onFailure,
}: {
  readonly attachments: Attachments;
  readonly now: () => Date;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly onFailure: (error: unknown) => void;
}): Conditions {
  /** On its way to the disk. */
  const written = new WeakMap<Door, Condition>();
  return {
    async look(door, said = { at: now() }) {
      const former = written.get(door) ?? attachments.find(door.id)?.condition ?? null;
      const battery = said.battery ?? door.status?.battery ?? former?.battery_level;
      // Of a lock that has not spoken yet nothing is known.
      if (battery === undefined) return;
      const signal = door.signal?.strength ?? former?.signal_strength ?? null;
      const here = { battery_level: battery, online: door.isOnline, signal_strength: signal };
      const changes = changesOf(former, here, said.at);
      if (changes === null) return;
      const next = conditionAfter(former, here, { changes, at: said.at });
      written.set(door, next);
      try {
        const event = { kind: 'lock_condition', lock_id: door.id, ...changes } as const;
        await recorder.record(event, { at: said.at, source: null });
        const attached = attachments.find(door.id);
        if (attached) await attachments.note({ ...attached, condition: next });
      } catch (error) {
        written.delete(door);
        onFailure(error);
      }
    },
  };
}

type Here = Omit<Condition, 'signal_changed_at'>;

/** What is worth writing down, or null. A signal counts when it is another one, and not again within ten minutes. */
export function changesOf(former: Condition | null, here: Here, at: Date): Changes | null {
  const signal = here.signal_strength;
  if (former === null)
    return {
      battery_level: here.battery_level,
      online: here.online,
      ...(signal === null ? {} : { signal_strength: signal }),
    };
  const changes = {
    ...(here.battery_level === former.battery_level ? {} : { battery_level: here.battery_level }),
    ...(here.online === former.online ? {} : { online: here.online }),
    ...(signal !== null && isOtherSignal(former, signal, at) ? { signal_strength: signal } : {}),
  };
  return Object.keys(changes).length === 0 ? null : changes;
}

function isOtherSignal(former: Condition, signal: number, at: Date): boolean {
  if (former.signal_strength === null) return true;
  if (Math.abs(former.signal_strength - signal) < leastSignalChange) return false;
  const { signal_changed_at: changedAt } = former;
  // A clock that was set back must not keep it quiet for long.
  return (
    changedAt === null || Math.abs(at.getTime() - Date.parse(changedAt)) >= quietBetweenSignalsMs
  );
}

function conditionAfter(
  former: Condition | null,
  here: Here,
  { changes, at }: { readonly changes: Changes; readonly at: Date },
): Condition {
  const isSignalNews = changes.signal_strength !== undefined;
  const isFirstSignal = (former?.signal_strength ?? null) === null;
  return {
    battery_level: here.battery_level,
    online: here.online,
    signal_strength: isSignalNews ? here.signal_strength : (former?.signal_strength ?? null),
    signal_changed_at:
      isSignalNews && !isFirstSignal ? at.toISOString() : (former?.signal_changed_at ?? null),
  };
}
