import { benchDecision } from './access-decision.ts';
import type { Measure } from './measure.ts';

/** One decision at the door with a large access table. */
export const decisionTime: Measure = {
  name: 'decision',
  run({ bed }) {
    const { keys, p50Ms, p99Ms } = benchDecision(bed.isQuick ? { keys: 10_000 } : {});
    const what = `decision at the IQ with ${keys.toLocaleString('en')} keys`;
    return Promise.resolve([
      { what: `${what}, p50`, unit: 'ms', floor: null, ours: p50Ms, budget: { kind: 'none' } },
      {
        what: `${what}, p99`,
        unit: 'ms',
        floor: null,
        ours: p99Ms,
        budget: { kind: 'at_most', limit: 1 },
      },
    ]);
  },
};
