import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findRunningPostgres } from '#server/runtime/running-postgres';
import { TableSum } from '#server/store/backups';
import { createDatabase, type Database } from '#server/store/pool';
import { manyHubs } from '#simulator/many-hubs';
import {
  startTestBuilding,
  tag,
  untilSynced,
  type Admitted,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { itemsOf } from '#test/kit/core';
import { silentLog } from '#test/kit/database';
import { buildProduct, untilReady, type BuiltProduct, type Program } from '#test/kit/programs';
import { until } from '#test/kit/wait';

const hubs = 3;
const patienceMs = 60_000;

let product: BuiltProduct;
let cardea: TestServer;
let house: TestBuilding;
let folder: string;
/** The server on the restored folder, and its database as its owner sees it. */
let server: Program | undefined;
let restored: Database | undefined;

beforeAll(async () => {
  [product, cardea] = await Promise.all([buildProduct(), startTestServer()]);
  folder = await mkdtemp(join(tmpdir(), 'cardea-backups-'));
  house = await startTestBuilding(cardea, {
    building: manyHubs({ hubs }),
    dataDir: join(folder, 'hubs'),
  });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await restored?.close();
  await server?.terminate();
  await product.remove();
  await cardea.stop();
  await rm(folder, { recursive: true, force: true });
});

const Report = Type.Object({
  rows: Type.Integer(),
  tables: Type.Array(TableSum),
  audit: Type.Array(Type.Unknown()),
  files: Type.Optional(Type.Array(Type.String())),
});

async function run(...args: readonly string[]): Promise<Static<typeof Report>> {
  const program = product.start('cli/main', { args: [...args, '--json'] });
  const code = await program.ended;
  expect([args[0], code, code === 0 ? '' : program.said()]).toEqual([args[0], 0, '']);
  return Value.Parse(Report, JSON.parse(program.said()));
}

/** Somebody leaves through every door again and again, and people come, until it is told to end. */
function beginLoad(): () => Promise<void> {
  const ending = new AbortController();
  const presses = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await Promise.all(house.simulated.locks.map((lock) => lock.pressHandle()));
      await wait(20);
    }
  };
  const changes = async (): Promise<void> => {
    for (let number = 1; !ending.signal.aborted; number += 1)
      await house.admit({ tagNumber: `0000${String(5_000 + number)}`, locks: ['Door 3'] });
  };
  const both = Promise.all([presses(), changes()]);
  return async () => {
    ending.abort();
    await both;
  };
}

async function did(door: string, tagNumber: string): Promise<string> {
  return (await house.simulated.lock(door).present(tag(tagNumber))).did;
}

async function countOf(database: Database, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await database.pool.query<{ count: string }>(text, values);
  return Number(rows[0]?.count);
}

const events = '(select number from entries union all select number from incidents) e';

async function remove(key: Admitted): Promise<void> {
  const answer = await cardea.ask('DELETE', `/accessors/${key.accessorId}/keys/${key.keyId}`);
  expect([answer.status, answer.text]).toEqual([204, '']);
}

it('restores what was backed up under load; doors are as it says, hubs come back, and no number is given twice', async () => {
  const early = await house.admit({ tagNumber: '00001001', locks: ['Door 1'] });
  const end = beginLoad();
  await until(() => countOf(cardea.database, 'select count(*) from entries').then((n) => n > 30), {
    what: 'the doors tell of people',
  });
  const file = join(folder, 'house.backup');
  const taken = await run(
    'backup',
    ...Object.entries({
      out: file,
      scratch: folder,
      database: cardea.databaseUrl,
      data: cardea.dataDir,
    }).flatMap(([name, value]) => [`--${name}`, value]),
  );
  expect(taken.rows).toBeGreaterThan(100);
  expect(taken.files).toEqual(
    expect.arrayContaining(['seal.key', 'identity.key', 'device-ca.key']),
  );

  // What comes after it is lost with the machine, and known by hubs and readers of events alone.
  await remove(early);
  await house.admit({ tagNumber: '00002002', locks: ['Door 1'] });
  await end();
  await untilSynced(cardea);
  expect([await did('Door 1', '00001001'), await did('Door 1', '00002002')]).toEqual([
    'refused',
    'opened',
  ]);
  const backedUp = taken.tables.find(({ table }) => table === 'desired_items')?.rows ?? 0;
  const known = await countOf(cardea.database, 'select count(*) from desired_items');
  expect(known).toBeGreaterThan(backedUp);
  const lastNumber = await countOf(cardea.database, `select max(number) as count from ${events}`);
  await cardea.pause();
  await house.simulated.lock('Door 2').pressHandle();

  const data = join(folder, 'restored');
  const report = await run('restore', '--file', file, '--data', data);
  expect(report.tables).toEqual(taken.tables);
  expect(report.audit).toEqual(taken.audit);
  const started = product.start('server/main', {
    env: {
      CARDEA_HTTP_PORT: new URL(cardea.url).port,
      CARDEA_MQTT_PORT: String(cardea.mqttPort),
      CARDEA_DATA_DIR: data,
      CARDEA_DEMO: 'none',
      LOG_LEVEL: 'warn',
    },
  });
  server = started;
  await untilReady(cardea.url, started);

  await until(
    async () => {
      const iqs = await itemsOf(cardea, '/iqs');
      return iqs.every((iq) => iq['online'] === true && iq['data_sync_state'] === 'synced');
    },
    { what: 'every hub is back and holds what the restored database says', timeoutMs: patienceMs },
  );
  expect([await did('Door 1', '00001001'), await did('Door 1', '00002002')]).toEqual([
    'opened',
    'refused',
  ]);
  const open = await cardea.ask('PATCH', `/locks/${house.lockId('Door 2')}/locking`, {
    body: { locked_state: 'unlocked' },
  });
  expect([open.status, open.text]).toEqual([200, expect.any(String)]);

  const found = findRunningPostgres(data);
  if (found === undefined) throw new Error('the restored database does not run');
  restored = createDatabase({ config: found, log: silentLog() });
  const database = restored;
  await until(
    () =>
      countOf(database, `select count(*) from ${events} where number > $1`, [lastNumber]).then(
        (n) => n >= 4,
      ),
    {
      what: 'the doors tell on',
      timeoutMs: patienceMs,
    },
  );
  const inBackup = ['entries', 'incidents'].flatMap((kind) =>
    taken.tables.filter(({ table }) => table.startsWith(kind)).map(({ rows }) => rows),
  );
  expect(
    await countOf(database, `select count(*) from ${events} where number <= $1`, [lastNumber]),
  ).toBe(inBackup.reduce((sum, rows) => sum + rows, 0));
  const verified = product.start('cli/main', { args: ['audit', 'verify', '--data', data] });
  expect([await verified.ended, verified.said()]).toEqual([
    0,
    expect.stringContaining('Nothing was touched.'),
  ]);
}, 360_000);
