import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createBus, type Bus } from '#server/store/bus';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { until } from '#test/kit/wait';
import { answerOf, createMailbox, type Mailbox, type PassedRequest } from './mailbox.ts';

const [clock, ids, log] = [createSystemClock(), createRandomIds(), silentLog()];
const holderId = ids.next<string>();
let test: TestDatabase;
let bus: Bus;
let asker: Mailbox;
let holder: Mailbox;
/** What the holder was asked; it answers nothing but what was given up. */
const acted: PassedRequest[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  const { database } = test;
  bus = createBus({ database, clock, log });
  await bus.start();
  const parts = { database, bus, clock, ids, log };
  asker = createMailbox({
    ...parts,
    processId: ids.next(),
    act: () => Promise.resolve(answerOf(404)),
  });
  holder = createMailbox({
    ...parts,
    processId: holderId,
    act: (request) => {
      acted.push(request);
      return new Promise((resolve) =>
        request.signal.addEventListener('abort', () => resolve(answerOf(204))),
      );
    },
  });
  asker.start();
  holder.start();
});
afterAll(async () => {
  await asker.stop();
  await holder.stop();
  await bus.stop();
  await test.drop();
});

const ask = (tokenHash: string, signal: AbortSignal) =>
  asker.ask(holderId, { kind: 'poll', tokenHash, body: Buffer.alloc(0), signal });

it('a request that was given up before it is passed on reaches nobody, and after that is given up there too', async () => {
  expect((await ask('gone', AbortSignal.abort())).status).toBe(204);
  for (let round = 0; round < 20; round += 1) {
    const giving = new AbortController();
    const answer = ask(`round ${String(round)}`, giving.signal);
    giving.abort();
    expect((await answer).status).toBe(204);
    await until(() => acted[round]?.signal.aborted, { what: 'the holder knows' });
  }
  expect(acted.map(({ tokenHash }) => tokenHash)).toEqual(
    Array.from({ length: 20 }, (_, round) => `round ${String(round)}`),
  );
});
