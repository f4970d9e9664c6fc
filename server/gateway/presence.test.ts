import { describe, expect, it } from 'vitest';
import { absent, movePresence, type PresenceInput, type PresenceState } from './presence.ts';

const present: PresenceState = { name: 'present' };
const lingering: PresenceState = { name: 'lingering', heardAtMs: 1_000, reason: 'closed' };
const lost: PresenceInput = { type: 'lost', heardAtMs: 1_000, reason: 'closed' };
const silent: PresenceInput = { type: 'lost', heardAtMs: 1_000, reason: 'silence' };
const welcomed: PresenceInput = { type: 'welcomed' };
const tick: PresenceInput = { type: 'tick' };

type Row = readonly [
  from: PresenceState,
  input: PresenceInput,
  atMs: number,
  to: PresenceState,
  effect: string,
];

const table: readonly Row[] = [
  [absent, welcomed, 0, present, 'declare_online'],
  [absent, lost, 0, absent, 'none'],
  [absent, tick, 99_000, absent, 'none'],
  [present, welcomed, 0, present, 'declare_online'],
  [present, tick, 99_000, present, 'none'],
  [present, lost, 2_000, lingering, 'none'],
  [present, silent, 16_000, absent, 'declare_offline'],
  [lingering, tick, 15_999, lingering, 'none'],
  [lingering, tick, 16_000, absent, 'declare_offline'],
  [lingering, welcomed, 2_000, present, 'declare_online'],
];

describe('the presence of an IQ', () => {
  it.each(table)(
    '%j with %j at %i ms becomes %j and has effect %s',
    (from, input, atMs, state, effect) => {
      expect(movePresence(from, input, atMs)).toEqual({ state, effect });
    },
  );
});
