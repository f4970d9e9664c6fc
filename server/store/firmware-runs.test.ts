import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FirmwareUpdateId } from '#contract/firmware-updates';
import type { IqId, LockId, TenantId } from '#contract/ids';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  beginRun,
  confirmRun,
  endRun,
  giveTurns,
  isRolloutStopped,
  listLostRuns,
  stopWaiting,
  takeUnsentRuns,
} from './firmware-runs.ts';
import { findLockingFacts } from './lockings.ts';
import { inTransaction, readScope, type Scope, type WriteScope } from './scope.ts';

const now = new Date('2026-03-01T12:00:00Z');
const image = { hardware_type: 'lock', model: 'Lock A', component: 'firmware', version: '2.1.0' };

let kit: TestDatabase;
let tenantId: TenantId;
let scope: Scope;
let iqId: IqId;
let lockIds: LockId[];

beforeAll(async () => {
  kit = await createTestDatabase();
});
afterAll(() => kit.drop());

beforeEach(async () => {
  tenantId = randomUUID() as string as TenantId;
  iqId = randomUUID() as string as IqId;
  scope = readScope(kit.database, tenantId);
  await kit.database.pool.query(`insert into tenants (id, name) values ($1, 'T')`, [tenantId]);
  await scope.query(
    `insert into iqs (tenant_id, id, mac, time_zone, subscribed, has_been_subscribed, otp_enabled, state, online, vendor_reference, created_at)
     values ($1, $2, 'AA', 'UTC', true, true, false, 'active', true, 'sallis', now())`,
    [tenantId, iqId],
  );
});

/** Locks of the IQ with an offered update each; gives the ids of the updates. */
async function locks(count: number): Promise<FirmwareUpdateId[]> {
  lockIds = Array.from({ length: count }, () => randomUUID() as string as LockId);
  await scope.query(
    `insert into locks (tenant_id, id, mac, code, vendor_reference, iq_id, iq_link_state, online, created_at)
     select $1, id, id::text, id::text, 'sallis', $3, 'attached', true, now() from unnest($2::uuid[]) id`,
    [tenantId, lockIds, iqId],
  );
  await scope.query(
    `insert into hardware_firmware (tenant_id, lock_id, component, model, version)
     select $1, id, 'firmware', 'Lock A', '2.0.0' from unnest($2::uuid[]) id`,
    [tenantId, lockIds],
  );
  const rows = await scope.query<{ id: FirmwareUpdateId }>(
    `insert into firmware_updates (tenant_id, lock_id, component, model, current_version, version, published_at, firmware, file)
     select $1, id, 'firmware', 'Lock A', '2.0.0', '2.1.0', now(), '{}', 'x' from unnest($2::uuid[]) id returning id`,
    [tenantId, lockIds],
  );
  return rows.map(({ id }) => id);
}

function write<T>(work: (inside: WriteScope) => Promise<T>): Promise<T> {
  return inTransaction({ database: kit.database, tenantId }, work);
}

/** Begins updates a second apart; gives their runs. */
async function begin(updates: readonly FirmwareUpdateId[]): Promise<string[]> {
  const runs = updates.map((id, index) => ({ id, runId: randomUUID(), index }));
  await write(async (inside) => {
    for (const { id, runId, index } of runs)
      await beginRun(inside, id, {
        runId,
        at: new Date(now.getTime() + index),
        currentVersion: '2.0.0',
      });
    await giveTurns(inside, now);
  });
  return runs.map(({ runId }) => runId);
}

function end(runId: string, state: 'installed' | 'failed', of: IqId = iqId) {
  return write((inside) => endRun(inside, runId, { iqId: of, state, message: null, now }));
}

async function phases(): Promise<Record<string, number>> {
  const rows = await scope.query<{ phase: string; count: number }>(
    `select coalesce(phase, state) as phase, count(*)::int as count from firmware_updates where tenant_id = $1 group by 1`,
    [tenantId],
  );
  return Object.fromEntries(rows.map(({ phase, count }) => [phase, count]));
}

describe('runs of updates', () => {
  test('are with 5 % of the hardware at once, and the next begins when one has ended', async () => {
    const updates = await locks(99);
    const runs = await begin(updates.slice(0, 10));
    expect(await phases()).toEqual({ sending: 5, waiting: 5, available: 89 });
    await end(runs[0] ?? '', 'installed');
    await write((inside) => giveTurns(inside, now));
    expect(await phases()).toEqual({ sending: 5, waiting: 4, installed: 1, available: 89 });
  });

  test('are one at a time where 5 % is less than one', async () => {
    await begin(await locks(3));
    expect(await phases()).toEqual({ sending: 1, waiting: 2 });
  });

  test('stop for an image after three failures, and after 1 % where that is more', async () => {
    const small = await begin(await locks(3));
    for (const runId of small.slice(0, 2)) await end(runId, 'failed');
    expect(await isRolloutStopped(scope, image)).toBe(false);
    await write((inside) => stopWaiting(inside, { ...image, version: '9.9.9' }, 'no'));
    await end(small[2] ?? '', 'failed');
    expect(await isRolloutStopped(scope, image)).toBe(true);
    expect(await isRolloutStopped(scope, { ...image, version: '2.2.0' })).toBe(false);
    await locks(397);
    expect(await isRolloutStopped(scope, image)).toBe(false);
    for (const runId of await begin(await locks(1))) await end(runId, 'failed');
    expect(await isRolloutStopped(scope, image)).toBe(false);
    for (const runId of await begin(await locks(1))) await end(runId, 'failed');
    expect(await isRolloutStopped(scope, image)).toBe(true);
  });

  test('that wait for a stopped image are offered again, those begun go on', async () => {
    await begin(await locks(3));
    await write((inside) => stopWaiting(inside, image, 'stopped'));
    expect(await phases()).toEqual({ sending: 1, available: 2 });
  });

  test('are taken by one sender until the hub has had its time to confirm', async () => {
    const [runId = ''] = await begin(await locks(1));
    const later = new Date(now.getTime() + 20_000);
    const take = (at: Date, sentBefore: Date) => takeUnsentRuns(scope, { sentBefore, now: at });
    expect((await take(now, now)).map((run) => run.run_id)).toEqual([runId]);
    expect(await take(now, now)).toEqual([]);
    expect(await take(later, later)).toHaveLength(1);
    await confirmRun(scope, runId);
    expect(await take(later, new Date(later.getTime() + 1))).toEqual([]);
  });

  test('end once, by the word of their own hub; one given up is installed if the hub says so', async () => {
    const [runId = ''] = await begin(await locks(1));
    expect(await end(runId, 'installed', randomUUID() as string as IqId)).toBeUndefined();
    expect(await listLostRuns(scope, now)).toEqual([]);
    expect(await listLostRuns(scope, new Date(now.getTime() + 1))).toEqual([runId]);
    expect(await end(runId, 'failed')).toBeDefined();
    expect(await end(runId, 'failed')).toBeUndefined();
    expect(await end(runId, 'installed')).toBeDefined();
    expect(await end(runId, 'failed')).toBeUndefined();
    expect(await phases()).toEqual({ installed: 1 });
  });

  test('keep commands from a lock for at most a minute', async () => {
    await begin(await locks(1));
    const facts = (seconds: number) =>
      findLockingFacts(scope, lockIds[0] ?? ('' as LockId), {
        accessorId: null,
        now: new Date(now.getTime() + seconds * 1000),
      });
    expect((await facts(59))?.is_updating).toBe(true);
    expect((await facts(61))?.is_updating).toBe(false);
  });
});
