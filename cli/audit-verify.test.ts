import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import type { AuditFault } from '#server/events/audit-check';
import { auditHash } from '#server/events/audit-form';
import { createAuditCheckpoints, checkpointFile } from '#server/jobs/audit-checkpoints';
import { openAuditSigner } from '#server/runtime/audit-key';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { readAuditRecords, type AuditRecord } from '#server/store/audit-records';
import { inTransaction, readScope } from '#server/store/scope';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { auditVerify } from './audit-verify.ts';
import { exitCodes } from './command.ts';

const ids = createRandomIds();
const clock = createSystemClock();
let test: TestDatabase;
let folders: string[];
beforeAll(async () => {
  test = await createTestDatabase();
  folders = [];
});
afterAll(async () => {
  await test.drop();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

type Report = {
  readonly is_untouched: boolean;
  readonly tenants: readonly {
    readonly records: number;
    readonly signed_to: number;
    readonly erased_changes: number;
    readonly faults: readonly AuditFault[];
  }[];
};

/** A log of `count` records of a tenant of its own, signed after `signedAfter` of them. */
async function startLog({ count = 12, signedAfter = 8 } = {}) {
  const { database } = test;
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-test-'));
  folders.push(dataDir);
  const tenantId = ids.next<TenantId>();
  await database.pool.query(`insert into tenants (id, name) values ($1, 'Harbour')`, [tenantId]);
  const audit = createAudit({ clock, ids });
  const job = createAuditCheckpoints({
    database,
    dataDir,
    openSigner: () => openAuditSigner({ dataDir, ids }),
    clock,
    log: silentLog(),
  });
  const note = async (times: number): Promise<void> => {
    for (let made = 0; made < times; made += 1)
      await inTransaction({ database, tenantId }, async (scope) =>
        audit.record(
          scope,
          { tenantId, clientId: 'desk', userId: null, requestId: ids.next<string>() },
          {
            action: 'door.paint',
            objectType: 'door',
            objectId: ids.next<string>(),
            detail: 'é "quoted" \u2028 \\ \n 🔑',
            before: { colour: 'red', number: 1.5 },
            after: { colour: 'blue', number: made, painter: { name: 'Ada' } },
          },
        ),
      );
  };
  await note(signedAfter);
  await job.run();
  await note(count - signedAfter);
  const read = async (): Promise<AuditRecord[]> => {
    const all: AuditRecord[] = [];
    for await (const some of readAuditRecords(readScope(database, tenantId), { after: 0 }))
      all.push(...some);
    return all;
  };
  return {
    tenantId,
    dataDir,
    job,
    note,
    read,
    idOf: async (number: number) => (await read()).find((one) => one.number === number)?.id,
    verify: async (
      more: Readonly<Record<string, string | readonly string[]>> = { data: dataDir },
    ) => {
      const values = { database: test.url, tenant: tenantId, ...more };
      const signal = new AbortController().signal;
      const answer = await auditVerify.run({
        values,
        environment: {},
        signal,
        progress: () => undefined,
      });
      const { tenants } = answer.json as Report;
      return {
        code: answer.code,
        report: tenants[0],
        text: answer.text,
        faults: tenants[0]?.faults,
      };
    },
  };
}

/** As somebody would who owns the tables and switches their guards off; `$tenant` is the tenant's id. */
async function tamper(tenantId: TenantId, statements: readonly string[]): Promise<void> {
  const client = await test.database.pool.connect();
  try {
    await client.query("set session_replication_role = 'replica'");
    for (const statement of statements)
      await client.query(statement.replaceAll('$tenant', `'${tenantId}'`));
  } finally {
    client.release(true);
  }
}

/** Moves records by numbers that nobody has in between, since numbers are unique. */
const renumber = (where: string, by: number) => [
  `update audit_log set number = -number where tenant_id = $tenant and ${where}`,
  `update audit_log set number = -number + (${by}) where tenant_id = $tenant and number < 0`,
  `update audit_changes set number = -number where tenant_id = $tenant and ${where}`,
  `update audit_changes set number = -number + (${by}) where tenant_id = $tenant and number < 0`,
];

const kindsOf = (faults: readonly AuditFault[] | undefined) =>
  faults?.map(({ kind, number, last_number: last }) => [kind, number, last]);

describe('an audit log that nobody touched', () => {
  it('is found whole, with texts of every kind', async () => {
    const log = await startLog();
    const { code, report, text } = await log.verify();
    expect(code).toBe(exitCodes.fine);
    expect(report).toMatchObject({ records: 12, signed_to: 8, erased_changes: 0, faults: [] });
    expect(text).toContain('Nothing was touched.');
  });

  it('stays whole when the changes of a person are erased beside it', async () => {
    const log = await startLog();
    await test.database.pool.query(
      'delete from audit_changes where tenant_id = $1 and number in (3, 9)',
      [log.tenantId],
    );
    const { code, report } = await log.verify();
    expect([code, report?.erased_changes]).toEqual([exitCodes.fine, 2]);
  });
});

describe('in an audit log', () => {
  it.each([
    [
      'its action',
      `update audit_log set action = 'door.open' where tenant_id = $tenant and number = 5`,
    ],
    [
      'its time',
      `update audit_log set utc_date_time = utc_date_time + interval '1 ms' where tenant_id = $tenant and number = 5`,
    ],
    [
      'who did it',
      `update audit_log set client_id = null where tenant_id = $tenant and number = 5`,
    ],
    [
      'its hash',
      `update audit_log set hash = repeat('a', 64) where tenant_id = $tenant and number = 5`,
    ],
    [
      'what lies beside it',
      `update audit_changes set body = '[]' where tenant_id = $tenant and number = 5`,
    ],
  ])('a record with %s changed is named', async (_what, statement) => {
    const log = await startLog();
    await tamper(log.tenantId, [statement]);
    const { code, faults } = await log.verify();
    expect(code).toBe(exitCodes.found);
    expect(faults).toEqual([
      expect.objectContaining({ kind: 'changed', number: 5, id: await log.idOf(5) }),
    ]);
  });

  it('a record that was changed and hashed anew is named', async () => {
    const log = await startLog();
    const { read, tenantId } = log;
    for (const [number, hashed] of [
      [10, await forged(read, 10)],
      [12, await forged(read, 12)],
    ])
      await tamper(tenantId, [
        `update audit_log set action = 'door.open', hash = '${hashed}' where tenant_id = $tenant and number = ${number}`,
      ]);
    const { faults } = await log.verify();
    expect(kindsOf(faults)).toEqual([
      ['changed', 10, 10],
      ['changed', 12, 12],
    ]);
    expect(faults?.map(({ id }) => id)).toEqual([await log.idOf(10), await log.idOf(12)]);
  });

  it.each([
    ['leaving its number free', []],
    ['moving up those after it', renumber('number > 5', -1)],
  ])('a record that was removed, %s, is named', async (_how, moves) => {
    const log = await startLog();
    await tamper(log.tenantId, [
      'delete from audit_log where tenant_id = $tenant and number = 5',
      'delete from audit_changes where tenant_id = $tenant and number = 5',
      ...moves,
      ...(moves.length > 0 ? ['update audit_heads set number = 12 where tenant_id = $tenant'] : []),
    ]);
    expect(kindsOf((await log.verify()).faults)).toEqual([['removed', 5, 5]]);
  });

  it.each([
    ['fitting nowhere', `repeat('b', 64)`],
    ['chained to the one before', null],
  ])('a record that was inserted, %s, is named', async (_how, hash) => {
    const log = await startLog();
    const former = (await log.read())[4];
    if (former === undefined) throw new Error('no fifth record');
    const { salt: _salt, body: _body, changes_hash: _changes, ...copied } = former;
    const record = { ...copied, number: 6, id: ids.next<string>(), previous_hash: former.hash };
    await tamper(log.tenantId, [
      ...renumber('number > 5', 1),
      `insert into audit_log select * from jsonb_populate_record(null::audit_log, '${JSON.stringify(
        {
          ...record,
          tenant_id: log.tenantId,
        },
      ).replaceAll("'", "''")}')`,
      `update audit_log set hash = ${hash ?? `'${auditHash(record)}'`} where tenant_id = $tenant and number = 6`,
      'update audit_heads set number = 12 where tenant_id = $tenant',
    ]);
    const { faults } = await log.verify();
    expect(faults).toEqual([
      expect.objectContaining({ kind: 'inserted', number: 6, last_number: 6, id: record.id }),
    ]);
  });

  it.each([
    ['neighbours', 5, 6],
    ['far from each other', 2, 60],
  ])('two records that were swapped, %s, are both named', async (_how, one, other) => {
    const log = await startLog({ count: 70, signedAfter: 65 });
    const names = [await log.idOf(one), await log.idOf(other)];
    const swap = (table: string) => [
      `update ${table} set number = -1 where tenant_id = $tenant and number = ${one}`,
      `update ${table} set number = ${one} where tenant_id = $tenant and number = ${other}`,
      `update ${table} set number = ${other} where tenant_id = $tenant and number = -1`,
    ];
    await tamper(log.tenantId, [...swap('audit_log'), ...swap('audit_changes')]);
    const { faults } = await log.verify();
    expect(kindsOf(faults)).toEqual([['swapped', one, other]]);
    for (const name of names) expect(faults?.[0]?.text).toContain(name);
  });

  it('an end that was cut off is named: by the head, and without it by the checkpoint', async () => {
    const log = await startLog();
    await tamper(log.tenantId, ['delete from audit_log where tenant_id = $tenant and number > 6']);
    expect(kindsOf((await log.verify()).faults)).toEqual([['removed', 7, 12]]);
    const hash = (await log.read()).at(-1)?.hash;
    await tamper(log.tenantId, [
      `update audit_heads set number = 6, hash = '${hash}' where tenant_id = $tenant`,
    ]);
    expect(kindsOf((await log.verify()).faults)).toEqual([['removed', 7, 8]]);
  });

  it('a beginning that was cut off is named, unless it was erased in order', async () => {
    const log = await startLog();
    await tamper(log.tenantId, ['delete from audit_log where tenant_id = $tenant and number < 4']);
    expect(kindsOf((await log.verify()).faults)).toEqual([['removed', 1, 3]]);
    const other = await startLog();
    await tamper(other.tenantId, [
      'delete from audit_log where tenant_id = $tenant and number <= 8',
    ]);
    expect(kindsOf((await other.verify()).faults)).toEqual([['removed', 1, 8]]);
  });

  it('a whole log written anew is found by a checkpoint that was kept elsewhere', async () => {
    const log = await startLog();
    const elsewhere = join(log.dataDir, 'kept-elsewhere.jsonl');
    await writeFile(elsewhere, await readFile(checkpointFile(log.dataDir)));
    const forgery = rewritten(await log.read(), { from: 3, action: 'door.open' });
    const last = forgery.at(-1);
    await tamper(log.tenantId, [
      'delete from audit_checkpoints where tenant_id = $tenant',
      ...forgery.map(
        ({ number, action, hash, previous_hash: previous }) =>
          `update audit_log set action = '${action}', hash = '${hash}',
             previous_hash = ${previous === null ? 'null' : `'${previous}'`}
           where tenant_id = $tenant and number = ${number}`,
      ),
      `update audit_heads set hash = '${last?.hash}' where tenant_id = $tenant`,
    ]);
    const alone = await log.verify({});
    expect(alone.faults).toEqual([]);
    const { code, faults, text } = await log.verify({ checkpoint: [elsewhere] });
    expect(code).toBe(exitCodes.found);
    expect(faults).toEqual([
      expect.objectContaining({ kind: 'rewritten', last_number: 8, id: await log.idOf(8) }),
    ]);
    expect(text).toContain('Record 8');
  });

  it('a checkpoint that a forger signed with a key of his own is named', async () => {
    const log = await startLog();
    const other = await mkdtemp(join(tmpdir(), 'cardea-test-'));
    folders.push(other);
    const forger = await openAuditSigner({ dataDir: other, ids });
    await tamper(log.tenantId, [
      `update audit_checkpoints set public_key = '${forger.publicKey}', signature = '${forger.sign('x')}'
       where tenant_id = $tenant`,
    ]);
    expect(kindsOf((await log.verify()).faults)).toEqual([['unsigned', 8, 8]]);
  });
});

/** The hash that record `number` would have with another action. */
async function forged(read: () => Promise<AuditRecord[]>, number: number): Promise<string> {
  const record = (await read()).find((one) => one.number === number);
  if (record === undefined) throw new Error(`no record ${number}`);
  return auditHash({ ...record, action: 'door.open' });
}

/** The log as a forger makes it whole again after a change. */
function rewritten(
  records: readonly AuditRecord[],
  { from, action }: { readonly from: number; readonly action: string },
): AuditRecord[] {
  const made: AuditRecord[] = [];
  for (const record of records) {
    const isChanged = record.number === from;
    const next = {
      ...record,
      action: isChanged ? action : record.action,
      previous_hash: made.at(-1)?.hash ?? null,
    };
    made.push({ ...next, hash: auditHash(next) });
  }
  return made;
}
