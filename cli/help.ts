/** What `cardea help` says: the list of commands and the text of each, in lines of 80 columns. */
import { exitCodes, type Command } from './command.ts';

const columns = 80;

/** Every command with its summary. */
export function listText(commands: readonly Command[]): string {
  const width = Math.max(0, ...commands.map(({ words }) => words.length));
  const lines = commands.map(({ words, summary }) => `  ${words.padEnd(width)}  ${summary}`);
  return fitted(`usage: cardea <command> [options]

${lines.join('\n')}

cardea help <command> says more. Every command takes --json.
Exit codes: ${exitCodesText}`);
}

/** One command: what it does, its options, lines to copy. */
export function helpOf({ words, summary, help, answers }: Command): string {
  const json = answers === 'lines' ? 'one JSON object a line' : 'the answer as JSON';
  return fitted(`cardea ${words}: ${summary}

${flowing(help.replace(/^\n+|\s+$/g, ''))}

  --json  ${json}
  --help  this text`);
}

/** The commands that begin with these words: `user` has several. */
export function commandsBelow(words: string, commands: readonly Command[]): readonly Command[] {
  return commands.filter((command) => `${command.words} `.startsWith(`${words} `));
}

/** The same for scripts. */
export function helpJson(commands: readonly Command[]): unknown {
  return {
    commands: commands.map((command) => ({
      command: command.words,
      summary: command.summary,
      options: [...Object.keys(command.options), 'json', 'help'].map((name) => `--${name}`),
      text: helpOf(command),
    })),
    exit_codes: exitCodes,
  };
}

const exitCodesText = '0 all is well, 1 something was found, 2 asked wrongly, 3 not done.';

/** A paragraph as one line, wherever its source breaks: a line that begins at the edge goes on the one before it. */
function flowing(text: string): string {
  return text.replaceAll(/(?<=^\S.*)\n(?=\S)/gm, ' ');
}

/** Long lines go on below their text: below the explanation of an option or a command, else at the line's own start. */
function fitted(text: string): string {
  return text.split('\n').flatMap(brokenLine).join('\n');
}

function brokenLine(line: string): string[] {
  if (line.length <= columns) return [line];
  const [start = ''] = /^ *(?:\S+(?: \S+)* {2,})?/.exec(line) ?? [];
  const rows: string[] = [start];
  for (const word of line.slice(start.length).split(' ')) {
    const row = rows.at(-1) ?? '';
    const isFirst = row.length === start.length;
    if (isFirst || row.length + 1 + word.length <= columns)
      rows[rows.length - 1] = isFirst ? row + word : `${row} ${word}`;
    else rows.push(' '.repeat(start.length) + word);
  }
  return rows;
}
