import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './wait.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

type StartOptions = {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** The product as plain JavaScript, as it is shipped: what is killed again and again must start fast. */
export type BuiltProduct = {
  /** Starts a program by its path without extension, `server/main`. */
  start(program: string, options?: StartOptions): Program;
  /** Starts a process that has loaded what the server is made of, and becomes the server when it is let go. */
  prepareServer(options: StartOptions): PreparedProgram;
  /** Kills what still runs, and removes the files. */
  remove(): Promise<void>;
};

export type Program = {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** What it has written so far. */
  said(): string;
  /** Ends it without any warning. */
  kill(): Promise<void>;
  /** Asks it to end; gives its exit code. */
  terminate(): Promise<number | null>;
};

export type PreparedProgram = { go(): Program };

/** Reading the modules is most of a start; done before the former server is killed, its successor is there at once. */
const prepared = `import { once } from 'node:events';
await import(new URL('dist/server/wire.js', import.meta.url));
await once(process.stdin, 'data');
process.stdin.destroy();
await import(new URL('dist/server/main.js', import.meta.url));
`;

/** Compiles the sources of this moment into a folder of their own, unchecked: the types have a check of their own. */
export async function buildProduct(): Promise<BuiltProduct> {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-built-'));
  const dist = join(folder, 'dist');
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  await compile(dist);
  const migrations = join('server', 'migrations');
  await cp(join(root, migrations), join(dist, migrations), { recursive: true });
  await writeFile(join(folder, 'prepared.mjs'), prepared);
  const programs: Program[] = [];
  function start(path: string, { args = [], env = {} }: StartOptions): Program {
    const started = watch(
      spawn(process.execPath, [path, ...args], {
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
    );
    programs.push(started);
    return started;
  }
  return {
    start: (program, options = {}) => start(join(dist, `${program}.js`), options),
    prepareServer(options) {
      const waiting = start(join(folder, 'prepared.mjs'), options);
      return {
        go() {
          waiting.child.stdin?.write('go\n');
          return waiting;
        },
      };
    },
    async remove() {
      await Promise.all(programs.map((program) => program.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function compile(dist: string): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const settings = ['-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', dist];
  const compiling = watch(
    spawn(process.execPath, [compiler, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const code = await compiling.ended;
  if (code !== 0) throw new Error(`tsc ended with ${String(code)}: ${compiling.said()}`);
}

function watch(child: ChildProcess): Program {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  return {
    child,
    ended,
    said: () => said,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    terminate() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

/** Waits until a server answers as ready; throws with its last words when it ends instead. */
export async function untilReady(url: string, server: Program): Promise<void> {
  let answer = 'nothing';
  await until(
    async () => {
      if (server.child.exitCode !== null || server.child.signalCode !== null)
        throw new Error(`the server ended: ${server.said()}`);
      const response = await fetch(`${url}/ready`).catch(() => null);
      if (response !== null) answer = `${String(response.status)} ${await response.text()}`;
      return response?.ok === true;
    },
    {
      what: () => `the server is ready; it answered ${answer}, and said ${server.said()}`,
      timeoutMs: 120_000,
    },
  );
}
