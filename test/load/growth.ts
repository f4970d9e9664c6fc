/** The same requests and events with ten times the data: the usual amount beside a tenth of it. */
import type { Bed } from './bed.ts';
import { openEvents } from './event-rate.ts';
import { listSite } from './lock-list.ts';
import { readLocks, secondsOf } from './lock-read.ts';
import type { Measure } from './measure.ts';
import { openStage, type Size, type Stage } from './stage.ts';
import { inTurns } from './statistics.ts';

const times = 10;
const worst = 1.3;

export const growth: Measure = {
  name: 'growth',
  async run({ bed, stage }) {
    const grown = await stage();
    const small = await openStage(bed, { name: 'small', size: tenth(grown.size) });
    const rounds = bed.isQuick ? 1 : 3;
    const what = `with ${String(times)} × the data`;
    const reading = (of: Stage) => () => readLocks(of, secondsOf(bed));
    const listing = (of: Stage) => () => listSite(of, bed.isQuick ? 5 : 20);
    for (const of of [small, grown]) {
      await reading(of)();
      await listing(of)();
    }
    const read = await inTurns(rounds, { floor: reading(small), ours: reading(grown) });
    const list = await inTurns(rounds + 2, { floor: listing(small), ours: listing(grown) });
    const events = await storeInTurns(bed, { small, grown, rounds });
    const faster = { kind: 'ratio_at_least', limit: 1 / worst } as const;
    return [
      { what: `GET one lock ${what}`, unit: 'req/s', ...read, budget: faster },
      {
        what: `list 100 locks of one site ${what}`,
        unit: 'ms',
        ...list,
        budget: { kind: 'ratio_at_most', limit: worst },
      },
      { what: `durable events ${what}`, unit: 'events/s', ...events, budget: faster },
    ];
  },
};

function tenth({ locks, keys, entries, hubs }: Size): Size {
  return { locks: locks / times, keys: keys / times, entries: entries / times, hubs };
}

async function storeInTurns(
  bed: Bed,
  {
    small,
    grown,
    rounds,
  }: { readonly small: Stage; readonly grown: Stage; readonly rounds: number },
): Promise<{ readonly floor: number; readonly ours: number }> {
  const [floor, ours] = [await openEvents(small), await openEvents(grown)];
  const frames = bed.isQuick ? 3 : 10;
  await floor.send(2);
  await ours.send(2);
  const result = await inTurns(rounds, {
    floor: () => floor.send(frames),
    ours: () => ours.send(frames),
  });
  await floor.close();
  await ours.close();
  return result;
}
