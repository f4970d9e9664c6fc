/**
 * `npm run bench`: measures the budgets of docs/benchmarks.md, each beside its floor in the same run, prints them as a table
 * and writes bench.json. `--only name,…` picks measures, `--quick` takes less data and time. Ends with 1 only when a measure
 * could not be taken: a missed budget is a line of the table, as the machine may be busy.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { onBed } from './bed.ts';
import { decisionTime } from './decision-time.ts';
import { eventErasure } from './event-erasure.ts';
import { eventCrowd } from './event-crowd.ts';
import { eventExport } from './event-export.ts';
import { eventLatency } from './event-latency.ts';
import { eventRate } from './event-rate.ts';
import { growth } from './growth.ts';
import { openHouse, type House } from './house.ts';
import { hubLedger } from './hub-ledger.ts';
import { hubMemory } from './hub-memory.ts';
import { lockList } from './lock-list.ts';
import { lockRead } from './lock-read.ts';
import type { Ground, Measure } from './measure.ts';
import { judge, tableText, type ReportLine } from './report.ts';
import { remoteOpening } from './remote-opening.ts';
import { signIn } from './sign-in.ts';
import { openStage, sizeOf, type Stage } from './stage.ts';
import { startTime } from './start-time.ts';
import { tableChange } from './table-change.ts';

const measures: readonly Measure[] = [
  lockRead,
  lockList,
  remoteOpening,
  eventLatency,
  eventCrowd,
  eventRate,
  eventErasure,
  eventExport,
  hubLedger,
  hubMemory,
  tableChange,
  decisionTime,
  signIn,
  startTime,
  growth,
];

const usage = `usage: npm run bench -- [--only name,…] [--quick]
  measures: ${measures.map(({ name }) => name).join(', ')}`;

function readOptions(): { readonly isQuick: boolean; readonly chosen: readonly Measure[] } {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
  });
  const names = values.only?.split(',') ?? measures.map(({ name }) => name);
  const unknown = names.filter((name) => !measures.some((measure) => measure.name === name));
  if (unknown.length > 0) throw new Error(`There is no measure ${unknown.join(', ')}.\n${usage}`);
  return {
    isQuick: values.quick,
    chosen: measures.filter(({ name }) => names.includes(name)),
  };
}

async function run(): Promise<void> {
  const { isQuick, chosen } = readOptions();
  const lines: ReportLine[] = [];
  const failed: string[] = [];
  const began = performance.now();
  await onBed({ isQuick }, async (bed) => {
    let opened: Promise<Stage> | undefined;
    let inhabited: Promise<House> | undefined;
    const stage = (): Promise<Stage> =>
      (opened ??= openStage(bed, { name: 'usual', size: sizeOf(bed) }));
    const house = (): Promise<House> =>
      (inhabited ??= stage().then((found) =>
        openHouse(bed, { stage: found, hubs: isQuick ? 20 : 100 }),
      ));
    const ground: Ground = { bed, stage, house };
    for (const measure of chosen) {
      const startedAt = performance.now();
      process.stderr.write(`${measure.name} … `);
      try {
        const figures = await measure.run(ground);
        const judged = figures.map((figure) => judge(measure.name, figure));
        lines.push(...judged);
        process.stderr.write(`\n${tableText(judged)}\n`);
      } catch (error) {
        failed.push(measure.name);
        console.error(error);
      }
      process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`);
    }
  });
  const machine = {
    node: process.versions.node,
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
  };
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`\n${tableText(lines)}\n`);
  console.log(
    `Node ${machine.node} on ${String(machine.cpus)} × ${machine.model}, ${String(seconds)} s${isQuick ? ', quick' : ''}`,
  );
  const json = { at: new Date().toISOString(), isQuick, machine, seconds, failed, lines };
  writeFileSync('bench.json', `${JSON.stringify(json, undefined, 2)}\n`);
  if (failed.length > 0) {
    console.error(`Could not be measured: ${failed.join(', ')}.`);
    process.exitCode = 1;
  }
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
