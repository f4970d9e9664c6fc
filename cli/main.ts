#!/usr/bin/env node
/** `cardea`: the command line of the operator. `npm run cardea -- <command>` in the project, docs/cardea.md. */
import { parseArgs } from 'node:util';
import { readEnvironment } from '#server/runtime/config';
import { StartError } from '#server/runtime/start-error';
import { version } from '#server/runtime/version';
import {
  CommandError,
  exitCodes,
  type Command,
  type CommandAnswer,
  type ExitCode,
} from './command.ts';
import { commands } from './commands.ts';
import { commandsBelow, helpJson, helpOf, listText } from './help.ts';
import { didYouMean } from './suggestions.ts';

const everywhere = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
} as const;

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
process.once('SIGTERM', () => stopping.abort());

async function run(args: readonly string[]): Promise<ExitCode> {
  if (args[0] === 'help') return runHelp(args.slice(1));
  if (args[0] === '--version' || args[0] === 'version')
    return say(args.includes('--json') ? JSON.stringify({ version }) : `cardea ${version}`);
  const command = commands.find(({ words }) => isAsked(words, args));
  if (command === undefined) return runNone(args);
  const wantsJson = args.includes('--json');
  try {
    const values = read(command, args.slice(command.words.split(' ').length));
    if (values['help'] === true) return say(helpOf(command));
    const answer = await command.run({
      values,
      environment: readEnvironment(process.cwd()),
      signal: stopping.signal,
      progress: (text) => {
        if (!wantsJson) process.stderr.write(`${text}\n`);
      },
    });
    return tell(answer, wantsJson);
  } catch (error) {
    return fail(error, { command, wantsJson });
  }
}

/** `help`, `help user`, `help audit verify`. */
function runHelp(args: readonly string[]): ExitCode {
  const typed = args.filter((arg) => !arg.startsWith('-')).join(' ');
  const found = typed === '' ? commands : commandsBelow(typed, commands);
  const [only] = found;
  if (only === undefined) return runNone(args);
  if (args.includes('--json')) return say(JSON.stringify(helpJson(found), null, 2));
  return say(found.length === 1 ? helpOf(only) : listText(found));
}

function isAsked(words: string, args: readonly string[]): boolean {
  return words.split(' ').every((word, index) => args[index] === word);
}

function read(command: Command, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { ...command.options, ...everywhere },
      allowPositionals: false,
    }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandError('usage', `${message.replace(/\.?$/, '.')}${optionMeant(command, args)}`);
  }
}

function optionMeant(command: Command, args: readonly string[]): string {
  const known = Object.keys({ ...command.options, ...everywhere }).map((name) => `--${name}`);
  const names = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.split('=')[0] ?? '');
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined ? '' : didYouMean(unknown, known);
}

/** No command: all of them, or those that begin with the words that do name some (`user` of `user add`). */
function runNone(args: readonly string[]): ExitCode {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const words = args.slice(0, first === -1 ? undefined : first);
  const below = words.length === 0 ? [] : commandsBelow(words[0] ?? '', commands);
  const listed = below.length === 0 ? commands : below;
  const asksHelp = args.length === 0 || args.includes('--help') || args.includes('-h');
  if (asksHelp) return say(listText(listed));
  const typed = (words.length === 0 ? args.slice(0, 1) : words).join(' ');
  const isWhole = below.length > 0 && words.length === 1;
  const meant = isWhole
    ? ''
    : didYouMean(
        typed,
        commands.map(({ words: known }) => known),
      );
  const message = isWhole
    ? `"${typed}" wants another word.`
    : `there is no command "${typed}".${meant}`;
  if (args.includes('--json')) process.stdout.write(`${JSON.stringify({ error: message })}\n`);
  const more = meant === '' ? listText(listed) : 'cardea help lists all commands.';
  process.stderr.write(`cardea: ${message}\n\n${more}\n`);
  return exitCodes.usage;
}

function tell({ code, json, text }: CommandAnswer, wantsJson: boolean): ExitCode {
  say(wantsJson ? JSON.stringify(json, null, 2) : text);
  return code;
}

function say(text: string): ExitCode {
  process.stdout.write(`${text}\n`);
  return exitCodes.fine;
}

function fail(
  error: unknown,
  { command, wantsJson }: { readonly command: Command; readonly wantsJson: boolean },
): ExitCode {
  const code = error instanceof CommandError ? error.code : exitCodes.failed;
  const message = messageOf(error);
  if (wantsJson) process.stdout.write(`${JSON.stringify({ error: message })}\n`);
  process.stderr.write(`cardea ${command.words}: ${message}\n`);
  if (code === exitCodes.usage) process.stderr.write(`\n${helpOf(command)}\n`);
  return code;
}

/** What is no fault of the asker keeps its stack: it is a defect. */
function messageOf(error: unknown): string {
  if (error instanceof CommandError || error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

// Not awaited: a program that a command became may end with this promise open.
void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
