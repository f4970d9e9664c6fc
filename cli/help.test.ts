import { expect, it } from 'vitest';
import { commands } from './commands.ts';
import { commandsBelow, helpOf, listText } from './help.ts';

function longLines(text: string): string[] {
  return text.split('\n').filter((line) => line.length > 80);
}

it('fits 80 columns: the list, and the text of every command', () => {
  expect(longLines([listText(commands), ...commands.map(helpOf)].join('\n'))).toEqual([]);
});

it('explains every option of every command', () => {
  for (const command of commands)
    for (const name of Object.keys(command.options))
      expect([command.words, helpOf(command)]).toEqual([
        command.words,
        expect.stringContaining(`--${name}`),
      ]);
});

it('breaks a long line below where its text begins', () => {
  const long = { words: 'paint', summary: 'paints', options: {}, help: '' };
  const option = `  --colour <name>  ${'one more word '.repeat(6)}`;
  const text = helpOf({ ...long, help: option, run: () => Promise.reject(new Error('never')) });
  const [first = '', second = ''] = text.split('\n').slice(2);
  expect(first).toMatch(/^ {2}--colour <name> {2}one/);
  expect(second).toMatch(/^ {19}\S/);
});

it('lets a paragraph flow, and keeps options and empty lines where they are', () => {
  const long = { words: 'paint', summary: 'paints', options: {} };
  const help = 'Paints a door\nin one colour.\nThen waits.\n\n  --wet  does not wait';
  const text = helpOf({ ...long, help, run: () => Promise.reject(new Error('never')) });
  expect(text).toContain(
    '\n\nPaints a door in one colour. Then waits.\n\n  --wet  does not wait\n',
  );
});

it('finds the commands that begin with a word, whole words only', () => {
  const below = (words: string): string[] =>
    commandsBelow(words, commands).map((command) => command.words);
  expect(below('audit')).toEqual(['audit forget', 'audit verify']);
  expect(below('audit verify')).toEqual(['audit verify']);
  expect(below('aud')).toEqual([]);
});

it('has lines to copy that no break has cut', () => {
  const lines = commands.flatMap(({ help }) =>
    help.split('\n').filter((row) => /^ {2}cardea /.test(row)),
  );
  expect(lines.filter((row) => row.length > 80)).toEqual([]);
});
