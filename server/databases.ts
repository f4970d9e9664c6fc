/** The connections of a process: as the role that owns the tables, and as the lesser one that the server works with. */
import { randomBytes } from 'node:crypto';
import type { PoolConfig } from 'pg';
import type { Config } from './runtime/config.ts';
import { createEmbeddedPostgres } from './runtime/embedded-postgres.ts';
import type { Log } from './runtime/log.ts';
import type { Shutdown } from './runtime/shutdown.ts';
import { awaitDatabase, patienceMs } from './store/await-database.ts';
import { migrate } from './store/migrate.ts';
import { createDatabase, type Database } from './store/pool.ts';
import { prepareServerRole } from './store/server-role.ts';

export type Databases = {
  /** What the server works with. */
  readonly database: Database;
  /** Owns the tables; the same as `database` where the operator gave one role only. */
  readonly ownerDatabase: Database;
};

type Opening = {
  readonly log: Log;
  readonly shutdown: Shutdown;
  readonly signal: AbortSignal;
};

const serverRole = 'cardea_server';
/** The owner migrates, and makes and drops a table now and then. */
const ownerConnections = 3;

/** Opens and migrates the database, embedded or given. Throws StartError. */
export async function openDatabases(config: Config, opening: Opening): Promise<Databases> {
  const { databaseUrl: url, databaseOwnerUrl: ownerUrl } = config;
  const max = config.databaseConnections;
  if (url === undefined) return openEmbedded(config, opening);
  const database = await open({ connectionString: url, max }, opening);
  if (ownerUrl === undefined) {
    await bringForward(database, opening);
    return { database, ownerDatabase: database };
  }
  const ownerDatabase = await open({ connectionString: ownerUrl, max: ownerConnections }, opening);
  await bringForward(ownerDatabase, opening);
  const { rows } = await database.pool.query<{ name: string }>('select current_user as name');
  await prepareServerRole(ownerDatabase, { name: rows[0]?.name ?? '', password: null });
  return { database, ownerDatabase };
}

async function openEmbedded(config: Config, opening: Opening): Promise<Databases> {
  const { log, shutdown, signal } = opening;
  const postgres = createEmbeddedPostgres({ dataDir: config.dataDir, log });
  shutdown.register('PostgreSQL', () => postgres.stop(), { timeoutMs: patienceMs });
  const embedded = await postgres.start(signal);
  const ownerDatabase = await open({ ...embedded, max: ownerConnections }, opening);
  await bringForward(ownerDatabase, opening);
  // Nobody needs to know it: one process at a time serves a data folder, and each start sets another.
  const role = { name: serverRole, password: randomBytes(32).toString('base64url') };
  await prepareServerRole(ownerDatabase, role);
  const max = config.databaseConnections;
  const database = await open(
    { ...embedded, user: role.name, password: role.password, max },
    opening,
  );
  return { database, ownerDatabase };
}

async function open(config: PoolConfig, { log, shutdown, signal }: Opening): Promise<Database> {
  const database = createDatabase({ config, log });
  shutdown.register('the database connections', () => database.close());
  await awaitDatabase(database, { log, signal, withinMs: patienceMs });
  return database;
}

async function bringForward(database: Database, { log }: Opening): Promise<void> {
  const applied = await migrate({ database, log });
  if (applied.length > 0) log.info({ migrations: applied.length }, 'the database is up to date');
}
