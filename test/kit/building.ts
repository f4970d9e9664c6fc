import { everyDay } from '#contract/fields';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  parseBuilding,
  type Building,
  type BuildingHub,
  type BuildingLock,
} from '#contract/building';
import { createBuilding, type SimulatedBuilding } from '#simulator/building';
import type { MovableClock } from '#simulator/clock';
import type { Presentation } from '#access/presentation';
import type { TestServer } from './cardea.ts';
import { until } from './wait.ts';

/** A simulated building that an integrator has registered over HTTP, with its hubs online and its locks attached. */
export type TestBuilding = {
  readonly simulated: SimulatedBuilding;
  readonly collectionId: string;
  /** Ids of the API by the names of the building file. */
  iqId(hub: string): string;
  lockId(lock: string): string;
  /** A person with a tag, in a group with these locks and this schedule; returns the ids. */
  admit(person: Admission): Promise<Admitted>;
  stop(): Promise<void>;
};

export type Admission = {
  readonly tagNumber: string;
  readonly locks: readonly string[];
  /** Members of PostTimeScheduleRequest; absent = always. */
  readonly schedule?: Readonly<Record<string, unknown>>;
  /** Members of PostAccessorRequest. */
  readonly flags?: Readonly<Record<string, unknown>>;
};

export type Admitted = {
  readonly accessorId: string;
  readonly tagId: string;
  readonly keyId: string;
  readonly groupId: string;
};

/** Members of a schedule that covers every instant. */
export const always = {
  start_time: '00:00:00',
  end_time: '23:59:59',
  ...everyDay,
};

/** Reads one of the building files of the simulator. */
export async function readBuilding(name: 'harbour' | 'compat' | 'spare'): Promise<Building> {
  const path = new URL(`../../simulator/buildings/${name}.json`, import.meta.url);
  return parseBuilding(JSON.parse(await readFile(path, 'utf8')));
}

/** Some hubs of a building with what hangs on them, or only with some of the locks. */
export function partOf(
  building: Building,
  { hubs, locks }: { readonly hubs: readonly string[]; readonly locks?: readonly string[] },
): Building {
  const isKept = ({ hub }: { readonly hub: string | null }) => hub !== null && hubs.includes(hub);
  const { name: buildingName, time_zone: timeZone, installer, cards } = building;
  return {
    name: buildingName,
    time_zone: timeZone,
    installer,
    hubs: building.hubs.filter(({ name }) => hubs.includes(name)),
    repeaters: building.repeaters.filter(isKept),
    locks: building.locks.filter(
      (lock) => isKept(lock) && (locks === undefined || locks.includes(lock.name)),
    ),
    cards,
    activity: [],
  };
}

/** A tag held shortly to a reader. */
export function tag(tagNumber: string, heldMs = 0): Presentation {
  return { what: { type: 'tag', tagNumber, rfidUid: null }, heldMs };
}

/** Plugs in a building whose hubs dial the server; nothing of it is registered. */
export async function connectBuilding(
  server: TestServer,
  {
    building,
    clock,
    firmwareKey,
    dataDir = join(server.dataDir, building.hubs[0]?.id ?? 'building'),
  }: {
    readonly building: Building;
    readonly clock?: MovableClock;
    /** Key that hubs trust the signatures of firmware by. */
    readonly firmwareKey?: string;
    /** Absent = a folder that goes with the server. */
    readonly dataDir?: string;
  },
): Promise<SimulatedBuilding> {
  const simulated = createBuilding({
    building,
    server: `mqtts://127.0.0.1:${server.mqttPort}`,
    ca: await readFile(server.caPath),
    dataDir,
    activity: 'off',
    ...(clock === undefined ? {} : { clock }),
    ...(firmwareKey === undefined ? {} : { firmwareKey }),
  });
  await simulated.start();
  return simulated;
}

/** A hub like another one, with a code of its own. */
export function spareHub(
  like: BuildingHub | undefined,
  more: Partial<BuildingHub> & Pick<BuildingHub, 'name'>,
): BuildingHub {
  if (like === undefined) throw new Error('there is no hub to copy');
  const code = randomBytes(13).toString('hex').toUpperCase();
  return { ...like, id: randomUUID(), code, ...more };
}

/** A lock like another one, with a code of its own, that hangs on no hub. */
export function spareLock(
  like: BuildingLock | undefined,
  more: Partial<BuildingLock> & Pick<BuildingLock, 'name'>,
): BuildingLock {
  if (like === undefined) throw new Error('there is no lock to copy');
  const code = randomBytes(7).toString('hex').toUpperCase();
  return { ...like, id: randomUUID(), code, hub: null, repeater: null, ...more };
}

/** Waits until the hub with this activation code has been in contact. */
export function untilCalledHome(server: TestServer, code: string): Promise<unknown> {
  return until(() => hasCalledHome(server, code), {
    what: `the hub ${code.slice(0, 6)} calls home`,
  });
}

/** Connects a building to the server and registers all of it, as an integrator would. */
export async function startTestBuilding(
  server: TestServer,
  options: {
    readonly building: Building;
    readonly clock?: MovableClock;
    readonly timeZone?: string;
    readonly firmwareKey?: string;
    /** Hubs and locks that are there, powered and in reach, but not registered: spares. */
    readonly spares?: Pick<Building, 'hubs' | 'locks'>;
    /** Absent = a folder that goes with the server. */
    readonly dataDir?: string;
  },
): Promise<TestBuilding> {
  const { building, spares = { hubs: [], locks: [] }, timeZone = building.time_zone } = options;
  const simulated = await connectBuilding(server, {
    ...options,
    building: {
      ...building,
      hubs: [...building.hubs, ...spares.hubs],
      locks: [...building.locks, ...spares.locks],
    },
  });
  const collectionId = await create(server, '/collections', { time_zone: timeZone });
  const ids = new Map<string, string>();
  for (const hub of building.hubs) {
    await untilCalledHome(server, hub.code);
    const body = { activation_code: hub.code, customer_reference: hub.name };
    ids.set(hub.name, await create(server, '/iqs', { ...body, collection_id: collectionId }));
  }
  for (const kind of ['repeaters', 'locks'] as const)
    for (const device of building[kind]) {
      const body = { activation_code: device.code, customer_reference: device.name };
      ids.set(device.name, await create(server, `/${kind}`, body));
    }
  const id = (name: string): string => {
    const found = ids.get(name);
    if (found === undefined) throw new Error(`the building has no ${name}`);
    return found;
  };
  for (const hub of building.hubs) {
    await until(async () => (await readObject(server, `/iqs/${id(hub.name)}`))['online'] === true, {
      what: `${hub.name} is online`,
    });
    await expectStatus(server, 204, 'PUT', `/iqs/${id(hub.name)}/tree`, {
      iq_tree_items: treeOf(building, hub.name, id),
    });
  }
  if (building.installer === 'manual') await attachByHand(simulated, building);
  const mounted = building.locks.filter(({ hub }) => hub !== null);
  for (const lock of mounted)
    await until(
      async () => (await readObject(server, `/locks/${id(lock.name)}`))['online'] === true,
      {
        what: `${lock.name} is attached and online`,
      },
    );
  return {
    simulated,
    collectionId,
    iqId: id,
    lockId: id,
    admit: (person) => admit(server, { collectionId, id, person }),
    stop: () => simulated.stop(),
  };
}

/** Presses the button of each repeater, then shows the card at each lock, until all have joined. */
export async function attachByHand(
  simulated: SimulatedBuilding,
  building: Building,
): Promise<void> {
  const join = (what: string, act: () => Promise<unknown>, isIn: () => boolean) =>
    until(
      async () => {
        await act();
        return isIn();
      },
      { what: `${what} joins its hub` },
    );
  for (const { name } of building.repeaters.filter(({ hub }) => hub !== null)) {
    const repeater = simulated.repeater(name);
    await join(
      name,
      () => repeater.pressReset(),
      () => repeater.attachment !== null,
    );
  }
  for (const { name } of building.locks.filter(({ hub }) => hub !== null)) {
    const lock = simulated.lock(name);
    await join(
      name,
      () => lock.showMaintenanceCard(),
      () => lock.attachment !== null,
    );
  }
}

function treeOf(building: Building, hub: string, id: (name: string) => string) {
  const parent = (name: string | null) => (name === null ? null : id(name));
  return [
    ...building.repeaters
      .filter((repeater) => repeater.hub === hub)
      .map((repeater) => ({
        id: id(repeater.name),
        parent_id: parent(repeater.parent),
        hardware_type: 'repeater',
      })),
    ...building.locks
      .filter((lock) => lock.hub === hub)
      .map((lock) => ({
        id: id(lock.name),
        parent_id: parent(lock.repeater),
        hardware_type: 'lock',
      })),
  ];
}

async function hasCalledHome(server: TestServer, code: string): Promise<boolean> {
  const { rows } = await server.database.pool.query<{ seen: boolean }>(
    `select first_contact_at is not null as seen from factory_hubs
     where code_hash = encode(sha256(convert_to($1, 'UTF8')), 'hex')`,
    [code],
  );
  return rows[0]?.seen === true;
}

async function admit(
  server: TestServer,
  {
    collectionId,
    id,
    person,
  }: {
    readonly collectionId: string;
    readonly id: (name: string) => string;
    readonly person: Admission;
  },
): Promise<Admitted> {
  const tagId = crypto.randomUUID();
  // Tags have no POST: they appear by tag registration, which has journeys of its own.
  await server.database.pool.query(
    `insert into tags (tenant_id, id, tag_number, collection_id, added_date, registration_date, created_at)
     values ($1, $2, $3, $4, now(), now(), now())`,
    [server.tenant.tenantId, tagId, person.tagNumber, collectionId],
  );
  const accessorId = await create(server, '/accessors', {
    collection_id: collectionId,
    ...person.flags,
  });
  const keyId = await create(server, `/accessors/${accessorId}/keys`, { tag_id: tagId });
  const groupId = await create(server, '/access_groups', { collection_id: collectionId });
  await create(server, `/access_groups/${groupId}/time_schedules`, person.schedule ?? always);
  await expectStatus(server, 204, 'PATCH', `/access_groups/${groupId}/locks`, {
    add_ids: person.locks.map((name) => id(name)),
  });
  await expectStatus(server, 204, 'PATCH', `/access_groups/${groupId}/accessors`, {
    add_ids: [accessorId],
  });
  return { accessorId, tagId, keyId, groupId };
}

/** Waits until every IQ of the tenant has proven to hold the newest version. */
export async function untilSynced(server: TestServer): Promise<void> {
  await until(
    async () => {
      const { items } = (await readObject(server, '/iqs')) as {
        items: { data_sync_state: string }[];
      };
      return items.every((iq) => iq.data_sync_state === 'synced');
    },
    { what: 'every IQ holds its table' },
  );
}

/** A single object of the Core face; anything but 200 throws. */
export async function readObject(
  server: TestServer,
  path: string,
): Promise<Record<string, unknown>> {
  const answer = await server.ask('GET', path);
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.text}`);
  return answer.json as Record<string, unknown>;
}

async function create(server: TestServer, path: string, body: unknown): Promise<string> {
  const answer = await server.ask('POST', path, { body });
  if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
  return (answer.json as { id: string }).id;
}

async function expectStatus(
  server: TestServer,
  status: number,
  method: string,
  path: string,
  body: unknown,
): Promise<void> {
  const answer = await server.ask(method, path, { body });
  if (answer.status !== status)
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
}
