/** The database of a Cardea, for commands that look after it: given, or embedded in a data folder and running or not. */
import { resolve } from 'node:path';
import { readConfig } from '#server/runtime/config';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { findRunningPostgres, hasCluster } from '#server/runtime/running-postgres';
import { createDatabase, type Database } from '#server/store/pool';
import { CommandError, textOf, type CommandCall } from './command.ts';

/** What each command with a database takes. */
export const databaseOptions = {
  database: { type: 'string' },
  data: { type: 'string' },
} as const;

export const databaseHelp = `
  --database <url>  a PostgreSQL, postgres://user:password@host:port/name (default: DATABASE_URL)
  --data <folder>   the data folder of a Cardea that is running or stopped (default: CARDEA_DATA_DIR, else ./data); its embedded PostgreSQL is used when no other database is given`;

export type OpenDatabase = {
  readonly database: Database;
  /** The data folder that belongs to it; null when only the database was named. */
  readonly dataDir: string | null;
  close(): Promise<void>;
};

/** Opens it; an embedded PostgreSQL that is stopped is started and stopped again. Throws CommandError, StartError. */
export async function openDatabase(call: CommandCall): Promise<OpenDatabase> {
  const { values, environment, signal } = call;
  const config = readConfig(environment);
  const dataDir = resolve(textOf(values, 'data') ?? config.dataDir);
  // A folder that was named means its own PostgreSQL, whatever the environment says.
  const fallback = textOf(values, 'data') === undefined ? config.databaseUrl : undefined;
  const given = textOf(values, 'database');
  const url = given ?? fallback;
  const log = createLog({ level: 'fatal', format: 'lines', target: process.stderr });
  const max = 2;
  if (url !== undefined) {
    const database = createDatabase({ config: { connectionString: url, max }, log });
    await checkReachable(database);
    // The settings of a server name both; a database that was named alone may be anybody's.
    const isAlone = given !== undefined && textOf(values, 'data') === undefined;
    return { database, dataDir: isAlone ? null : dataDir, close: () => database.close() };
  }
  if (!hasCluster(dataDir))
    throw new CommandError(
      'usage',
      `There is no database in ${dataDir}: name its folder with --data, or a PostgreSQL with --database.`,
    );
  const running = findRunningPostgres(dataDir);
  if (running !== undefined) {
    const database = createDatabase({ config: { ...running, max }, log });
    await checkReachable(database);
    return { database, dataDir, close: () => database.close() };
  }
  const postgres = createEmbeddedPostgres({ dataDir, log });
  try {
    const started = await postgres.start(signal);
    const database = createDatabase({ config: { ...started, max }, log });
    const close = async (): Promise<void> => {
      await database.close();
      await postgres.stop();
    };
    return { database, dataDir, close };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

async function checkReachable(database: Database): Promise<void> {
  try {
    await database.pool.query('select 1 from schema_migrations limit 1');
  } catch (error) {
    await database.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError('failed', `The database cannot be used: ${why}`, { cause: error });
  }
}
