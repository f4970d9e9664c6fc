import { expect, test } from 'vitest';
import { parseBuilding } from '#contract/building';
import { manyHubs } from './many-hubs.ts';

test('a building of a thousand hubs is a good building file, and the same one each time', () => {
  const building = manyHubs({ hubs: 1_000, everySeconds: 0.5 });
  expect(parseBuilding(building)).toEqual(manyHubs({ hubs: 1_000, everySeconds: 0.5 }));
  expect(building.activity).toHaveLength(1_000);
  expect(manyHubs({ hubs: 2 }).activity).toEqual([]);
});
