/**
 * The ledger of a hub with a million events: writing one and many, starting, and what it takes of memory. Beside the writing a bare
 * file that gets the same bytes with as many syncs.
 */
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventDraft } from '#iq/ledger-record';
import { Ledger } from '#iq/ledger';
import type { Measure } from './measure.ts';
import { memory } from './memory.ts';
import { freshFolder } from './bed.ts';
import { percentile } from './statistics.ts';

/** As many as the ledger writes with one sync. */
const burst = 500;
const singles = 300;

export const hubLedger: Measure = {
  name: 'hub-ledger',
  async run({ bed }) {
    const events = bed.isQuick ? 50_000 : 1_000_000;
    const folder = await freshFolder(bed, 'ledger');
    const filling = openLedger(folder, 1);
    await filling.open();
    const ours = await perSecond(events, () => append(filling, burst));
    const sample = await sampleOf(folder);
    const bare = await open(join(folder, 'bare'), 'a');
    const floor = await perSecond(events / 10, async () => {
      await bare.appendFile(sample.repeat(burst));
      await bare.datasync();
    });
    const oneMs = await timesOf(singles, () => append(filling, 1));
    const bareMs = await timesOf(singles, async () => {
      await bare.appendFile(sample);
      await bare.datasync();
    });
    await bare.close();
    await rm(join(folder, 'bare'));
    await filling.close();

    const before = await memory();
    const ledger = openLedger(folder, 2);
    const [startMs = 0] = await timesOf(1, () => ledger.open());
    const after = await memory();
    const [readMs = 0] = await timesOf(1, async () => {
      const first = await ledger.read(null, { limit: 200, maxBytes: 256 * 1024 });
      if (first[0]?.event.sequence !== 1) throw new Error('the oldest event has gone');
    });
    await ledger.close();
    await rm(folder, { recursive: true });
    const what = `with ${events.toLocaleString('en')} events`;
    const none = { kind: 'none' } as const;
    const megabytes = (after.heapBytes - before.heapBytes) / 1e6;
    return [
      { what: `events into a ledger ${what}`, unit: 'events/s', floor, ours, budget: none },
      {
        what: 'one event until it is on the disk, p50',
        unit: 'ms',
        floor: percentile(bareMs, 0.5),
        ours: percentile(oneMs, 0.5),
        budget: none,
      },
      {
        what: 'one event until it is on the disk, p99',
        unit: 'ms',
        floor: percentile(bareMs, 0.99),
        ours: percentile(oneMs, 0.99),
        budget: none,
      },
      { what: `ledger opened ${what}`, unit: 'ms', floor: null, ours: startMs, budget: none },
      { what: `first batch read ${what}`, unit: 'ms', floor: null, ours: readMs, budget: none },
      {
        what: `memory of a ledger ${what}`,
        unit: 'MB',
        floor: null,
        ours: megabytes,
        budget: none,
      },
    ];
  },
};

function openLedger(folder: string, boot: number): Ledger {
  return new Ledger({
    folder,
    boot: () => boot,
    onRecorded: () => undefined,
    onDropped: (events) => {
      throw new Error(`${String(events)} events were dropped`);
    },
    onDamaged: () => undefined,
    onWritable: () => undefined,
  });
}

function draft(): EventDraft {
  const at = new Date().toISOString();
  return {
    kind: 'entry',
    lock_id: '7f3f1d52-1a52-4a0b-9f0d-0d3a2f6f9b11',
    category: 'lock_opened',
    detail: null,
    accessor_id: '0a4b7d0e-53b5-4dc1-8d0f-6b7a8f1c2d33',
    access_by: 'tag',
    access_detail: '00007527',
    exit_requested: false,
    reject_reason: null,
    at,
    local: at.slice(0, 19),
  };
}

async function append(ledger: Ledger, events: number): Promise<void> {
  await Promise.all(Array.from({ length: events }, () => ledger.append(draft())));
}

/** Events a second of an act that writes a burst. */
async function perSecond(events: number, act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  for (let written = 0; written < events; written += burst) await act();
  return events / ((performance.now() - began) / 1_000);
}

async function timesOf(times: number, act: () => Promise<void>): Promise<readonly number[]> {
  const found: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await act();
    found.push(performance.now() - began);
  }
  return found;
}

/** A line as the ledger writes it. */
async function sampleOf(folder: string): Promise<string> {
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.log'));
  const file = await open(join(folder, name));
  try {
    for await (const line of file.readLines()) return `${line}\n`;
    throw new Error('nothing was written');
  } finally {
    await file.close().catch(() => undefined);
  }
}
