import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProduct, type BuiltProduct } from '#test/kit/programs';

let product: BuiltProduct;
beforeAll(async () => {
  product = await buildProduct();
}, 120_000);
afterAll(() => product.remove());

it('a storm over server, database, hubs and lines loses, doubles and swaps no event', async () => {
  const args = ['--seconds', '20', '--seed', '7', '--hubs', '2', '--json'];
  const storm = product.start('test/load/storm', { args });
  const code = await storm.ended;
  const line = storm
    .said()
    .split('\n')
    .find((text) => text.startsWith('{'));
  expect(line, storm.said()).toBeDefined();
  const report = JSON.parse(line ?? '{}') as Record<string, unknown>;
  expect(report, storm.said()).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0 });
  expect(Object.keys(report['strikes'] as object).length).toBeGreaterThan(2);
  expect(report['stored']).toBeGreaterThan(100);
  expect(code).toBe(0);
}, 300_000);
