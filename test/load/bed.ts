/** What every measure stands on: an embedded PostgreSQL in a temporary folder, servers on it, and programs that end with it. */
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PoolConfig } from 'pg';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { migrate } from '#server/store/migrate';
import { createDatabase, type Database } from '#server/store/pool';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { startProgram, type Program, type ProgramOptions } from './programs.ts';
import { createRequests, type Requests } from './requests.ts';

export const log = createLog({ level: 'error', format: 'lines', target: process.stderr });

export type BedDatabase = {
  readonly url: string;
  readonly database: Database;
};

/** A whole Cardea in a process of its own. */
export type Server = {
  readonly url: string;
  readonly mqttPort: number;
  /** PEM of the authority that hubs must trust. */
  readonly caPath: string;
  readonly program: Program;
  readonly requests: Requests;
};

export type Bed = {
  readonly isQuick: boolean;
  readonly folder: string;
  /** For what simulated hubs keep: each would have a disk of its own, so theirs must not be the server's. */
  readonly hubFolder: string;
  /** An empty database with every migration applied. */
  createDatabase(name: string): Promise<BedDatabase>;
  startServer(database: BedDatabase, settings?: Readonly<Record<string, string>>): Promise<Server>;
  /** Ends with the bed unless it was stopped before. */
  startProgram(path: string, options?: ProgramOptions): Program;
  /** Done before the bed goes away, last first. */
  onClose(act: () => Promise<void>): void;
};

/** Opens the bed, does the work on it, and leaves nothing behind. */
export async function onBed<Result>(
  { isQuick }: { readonly isQuick: boolean },
  work: (bed: Bed) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
  const memory = '/dev/shm';
  const hubFolder = await mkdtemp(join(existsSync(memory) ? memory : folder, 'cardea-hubs-'));
  const closing: (() => Promise<void>)[] = [
    () => rm(folder, { recursive: true, force: true }),
    () => rm(hubFolder, { recursive: true, force: true }),
  ];
  const close = async (): Promise<void> => {
    for (let act = closing.pop(); act !== undefined; act = closing.pop()) await act();
  };
  const interrupt = (): void => {
    void close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const postgres = createEmbeddedPostgres({
      dataDir: join(folder, 'postgres'),
      log,
      settings: { max_connections: '200' },
    });
    const config = await postgres.start();
    closing.push(() => postgres.stop());
    return await work(createBed({ isQuick, folder, hubFolder, config, closing }));
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await close();
  }
}

type BedParts = Pick<Bed, 'isQuick' | 'folder' | 'hubFolder'> & {
  readonly config: PoolConfig;
  readonly closing: (() => Promise<void>)[];
};

function createBed({ isQuick, folder, hubFolder, config, closing }: BedParts): Bed {
  const onClose: Bed['onClose'] = (act) => void closing.push(act);
  const start: Bed['startProgram'] = (path, options) => {
    const program = startProgram(path, options);
    onClose(() => program.stop());
    return program;
  };

  async function makeDatabase(name: string): Promise<BedDatabase> {
    const server = createDatabase({ config: { ...config, max: 1 }, log });
    await server.pool.query(`create database ${name} template template0 encoding 'UTF8'`);
    await server.close();
    const url = databaseUrl(config, name);
    const database = createDatabase({ config: { connectionString: url, max: 4 }, log });
    onClose(() => database.close());
    await migrate({ database, log });
    return { url, database };
  }

  async function startServer(
    { url: DATABASE_URL }: BedDatabase,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Server> {
    const [httpPort, mqttPort] = [await freePort(), await freePort()];
    const dataDir = await mkdtemp(join(folder, 'server-'));
    const program = start('../../server/main', {
      cwd: dataDir,
      preload: './probe',
      env: { ...serverSettings({ DATABASE_URL, dataDir, httpPort, mqttPort }), ...settings },
    });
    const url = `http://127.0.0.1:${String(httpPort)}`;
    const requests = createRequests(url);
    onClose(() => Promise.resolve(requests.close()));
    await until(() => requests.isUp(), {
      timeoutMs: 60_000,
      what: () => `the server answers; it said: ${program.said()}`,
    });
    return { url, mqttPort, caPath: join(dataDir, 'device-ca.pem'), program, requests };
  }

  return {
    isQuick,
    folder,
    hubFolder,
    createDatabase: makeDatabase,
    startServer,
    startProgram: start,
    onClose,
  };
}

/** The environment of a server without demo; without DATABASE_URL it runs its own PostgreSQL. */
export function serverSettings(given: {
  readonly DATABASE_URL?: string;
  readonly dataDir: string;
  readonly httpPort: number;
  readonly mqttPort: number;
}): Record<string, string> {
  const { DATABASE_URL, dataDir, httpPort, mqttPort } = given;
  return {
    ...(DATABASE_URL === undefined ? {} : { DATABASE_URL }),
    CARDEA_DATA_DIR: dataDir,
    CARDEA_HTTP_PORT: String(httpPort),
    CARDEA_MQTT_PORT: String(mqttPort),
    CARDEA_DEMO: 'none',
    LOG_LEVEL: 'warn',
  };
}

/** The address of one of our server's databases, as DATABASE_URL takes it; a folder as host is a Unix socket. */
function databaseUrl({ user, password, host, port }: PoolConfig, name: string): string {
  const secret = typeof password === 'string' ? password : '';
  const who = `${encodeURIComponent(user ?? '')}:${encodeURIComponent(secret)}`;
  return `postgres://${who}@${encodeURIComponent(host ?? '')}:${String(port)}/${name}`;
}

/** A folder of the bed that is made anew. */
export async function freshFolder(bed: Pick<Bed, 'folder'>, name: string): Promise<string> {
  const path = join(bed.folder, name);
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}
