import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client, type ClientConfig } from 'pg';

const PROGRAM = fileURLToPath(new URL('postgres-program.ts', import.meta.url));

export type User = { uid: number; gid: number };

export type PostgresProcess = {
  config: ClientConfig;
  /** Ends the Node process without any warning. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts the embedded PostgreSQL of `dataDir` in a process of its own; throws its StartError as plain data. */
export async function startPostgresProcess(options: {
  dataDir: string;
  settings?: Record<string, string>;
  user?: User;
}): Promise<PostgresProcess> {
  const { dataDir, settings = {}, user } = options;
  const { child, lines } = launch(['run', dataDir, JSON.stringify(settings)], user);
  const answer = await nextLine(lines);
  if (!('config' in answer)) throw answer as unknown as Error;
  return {
    config: answer['config'] as ClientConfig,
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    stop: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** Lets a process of `user` make the programs at `home` runnable, and gives its answer. */
export function prepareInProcess(options: {
  home: string;
  copyDir: string;
  user?: User;
}): Promise<Record<string, unknown>> {
  return nextLine(launch(['prepare', options.home, options.copyDir], options.user).lines);
}

function launch(
  args: string[],
  user: User | undefined,
): { child: ChildProcessByStdio<Writable, Readable, null>; lines: Interface } {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', PROGRAM, ...args],
    { stdio: ['pipe', 'pipe', 'inherit'], ...user },
  );
  return { child, lines: createInterface(child.stdout) };
}

async function nextLine(lines: Interface): Promise<Record<string, unknown>> {
  for await (const line of lines) return JSON.parse(line) as Record<string, unknown>;
  throw new Error('The process ended without an answer.');
}

/** Runs one statement on a connection of its own. */
export async function query(
  config: ClientConfig,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client(config);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
