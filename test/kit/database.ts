import { randomBytes } from 'node:crypto';
import type { PoolConfig } from 'pg';
import { inject } from 'vitest';
import { createLog } from '#server/runtime/log';
import { createDatabase, type Database } from '#server/store/pool';
import type { ServerRole } from '#server/store/server-role';

export type TestDatabase = {
  database: Database;
  /** The database as DATABASE_URL takes it, for a process of its own. */
  url: string;
  config: PoolConfig;
  /** As the role of a running server, which does not own the tables. */
  serverConfig: PoolConfig;
  /** Closes the connections and removes the database. */
  drop(): Promise<void>;
};

/** A database of its own with every migration applied: one for a test file, dropped in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { config: server, template, serverRole } = inject('postgres');
  const name = `cardea_test_${randomBytes(8).toString('hex')}`;
  await runOnServer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = databaseUrl(server, name);
  const config = { connectionString: url };
  const database = createDatabase({ config, log: silentLog() });
  return {
    database,
    url,
    config,
    serverConfig: { connectionString: withRole(url, serverRole) },
    drop: async () => {
      await database.close();
      await runOnServer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** A log that says nothing, for parts under test. */
export function silentLog(): ReturnType<typeof createLog> {
  return createLog({ level: 'silent', format: 'json' });
}

async function runOnServer(config: PoolConfig, statement: string): Promise<void> {
  const database = createDatabase({ config: { ...config, max: 1 }, log: silentLog() });
  try {
    await database.pool.query(statement);
  } finally {
    await database.close();
  }
}

function databaseUrl(server: PoolConfig, name: string): string {
  if (server.connectionString !== undefined) {
    const url = new URL(server.connectionString);
    url.pathname = `/${name}`;
    return url.href;
  }
  const password = typeof server.password === 'string' ? server.password : '';
  const who = `${encodeURIComponent(server.user ?? '')}:${encodeURIComponent(password)}`;
  // A folder as host is a Unix socket.
  return `postgres://${who}@${encodeURIComponent(server.host ?? '')}:${String(server.port)}/${name}`;
}

function withRole(url: string, { name, password }: ServerRole): string {
  // URL takes no address whose host is a folder, as that of a Unix socket is.
  const who = `${encodeURIComponent(name)}:${encodeURIComponent(password ?? '')}`;
  return url.replace(/^(postgres(?:ql)?:\/\/)(?:[^@/]*@)?/, `$1${who}@`);
}
