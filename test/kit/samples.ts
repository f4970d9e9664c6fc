/** The programs of the guides, run as they stand there, in the languages that this machine has. */
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

type SampleLanguage = {
  /** As the guide calls it. */
  readonly language: 'bash' | 'php' | 'python' | 'ts';
  readonly command: (text: string) => readonly [program: string, ...args: string[]];
};

const languages: readonly SampleLanguage[] = [
  { language: 'bash', command: (text) => ['bash', '-c', text] },
  { language: 'python', command: (text) => ['python3', '-c', text] },
  {
    language: 'ts',
    command: (text) => [process.execPath, '--input-type=module', '--eval', text],
  },
  // What `-r` is given is PHP already.
  { language: 'php', command: (text) => ['php', '-r', text.replace(/^<\?php/, '')] },
];

export const isHere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

/** Node is always there; the others where they are installed, and curl for the shell. */
export const runnableLanguages = languages.filter(
  ({ language, command }) => isHere(command('')[0]) && (language !== 'bash' || isHere('curl')),
);

/** The programs of a guide in one language, in their order. */
export async function samplesOf(guide: string, language: string): Promise<readonly string[]> {
  const text = await readFile(`${root}docs/${guide}.md`, 'utf8');
  const found = [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))];
  if (found.length === 0) throw new Error(`${guide} has nothing in ${language}`);
  return found.map(([, program = '']) => program);
}

export type RunningSample = {
  /** What it has written so far. */
  readonly said: () => string;
  readonly ended: Promise<void>;
  /** Ends it, and whatever it has started. */
  readonly end: () => Promise<void>;
};

/** Starts a program, with these variables and the path alone in its environment. */
export function startSample(
  { command }: SampleLanguage,
  { text, env }: { readonly text: string; readonly env: Readonly<Record<string, string>> },
): RunningSample {
  const [program, ...args] = command(text);
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: a shell does not end what it runs.
    detached: true,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (said += part.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    said: () => said,
    ended,
    async end() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
}
