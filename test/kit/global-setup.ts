import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolConfig } from 'pg';
import type { TestProject } from 'vitest/node';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog, type Log } from '#server/runtime/log';
import { migrate } from '#server/store/migrate';
import { createDatabase } from '#server/store/pool';
import { prepareServerRole, type ServerRole } from '#server/store/server-role';

declare module 'vitest' {
  interface ProvidedContext {
    /** How to reach the run's PostgreSQL, and the migrated database that test databases are copied from. */
    postgres: { config: PoolConfig; template: string; serverRole: ServerRole };
  }
}

/**
 * Starts one PostgreSQL for the whole run (or uses the one of TEST_DATABASE_URL) and makes the template database.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const log = createLog({ level: 'warn', format: 'lines', target: process.stderr });
  const server = await openServer(log);
  const template = `cardea_template_${String(process.pid)}`;
  // Roles belong to the whole PostgreSQL, which other runs may use too.
  const serverRole = {
    name: `cardea_server_${String(process.pid)}`,
    password: randomBytes(16).toString('hex'),
  };
  await makeTemplate({ config: server.config, template, serverRole, log });
  project.provide('postgres', { config: server.config, template, serverRole });
  return async () => {
    await runSql(server.config, log, [
      `ALTER DATABASE ${template} IS_TEMPLATE false`,
      `DROP DATABASE ${template} WITH (FORCE)`,
      `DROP ROLE ${serverRole.name}`,
    ]);
    await server.close();
  };
}

type Server = { config: PoolConfig; close(): Promise<void> };

async function openServer(log: Log): Promise<Server> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url) return { config: { connectionString: url }, close: () => Promise.resolve() };
  const dataDir = mkdtempSync(join(tmpdir(), 'cardea-test-'));
  // The run's data is thrown away, so nothing waits for the disk; what must survive a crash has tests of its own.
  const postgres = createEmbeddedPostgres({
    dataDir,
    log,
    settings: { fsync: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  const config = await postgres.start();
  return {
    config,
    close: async () => {
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(options: {
  config: PoolConfig;
  template: string;
  serverRole: ServerRole;
  log: Log;
}): Promise<void> {
  const { config, template, serverRole, log } = options;
  await runSql(config, log, [`CREATE DATABASE ${template} TEMPLATE template0 ENCODING 'UTF8'`]);
  const database = createDatabase({ config: inDatabase(config, template), log });
  try {
    await migrate({ database, log });
    await prepareServerRole(database, serverRole);
  } finally {
    await database.close();
  }
  await runSql(config, log, [`ALTER DATABASE ${template} IS_TEMPLATE true`]);
}

async function runSql(config: PoolConfig, log: Log, statements: string[]): Promise<void> {
  const database = createDatabase({ config, log });
  try {
    for (const statement of statements) await database.pool.query(statement);
  } finally {
    await database.close();
  }
}

/** The same server, another database. */
function inDatabase(config: PoolConfig, name: string): PoolConfig {
  if (config.connectionString === undefined) return { ...config, database: name };
  const url = new URL(config.connectionString);
  url.pathname = `/${name}`;
  return { ...config, connectionString: url.href };
}
