import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { migrate } from './migrate.ts';
import { createDatabase } from './pool.ts';

let held: TestDatabase;
let directory: string;
const log = silentLog();

beforeEach(async () => {
  held = await createTestDatabase();
  await held.database.pool.query('DROP TABLE schema_migrations');
  directory = mkdtempSync(join(tmpdir(), 'cardea-migrations-'));
  write('0001-doors.sql', 'CREATE TABLE test_doors (id int); INSERT INTO test_doors VALUES (1);');
  write('0002-hinges.sql', 'ALTER TABLE test_doors ADD COLUMN hinge text;');
});

afterEach(async () => {
  await held.drop();
  rmSync(directory, { recursive: true });
});

function write(name: string, sql: string): void {
  writeFileSync(join(directory, name), sql);
}

const run = () => migrate({ database: held.database, log, directory });

async function doors(): Promise<unknown[]> {
  return (await held.database.pool.query<{ id: number }>('SELECT * FROM test_doors')).rows;
}

test('migrations are applied once, in order', async () => {
  expect(await run()).toEqual(['0001-doors', '0002-hinges']);
  expect(await run()).toEqual([]);
  expect(await doors()).toEqual([{ id: 1, hinge: null }]);
});

test('a migration added later is applied to a database that has the earlier ones', async () => {
  await run();
  write('0003-bolts.sql', 'ALTER TABLE test_doors ADD COLUMN bolt text;');
  expect(await run()).toEqual(['0003-bolts']);
});

test('eight processes that start together apply each migration once', async () => {
  const databases = Array.from({ length: 8 }, () => createDatabase({ config: held.config, log }));
  try {
    const applied = await Promise.all(
      databases.map((database) => migrate({ database, log, directory })),
    );
    expect(applied.flat().sort()).toEqual(['0001-doors', '0002-hinges']);
    expect(await doors()).toEqual([{ id: 1, hinge: null }]);
  } finally {
    await Promise.all(databases.map((database) => database.close()));
  }
});

test('a migration edited after it was applied is refused by name', async () => {
  await run();
  write('0001-doors.sql', 'CREATE TABLE test_doors (id bigint);');
  await expect(run()).rejects.toMatchObject({
    fault: 'MIGRATION_CHANGED',
    message: expect.stringContaining('0001-doors') as unknown,
  });
});

test('a database of a newer Cardea is refused', async () => {
  write('0003-bolts.sql', 'ALTER TABLE test_doors ADD COLUMN bolt text;');
  await run();
  rmSync(join(directory, '0003-bolts.sql'));
  await expect(run()).rejects.toMatchObject({
    fault: 'MIGRATION_UNKNOWN',
    message: expect.stringContaining('0003-bolts') as unknown,
  });
});

test('a migration that fails leaves nothing of itself behind and keeps the ones before it', async () => {
  write('0002-hinges.sql', 'INSERT INTO test_doors VALUES (2); SELECT no_such_function();');
  await expect(run()).rejects.toMatchObject({ fault: 'MIGRATION_FAILED' });
  expect(await doors()).toEqual([{ id: 1 }]);
  write('0002-hinges.sql', 'ALTER TABLE test_doors ADD COLUMN hinge text;');
  expect(await run()).toEqual(['0002-hinges']);
});

test('a gap in the numbers is refused before anything is applied', async () => {
  write('0004-bolts.sql', 'SELECT 1;');
  await expect(run()).rejects.toMatchObject({ fault: 'MIGRATION_FAILED' });
  await expect(doors()).rejects.toThrow('does not exist');
});

test('a database that cannot be reached is named as such', async () => {
  const config = { host: directory, port: 5432, user: 'x', database: 'x' };
  const database = createDatabase({ config, log });
  try {
    await expect(migrate({ database, log, directory })).rejects.toMatchObject({
      fault: 'DATABASE_UNREACHABLE',
    });
  } finally {
    await database.close();
  }
});

test('a date without a time zone comes back as it is written, an instant as a Date', async () => {
  const { rows } = await held.database.pool.query<Record<string, unknown>>(
    `SELECT '2026-03-29'::date AS d, '2026-03-29 02:30'::timestamp AS t, '2026-03-29T02:30Z'::timestamptz AS i`,
  );
  expect(rows).toEqual([
    { d: '2026-03-29', t: '2026-03-29 02:30:00', i: new Date('2026-03-29T02:30:00Z') },
  ]);
});
