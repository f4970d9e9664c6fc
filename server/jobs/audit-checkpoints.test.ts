import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditCheckpoint } from '#contract/audit-log';
import type { TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import { isSigned } from '#server/events/audit-form';
import { openAuditSigner } from '#server/runtime/audit-key';
import { createManualClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { listCheckpoints } from '#server/store/audit-checkpoints';
import { inTransaction, readScope } from '#server/store/scope';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { checkpointFile, createAuditCheckpoints } from './audit-checkpoints.ts';

const day = 86_400_000;
const ids = createRandomIds();
let test: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  test = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'cardea-test-'));
});
afterAll(async () => {
  await test.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** A tenant with a log of its own; the clock begins 400 days ago, since what is erased must be old by the database's time. */
async function logOf() {
  const { database } = test;
  const clock = createManualClock(new Date(Date.now() - 400 * day));
  const tenantId = ids.next<TenantId>();
  await database.pool.query(`insert into tenants (id, name) values ($1, 'Harbour')`, [tenantId]);
  const audit = createAudit({ clock, ids });
  const scope = readScope(database, tenantId);
  const job = createAuditCheckpoints({
    database,
    dataDir,
    openSigner: () => openAuditSigner({ dataDir, ids }),
    clock,
    log: silentLog(),
  });
  return {
    tenantId,
    clock,
    job,
    checkpoints: () => listCheckpoints(scope),
    note: async (count: number, collectionId: string | null = null): Promise<void> => {
      for (let made = 0; made < count; made += 1)
        await inTransaction({ database, tenantId }, async (write) =>
          audit.record(
            write,
            { tenantId, clientId: null, userId: null, requestId: null },
            { action: 'door.paint', objectType: 'door', objectId: null, collectionId },
          ),
        );
    },
    numbers: async (): Promise<number[]> => {
      const rows = await scope.query<{ number: number }>(
        'select number::int as number from audit_log where tenant_id = $1 order by number',
        [tenantId],
      );
      return rows.map(({ number }) => number);
    },
  };
}

async function fileOf(tenantId: TenantId): Promise<AuditCheckpoint[]> {
  const lines = (await readFile(checkpointFile(dataDir), 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as AuditCheckpoint)
    .filter((checkpoint) => checkpoint.tenant_id === tenantId);
}

describe('checkpoints of the audit log', () => {
  it('are signed where the log stands, once, and kept in a file too', async () => {
    const { tenantId, job, note, checkpoints } = await logOf();
    await note(3);
    await job.run();
    await job.run();
    const [first, ...others] = await checkpoints();
    expect(others).toEqual([]);
    expect(first).toMatchObject({ tenant_id: tenantId, number: 3, erases: false });
    expect(first && isSigned(first)).toBe(true);
    expect(first && isSigned({ ...first, number: 2 })).toBe(false);
    expect(await fileOf(tenantId)).toEqual([first]);
    await note(1);
    await job.run();
    expect((await fileOf(tenantId)).map(({ number }) => number)).toEqual([3, 4]);
  });

  it('are not signed over a record that was changed behind the server', async () => {
    const { tenantId, job, note, checkpoints } = await logOf();
    await note(2);
    await job.run();
    await note(3);
    await tamper(
      `update audit_log set action = 'door.open' where tenant_id = '${tenantId}' and number = 4`,
    );
    await job.run();
    expect((await checkpoints()).map(({ number }) => number)).toEqual([2]);
  });
});

describe('old audit records', () => {
  it('go when all up to them have been kept long enough, and a checkpoint stands for them', async () => {
    const { clock, job, note, numbers, checkpoints } = await logOf();
    await note(3);
    clock.advance(370 * day);
    await note(2);
    await job.run();
    expect(await numbers()).toEqual([4, 5]);
    const stands = (await checkpoints()).filter(({ erases }) => erases);
    expect(stands.map(({ number }) => number)).toEqual([3]);
  });

  it('stay while one before them is kept longer by its collection', async () => {
    const { tenantId, clock, job, note, numbers } = await logOf();
    const collectionId = ids.next<string>();
    await test.database.pool.query(
      `insert into collections (tenant_id, id, store_events_ttl_seconds, options, created_at)
       values ($1, $2, 60, '{"activity_log_days": 3650}', now())`,
      [tenantId, collectionId],
    );
    await note(2);
    await note(1, collectionId);
    await note(1);
    clock.advance(390 * day);
    await job.run();
    expect(await numbers()).toEqual([3, 4]);
  });

  it('are not erased when they were changed before', async () => {
    const { tenantId, clock, job, note, numbers } = await logOf();
    await note(3);
    await tamper(
      `update audit_log set action = 'door.open' where tenant_id = '${tenantId}' and number = 2`,
    );
    clock.advance(390 * day);
    await job.run();
    expect(await numbers()).toEqual([1, 2, 3]);
  });

  it('cannot be deleted early or by hand, not even by the owner of the tables', async () => {
    const { tenantId, job, note } = await logOf();
    await note(2);
    await job.run();
    const refused = [
      `delete from audit_log where tenant_id = '${tenantId}'`,
      `update audit_log set action = 'x' where tenant_id = '${tenantId}'`,
      'truncate audit_log',
      'truncate audit_heads',
      `delete from audit_heads where tenant_id = '${tenantId}'`,
      `update audit_heads set number = 1 where tenant_id = '${tenantId}'`,
      `delete from audit_checkpoints where tenant_id = '${tenantId}'`,
      `update audit_checkpoints set number = 1 where tenant_id = '${tenantId}'`,
      'truncate audit_checkpoints',
      `update audit_changes set salt = 'x' where tenant_id = '${tenantId}'`,
      `select erase_audit('${tenantId}', 2)`,
    ];
    for (const statement of refused)
      await expect(test.database.pool.query(statement), statement).rejects.toMatchObject({
        code: '42501',
      });
  });
});

/** As somebody would who owns the tables and switches their guards off. */
async function tamper(statement: string): Promise<void> {
  const client = await test.database.pool.connect();
  try {
    await client.query("set session_replication_role = 'replica'");
    await client.query(statement);
  } finally {
    client.release(true);
  }
}
