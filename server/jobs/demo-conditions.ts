/** How battery and radio of a demo building have been: batteries that fell to what they are, radios with weather, a lost contact. */
import type { BatteryState } from '#contract/lock-conditions';
import { insertRows } from '#server/store/bulk';
import type { WriteScope } from '#server/store/scope';
import { demoId, type DemoBuilding } from './demo-building.ts';

const dayMs = 86_400_000;
const days = 90;
/** The way down; a battery that is none has none. */
const falling: readonly BatteryState[] = ['fresh', 'good', 'low', 'critical'];
/** How many days ago a battery reached each step of its way, the last first. */
const fellDaysAgo = [2 + 5 / 24, 34, 71, days];

/** Writes the last 90 days of every lock that hangs on a hub; as it is now its hub tells. */
export async function layDemoConditions(
  scope: WriteScope,
  { building, now }: { readonly building: DemoBuilding; readonly now: Date },
): Promise<void> {
  const rows = building.locks
    .filter(({ hub }) => hub !== null)
    .flatMap((lock) => {
      const row = (daysAgo: number, said: object) => ({
        lock_id: lock.id,
        at: new Date(now.getTime() - daysAgo * dayMs).toISOString(),
        id: demoId('condition', building.name, lock.name, String(daysAgo), JSON.stringify(said)),
        battery_level: null,
        online: null,
        signal_strength: null,
        ...said,
      });
      const share = (...words: readonly string[]) =>
        Number.parseInt(demoId('radio', lock.name, ...words).slice(0, 4), 16) / 0xffff;
      const usual = 17 + Math.floor(share() * 11);
      const weather = Array.from({ length: days / 3 }, (_none, index) => {
        const daysAgo = 3 * (index + 1) - share(String(index));
        return row(daysAgo, {
          signal_strength: usual + Math.round((share('w', String(index)) - 0.5) * 8),
        });
      });
      const lostDaysAgo = 5 + Math.floor(share('lost') * 60);
      const steps = falling.slice(0, falling.indexOf(lock.battery) + 1).toReversed();
      return [
        row(days, { online: true }),
        ...steps.map((level, index) =>
          row(index === steps.length - 1 ? days : (fellDaysAgo[index] ?? days), {
            battery_level: level,
          }),
        ),
        ...weather,
        row(lostDaysAgo, { online: false }),
        row(lostDaysAgo - share('hours') / 2, { online: true }),
      ];
    });
  await insertRows(scope, 'lock_conditions', rows);
}
