/** From the start of the process until it answers, beside the embedded PostgreSQL alone: with data there, and in an empty folder. */
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { freshFolder, serverSettings, type Bed } from './bed.ts';
import type { Measure } from './measure.ts';
import { createRequests } from './requests.ts';
import { inTurns } from './statistics.ts';

export const startTime: Measure = {
  name: 'start-time',
  async run({ bed }) {
    const rounds = bed.isQuick ? 1 : 3;
    const folders = {
      floor: await freshFolder(bed, 'floor'),
      ours: await freshFolder(bed, 'ours'),
    };
    const first = await inTurns(rounds, {
      floor: async () => startPostgres(bed, await freshFolder(bed, 'floor')),
      ours: async () => startServer(bed, await freshFolder(bed, 'ours')),
    });
    const later = await inTurns(rounds, {
      floor: () => startPostgres(bed, folders.floor),
      ours: () => startServer(bed, folders.ours),
    });
    return [
      {
        what: 'ready after a start',
        unit: 'ms',
        ...later,
        budget: { kind: 'floor_plus_at_most', limit: 1_500 },
      },
      {
        what: 'ready after the first start',
        unit: 'ms',
        ...first,
        budget: { kind: 'floor_plus_at_most', limit: 4_000 },
      },
    ];
  },
};

async function startPostgres(bed: Bed, dataDir: string): Promise<number> {
  const began = performance.now();
  const program = bed.startProgram('./floor-postgres', { args: [dataDir] });
  await program.call('ready');
  const tookMs = performance.now() - began;
  await program.stop();
  return tookMs;
}

async function startServer(bed: Bed, dataDir: string): Promise<number> {
  const [httpPort, mqttPort] = [await freePort(), await freePort()];
  const requests = createRequests(`http://127.0.0.1:${String(httpPort)}`);
  const began = performance.now();
  const program = bed.startProgram('../../server/main', {
    cwd: dataDir,
    env: serverSettings({ dataDir, httpPort, mqttPort }),
  });
  await until(() => requests.isUp(), { timeoutMs: 60_000, what: 'the server answers' });
  const tookMs = performance.now() - began;
  requests.close();
  await program.stop();
  return tookMs;
}
