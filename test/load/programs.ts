/**
 * Programs beside the benchmark, each a Node process of its own: a parent starts one and calls its acts by name, a program
 * offers acts. They end with the benchmark, as the channel between them closes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

type Question = { readonly call: number; readonly act: string; readonly given: unknown };
type Waiting = {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
};
type Answer = { readonly call: number; readonly result?: unknown; readonly fault?: string };

export type Program = {
  /** Calls an act of the program; rejects with what it threw, or when it has ended. */
  call<Result>(act: string, given?: unknown): Promise<Result>;
  /** What the program has said on its output since the start, at most the last 20,000 characters. */
  said(): string;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  /** Ends it without any warning. */
  kill(): Promise<void>;
  /** Sends SIGTERM, later SIGKILL, and waits for the end. */
  stop(): Promise<void>;
};

export type ProgramOptions = {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another program that is loaded before it. */
  readonly preload?: string;
};

const outputLimit = 20_000;
const patienceMs = 30_000;
const answerWithinMs = 120_000;
/** `.js` in dist/, `.ts` when run from the source. */
const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));

/** Starts a program by its path from this folder, without extension. */
export function startProgram(path: string, options: ProgramOptions = {}): Program {
  const { args = [], env = {}, cwd, preload } = options;
  const child = fork(placeOf(path), args, {
    execArgv: [
      ...process.execArgv,
      '--expose-gc',
      ...(preload === undefined
        ? []
        : ['--import', new URL(preload + extension, import.meta.url).href]),
    ],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  return watch(child);
}

function placeOf(path: string): string {
  return fileURLToPath(new URL(path + extension, import.meta.url));
}

function watch(child: ChildProcess): Program {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let output = '';
  let isGone = false;
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-outputLimit);
    });
  child.on('message', (message) => {
    const { call, result, fault } = message as Answer;
    const asked = waiting.get(call);
    waiting.delete(call);
    if (fault === undefined) asked?.resolve(result as never);
    else asked?.reject(new Error(fault));
  });
  const gone = once(child, 'exit').then(() => {
    isGone = true;
    for (const { reject } of waiting.values()) reject(new Error(`The program ended:\n${output}`));
    waiting.clear();
  });

  return {
    call<Result>(act: string, given?: unknown) {
      return new Promise<Result>((resolve, reject) => {
        if (isGone) return reject(new Error(`The program has ended:\n${output}`));
        calls += 1;
        const silent = setTimeout(() => {
          reject(new Error(`No answer to ${act}; the program said:\n${output}`));
        }, answerWithinMs);
        const settled =
          <Value>(settle: (value: Value) => void) =>
          (value: Value) => {
            clearTimeout(silent);
            settle(value);
          };
        waiting.set(calls, { resolve: settled(resolve), reject: settled(reject) });
        const question: Question = { call: calls, act, given };
        child.send(question);
        return undefined;
      });
    },
    said: () => output,
    ended: gone,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
    async stop() {
      const force = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      child.kill('SIGTERM');
      await gone;
      clearTimeout(force);
    },
  };
}

export type Acts = Readonly<Record<string, (given: never) => unknown>>;

/** Offers acts to the parent, each takes what the parent gave; the program lives as long as the parent's end of the channel. */
export function offer(acts: Acts): void {
  answer(acts);
  process.channel?.ref();
}

/** Offers acts beside a program that has a life of its own; when the parent is gone it is asked to stop. */
export function offerBeside(acts: Acts): void {
  answer(acts);
  process.channel?.unref();
}

function answer(acts: Acts): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.on('message', (message) => {
    const { call, act, given } = message as Question;
    const found = acts[act];
    // Several programs may listen in one process; an act that is not here may be there.
    if (found === undefined) return;
    Promise.resolve()
      .then(() => found(given as never))
      .then(
        (result) => process.send?.({ call, result } satisfies Answer),
        (error: unknown) => process.send?.({ call, fault: faultText(error) } satisfies Answer),
      );
  });
}

function faultText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
