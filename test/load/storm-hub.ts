/**
 * One hub with one door in a process of its own, for the storm: somebody leaves through the door all the time. Each event that its
 * ledger has taken is also written down as `sequence id kind` (storm-verdict.ts) in a witness file, which outlives the process.
 */
import { appendFileSync } from 'node:fs';
import { createBuilding, type SimulatedBuilding } from '#simulator/building';
import { manyHubs } from '#simulator/many-hubs';
import type { LinkState } from '#simulator/link';
import { offer } from './programs.ts';

export type StormHub = {
  /** Which of the hubs of the building it is, from 0. */
  readonly number: number;
  readonly hubs: number;
  readonly server: string;
  readonly ca: string;
  readonly dataDir: string;
  /** null = nobody comes through the door yet, and nothing is written down. */
  readonly witness: string | null;
  readonly pressEveryMs: number;
};

export type StormHubView = { readonly link: string | null };

let house: SimulatedBuilding | null = null;
let presses: NodeJS.Timeout | undefined;
let witness: string | null = null;
/** What a hub with a full disk holds in memory goes with it when it is killed (docs/decisions/0156): nobody vouches for it. */
let isInMemory = false;
/** What the hub told of battery and radio before it had a witness. */
const early: string[] = [];
let written: NodeJS.Timeout | undefined;
/** By then the disk has taken what was held. */
const writtenAfterMs = 10_000;

function running(): SimulatedBuilding {
  if (house === null) throw new Error('the hub was not plugged in');
  return house;
}

function theHub() {
  const [hub] = running().hubs;
  if (hub === undefined) throw new Error('the building has one hub');
  return hub;
}

function begin(path: string, everyMs: number): void {
  witness = path;
  for (const line of early.splice(0)) appendFileSync(path, line);
  presses = setInterval(() => {
    // A hub at its end answers nobody.
    for (const lock of running().locks) lock.pressHandle().catch(() => undefined);
  }, everyMs);
}

offer({
  async plugIn({ number, hubs, server, ca, dataDir, witness: path, pressEveryMs }: StormHub) {
    const all = manyHubs({ hubs });
    house = createBuilding({
      building: {
        ...all,
        hubs: all.hubs.slice(number, number + 1),
        locks: all.locks.slice(number, number + 1),
      },
      server,
      ca,
      dataDir,
      activity: 'off',
      latencyMs: 0,
      clockCorrection: 'server',
    });
    house.onEvent((_hub, { kind, sequence, id }) => {
      const line = `${String(sequence)} ${id}`;
      const isCondition = kind === 'lock_condition';
      if (witness === null && isCondition) early.push(`${line} early\n`);
      if (witness === null || isInMemory) return;
      appendFileSync(witness, `${line} ${isCondition ? 'condition' : 'event'}\n`);
    });
    if (path !== null) begin(path, pressEveryMs);
    await house.start();
  },
  begin: ({ witness: path, pressEveryMs }: StormHub) => begin(path ?? '', pressEveryMs),
  view: (): StormHubView => ({ link: theHub().view()?.link ?? null }),
  link: (state: Exclude<LinkState, 'mute'>) => theHub().setLink(state),
  fillDisk() {
    clearTimeout(written);
    isInMemory = true;
    theHub().fillDisk();
  },
  freeDisk() {
    theHub().freeDisk();
    written = setTimeout(() => (isInMemory = false), writtenAfterMs);
  },
  moveClock: (ms: number) => running().clock.move(ms),
  /** Nobody comes through the door any more. */
  rest: () => clearInterval(presses),
});
