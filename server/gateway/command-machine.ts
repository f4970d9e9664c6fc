/**
 * The life of a command, as a machine without I/O (design.md law 2).
 *
 *     queued ─ given to the hub ─► sent ─ outcome ─► confirmed | refused
 *        └ deadline ─► expired      └ deadline ─► unknown
 *
 * `expired` = it never left, nothing happened; `unknown` = it left and nobody can say what happened. Both stay what the
 * caller was told; what the hub says later is kept beside them as `late`. A command may be given to the hub twice and its
 * outcome may come twice: only the first counts. An outcome may overtake the note that the command was sent.
 */
import { assertNever } from '#contract/assert-never';
import type { CommandStanding } from '#server/store/commands';

export type CommandInput =
  | { readonly type: 'sent' }
  | {
      readonly type: 'outcome';
      readonly result: 'confirmed' | 'refused';
      readonly word: string | null;
    }
  | { readonly type: 'deadline' };

export type CommandMove = {
  readonly standing: CommandStanding;
  readonly effect:
    | 'none'
    /** The state moved on, the command still waits. */
    | 'note'
    /** The command has ended: store it, then answer the caller. */
    | 'finish'
    /** Store what the hub said too late. */
    | 'note_late';
};

export const queuedCommand: CommandStanding = { name: 'queued', word: null, late: null };

/** What an input does to a command. */
export function moveCommand(standing: CommandStanding, input: CommandInput): CommandMove {
  switch (standing.name) {
    case 'queued':
    case 'sent':
      return moveWaiting(standing, input);
    case 'expired':
    case 'unknown': {
      if (input.type !== 'outcome' || standing.late !== null) return { standing, effect: 'none' };
      const { result, word } = input;
      return { standing: { ...standing, late: { result, word } }, effect: 'note_late' };
    }
    case 'confirmed':
    case 'refused':
      return { standing, effect: 'none' };
    default:
      return assertNever(standing.name);
  }
}

function moveWaiting(standing: CommandStanding, input: CommandInput): CommandMove {
  switch (input.type) {
    case 'sent':
      if (standing.name === 'sent') return { standing, effect: 'none' };
      return { standing: { ...standing, name: 'sent' }, effect: 'note' };
    case 'outcome': {
      // A refusal without a word is still a refusal, and every word outside the list of 3102 is hardware's.
      const word = input.result === 'refused' ? (input.word ?? 'hardware_error') : null;
      return { standing: { ...standing, name: input.result, word }, effect: 'finish' };
    }
    case 'deadline':
      return standing.name === 'queued'
        ? { standing: { ...standing, name: 'expired' }, effect: 'finish' }
        : { standing: { ...standing, name: 'unknown', word: 'timeout' }, effect: 'finish' };
    default:
      return assertNever(input);
  }
}
