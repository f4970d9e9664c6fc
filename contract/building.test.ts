import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BuildingFileError, parseBuilding, type Building, type BuildingSite } from './building.ts';

function read(name: string): Building {
  const file = new URL(`../simulator/buildings/${name}.json`, import.meta.url);
  return parseBuilding(JSON.parse(readFileSync(file, 'utf8')));
}

function siteOf(building: Building): BuildingSite {
  if (!building.site) throw new Error(`${building.name} has no site`);
  return building.site;
}

function faultsOf(json: unknown): readonly string[] {
  try {
    parseBuilding(json);
  } catch (error) {
    if (error instanceof BuildingFileError) return error.faults;
    throw error;
  }
  return [];
}

describe.each(['harbour', 'compat'])('the building %s', (name) => {
  const building = read(name);
  const site = siteOf(building);

  test('says for every hub, lock and repeater where it is registered', () => {
    const names = (things: readonly { name: string }[]) => things.map((thing) => thing.name).sort();
    expect(site.iqs.map((iq) => iq.hub).sort()).toEqual(names(building.hubs));
    expect(site.locks.map((lock) => lock.lock).sort()).toEqual(names(building.locks));
    expect(site.repeaters.map((repeater) => repeater.repeater).sort()).toEqual(
      names(building.repeaters),
    );
  });

  test('hangs no lock directly on a hub that has repeaters', () => {
    const withRepeaters = new Set(building.repeaters.map((repeater) => repeater.hub));
    const misplaced = building.locks.filter(
      (lock) => lock.hub !== null && withRepeaters.has(lock.hub) && lock.repeater === null,
    );
    expect(misplaced).toEqual([]);
  });

  test('stays within the limits of each hub', () => {
    for (const hub of building.hubs) {
      const of = (things: readonly { hub: string | null }[]) =>
        things.filter((thing) => thing.hub === hub.name).length;
      expect(of(building.locks)).toBeLessThanOrEqual(hub.limits.locks);
      expect(of(building.repeaters)).toBeLessThanOrEqual(hub.limits.repeaters);
    }
  });

  test('gives each card to one person at most', () => {
    const given = site.people.flatMap((person) => person.keys.map((key) => key.tag_number));
    expect(new Set(given).size).toBe(given.length);
    const owned = new Set(site.tags.map((tag) => tag.tag_number));
    expect(given.filter((tagNumber) => !owned.has(tagNumber))).toEqual([]);
  });

  test('lets a key open offline only where its owner may enter online', () => {
    const groups = new Map(site.access_groups.map((group) => [group.name, group]));
    for (const person of site.people) {
      const reach = new Set(person.access_groups.flatMap((name) => groups.get(name)?.locks ?? []));
      for (const key of person.keys) {
        expect((key.offline_locks ?? []).filter((lock) => !reach.has(lock))).toEqual([]);
        if (key.offline_locks) expect(key.blocked ?? false).toBe(false);
      }
    }
  });
});

test('Harbour House asks an OTP upstairs and none on the ground floor', () => {
  const { hubs, locks, repeaters, ...building } = read('harbour');
  expect(siteOf({ hubs, locks, repeaters, ...building }).iqs).toMatchObject([
    { hub: hubs[0]?.name, otp_enabled: false },
    { hub: hubs[1]?.name, otp_enabled: true },
  ]);
  expect(locks.map((lock) => lock.lock_type)).toContain('escutcheon_pin');
  expect(repeaters.map((repeater) => repeater.hub)).toEqual([hubs[1]?.name]);
});

test('compat is large, and every hub has an Ethernet and a Wi-Fi adapter with an address and a modem', () => {
  const building = read('compat');
  const site = siteOf(building);
  expect(site.collections).toHaveLength(2);
  expect(site.people).toHaveLength(160);
  expect(building.hubs).toHaveLength(3);
  for (const { report } of building.hubs) {
    expect(report.m2m.status).not.toBe('unavailable');
    expect(report.ethernet.mac_address).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/);
    expect(report.wifi.mac_address).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/);
    const active = [report.m2m, report.ethernet, report.wifi].filter(
      (adapter) => adapter.status === 'active',
    );
    expect(active).toHaveLength(1);
  }
  expect(building.locks.filter((lock) => lock.hub !== null).length).toBeGreaterThanOrEqual(12);
  expect(new Set(building.locks.map((lock) => lock.communication_type)).size).toBe(2);
  const given = new Set(site.people.flatMap((person) => person.keys.map((key) => key.tag_number)));
  expect(site.tags.filter((tag) => !given.has(tag.tag_number)).length).toBeGreaterThanOrEqual(20);
  expect(site.people.some((person) => person.keys.some((key) => key.offline_locks))).toBe(true);
});

test('a building file with a wrong member is refused by its name', () => {
  const building = read('harbour');
  expect(faultsOf({ ...building, installer: 'sometimes' })).toEqual([
    expect.stringContaining('/installer'),
    expect.stringContaining('/installer'),
    expect.stringContaining('/installer'),
  ]);
  expect(faultsOf({ ...building, colour: 'red' }).join()).toContain('colour');
});

test('a building file with twins or names that lead nowhere is refused, each fault listed', () => {
  const building = read('harbour');
  const [front, ...others] = building.locks;
  if (!front) throw new Error('no locks');
  expect(
    faultsOf({ ...building, locks: [front, ...others, { ...front, hub: 'Cellar hub' }] }),
  ).toEqual([
    'lock name Front door occurs twice',
    'code 014FCA0A000071 occurs twice',
    `id ${front.id} occurs twice`,
    'Front door: no hub Cellar hub',
  ]);
});
