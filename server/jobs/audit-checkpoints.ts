/**
 * Signs where the audit log of each tenant stands, and erases what it need not keep. A checkpoint is signed only over records
 * that agree with the one before; each goes to the database, to a file of the data folder and to the log, so that a copy is
 * where whoever rewrites the database does not come. Several processes may do it at once.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AuditCheckpoint } from '#contract/audit-log';
import { instantText } from '#contract/time-text';
import { createAuditCheck } from '#server/events/audit-check';
import { checkpointText } from '#server/events/audit-form';
import type { AuditSigner } from '#server/runtime/audit-key';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { createRounds } from '#server/runtime/rounds';
import {
  eraseAudit,
  insertCheckpoint,
  listCheckpoints,
  listErasable,
  listUnsignedHeads,
  type AuditPlace,
} from '#server/store/audit-checkpoints';
import { readAuditRecords } from '#server/store/audit-records';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';

const everyMs = 3_600_000;
const firstMs = 30_000;
const erasedAtOnce = 5_000;

export type AuditCheckpoints = {
  start(): void;
  /** Ends after the tenant under way. */
  stop(): Promise<void>;
  /** One whole round. */
  run(): Promise<{ readonly signed: number; readonly erased: number }>;
};

/** Where checkpoints are kept beside the database: a JSON object a line. */
export function checkpointFile(dataDir: string): string {
  return join(dataDir, 'audit', 'checkpoints.jsonl');
}

export function createAuditCheckpoints({
  database,
  dataDir,
  openSigner,
  clock,
  log,
}: {
  readonly database: Database;
  readonly dataDir: string;
  readonly openSigner: () => Promise<AuditSigner>;
  readonly clock: Clock;
  readonly log: Log;
}): AuditCheckpoints {
  async function run(): Promise<{ signed: number; erased: number }> {
    const signer = await openSigner();
    let signed = 0;
    for (const head of await listUnsignedHeads(database)) {
      if (rounds.isStopped) return { signed, erased: 0 };
      if (await isWhole(head)) signed += await keep(sign(signer, { place: head, erases: false }));
    }
    return { signed, erased: await erase(signer) };
  }

  /** Whether the records since the newest checkpoint agree with it and with each other up to the head. */
  async function isWhole(head: AuditPlace): Promise<boolean> {
    const newest = (await listCheckpoints(readScope(database, head.tenantId))).at(-1);
    // What was checked when it was signed stands for all before it, as if that had been erased.
    const checkpoints = newest === undefined ? [] : [{ ...newest, erases: true }];
    return isUntouched(head, { checkpoints, after: newest?.number ?? 0 });
  }

  /** The same of what is about to go: nobody could find it out any more. */
  async function isWholeUpTo(place: AuditPlace): Promise<boolean> {
    const kept = await listCheckpoints(readScope(database, place.tenantId));
    const checkpoints = kept.filter(({ number }) => number <= place.number);
    return isUntouched(place, { checkpoints, after: 0 });
  }

  async function isUntouched(
    end: AuditPlace,
    {
      checkpoints,
      after,
    }: { readonly checkpoints: readonly AuditCheckpoint[]; readonly after: number },
  ): Promise<boolean> {
    const { tenantId } = end;
    const scope = readScope(database, tenantId);
    const check = createAuditCheck({ checkpoints, head: end });
    for await (const records of readAuditRecords(scope, { after, upTo: end.number }))
      for (const record of records) check.add(record);
    const { faults, fault_count: count } = check.end();
    const [fault] = faults;
    if (fault === undefined) return true;
    log.error(
      { tenantId, kind: fault.kind, number: fault.number, faults: count },
      'the audit log was changed behind the server and is not signed: see cardea audit verify',
    );
    return false;
  }

  function sign(
    signer: AuditSigner,
    { place, erases }: { readonly place: AuditPlace; readonly erases: boolean },
  ): AuditCheckpoint {
    const { tenantId, number, hash } = place;
    const at = instantText(clock.now());
    const what = { tenant_id: tenantId, number, hash, at, erases };
    return {
      ...what,
      public_key: signer.publicKey,
      signature: signer.sign(checkpointText(what)),
    };
  }

  /** Gives 1, or 0 when another process signed the same. */
  async function keep(checkpoint: AuditCheckpoint): Promise<number> {
    if (!(await insertCheckpoint(database, checkpoint))) return 0;
    await appendLine(checkpointFile(dataDir), JSON.stringify(checkpoint));
    log.info({ checkpoint }, 'the audit log was signed');
    return 1;
  }

  async function erase(signer: AuditSigner): Promise<number> {
    const touched = new Set<string>();
    let total = 0;
    for (;;) {
      const found = await listErasable(database, { now: clock.now(), limit: erasedAtOnce });
      const places = found.filter(({ tenantId }) => !touched.has(tenantId));
      if (places.length === 0) return total;
      for (const place of places) {
        if (rounds.isStopped) return total;
        if (await isWholeUpTo(place)) {
          await keep(sign(signer, { place, erases: true }));
          total += await eraseAudit(database, place);
        } else touched.add(place.tenantId);
      }
    }
  }

  async function round(): Promise<void> {
    const { erased } = await run();
    if (erased > 0) log.info({ erased }, 'audit records past their days were erased');
  }

  const rounds = createRounds({
    clock,
    firstMs,
    everyMs,
    round,
    onFailure: (error) => log.error({ err: error }, 'the audit log could not be signed'),
  });

  return { start: () => rounds.start(), stop: () => rounds.stop(), run };
}

async function appendLine(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a', 0o644);
  try {
    await file.appendFile(`${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
