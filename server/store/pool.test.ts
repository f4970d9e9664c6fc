import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { inTransaction } from './scope.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});

describe('the pool', () => {
  it('outlives connections that die in the middle of a transaction', async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): number => uncaught.push(error);
    process.on('uncaughtException', note);
    const tenantId = '00000000-0000-4000-8000-000000000001' as TenantId;
    try {
      const cut = inTransaction({ database: test.database, tenantId }, async (scope) => {
        const [own] = await scope.query<{ pid: number }>('select pg_backend_pid() as pid', []);
        await test.database.pool.query('select pg_terminate_backend($1, 5000)', [own?.pid]);
        await scope.query('select 1', []);
      });
      await expect(cut).rejects.toThrow();
      const { rows } = await test.database.pool.query<{ one: number }>('select 1 as one');
      expect(rows).toEqual([{ one: 1 }]);
      expect(uncaught).toEqual([]);
    } finally {
      process.off('uncaughtException', note);
    }
  });
});
