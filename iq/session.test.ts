import { describe, expect, test } from 'vitest';
import type { Frame } from '#contract/iq-link';
import { gather } from './desired.ts';
import {
  backOffMs,
  nextSession,
  usualTiming,
  type SessionInput,
  type SessionState,
} from './session.ts';

const session = 'abcdefgh';
const down: SessionState = { name: 'down', failures: 2 };
const dialling: SessionState = { name: 'dialling', failures: 2 };
const greeting: SessionState = { name: 'greeting', session, failures: 2 };
const ready: SessionState = { name: 'ready', session, timing: usualTiming };
const unclaimed: SessionState = { name: 'unclaimed', session, timing: usualTiming };
const inputs = {
  dial: { type: 'dial' },
  connected: { type: 'connected', session },
  welcome: { type: 'welcome', session, iqId: 'q', timing: usualTiming },
  stale: { type: 'welcome', session: 'another1', iqId: 'q', timing: usualTiming },
  factory: { type: 'welcome', session, iqId: null, timing: usualTiming },
  claimed: { type: 'claimed' },
  lost: { type: 'lost' },
} as const satisfies Record<string, SessionInput>;

const failed = (failures: number): SessionState => ({ name: 'down', failures });
const moves: readonly [SessionState, Partial<Record<keyof typeof inputs, SessionState>>][] = [
  [down, { dial: dialling, lost: down }],
  [dialling, { connected: greeting, lost: failed(3) }],
  [greeting, { welcome: ready, factory: unclaimed, lost: failed(3) }],
  [ready, { lost: failed(0) }],
  [unclaimed, { claimed: failed(0), lost: failed(0) }],
];

describe('a session', () => {
  for (const [state, table] of moves) {
    test.each(Object.keys(inputs) as (keyof typeof inputs)[])(
      `that is ${state.name} meets %s`,
      (name) => {
        expect(nextSession(state, inputs[name])).toEqual(table[name] ?? state);
      },
    );
  }
});

test('the wait before the next dial doubles to 30 s and is never less than half of it', () => {
  expect([0, 1, 2, 6, 50].map((failures) => backOffMs(failures, 1))).toEqual([
    500, 1_000, 2_000, 30_000, 30_000,
  ]);
  expect([0, 6].map((failures) => backOffMs(failures, 0))).toEqual([250, 15_000]);
});

describe('the parts of a delta', () => {
  const part = (number: number, over: Partial<Frame<'desired'>> = {}): Frame<'desired'> => ({
    from: 1,
    to: 2,
    part: number,
    parts: 3,
    items: [{ key: String(number), value: null }],
    ...over,
  });
  function run(...frames: Frame<'desired'>[]) {
    let partial: Parameters<typeof gather>[0] = null;
    for (const frame of frames) {
      const gathered = gather(partial, frame);
      if (gathered.state === 'whole') return gathered.delta.items.map(({ key }) => key);
      partial = gathered.partial;
    }
    return null;
  }

  test('count together when the last has come', () => {
    expect(run(part(1), part(2))).toBeNull();
    expect(run(part(1), part(2), part(3))).toEqual(['1', '2', '3']);
    expect(run(part(1, { parts: 1 }))).toEqual(['1']);
  });

  test('begin anew with a first part, and a part out of turn throws the rest away', () => {
    expect(run(part(1), part(2), part(1), part(2), part(3))).toEqual(['1', '2', '3']);
    expect(run(part(1), part(3), part(2), part(3))).toBeNull();
    expect(run(part(1), part(2), part(3, { to: 4 }))).toBeNull();
  });
});
