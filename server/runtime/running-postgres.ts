import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { PoolConfig } from 'pg';
import { DATABASE } from './embedded-postgres.ts';
import { locateCluster, readPassword, SUPERUSER } from './postgres-cluster.ts';
import { findPostmaster, PORT } from './postgres-postmaster.ts';

/** Whether a data folder holds an embedded PostgreSQL, running or not. */
export function hasCluster(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres', 'cluster', 'PG_VERSION'));
}

/**
 * How to reach the embedded PostgreSQL of a data folder while a Cardea, or a killed one, has it running; undefined when it
 * is stopped. Throws StartError POSTGRES_FAILED when its password is gone.
 */
export function findRunningPostgres(dataDir: string): PoolConfig | undefined {
  const place = locateCluster(join(realpathSync(dataDir), 'postgres'));
  const postmaster = findPostmaster(place);
  if (postmaster?.isOurs !== true) return undefined;
  const password = readPassword(place.base);
  return { host: postmaster.runDir, port: PORT, user: SUPERUSER, password, database: DATABASE };
}
