/**
 * `npm run worlds -- --seed 7 --count 1000000`: random worlds in which the hub, the server's explanation and a slow reading of
 * the specification must decide alike. `--only 4711` plays one world of the seed again. Ends with 1 at the first difference.
 */
import { parseArgs } from 'node:util';
import { WorldCheck } from '#test/kit/world-check';
import { storyOf } from '#test/kit/worlds';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000000' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const only = values.only === undefined ? null : Number(values.only);
const [from, count] = only === null ? [0, Number(values.count)] : [only, 1];
const check = new WorldCheck(seed);
const began = performance.now();
let differences = 0;

for (let number = from; number < from + count; number += 1) {
  const difference = check.play(number);
  if (difference !== null) {
    differences += 1;
    console.log(JSON.stringify(difference, null, 2));
    console.log(JSON.stringify(storyOf(seed, number), null, 2));
    break;
  }
  if ((number + 1) % 100_000 === 0)
    console.log(`${(number + 1).toLocaleString('en')} worlds, no difference`);
}

const { worlds, decisions, counts } = check.figures;
const seconds = (performance.now() - began) / 1000;
console.log(
  `\nseed ${seed}: ${worlds.toLocaleString('en')} worlds, ${decisions.toLocaleString('en')} decisions`,
);
console.log(`${differences} differences in ${seconds.toFixed(0)} s`);
for (const [what, met] of [...counts].sort(([a], [b]) =>
  a.localeCompare(b, 'en', { numeric: true }),
))
  console.log(`  ${what.padEnd(34)}${met.toLocaleString('en').padStart(12)}`);
process.exitCode = differences === 0 ? 0 : 1;
