import { expect, test } from 'vitest';
import { judgeHub, type StoredEvent } from './storm-verdict.ts';

const event = (sequence: number): StoredEvent => ({
  boot: 1,
  sequence,
  id: `id-${String(sequence)}`,
});
const lineOf = (sequence: number): string => `${String(sequence)} id-${String(sequence)} event`;
const written = [4, 5, 6, 7].map(lineOf);
const faults = (stored: readonly StoredEvent[]) => {
  const { lost, doubled, outOfOrder } = judgeHub(written, {
    events: stored,
    conditions: new Set(),
  });
  return { lost, doubled, outOfOrder };
};
const whole = { lost: 0, doubled: 0, outOfOrder: 0 };

test.each([
  ['all of it in order is whole', [4, 5, 6, 7], { lost: 0, doubled: 0, outOfOrder: 0 }],
  [
    'what came before the witness is whole',
    [2, 3, 4, 5, 6, 7],
    { lost: 0, doubled: 0, outOfOrder: 0 },
  ],
  ['a missing one is lost, as is its number', [4, 5, 7], { lost: 2, doubled: 0, outOfOrder: 0 }],
  ['a missing last one is lost', [4, 5, 6], { lost: 1, doubled: 0, outOfOrder: 0 }],
  ['the same one twice is doubled', [4, 5, 6, 7, 7], { lost: 0, doubled: 1, outOfOrder: 0 }],
  [
    'two that have changed places are out of order',
    [4, 6, 5, 7],
    { lost: 0, doubled: 0, outOfOrder: 1 },
  ],
  [
    'an unwitnessed one must not leave a number out',
    [4, 5, 6, 7, 9],
    { lost: 1, doubled: 0, outOfOrder: 0 },
  ],
])('%s', (_name, sequences, expected) => {
  expect(faults(sequences.map(event))).toEqual(expected);
});

test('another event under a number of the ledger is a loss', () => {
  const stored = [event(4), event(5), { boot: 1, sequence: 6, id: 'another' }, event(7)];
  expect(faults(stored)).toEqual({ lost: 1, doubled: 0, outOfOrder: 0 });
});

test('a start may use numbers again that were held in memory, after all of the start before', () => {
  const held = { boot: 1, sequence: 8, id: 'held' };
  const again = { boot: 2, sequence: 8, id: 'again' };
  const whole = [4, 5, 6, 7].map(event);
  expect(faults([...whole, held, again])).toEqual({ lost: 0, doubled: 0, outOfOrder: 0 });
  expect(faults([...whole, again, held])).toEqual({ lost: 0, doubled: 0, outOfOrder: 1 });
});

test.each([
  ['stored by its id is whole', ['condition'], ['id-6'], whole],
  ['not stored is lost, as is its number', ['condition'], [], { ...whole, lost: 2 }],
  ['stored though nobody witnessed it is whole', [], ['id-6'], whole],
  ['of before the witness, under its number, is whole', ['early'], ['id-6'], whole],
  [
    'stored from before the first event hides no loss',
    ['early', 1],
    ['id-1'],
    { ...whole, lost: 1 },
  ],
])('what a hub tells of battery and radio, %s', (_name, witnessed, stored, expected) => {
  const [kind, sequence = 6] = witnessed;
  const line = kind === undefined ? [] : [`${String(sequence)} id-${String(sequence)} ${kind}`];
  const { lost, doubled, outOfOrder } = judgeHub([...[4, 5, 7].map(lineOf), ...line], {
    events: [4, 5, 7].map(event),
    conditions: new Set(stored),
  });
  expect({ lost, doubled, outOfOrder }).toEqual(expected);
});
