import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolClient } from 'pg';
import type { Log } from '#server/runtime/log';
import { StartError } from '#server/runtime/start-error';
import type { Database } from './pool.ts';

type MigrationRow = { number: number; name: string; checksum: string };
type Migration = MigrationRow & { sql: string };

// Beside this folder both in the source and in dist/, where the build copies the files.
const DIRECTORY = fileURLToPath(new URL('../migrations/', import.meta.url));

// Any fixed number: whoever migrates this database holds it, so that processes that start together take turns.
const LOCK = 2_604_129_371;
const OLDEST_VERSION = 140_000;

/**
 * Brings the database up to the files NNNN-name.sql of `directory`, each in a transaction of its own, and gives the names
 * applied; only up to number `upTo` when that is given. Throws StartError DATABASE_TOO_OLD below PostgreSQL 14, MIGRATION_CHANGED, MIGRATION_UNKNOWN when a newer
 * Cardea was here, MIGRATION_FAILED.
 */
export async function migrate(options: {
  database: Database;
  log: Log;
  directory?: string;
  upTo?: number;
}): Promise<string[]> {
  const { database, log, directory = DIRECTORY, upTo = Infinity } = options;
  const migrations = readMigrations(directory);
  const client = await connect(database);
  try {
    await checkVersion(client);
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(`
      CREATE TABLE IF NOT EXISTS schema_migrations (
        number integer PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const missing = (await findMissing(client, migrations)).filter(({ number }) => number <= upTo);
    // An upgrade is told step by step; of an empty database it is enough to hear how many there were.
    const level = missing.length === migrations.length ? 'debug' : 'info';
    for (const migration of missing) {
      await apply(client, migration);
      log[level]({ migration: migration.name }, 'the database was brought forward');
    }
    return missing.map((migration) => migration.name);
  } finally {
    // Closing the connection gives the lock back, whatever state it is in.
    client.release(true);
  }
}

async function connect(database: Database): Promise<PoolClient> {
  try {
    return await database.pool.connect();
  } catch (error) {
    throw new StartError('DATABASE_UNREACHABLE', `The database cannot be reached: ${why(error)}`, {
      cause: error,
    });
  }
}

async function checkVersion(client: PoolClient): Promise<void> {
  const { rows } = await client.query<{ number: number; words: string }>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS words`,
  );
  const version = rows[0];
  if (version && version.number >= OLDEST_VERSION) return;
  throw new StartError(
    'DATABASE_TOO_OLD',
    `Cardea needs PostgreSQL 14 or later; this is ${version?.words ?? 'unknown'}.`,
  );
}

function readMigrations(directory: string): Migration[] {
  const migrations = readdirSync(directory)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => readMigration(directory, file));
  for (const [index, migration] of migrations.entries()) {
    if (migration.number === index + 1) continue;
    throw new StartError(
      'MIGRATION_FAILED',
      `Migrations count up from 0001 without gaps: ${migration.name} is out of line.`,
    );
  }
  return migrations;
}

function readMigration(directory: string, file: string): Migration {
  const sql = readFileSync(join(directory, file), 'utf8');
  const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(file)?.[1]);
  const checksum = createHash('sha256').update(sql).digest('hex');
  return { number, name: file.replace(/\.sql$/, ''), sql, checksum };
}

async function findMissing(client: PoolClient, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<MigrationRow>(
    'SELECT number, name, checksum FROM schema_migrations ORDER BY number',
  );
  checkKnown(rows, migrations);
  return migrations.slice(rows.length);
}

/** Throws StartError MIGRATION_UNKNOWN, MIGRATION_CHANGED for migrations of a database that this Cardea cannot go on from. */
export function checkMigrations(applied: readonly MigrationRow[]): void {
  checkKnown(applied, readMigrations(DIRECTORY));
}

/** How many migrations a database has, and how many this Cardea would add. Throws StartError as `checkMigrations` does. */
export async function findMigrationState(
  database: Database,
): Promise<{ readonly applied: number; readonly missing: number }> {
  const migrations = readMigrations(DIRECTORY);
  const { rows } = await database.pool.query<MigrationRow>(
    'SELECT number, name, checksum FROM schema_migrations ORDER BY number',
  );
  checkKnown(rows, migrations);
  return { applied: rows.length, missing: migrations.length - rows.length };
}

function checkKnown(applied: readonly MigrationRow[], migrations: readonly Migration[]): void {
  for (const row of applied) {
    const known = migrations[row.number - 1];
    if (!known) {
      throw new StartError(
        'MIGRATION_UNKNOWN',
        `The database was brought forward by a newer Cardea (${row.name}). Start that one; there is no way back.`,
      );
    }
    if (known.checksum !== row.checksum || known.name !== row.name) {
      throw new StartError(
        'MIGRATION_CHANGED',
        `The migration ${row.name} was applied in another form than the file ${known.name}.sql. Applied migrations are never edited.`,
      );
    }
  }
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(migration.sql);
    await client.query(
      'INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)',
      [migration.number, migration.name, migration.checksum],
    );
    await client.query('COMMIT');
  } catch (error) {
    throw new StartError(
      'MIGRATION_FAILED',
      `The migration ${migration.name} failed: ${why(error)}`,
      {
        cause: error,
      },
    );
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the tables are as this program knows them; `newer` = a newer Cardea has brought them forward meanwhile. */
export async function migrationState(database: Database): Promise<'up' | 'behind' | 'newer'> {
  knownMigrations ??= readMigrations(DIRECTORY).length;
  const { rows } = await database.pool.query<{ applied: number }>({
    name: 'migration-state',
    text: 'select coalesce(max(number), 0)::int as applied from schema_migrations',
  });
  const applied = rows[0]?.applied ?? 0;
  if (applied === knownMigrations) return 'up';
  return applied < knownMigrations ? 'behind' : 'newer';
}

let knownMigrations: number | undefined;
