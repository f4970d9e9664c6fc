import { type CustomTypesConfig, Pool, type PoolConfig, types } from 'pg';
import type { Log } from '#server/runtime/log';

/** The connections to PostgreSQL, embedded or given. */
export type Database = {
  pool: Pool;
  /** Waits for running queries and closes every connection. */
  close(): Promise<void>;
};

/**
 * Opens a pool of connections (10 unless `config.max` says otherwise), each in UTC.
 *
 * `date` and `timestamp` columns come back as PostgreSQL's text: a JavaScript Date would read them in the time zone of
 * this process, and they have none. `timestamptz` comes back as a Date.
 */
export function createDatabase(options: { config: PoolConfig; log: Log }): Database {
  const { config, log } = options;
  const pool = new Pool({
    application_name: 'cardea',
    connectionTimeoutMillis: 10_000,
    options: '-c timezone=UTC -c idle_in_transaction_session_timeout=60000',
    types: parsers,
    ...config,
  });
  // Without a listener a connection that dies while idle would end the program.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn({ err: error }, 'an idle database connection was lost');
  });
  // Nor may one that dies while it is in somebody's hands: whoever holds it hears of it by the query that fails.
  pool.on('connect', (client) => {
    client.on('error', (error) => {
      log.debug({ err: error }, 'a database connection failed');
    });
  });
  return { pool, close: () => pool.end() };
}

const AS_TEXT = new Set<number>([types.builtins.DATE, types.builtins.TIMESTAMP]);

const parsers: CustomTypesConfig = {
  getTypeParser: (type, format): ((text: string) => unknown) =>
    AS_TEXT.has(type) ? (text) => text : (types.getTypeParser(type, format) as TextParser),
};

type TextParser = (text: string) => unknown;
