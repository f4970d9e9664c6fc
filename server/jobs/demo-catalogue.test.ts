import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareVersions } from '#contract/firmware';
import { createUpdateCatalogue } from '#server/runtime/update-catalogue';
import { readDemoBuilding } from './demo-building.ts';
import { layDemoCatalogue } from './demo-catalogue.ts';

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cardea-demo-catalogue-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

test('the demo catalogue has a newer version of everything in the building, and is laid once', async () => {
  const building = await readDemoBuilding('harbour');
  const folder = join(dataDir, 'updates');
  const catalogue = createUpdateCatalogue({ folder, keyPath: undefined, isNamed: false });
  expect((await catalogue.read()).images).toEqual([]);
  const now = new Date('2026-03-01T12:00:00Z');
  const keyPath = await layDemoCatalogue(dataDir, { building, now });
  const { digest, images } = await catalogue.read();
  const router = images.find(({ component }) => component === 'router_firmware');
  const running = building.hubs[0]?.report.versions.router_firmware_version ?? '';
  expect(compareVersions(router?.version ?? '', running)).toBeGreaterThan(0);
  const models = images.map(({ model }) => model);
  for (const { lock_type } of building.locks) expect(models).toContain(`Simulated ${lock_type}`);
  const part = await catalogue.readPart(router?.file ?? '', {
    offset: 400 * 1024 - 7,
    length: 100,
  });
  expect(part).toHaveLength(7);
  expect(await catalogue.readPart('absent', { offset: 0, length: 1 })).toBeNull();
  expect(await layDemoCatalogue(dataDir, { building, now: new Date() })).toBe(keyPath);
  expect((await catalogue.read()).digest).toBe(digest);
  expect(await readFile(keyPath, 'utf8')).toContain('PUBLIC KEY');
  expect((await stat(join(dataDir, 'demo-maker-key.pem'))).mode & 0o077).toBe(0);
});
