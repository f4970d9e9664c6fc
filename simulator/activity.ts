/** The people of a building: the acts of its script, again and again through the day, so that a demo site is alive. */
import type { Building, BuildingActivity } from '#contract/building';
import { assertNever } from '#contract/assert-never';
import { toLocalText } from '#access/zones';
import type { HubClock, Timer } from '#iq/clock';
import type { DoorAnswer, SimulatedLock } from '#iq/drivers/simulated-lock';
import { spreadOf } from '#iq/drivers/simulated-radio';

export type Activity = {
  start(): void;
  stop(): void;
};

const doorIsOpenMs = 4_000;
/** Acts that follow each other faster come from a script for measuring: nobody walks through. */
const walkingPaceSeconds = 10;

/** Runs the activity of a building on its locks. */
export function createActivity({
  building,
  lockByName,
  clock,
}: {
  readonly building: Pick<Building, 'activity' | 'cards' | 'time_zone'>;
  readonly lockByName: (name: string) => SimulatedLock;
  readonly clock: HubClock;
}): Activity {
  const timers = new Map<BuildingActivity, Timer>();
  const rfidByNumber = new Map(building.cards.map((card) => [card.tag_number, card.rfid_uid]));

  function present(activity: BuildingActivity, lock: SimulatedLock): Promise<DoorAnswer> {
    const shown = activity.with ?? '';
    switch (activity.act) {
      case 'tag': {
        const rfidUid = rfidByNumber.get(shown) ?? null;
        return lock.present({ what: { type: 'tag', tagNumber: shown, rfidUid }, heldMs: 0 });
      }
      case 'pin':
        return lock.present({ what: { type: 'pin', code: shown }, heldMs: 0 });
      case 'handle':
        return lock.pressHandle();
      default:
        return assertNever(activity.act);
    }
  }

  async function perform(activity: BuildingActivity): Promise<void> {
    const lock = lockByName(activity.lock);
    const { did } = await present(activity, lock);
    if (did !== 'opened' || activity.every_seconds < walkingPaceSeconds) return;
    await lock.openDoor();
    clock.setTimeout(() => void lock.closeDoor(), doorIsOpenMs);
  }

  function repeat(activity: BuildingActivity, turn: number): void {
    const everyMs = activity.every_seconds * 1_000;
    const share = spreadOf(
      `${activity.lock}/${activity.with ?? activity.act}/${String(turn)}`,
      1_000,
    );
    const waitMs = everyMs * (0.5 + share / 1_000);
    timers.set(
      activity,
      clock.setTimeout(() => {
        repeat(activity, turn + 1);
        if (isTimeFor(activity, { at: clock.now(), timeZone: building.time_zone })) {
          void perform(activity);
        }
      }, waitMs),
    );
  }

  return {
    start() {
      for (const activity of building.activity) repeat(activity, 0);
    },
    stop() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
}

/** Whether the wall clock of the place lies in the hours and days of the act. */
export function isTimeFor(
  { from, to, days }: Pick<BuildingActivity, 'from' | 'to' | 'days'>,
  { at, timeZone }: { readonly at: Date; readonly timeZone: string },
): boolean {
  const local = toLocalText(timeZone, at);
  const time = local.slice(11);
  const weekday = new Date(`${local}Z`).getUTCDay();
  const isWeekend = weekday === 0 || weekday === 6;
  if (days === 'weekdays' && isWeekend) return false;
  if (days === 'weekend' && !isWeekend) return false;
  return from <= time && time.slice(0, to.length) <= to;
}
