import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { createDatabase, type Database } from './pool.ts';
import { inTransaction } from './scope.ts';

const ids = createRandomIds();
const tenantId = ids.next<TenantId>();
let test: TestDatabase;
let server: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  server = createDatabase({ config: test.serverConfig, log: silentLog() });
  await test.database.pool.query(`insert into tenants (id, name) values ($1, 'Harbour')`, [
    tenantId,
  ]);
});
afterAll(async () => {
  await server.close();
  await test.drop();
});

describe('the role of a running server', () => {
  it('appends to the audit log and reads it', async () => {
    const audit = createAudit({ clock: createSystemClock(), ids });
    await inTransaction({ database: server, tenantId }, async (scope) =>
      audit.record(
        scope,
        { tenantId, clientId: null, userId: null, requestId: null },
        { action: 'door.paint', objectType: 'door', objectId: null, after: { colour: 'blue' } },
      ),
    );
    const { rows } = await server.pool.query('select number::int, action from audit_log');
    expect(rows).toEqual([{ number: 1, action: 'door.paint' }]);
  });

  it.each([
    `update audit_log set action = 'x'`,
    'delete from audit_log',
    'truncate audit_log',
    'insert into audit_log select * from audit_log',
    'update audit_heads set number = 7',
    'delete from audit_heads',
    'truncate audit_heads',
    `insert into audit_heads values (gen_random_uuid(), 1, '')`,
    `update audit_checkpoints set hash = 'x'`,
    'delete from audit_checkpoints',
    'truncate audit_checkpoints',
    `update audit_changes set body = '[]'`,
    'truncate audit_changes',
    'alter table audit_log disable trigger all',
    'drop table audit_log',
    'drop trigger only_grows on audit_log',
    `create or replace function append_audit(for_tenant uuid, records jsonb) returns void language sql as ''`,
    `set session_replication_role = 'replica'`,
    `insert into schema_migrations (number, name, checksum) values (9999, 'x', 'x')`,
    `select erase_audit('${tenantId}', 1)`,
  ])('cannot: %s', async (statement) => {
    await expect(server.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('cannot put a table of its own in the place of one that the guards look into', async () => {
    const client = await server.pool.connect();
    try {
      await client.query(
        'create temporary table audit_checkpoints as select *, true as forged from audit_checkpoints',
      );
      await client.query(
        `insert into audit_checkpoints (tenant_id, number, hash, at, erases, public_key, signature)
         select tenant_id, number, hash, now(), true, '', '' from audit_log`,
      );
      const erased = client.query('select erase_audit($1, 1)', [tenantId]);
      await expect(erased).rejects.toMatchObject({ code: '42501' });
    } finally {
      client.release(true);
    }
  });
});
