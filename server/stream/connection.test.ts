import { expect, it } from 'vitest';
import { createManualClock } from '#server/runtime/clock';
import { createBacklog } from './backlog.ts';
import { createConnection } from './connection.ts';

it('rights that end while they are looked at are looked at again', async () => {
  const asked: ((may: boolean) => void)[] = [];
  const ends: string[] = [];
  const connection = createConnection(
    {
      takesBinary: false,
      hasPings: false,
      backlog: createBacklog(),
      write: () => undefined,
      close: (reason) => void ends.push(reason),
      cut: () => undefined,
    },
    {
      clock: createManualClock(new Date('2026-03-01T12:00:00Z')),
      showsCursor: false,
      methods: new Map(),
      onOpen: () => undefined,
      onEnd: () => undefined,
      mayStay: () => new Promise((resolve) => asked.push(resolve)),
    },
  );
  const answer = async (may: boolean): Promise<void> => {
    asked.at(-1)?.(may);
    await Promise.resolve();
  };
  connection.start();
  connection.receive(Buffer.from('{"protocol":"json","version":1}\u001e'));
  connection.recheck();
  connection.recheck();
  expect(asked).toHaveLength(1);
  await answer(true);
  expect([asked.length, ends]).toEqual([2, []]);
  await answer(true);
  expect([asked.length, ends]).toEqual([2, []]);
  connection.recheck();
  connection.recheck();
  await answer(true);
  await answer(false);
  expect([asked.length, ends]).toEqual([4, ['rights_ended']]);
});
