import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Command } from './command.ts';
import { completionCommands } from './completion.ts';
import { nearest } from './suggestions.ts';

function command(words: string, options: Command['options'] = {}): Command {
  const run = () => Promise.resolve({ code: 0, json: null, text: '' } as const);
  return { words, summary: words, help: '', options, run };
}

const commands: readonly Command[] = [
  command('audit verify', { data: { type: 'string' }, all: { type: 'boolean' } }),
  command('audit forget'),
  command('restore settle'),
  command('restore', { file: { type: 'string' } }),
];

async function scriptOf(shell: string): Promise<string> {
  const found = completionCommands(() => commands).find(({ words }) => words.endsWith(shell));
  const { signal } = new AbortController();
  const answer = await found?.run({
    values: {},
    environment: {},
    signal,
    progress: () => undefined,
  });
  return answer?.text ?? '';
}

/** What bash offers after these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const program = `${await scriptOf('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cardea; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ended = spawnSync('bash', ['-c', program, 'bash', 'cardea', ...words], {
    encoding: 'utf8',
  });
  expect([ended.status, ended.stderr]).toEqual([0, '']);
  return ended.stdout.split('\n').filter((line) => line !== '');
}

describe('the Tab key', () => {
  it('offers the next word, then the options of a command, in bash', async () => {
    expect(await offered('')).toEqual(['audit', 'restore', '--help']);
    expect(await offered('au')).toEqual(['audit']);
    expect(await offered('audit', '')).toEqual(['forget', 'verify', '--help']);
    expect(await offered('audit', 'verify', '--')).toEqual(['--data', '--all', '--json', '--help']);
    expect(await offered('audit', 'verify', '--all', '--d')).toEqual(['--data']);
    expect(await offered('restore', '')).toEqual(['settle', '--file', '--json', '--help']);
  });

  it('leaves the value of an option to the shell', async () => {
    expect(await offered('audit', 'verify', '--data', '')).toEqual([]);
  });

  it('knows every command in zsh and fish, too', async () => {
    const [zsh, fish] = [await scriptOf('zsh'), await scriptOf('fish')];
    expect(zsh).toContain("('audit verify') compadd -- --data --all --json --help ;;");
    expect(fish).toContain(`-n '__cardea_at "audit verify"' -l data -r`);
    expect(fish).toContain(`-n '__cardea_at "audit"' -f -a 'forget verify'`);
  });
});

describe('what was mistyped', () => {
  it('is guessed from its beginning, swapped, lost and wrong letters', () => {
    const known = commands.map(({ words }) => words);
    expect(nearest('audit verfy', known)).toEqual(['audit verify']);
    expect(nearest('restroe', known)).toEqual(['restore']);
    expect(nearest('audit', known)).toEqual(['audit verify', 'audit forget']);
    expect(nearest('doctor', known)).toEqual([]);
    expect(nearest('', known)).toEqual([]);
  });
});
