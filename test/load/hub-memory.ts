/** What the server's memory grows by for each connected IQ over TLS, beside a bare aedes with as many clients. */
import { readFile } from 'node:fs/promises';
import { startFloorLink } from './floor-link-client.ts';
import { connectSpeakers, leaveAll, type Address } from './hub-speaker.ts';
import type { Measure } from './measure.ts';
import type { Memory } from './memory.ts';
import type { Program } from './programs.ts';
import type { SeededHub } from './seed.ts';

/** The share of hubs that is connected and gone again before anything is counted, so that code and pools are there. */
const warmingUp = 0.05;

export const hubMemory: Measure = {
  name: 'hub-memory',
  async run({ bed, stage }) {
    const { place, hubs } = await stage();
    const bare = await startFloorLink(bed, place.url);
    const floor = await growth(bare.program, { address: bare.address, hubs, isGreeting: false });
    await bare.program.stop();
    // A server of its own: what others left in the caches of the stage's server is not ours to count.
    const fresh = await bed.startServer(place);
    const address = { port: fresh.mqttPort, ca: await readFile(fresh.caPath) };
    const ours = await growth(fresh.program, { address, hubs, isGreeting: true });
    await fresh.program.stop();
    const figure = (kind: keyof Memory, name: string) => ({
      what: `memory for each of ${String(hubs.length)} IQs with TLS${name}`,
      unit: 'KiB',
      floor: floor[kind] / hubs.length / 1_024,
      ours: ours[kind] / hubs.length / 1_024,
    });
    return [
      { ...figure('rssBytes', ''), budget: { kind: 'ratio_at_most', limit: 1.3 } },
      { ...figure('heapBytes', ', in the heap'), budget: { kind: 'none' } },
    ];
  },
};

type Connecting = {
  readonly address: Address;
  readonly hubs: readonly SeededHub[];
  /** A bare broker knows no greeting. */
  readonly isGreeting: boolean;
};

async function growth(
  program: Program,
  { address, hubs, isGreeting }: Connecting,
): Promise<Memory> {
  const connect = (some: readonly SeededHub[]) =>
    connectSpeakers({ ...address, greeting: isGreeting ? 'hello' : 'none' }, some);
  await leaveAll(await connect(hubs.slice(0, Math.ceil(hubs.length * warmingUp))));
  const before = await program.call<Memory>('memory');
  const speakers = await connect(hubs);
  const after = await program.call<Memory>('memory');
  await leaveAll(speakers);
  return {
    rssBytes: after.rssBytes - before.rssBytes,
    heapBytes: after.heapBytes - before.heapBytes,
  };
}
