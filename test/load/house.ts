/** Real hub software with simulated locks, registered over HTTP as an integrator would, for as many hubs as wanted. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBuilding, type SimulatedBuilding } from '#simulator/building';
import { manyHubs } from '#simulator/many-hubs';
import { until } from '#test/kit/wait';
import type { Bed } from './bed.ts';
import type { Stage } from './stage.ts';

export type House = {
  readonly simulated: SimulatedBuilding;
  readonly collectionId: string;
  /** Ids of the API, in the order of the hubs; each hub has one lock. */
  readonly lockIds: readonly string[];
};

const registeredAtOnce = 8;

/** Plugs in the hubs, registers them and their locks, and resolves when every lock is online. */
export async function openHouse(
  bed: Bed,
  { stage, hubs }: { readonly stage: Stage; readonly hubs: number },
): Promise<House> {
  const { server, token } = stage;
  const building = manyHubs({ hubs });
  const simulated = createBuilding({
    building,
    server: `mqtts://127.0.0.1:${String(server.mqttPort)}`,
    ca: await readFile(server.caPath),
    dataDir: join(bed.hubFolder, 'house'),
    lines: 'direct',
    activity: 'off',
    latencyMs: 0,
  });
  bed.onClose(() => simulated.stop());
  await simulated.start();
  const create = async (path: string, body: unknown): Promise<string> => {
    const made = await server.requests.ask<{ id: string }>('POST', `/v1.2${path}`, { token, body });
    return made.id;
  };
  const collectionId = await create('/collections', { time_zone: 'UTC' });
  const lockIds: string[] = [];
  await inParts(building.hubs, async (hub, index) => {
    const lock = building.locks[index];
    if (lock === undefined) throw new Error('every hub has a lock');
    await until(() => simulated.hub(hub.name).view()?.link === 'unclaimed', {
      timeoutMs: 60_000,
      what: `${hub.name} calls home`,
    });
    const iqId = await create('/iqs', { activation_code: hub.code, collection_id: collectionId });
    const lockId = await create('/locks', { activation_code: lock.code });
    lockIds[index] = lockId;
    await untilOnline(stage, `/iqs/${iqId}`);
    await server.requests.ask('PUT', `/v1.2/iqs/${iqId}/tree`, {
      token,
      status: 204,
      body: { iq_tree_items: [{ id: lockId, parent_id: null, hardware_type: 'lock' }] },
    });
  });
  for (const id of lockIds) await untilOnline(stage, `/locks/${id}`);
  return { simulated, collectionId, lockIds };
}

async function untilOnline({ server, token }: Stage, path: string): Promise<void> {
  await until(
    async () => {
      const found = await server.requests.ask<{ online: boolean }>('GET', `/v1.2${path}`, {
        token,
      });
      return found.online;
    },
    { timeoutMs: 60_000, what: `${path} is online` },
  );
}

async function inParts<Item>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  for (let first = 0; first < items.length; first += registeredAtOnce)
    await Promise.all(
      items.slice(first, first + registeredAtOnce).map((item, offset) => act(item, first + offset)),
    );
}
