/**
 * What every command of `cardea` is made of. A file per command; `main.ts` lists them.
 *
 * The end of a command is its exit code: 0 all is well, 1 it found what it looks for (a fault, a dead right), 2 it was asked
 * wrongly, 3 it could not do its work (no database, no server, no right to it).
 */
import type { ParseArgsConfig } from 'node:util';

export const exitCodes = { fine: 0, found: 1, usage: 2, failed: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type OptionValues = Readonly<
  Record<string, string | boolean | readonly string[] | undefined>
>;

export type CommandCall = {
  /** What was typed after the command's words, read as its `options` say. */
  readonly values: OptionValues;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** For the person who waits, on stderr; says nothing with --json. */
  progress(text: string): void;
};

/** What a command found: `json` is what scripts read with --json, `text` what a person reads. */
export type CommandAnswer = {
  readonly code: ExitCode;
  readonly json: unknown;
  readonly text: string;
};

export type Command = {
  /** What is typed after `cardea`: `audit verify`. */
  readonly words: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The rest of its --help: what it does, its options, lines to copy. */
  readonly help: string;
  /** As `node:util` parseArgs takes them; --help and --json are there for every command. */
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** `lines` for a program, which says things while it runs; absent for what answers once. */
  readonly answers?: 'lines';
  /** Throws CommandError with a sentence that says what to do. */
  run(call: CommandCall): Promise<CommandAnswer>;
};

/** The command cannot go on; the message is for whoever typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: ExitCode;

  constructor(code: 'usage' | 'failed', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = exitCodes[code];
  }
}

/** The text of an option; undefined when it was not given. */
export function textOf(values: OptionValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}
