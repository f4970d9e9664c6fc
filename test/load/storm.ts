/**
 * `npm run storm`: hubs that write events all the time, while a seed decides what is killed, broken or moved next: the server, the
 * gateway, PostgreSQL, hubs, lines, disks, clocks. At the end everything is mended, and each hub's own ledger is compared with the store.
 * Ends with 1 when one event is lost, doubled or out of order. `--seconds 600 --seed 7 --hubs 6 --json`.
 */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { locateCluster, prepareBase } from '#server/runtime/postgres-cluster';
import { findPostmaster } from '#server/runtime/postgres-postmaster';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { onBed, serverSettings, type Bed, type BedDatabase } from './bed.ts';
import type { Program } from './programs.ts';
import { createRequests } from './requests.ts';
import { seedTenant } from './seed.ts';
import { openStormHubs, type StormHubs, type StormServer } from './storm-house.ts';
import { drawStrike, randomOf, type Strike } from './storm-strikes.ts';
import { judgeHub, sumOf, type Stored, type StoredEvent, type Verdict } from './storm-verdict.ts';

type Options = {
  readonly seconds: number;
  readonly seed: number;
  readonly hubs: number;
  readonly isJson: boolean;
};

type Report = Verdict & {
  readonly seed: number;
  readonly seconds: number;
  readonly hubs: number;
  readonly strikes: Readonly<Record<string, number>>;
};

const pressEveryMs = 40;
const longestPauseMs = 2_500;
/** As a supervisor of services would: what ends by itself is started again. */
const startAgainAfterMs = 1_000;
const mendedWithinMs = 120_000;

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      hubs: { type: 'string', default: '6' },
      json: { type: 'boolean', default: false },
    },
  });
  const [seconds, seed, hubs] = [Number(values.seconds), Number(values.seed), Number(values.hubs)];
  if (!(seconds > 0) || !Number.isInteger(seed) || !Number.isInteger(hubs) || hubs < 1)
    throw new Error('usage: npm run storm -- [--seconds 600] [--seed 7] [--hubs 6] [--json]');
  return { seconds, seed, hubs, isJson: values.json };
}

/** The two halves of a server, each in a process that can be killed. */
type Halves = StormServer & {
  readonly place: BedDatabase;
  restart(half: 'server' | 'gateway'): Promise<void>;
  /** What ends from here on may end. */
  close(): void;
};

async function startHalves(bed: Bed): Promise<Halves> {
  const place = await bed.createDatabase('storm');
  const client = await seedTenant(place.database);
  const dataDir = await mkdtemp(join(bed.folder, 'server-'));
  const [httpPort, ownPort, mqttPort] = [await freePort(), await freePort(), await freePort()];
  const roles = { server: 'http,stream,jobs', gateway: 'gateway' } as const;
  const programs = new Map<keyof typeof roles, Program>();
  let isClosing = false;
  const start = (half: keyof typeof roles): void => {
    const env = serverSettings({
      DATABASE_URL: place.url,
      dataDir,
      httpPort: half === 'server' ? httpPort : ownPort,
      mqttPort,
    });
    const options = { cwd: dataDir, env: { ...env, ROLES: roles[half] } };
    const program = bed.startProgram('../../server/main', options);
    programs.set(half, program);
    void program.ended.then(async () => {
      if (programs.get(half) !== program || isClosing) return;
      process.stderr.write(`the ${half} ended by itself:\n${program.said()}`);
      await wait(startAgainAfterMs);
      if (programs.get(half) === program && !isClosing) start(half);
    });
  };

  const requests = createRequests(`http://127.0.0.1:${String(httpPort)}`);
  const gateway = createRequests(`http://127.0.0.1:${String(ownPort)}`);
  bed.onClose(() => Promise.resolve(requests.close()));
  bed.onClose(() => Promise.resolve(gateway.close()));
  // The keys of a data folder are made by one process at a time.
  start('gateway');
  await until(() => gateway.answers('/ready'), {
    timeoutMs: 60_000,
    what: () => `the gateway is up; it said: ${programs.get('gateway')?.said() ?? ''}`,
  });
  start('server');
  await until(() => requests.isUp(), {
    timeoutMs: 60_000,
    what: () => `the server is up; it said: ${programs.get('server')?.said() ?? ''}`,
  });
  const token = await requests.token({
    ...client,
    grant_type: 'client_credentials',
    scope: 'core_api.full',
  });
  return {
    place,
    requests,
    mqttPort,
    caPath: join(dataDir, 'device-ca.pem'),
    token,
    close() {
      isClosing = true;
    },
    async restart(half) {
      const former = programs.get(half);
      programs.delete(half);
      await former?.kill();
      start(half);
    },
  };
}

/** Kills the postmaster; its supervisor starts another one. */
function killPostgres({ folder }: Bed): void {
  const found = findPostmaster(locateCluster(prepareBase(join(folder, 'postgres'))));
  if (found?.isOurs === true) process.kill(found.pid, 'SIGKILL');
}

type Ground = { readonly bed: Bed; readonly halves: Halves; readonly hubs: StormHubs };

async function perform(strike: Strike, { bed, halves, hubs }: Ground): Promise<void> {
  switch (strike.kind) {
    case 'kill_server':
      return halves.restart('server');
    case 'kill_gateway':
      return halves.restart('gateway');
    case 'kill_postgres':
      return killPostgres(bed);
    case 'kill_hub':
      return hubs.kill(strike.hub);
    case 'half_open':
    case 'cut':
      await hubs.at(strike.hub).call('link', strike.kind);
      await wait(strike.forMs);
      return hubs.at(strike.hub).call('link', 'up');
    case 'fill_disk':
      await hubs.at(strike.hub).call('fillDisk');
      await wait(strike.forMs);
      return hubs.at(strike.hub).call('freeDisk');
    case 'move_clock':
      return hubs.at(strike.hub).call('moveClock', strike.byMs);
  }
}

async function storm(ground: Ground, { seconds, seed, hubs }: Options): Promise<Report['strikes']> {
  const random = randomOf(seed);
  const counts: Record<string, number> = {};
  const until = performance.now() + seconds * 1_000;
  /** Each thing suffers one strike at a time. */
  const busy = new Map<string, Promise<void>>();
  while (performance.now() < until) {
    const strike = drawStrike(random, hubs);
    const struck = 'hub' in strike ? `hub ${String(strike.hub)}` : strike.kind;
    const pauseMs = random() * longestPauseMs;
    if (!busy.has(struck)) {
      counts[strike.kind] = (counts[strike.kind] ?? 0) + 1;
      const done = perform(strike, ground).finally(() => busy.delete(struck));
      busy.set(struck, done);
      process.stderr.write(`${strike.kind}${'hub' in strike ? ` ${String(strike.hub)}` : ''}\n`);
    }
    await Promise.all([wait(pauseMs), busy.size > hubs ? Promise.race(busy.values()) : undefined]);
  }
  await Promise.all(busy.values());
  return counts;
}

/** What is stored of an IQ's hub, in the order of the numbers that readers follow. */
async function storedOf({ place }: Halves, iqId: string): Promise<Stored> {
  const { rows: events } = await place.database.pool.query<StoredEvent>(
    `select boot, sequence::int, id from (
       select number, boot::int, sequence, id from entries where iq_id = $1
       union all select number, boot::int, sequence, id from incidents where iq_id = $1 and sequence > 0) as events
     order by number`,
    [iqId],
  );
  const { rows } = await place.database.pool.query<{ id: string }>(
    `select c.id from lock_conditions c join locks l on l.tenant_id = c.tenant_id and l.id = c.lock_id
      where l.iq_id = $1`,
    [iqId],
  );
  return { events, conditions: new Set(rows.map(({ id }) => id)) };
}

/** Lets every ledger be told to its end, then compares. */
async function judge({ halves, hubs }: Ground, { hubs: count }: Options): Promise<Verdict> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  await Promise.all(numbers.map((number) => hubs.at(number).call('rest')));
  const verdicts = await Promise.all(
    numbers.map(async (number) => {
      const iqId = hubs.iqIds[number] ?? '';
      const compare = async (): Promise<Verdict> =>
        judgeHub(await hubs.witnessed(number), await storedOf(halves, iqId));
      const isTold = async (): Promise<Verdict | null> => {
        const verdict = await compare().catch(() => null);
        return verdict?.lost === 0 && verdict.written > 0 ? verdict : null;
      };
      const what = `hub ${String(number)} has told everything`;
      return until(isTold, { timeoutMs: mendedWithinMs, what }).catch(compare);
    }),
  );
  return sumOf(verdicts);
}

async function run(): Promise<void> {
  const options = readOptions();
  const { seconds, seed, hubs: count } = options;
  const report = await onBed({ isQuick: false }, async (bed): Promise<Report> => {
    const halves = await startHalves(bed);
    const hubs = await openStormHubs(bed, { server: halves, hubs: count, pressEveryMs });
    const ground = { bed, halves, hubs };
    const strikes = await storm(ground, options);
    const verdict = await judge(ground, options);
    halves.close();
    return { seed, seconds, hubs: count, strikes, ...verdict };
  });
  process.stdout.write(options.isJson ? `${JSON.stringify(report)}\n` : textOf(report));
  const isWhole = report.lost === 0 && report.doubled === 0 && report.outOfOrder === 0;
  if (!isWhole || report.stored === 0) process.exitCode = 1;
}

function textOf({ seed, seconds, hubs, strikes, written, stored, ...faults }: Report): string {
  const struck = Object.entries(strikes).map(([kind, times]) => `${kind} ${String(times)}`);
  return `seed ${String(seed)}, ${String(seconds)} s, ${String(hubs)} hubs; ${struck.join(', ')}
written ${String(written)}, stored ${String(stored)}: ${String(faults.lost)} lost, ${String(faults.doubled)} doubled, ${String(faults.outOfOrder)} out of order
${faults.examples.map((example) => `${example}\n`).join('')}`;
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
});
