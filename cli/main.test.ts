import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { version } from '#server/runtime/version';
import { migrate } from '#server/store/migrate';
import { createDatabase, type Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { startPostgresProcess } from '#test/kit/postgres-process';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const ids = createRandomIds();
const patienceMs = 120_000;

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function cardea(...args: readonly string[]): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, ...args],
    { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

/** A tenant with records about one object. */
async function fill(database: Database): Promise<{ tenantId: TenantId; objectId: string }> {
  const tenantId = ids.next<TenantId>();
  const objectId = ids.next<string>();
  await database.pool.query(`insert into tenants (id, name) values ($1, 'Harbour')`, [tenantId]);
  const audit = createAudit({ clock: createSystemClock(), ids });
  const actor = { tenantId, clientId: null, userId: null, requestId: null };
  const fact = { action: 'door.paint', objectType: 'door', objectId, after: { painter: 'Ada' } };
  for (let made = 0; made < 3; made += 1)
    await inTransaction({ database, tenantId }, async (scope) => audit.record(scope, actor, fact));
  return { tenantId, objectId };
}

describe('the program', () => {
  it(
    'tells its commands, and what was typed wrongly',
    async () => {
      const help = await cardea();
      expect([help.code, help.err]).toEqual([0, '']);
      expect(help.out).toContain('audit verify');
      const wrong = await cardea('audit', 'verfy');
      expect([wrong.code, wrong.out]).toEqual([2, '']);
      expect(wrong.err).toContain(
        'there is no command "audit verfy". Did you mean "audit verify"?',
      );
      const half = await cardea('user');
      expect([half.code, half.out]).toEqual([2, '']);
      expect(half.err).toContain('"user" wants another word.');
      expect(half.err).toContain('user make-operator');
      expect(half.err).not.toContain('audit verify');
      expect(await cardea('--version')).toMatchObject({
        code: 0,
        out: `cardea ${version}\n`,
        err: '',
      });
      const option = await cardea('audit', 'verify', '--tenat', 'x');
      expect(option.code).toBe(2);
      expect(option.err).toContain('--tenat');
      expect(option.err).toContain('Did you mean "--tenant"?');
      const nowhere = await cardea(
        'audit',
        'verify',
        '--json',
        '--database',
        'postgres://127.0.0.1:9/x',
      );
      expect(nowhere.code).toBe(3);
      expect(JSON.parse(nowhere.out)).toEqual({ error: expect.any(String) as string });
    },
    patienceMs,
  );

  it(
    'ends with 0 over a log that nobody touched and with 1 over one that somebody did',
    async () => {
      const { tenantId, objectId } = await fill(test.database);
      const where = ['--database', test.url, '--tenant', tenantId];
      const forgotten = await cardea('audit', 'forget', ...where, '--object', objectId);
      expect(forgotten).toMatchObject({ code: 0, err: '' });
      expect(forgotten.out).toContain('The changes of 3 records were erased.');
      const fine = await cardea('audit', 'verify', '--json', ...where);
      expect(fine.code).toBe(0);
      expect(JSON.parse(fine.out)).toMatchObject({
        is_untouched: true,
        tenants: [{ records: 4, erased_changes: 3, faults: [] }],
      });
      const client = await test.database.pool.connect();
      await client.query("set session_replication_role = 'replica'");
      await client.query('delete from audit_log where tenant_id = $1 and number = 2', [tenantId]);
      client.release(true);
      const touched = await cardea('audit', 'verify', ...where);
      expect(touched.code).toBe(1);
      expect(touched.out).toContain('removed: Record 2 is gone');
    },
    patienceMs,
  );

  it(
    'reads the embedded PostgreSQL of a data folder, running or stopped',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'cardea-test-'));
      const postgres = await startPostgresProcess({ dataDir });
      const database = createDatabase({ config: postgres.config, log: silentLog() });
      await migrate({ database, log: silentLog() });
      await fill(database);
      const running = await cardea('audit', 'verify', '--data', dataDir);
      await database.close();
      await postgres.stop();
      const stopped = await cardea('audit', 'verify', '--data', dataDir);
      for (const { code, out } of [running, stopped]) {
        expect(code, out).toBe(0);
        expect(out).toContain('3 records');
      }
      await rm(dataDir, { recursive: true, force: true });
    },
    patienceMs,
  );
});
