import { describe, expect, it } from 'vitest';
import type { CommandStanding } from '#server/store/commands';
import { moveCommand, queuedCommand, type CommandInput } from './command-machine.ts';

function standing(
  name: CommandStanding['name'],
  word: string | null = null,
  late: CommandStanding['late'] = null,
): CommandStanding {
  return { name, word, late };
}

const sent: CommandInput = { type: 'sent' };
const deadline: CommandInput = { type: 'deadline' };
const confirmed: CommandInput = { type: 'outcome', result: 'confirmed', word: null };
const jammed: CommandInput = { type: 'outcome', result: 'refused', word: 'jammed' };
const wordless: CommandInput = { type: 'outcome', result: 'refused', word: null };

const lateOpened = { result: 'confirmed', word: null } as const;
const lateJammed = { result: 'refused', word: 'jammed' } as const;
const unknown = standing('unknown', 'timeout');

type Row = readonly [
  from: CommandStanding,
  input: CommandInput,
  to: CommandStanding,
  effect: string,
];

const table: readonly Row[] = [
  [queuedCommand, sent, standing('sent'), 'note'],
  [queuedCommand, deadline, standing('expired'), 'finish'],
  [queuedCommand, confirmed, standing('confirmed'), 'finish'],
  [queuedCommand, jammed, standing('refused', 'jammed'), 'finish'],

  [standing('sent'), sent, standing('sent'), 'none'],
  [standing('sent'), deadline, unknown, 'finish'],
  [standing('sent'), confirmed, standing('confirmed'), 'finish'],
  [standing('sent'), jammed, standing('refused', 'jammed'), 'finish'],
  [standing('sent'), wordless, standing('refused', 'hardware_error'), 'finish'],

  [standing('confirmed'), sent, standing('confirmed'), 'none'],
  [standing('confirmed'), deadline, standing('confirmed'), 'none'],
  [standing('confirmed'), confirmed, standing('confirmed'), 'none'],
  [standing('confirmed'), jammed, standing('confirmed'), 'none'],
  [standing('refused', 'jammed'), confirmed, standing('refused', 'jammed'), 'none'],
  [standing('refused', 'jammed'), deadline, standing('refused', 'jammed'), 'none'],

  [unknown, sent, unknown, 'none'],
  [unknown, deadline, unknown, 'none'],
  [unknown, confirmed, standing('unknown', 'timeout', lateOpened), 'note_late'],
  [unknown, jammed, standing('unknown', 'timeout', lateJammed), 'note_late'],
  [
    standing('unknown', 'timeout', lateOpened),
    jammed,
    standing('unknown', 'timeout', lateOpened),
    'none',
  ],
  [standing('expired'), confirmed, standing('expired', null, lateOpened), 'note_late'],
  [standing('expired'), sent, standing('expired'), 'none'],
];

describe('the life of a command', () => {
  it.each(table)('%j with %j becomes %j and has effect %s', (from, input, to, effect) => {
    expect(moveCommand(from, input)).toEqual({ standing: to, effect });
  });
});
