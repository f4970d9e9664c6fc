/**
 * A door opened from afar, from the request to the lock's confirmation by the real hub software; the lock answers its hub
 * without any delay. Beside it an MQTT round trip over TLS between two durable commits.
 */
import { readFile } from 'node:fs/promises';
import type { Frame } from '#contract/iq-link';
import type { Measure } from './measure.ts';
import { startFloorLink } from './floor-link-client.ts';
import { connectSpeakers, leaveAll, type Speaker } from './hub-speaker.ts';
import type { Stage } from './stage.ts';
import { inTurns, median } from './statistics.ts';

export const remoteOpening: Measure = {
  name: 'remote-opening',
  async run({ bed, stage, house }) {
    const [found, doors] = [await stage(), await house()];
    const { program, address } = await startFloorLink(bed, found.place.url);
    const [hub] = await connectSpeakers(address, found.hubs.slice(0, 1));
    if (hub === undefined) throw new Error('the stage has no hubs');
    hub.onFrame((frame, payload) => {
      if (frame === 'command') hub.tell('outcome', payload);
    });
    const times = bed.isQuick ? 10 : 40;
    const floor = async (): Promise<number> =>
      median(await program.call<number[]>('open', { hubId: hub.hub.hubId, times }));
    const ours = (): Promise<number> => openDoors(found, { lockIds: doors.lockIds, times });
    const quick = await connectQuickHub(found);
    const openQuick = (): Promise<number> =>
      openDoors(found, { lockIds: [quick.hub.lockId], times });
    await floor();
    await ours();
    const serverOnly = await inTurns(bed.isQuick ? 1 : 5, { floor, ours: openQuick });
    const result = await inTurns(bed.isQuick ? 1 : 5, { floor, ours });
    await leaveAll([hub, quick]);
    await program.stop();
    return [
      {
        what: 'remote opening, with a hub that confirms at once',
        unit: 'ms',
        ...serverOnly,
        budget: { kind: 'none' },
      },
      {
        what: 'remote opening, request to confirmation',
        unit: 'ms',
        ...result,
        budget: { kind: 'ratio_at_most', limit: 2.5 },
      },
    ];
  },
};

/** A hub without software of ours: what is left is the server's own share. */
async function connectQuickHub({ server, hubs }: Stage): Promise<Speaker> {
  const address = { port: server.mqttPort, ca: await readFile(server.caPath) };
  const [speaker] = await connectSpeakers(address, hubs.slice(0, 1));
  if (speaker === undefined) throw new Error('the stage has no hubs');
  speaker.onFrame((frame, payload) => {
    if (frame !== 'command') return;
    const { id } = JSON.parse(payload.toString('utf8')) as Frame<'command'>;
    const outcome: Frame<'outcome'> = {
      id,
      result: 'confirmed',
      word: null,
      at: new Date().toISOString(),
    };
    speaker.tell('outcome', JSON.stringify(outcome));
  });
  await speaker.greet();
  return speaker;
}

async function openDoors(
  { server, token }: Stage,
  { lockIds, times }: { readonly lockIds: readonly string[]; readonly times: number },
): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const id = lockIds[time % lockIds.length] ?? '';
    const { tookMs } = await server.requests.timed('PATCH', `/v1.2/locks/${id}/locking`, {
      token,
      body: { locked_state: 'unlocked' },
    });
    took.push(tookMs);
  }
  return median(took);
}
