/** A simulated building whose hubs hold their table already, as if a server had sent it once and were gone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessorItem, DesiredItem, GroupItem, LockItem } from '#contract/access-table';
import type { Building, BuildingSite } from '#contract/building';
import type { HubEvent } from '#contract/events';
import { hashPin } from '#access/pins';
import { openHubState } from '#iq/state';
import { TableStore } from '#iq/table-store';
import { createBuilding, type SimulatedBuilding } from '#simulator/building';
import { createMovableClock } from '#simulator/clock';
import { attachByHand } from './building.ts';
import { freePort } from './ports.ts';
import { until } from './wait.ts';

/** base64 of a key that only tests use. */
const pinHashKey = Buffer.from('a key of the tests').toString('base64');

export type FurnishedBuilding = SimulatedBuilding & {
  /** Everything hubs wrote down since the start, oldest first. */
  readonly written: readonly HubEvent[];
  /** Gives a hub another table in place of the one it holds; the hub must be unplugged. */
  refurnish(hubName: string, items: readonly DesiredItem[]): Promise<void>;
};

/**
 * Starts a building at `start`; resolves when every lock is attached and online. Nobody answers at the server's address. The folder
 * goes with `stop`.
 */
export async function startFurnished(
  building: Building,
  { start }: { readonly start: Date },
): Promise<FurnishedBuilding> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-building-'));
  const versions = new Map<string, number>();
  async function refurnish(hubName: string, items: readonly DesiredItem[]): Promise<void> {
    const hub = building.hubs.find((candidate) => candidate.name === hubName);
    if (!hub) throw new Error(`no hub ${hubName}`);
    const version = (versions.get(hubName) ?? 0) + 1;
    versions.set(hubName, version);
    await furnishHub(join(dataDir, hub.id), { iqId: hub.id, version, items });
  }
  for (const hub of building.hubs) await refurnish(hub.name, tableOf(building, hub.name));
  const simulated = createBuilding({
    // No server takes note of what joined, so an installer who comes by himself would show his card at every lock for ever.
    building: { ...building, installer: 'manual' },
    server: `mqtts://127.0.0.1:${String(await freePort())}`,
    ca: '',
    dataDir,
    clock: createMovableClock({ start }),
    lines: 'direct',
    activity: 'off',
  });
  const written: HubEvent[] = [];
  simulated.onEvent((_hub, event) => written.push(event));
  await simulated.start();
  await attachByHand(simulated, building);
  const expected = building.locks.filter((lock) => lock.hub !== null).length;
  await until(() => onlineLocks(simulated) === expected, { what: 'every lock is online' });
  // What a lock has said first may still be on its way to the disk: a test finds nothing written but what it caused.
  await Promise.all(simulated.locks.map((lock) => lock.beatNow()));
  return {
    ...simulated,
    written,
    refurnish,
    async stop() {
      await simulated.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function onlineLocks(building: SimulatedBuilding): number {
  return building.hubs
    .flatMap((hub) => hub.view()?.locks ?? [])
    .filter((report) => report.online && report.offline_key_limit > 0).length;
}

async function furnishHub(
  folder: string,
  {
    iqId,
    version,
    items,
  }: { readonly iqId: string; readonly version: number; readonly items: readonly DesiredItem[] },
): Promise<void> {
  const state = await openHubState(folder);
  await state.change({ iq_id: iqId, credential: 'credential of the tests' });
  const tables = new TableStore(join(folder, 'table'));
  await tables.open();
  const { refused } = await tables.apply({ from: 0, to: version, items: [...items] });
  if (refused !== null) throw new Error(refused);
  await tables.close();
}

/** The desired state of one hub, made of the site part of a building file. */
export function tableOf(building: Building, hubName: string): DesiredItem[] {
  const { site } = building;
  const hub = building.hubs.find((candidate) => candidate.name === hubName);
  const iq = site?.iqs.find((candidate) => candidate.hub === hubName);
  if (!site || !hub || !iq) throw new Error(`${building.name} knows no hub ${hubName}`);
  const collection = site.collections.find((candidate) => candidate.name === iq.collection);
  const cardId = (tagNumber: string | null) =>
    building.cards.find((card) => card.tag_number === tagNumber)?.id ?? null;
  const settings: DesiredItem = {
    key: 'settings',
    value: {
      iq_id: hub.id,
      collection_id: collection?.id ?? null,
      time_zone: iq.time_zone,
      led_enabled: true,
      led_pattern: 'green_blink_every_5_min',
      tags_from_other_sites: true,
      door_left_open_seconds: 30,
      offline_validity_hours: null,
      offline_schedules: true,
      masterkey_tag_id: cardId(collection?.master_tag ?? null),
      pin_hash_key: pinHashKey,
    },
  };
  return [
    settings,
    ...repeaterItems(building, hubName),
    ...lockItems(building, hubName),
    ...site.access_groups.map(({ id, schedules }) => {
      const value: GroupItem = { id, schedules };
      return { key: `group/${id}`, value };
    }),
    ...site.people.map((person) => accessorItem(building, site, person)),
  ];
}

function repeaterItems(building: Building, hubName: string): DesiredItem[] {
  return building.repeaters
    .filter((repeater) => repeater.hub === hubName)
    .map((repeater, index) => ({
      key: `repeater/${repeater.id}`,
      value: {
        id: repeater.id,
        mac: repeater.code,
        slot: index + 1,
        repeater_id: repeaterId(building, repeater.parent),
        link: 'attached_pending',
      },
    }));
}

function repeaterId(building: Building, name: string | null): string | null {
  return building.repeaters.find((repeater) => repeater.name === name)?.id ?? null;
}

function lockItems(building: Building, hubName: string): DesiredItem[] {
  const { site } = building;
  return building.locks
    .filter((lock) => lock.hub === hubName)
    .map((lock, index) => {
      const settings = site?.locks.find((candidate) => candidate.lock === lock.name);
      const keys = site?.people.flatMap((person) => person.keys) ?? [];
      const value: LockItem = {
        id: lock.id,
        mac: lock.code,
        slot: index + 20,
        repeater_id: repeaterId(building, lock.repeater),
        link: 'attached_pending',
        open_time_seconds: settings?.open_time_seconds ?? 6,
        license_plate_camera: false,
        group_ids: (site?.access_groups ?? [])
          .filter((group) => group.locks.includes(lock.name))
          .map((group) => group.id),
        easy_office_mode: settings?.easy_office_mode ?? null,
        offline_key_ids: keys
          .filter((key) => key.offline_locks?.includes(lock.name))
          .map((key) => key.id),
      };
      return { key: `lock/${lock.id}`, value };
    });
}

function accessorItem(
  building: Building,
  site: BuildingSite,
  person: BuildingSite['people'][number],
): DesiredItem {
  const collectionId =
    site.collections.find((collection) => collection.name === person.collection)?.id ?? null;
  const tagKeys = person.keys.map((key): AccessorItem['keys'][number] => {
    const card = building.cards.find((candidate) => candidate.tag_number === key.tag_number);
    if (!card) throw new Error(`no card ${key.tag_number}`);
    return {
      id: key.id,
      credential_id: card.id,
      type: 'tag',
      blocked: key.blocked ?? false,
      expires_at: null,
      value: card.tag_number,
      rfid_uid: card.rfid_uid,
      collection_id: collectionId,
    };
  });
  const pinKeys = (person.pin ? [person.pin] : []).map(
    ({ id, code }): AccessorItem['keys'][number] => ({
      id,
      credential_id: id,
      type: 'pin',
      blocked: false,
      expires_at: null,
      value: hashPin(code, pinHashKey),
      rfid_uid: null,
      collection_id: null,
    }),
  );
  const value: AccessorItem = {
    id: person.id,
    blocked: person.blocked ?? false,
    suspended: person.suspended ?? false,
    use_pin: true,
    override_privacy_mode: person.override_privacy_mode ?? false,
    toggle_easy_office_mode: person.toggle_easy_office_mode ?? false,
    toggle_manual_office_mode: person.toggle_manual_office_mode ?? false,
    group_ids: site.access_groups
      .filter((group) => person.access_groups.includes(group.name))
      .map((group) => group.id),
    keys: [...tagKeys, ...pinKeys],
  };
  return { key: `accessor/${person.id}`, value };
}
