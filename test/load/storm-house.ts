/** Hubs as processes that can be killed, registered over HTTP; they come back with what is on their disks. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manyHubs } from '#simulator/many-hubs';
import { until } from '#test/kit/wait';
import type { Bed } from './bed.ts';
import type { Program } from './programs.ts';
import type { Requests } from './requests.ts';
import type { StormHub, StormHubView } from './storm-hub.ts';

export type StormHubs = {
  readonly iqIds: readonly string[];
  /** The process of a hub as it runs at the moment. */
  at(number: number): Program;
  /** Kills a hub without warning; it starts anew at once. */
  kill(number: number): Promise<void>;
  /** `sequence id kind` of every event that the hub has ever taken down. */
  witnessed(number: number): Promise<readonly string[]>;
};

const answerWithinMs = 60_000;

export type StormServer = {
  readonly requests: Requests;
  readonly mqttPort: number;
  readonly caPath: string;
  readonly token: string;
};

/** Plugs in the hubs and registers them with their doors; resolves when every door is online. */
export async function openStormHubs(
  bed: Bed,
  {
    server: { requests, mqttPort, caPath, token },
    hubs,
    pressEveryMs,
  }: { readonly server: StormServer; readonly hubs: number; readonly pressEveryMs: number },
): Promise<StormHubs> {
  const building = manyHubs({ hubs });
  const ca = await readFile(caPath, 'utf8');
  const programs: Program[] = [];
  const iqIds: string[] = [];
  const witnessOf = (number: number) => join(bed.hubFolder, `witness-${String(number)}`);

  const hubOf = (number: number): StormHub => ({
    number,
    hubs,
    server: `mqtts://127.0.0.1:${String(mqttPort)}`,
    ca,
    dataDir: join(bed.hubFolder, `hub-${String(number)}`),
    witness: witnessOf(number),
    pressEveryMs,
  });

  async function plugIn(hub: StormHub): Promise<void> {
    const { number } = hub;
    const program = bed.startProgram('./storm-hub');
    await program.call('plugIn', hub);
    programs[number] = program;
  }

  const at = (number: number): Program => {
    const program = programs[number];
    if (program === undefined) throw new Error(`there is no hub ${String(number)}`);
    return program;
  };
  const create = async (path: string, body: unknown): Promise<string> =>
    (await requests.ask<{ id: string }>('POST', `/v1.2${path}`, { token, body })).id;
  const untilOnline = (path: string) =>
    until(
      async () =>
        (await requests.ask<{ online: boolean }>('GET', `/v1.2${path}`, { token })).online,
      { timeoutMs: answerWithinMs, what: `${path} is online` },
    );

  const collectionId = await create('/collections', { time_zone: 'UTC' });
  for (const [number, hub] of building.hubs.entries()) {
    await plugIn({ ...hubOf(number), witness: null });
    await until(async () => (await at(number).call<StormHubView>('view')).link === 'unclaimed', {
      timeoutMs: answerWithinMs,
      what: `${hub.name} calls home`,
    });
    const iqId = await create('/iqs', { activation_code: hub.code, collection_id: collectionId });
    const lockId = await create('/locks', { activation_code: building.locks[number]?.code });
    await untilOnline(`/iqs/${iqId}`);
    await requests.ask('PUT', `/v1.2/iqs/${iqId}/tree`, {
      token,
      status: 204,
      body: { iq_tree_items: [{ id: lockId, parent_id: null, hardware_type: 'lock' }] },
    });
    await untilOnline(`/locks/${lockId}`);
    await at(number).call('begin', hubOf(number));
    iqIds.push(iqId);
  }

  return {
    iqIds,
    at,
    async kill(number) {
      await at(number).kill();
      await plugIn(hubOf(number));
    },
    async witnessed(number) {
      const text = await readFile(witnessOf(number), 'utf8');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}
