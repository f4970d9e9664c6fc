import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DesiredItem } from '#contract/access-table';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { makeIq, type TestIq } from '#test/kit/gateway';
import { createBus, type Bus } from './bus.ts';
import {
  desiredTopic,
  findDesiredHead,
  listDesiredItems,
  lockDesiredState,
  replaceDesiredItems,
} from './desired-items.ts';
import { inTransaction, readScope, type WriteScope } from './scope.ts';

const ids = createRandomIds();
const now = new Date('2026-03-01T12:00:00Z');
let test: TestDatabase;
let bus: Bus;
let iq: TestIq;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});
beforeEach(async () => {
  bus = createBus({ database: test.database, clock: createSystemClock(), log: silentLog() });
  await bus.start();
  iq = await makeIq(test.database, ids);
});
afterEach(async () => {
  await bus.stop();
});

function inTenant<T>(work: (scope: WriteScope) => Promise<T>): Promise<T> {
  return inTransaction({ database: test.database, tenantId: iq.tenantId }, work);
}

function replace(items: readonly DesiredItem[]): Promise<number> {
  return inTenant((scope) => replaceDesiredItems(scope, iq.iqId, { items, now, bus }));
}

describe('desired items', () => {
  it('give each of many changes at once a version of its own', async () => {
    const versions = await Promise.all(
      Array.from({ length: 20 }, (_, n) => replace([{ key: `group/${n}`, value: { n } }])),
    );
    expect(versions.toSorted((a, b) => a - b)).toEqual(versions.map((_, index) => index + 1));
    const scope = readScope(test.database, iq.tenantId);
    expect(await findDesiredHead(scope, iq.iqId)).toMatchObject({ version: 20, maySend: true });
  });

  it('change with their transaction or not at all, and wake the push only after the commit', async () => {
    const woken: string[] = [];
    bus.subscribe(desiredTopic(iq.iqId), () => woken.push('woken'));
    const attempt = inTenant(async (scope) => {
      await replaceDesiredItems(scope, iq.iqId, {
        items: [{ key: 'group/1', value: 1 }],
        now,
        bus,
      });
      woken.push('before the end');
      throw new Error('the use-case failed');
    });
    await expect(attempt).rejects.toThrow('the use-case failed');
    expect(woken).toEqual(['before the end']);
    expect(await findDesiredHead(readScope(test.database, iq.tenantId), iq.iqId)).toMatchObject({
      version: 0,
    });
    await replace([{ key: 'group/1', value: 1 }]);
    expect(woken).toEqual(['before the end', 'woken']);
  });

  it('are invisible to another tenant', async () => {
    await replace([{ key: 'group/1', value: 1 }]);
    const stranger = readScope(test.database, (await makeIq(test.database, ids)).tenantId);
    expect(await findDesiredHead(stranger, iq.iqId)).toBeUndefined();
    const after = { version: 0, key: '' };
    const page = await listDesiredItems(stranger, iq.iqId, {
      after,
      limit: 10,
      skipsRemoved: false,
    });
    expect(page).toEqual({ items: [], last: null });
  });

  it('of two IQs can be changed by two transactions in either order without a deadlock', async () => {
    const other = ids.next<typeof iq.iqId>();
    await test.database.pool.query(
      `insert into iqs select (r).* from (
         select jsonb_populate_record(i, jsonb_build_object('id', $2::uuid, 'hub_id', null)) as r from iqs i where i.id = $1
       ) copies`,
      [iq.iqId, other],
    );
    const orders = [
      [iq.iqId, other],
      [other, iq.iqId],
    ];
    const versions = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        inTenant(async (scope) => {
          const order = orders[n % 2] ?? [];
          await lockDesiredState(scope, order);
          for (const iqId of order) {
            await replaceDesiredItems(scope, iqId, {
              items: [{ key: 'group/1', value: n }],
              now,
              bus,
            });
          }
          return n;
        }),
      ),
    );
    expect(versions).toHaveLength(10);
    const scope = readScope(test.database, iq.tenantId);
    expect(await findDesiredHead(scope, other)).toMatchObject({ version: 10 });
  });
});
