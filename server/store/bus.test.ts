import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSystemClock } from '#server/runtime/clock';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { until } from '#test/kit/wait';
import { createBus, type Bus } from './bus.ts';

let test: TestDatabase;
let buses: Bus[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});
afterEach(async () => {
  for (const bus of buses) await bus.stop();
  buses = [];
});

async function join(): Promise<Bus> {
  const bus = createBus({ database: test.database, clock: createSystemClock(), log: silentLog() });
  await bus.start();
  buses.push(bus);
  return bus;
}

function listen(bus: Bus, topic: string): string[] {
  const heard: string[] = [];
  bus.subscribe(topic, (payload) => heard.push(payload));
  return heard;
}

describe('the bus', () => {
  it('delivers here at once and once, and to other processes in order', async () => {
    const [here, there] = [await join(), await join()];
    const mine = listen(here, 'doors');
    const theirs = listen(there, 'doors');
    const other = listen(there, 'windows');
    const sent = Array.from({ length: 500 }, (_, n) => `${n} ${'x'.repeat(n)}`);
    for (const payload of sent) here.publish('doors', payload);
    expect(mine).toEqual(sent);
    await until(() => theirs.length >= sent.length, { what: 'the other process has heard all' });
    expect(theirs).toEqual(sent);
    there.publish('back', '');
    expect(mine).toEqual(sent);
    expect(other).toEqual([]);
  });

  it('gathers messages so that many travel in one notification', async () => {
    const [here, there] = [await join(), await join()];
    const theirs = listen(there, 'doors');
    let notifications = 0;
    const witness = await test.database.pool.connect();
    try {
      witness.on('notification', () => (notifications += 1));
      await witness.query('listen cardea_bus');
      for (let n = 0; n < 400; n += 1) here.publish('doors', String(n));
      await until(() => theirs.length === 400, { what: 'all are heard' });
      await until(() => notifications > 0, { what: 'the witness has heard as well' });
      // Whatever is on its way to the witness comes with the answer.
      await witness.query('select 1');
      expect(notifications).toBeLessThan(40);
    } finally {
      witness.release(true);
    }
  });

  it('goes on after a listener that throws, and forgets one that has ended', async () => {
    const bus = await join();
    bus.subscribe('doors', () => {
      throw new Error('a clumsy listener');
    });
    const heard: string[] = [];
    const end = bus.subscribe('doors', (payload) => heard.push(payload));
    bus.publish('doors', 'one');
    end();
    bus.publish('doors', 'two');
    expect(heard).toEqual(['one']);
  });

  it('refuses a message that is no hint', async () => {
    const bus = await join();
    expect(() => bus.publish('doors', 'x'.repeat(4_001))).toThrow(RangeError);
  });

  it('listens again after its connection was cut, and says that messages may be missing', async () => {
    const [here, there] = [await join(), await join()];
    let resyncs = 0;
    there.onResync(() => {
      resyncs += 1;
    });
    await test.database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()`,
    );
    await until(() => resyncs > 0, { what: 'the bus listens again' });
    const theirs = listen(there, 'doors');
    here.publish('doors', 'after');
    await until(() => theirs.length > 0, { what: 'it hears again' });
    expect(theirs).toEqual(['after']);
  });
});
