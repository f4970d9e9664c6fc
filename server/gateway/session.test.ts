import { describe, expect, it } from 'vitest';
import { moveSession, newSession, type SessionInput, type SessionState } from './session.ts';

const connected = newSession(0);
const checking: SessionState = { name: 'checking' };
const ready: SessionState = { name: 'ready', heardAtMs: 0, isHeld: false };
const held: SessionState = { ...ready, isHeld: true };
const ended: SessionState = { name: 'ended', reason: 'silence' };

const hello: SessionInput = { type: 'frame', frame: 'hello', protocol: 1 };
const report: SessionInput = { type: 'frame', frame: 'report' };
const tick: SessionInput = { type: 'tick' };

function endedBy(reason: (SessionState & { name: 'ended' })['reason']): SessionState {
  return { name: 'ended', reason };
}

type Row = readonly [
  from: SessionState,
  input: SessionInput,
  atMs: number,
  to: SessionState,
  effect: string,
];

const table: readonly Row[] = [
  [connected, hello, 5, checking, 'check'],
  [connected, { ...hello, protocol: 2 }, 5, endedBy('protocol_version'), 'refuse'],
  [connected, { type: 'frame', frame: 'hello' }, 5, endedBy('protocol_version'), 'refuse'],
  [connected, report, 5, connected, 'none'],
  [connected, { type: 'frame', frame: 'heartbeat' }, 5, connected, 'none'],
  [connected, { type: 'welcomed' }, 5, connected, 'none'],
  [connected, { type: 'refused' }, 5, connected, 'none'],
  [connected, { type: 'held' }, 5, connected, 'none'],
  [connected, tick, 9_999, connected, 'none'],
  [connected, tick, 10_000, endedBy('hello_missing'), 'close'],
  [connected, { type: 'end', reason: 'replaced' }, 5, endedBy('replaced'), 'close'],

  [checking, { type: 'welcomed' }, 7, { name: 'ready', heardAtMs: 7, isHeld: false }, 'welcome'],
  [checking, { type: 'refused' }, 7, endedBy('refused'), 'refuse'],
  [checking, report, 7, checking, 'none'],
  [checking, hello, 7, checking, 'none'],
  [checking, tick, 60_000, checking, 'none'],
  [checking, { type: 'end', reason: 'failed' }, 7, endedBy('failed'), 'close'],

  [ready, report, 9, { ...ready, heardAtMs: 9 }, 'pass'],
  [ready, { type: 'frame', frame: 'heartbeat' }, 9, { ...ready, heardAtMs: 9 }, 'pass'],
  [ready, hello, 9, endedBy('hello_twice'), 'close'],
  [ready, { type: 'welcomed' }, 9, ready, 'none'],
  [ready, { type: 'refused' }, 9, ready, 'none'],
  [ready, tick, 14_999, ready, 'none'],
  [ready, tick, 15_000, endedBy('silence'), 'close'],
  [ready, { type: 'held' }, 9, held, 'none'],
  [held, tick, 60_000, held, 'none'],
  [held, { type: 'released' }, 60_000, { ...ready, heardAtMs: 60_000 }, 'none'],
  [held, { type: 'end', reason: 'overflow' }, 9, endedBy('overflow'), 'close'],

  [ended, hello, 9, ended, 'none'],
  [ended, report, 9, ended, 'none'],
  [ended, tick, 60_000, ended, 'none'],
  [ended, { type: 'end', reason: 'replaced' }, 9, ended, 'none'],
];

describe('the session of a connection', () => {
  it.each(table)(
    '%j with %j at %i ms becomes %j and has effect %s',
    (from, input, atMs, state, effect) => {
      expect(moveSession(from, input, atMs)).toEqual({ state, effect });
    },
  );
});
