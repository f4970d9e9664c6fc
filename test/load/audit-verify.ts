/**
 * `node tools/run.mjs test/load/audit-verify [records]`: fills the audit log of a PostgreSQL of its own (1,000,000 records
 * unless told otherwise) and prints how long `cardea audit verify` takes over it and what memory it needs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditCheck } from '#server/events/audit-check';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { createRandomIds } from '#server/runtime/ids';
import { findAuditHead, readAuditRecords } from '#server/store/audit-records';
import { inSnapshot } from '#server/store/exports';
import { migrate } from '#server/store/migrate';
import { createDatabase, type Database } from '#server/store/pool';
import type { TenantId } from '#contract/ids';

const portion = 5_000;
const wanted = Number(process.argv[2] ?? 1_000_000);
const folder = await mkdtemp(join(tmpdir(), 'cardea-bench-'));
const log = createLog({ level: 'warn', format: 'lines', target: process.stderr });
const postgres = createEmbeddedPostgres({ dataDir: folder, log, settings: { fsync: 'off' } });
try {
  const database = createDatabase({ config: { ...(await postgres.start()), max: 2 }, log });
  await migrate({ database, log });
  const tenantId = createRandomIds().next<TenantId>();
  await database.pool.query(`insert into tenants (id, name) values ($1, 'Load')`, [tenantId]);
  const filledMs = await timed(() => fill(database, tenantId));
  console.log(`${wanted} records appended in ${seconds(filledMs)} s`);
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let mostBytes = before;
  const verifiedMs = await timed(async () => {
    const result = await inSnapshot({ database, tenantId }, async (scope) => {
      const check = createAuditCheck({ checkpoints: [], head: await findAuditHead(scope) });
      for await (const records of readAuditRecords(scope, { after: 0 })) {
        for (const record of records) check.add(record);
        mostBytes = Math.max(mostBytes, process.memoryUsage().rss);
      }
      return check.end();
    });
    if (result.records !== wanted || result.fault_count > 0) throw new Error('not whole');
  });
  const megabytes = Math.round((mostBytes - before) / 1_048_576);
  console.log(`verified in ${seconds(verifiedMs)} s, ${megabytes} MiB more memory at most`);
  await database.close();
} finally {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

async function fill(database: Database, tenantId: TenantId): Promise<void> {
  for (let done = 0; done < wanted; done += portion)
    await database.pool.query(
      `select append_audit($1, (select jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'request_id', n::text,
         'utc_date_time', '2026-05-04T12:00:00Z', 'client_id', 'desk', 'action', 'lock.update', 'object_type', 'lock',
         'object_id', gen_random_uuid(), 'outcome', 'ok', 'detail', 'customer_reference', 'salt', md5(n::text),
         'changes', '[{"after":"Front door","before":"Door","member":"customer_reference"}]'))
         from generate_series(1, $2::int) n))`,
      [tenantId, Math.min(portion, wanted - done)],
    );
}

async function timed(act: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await act();
  return performance.now() - from;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
