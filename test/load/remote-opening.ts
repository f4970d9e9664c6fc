/**
 * A door opened from afar, from the request to the lock's confirmation by the real hub software; the lock answers its hub
 * without any delay. Beside it an MQTT round trip over TLS between two durable commits.
 */
import type { Measure } from './measure.ts';
import { startFloorLink } from './floor-link-client.ts';
import type { House } from './house.ts';
import { connectSpeakers, leaveAll } from './hub-speaker.ts';
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
      if (frame === 'command') void hub.say('outcome', payload);
    });
    const times = bed.isQuick ? 10 : 40;
    const floor = async (): Promise<number> =>
      median(await program.call<number[]>('open', { hubId: hub.hub.hubId, times }));
    const ours = (): Promise<number> => openDoors(found, { doors, times });
    await floor();
    await ours();
    const result = await inTurns(bed.isQuick ? 1 : 5, { floor, ours });
    await leaveAll([hub]);
    await program.stop();
    return [
      {
        what: 'remote opening, request to confirmation',
        unit: 'ms',
        ...result,
        budget: { kind: 'ratio_at_most', limit: 2.5 },
      },
    ];
  },
};

async function openDoors(
  { server, token }: Stage,
  { doors, times }: { readonly doors: House; readonly times: number },
): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const id = doors.lockIds[time % doors.lockIds.length] ?? '';
    const { tookMs } = await server.requests.timed('PATCH', `/v1.2/locks/${id}/locking`, {
      token,
      body: { locked_state: 'unlocked' },
    });
    took.push(tookMs);
  }
  return median(took);
}
