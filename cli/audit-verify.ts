/** `cardea audit verify`: was the audit log touched behind the server's back? docs/audit.md. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { AuditCheckpoint } from '#contract/audit-log';
import type { TenantId } from '#contract/ids';
import {
  createAuditCheck,
  type AuditCheckResult,
  type AuditFault,
} from '#server/events/audit-check';
import { isSigned } from '#server/events/audit-form';
import { AUDIT_PUBLIC_FILE } from '#server/runtime/audit-key';
import { listCheckpoints } from '#server/store/audit-checkpoints';
import { findAuditHead, listAuditedTenants, readAuditRecords } from '#server/store/audit-records';
import type { Database } from '#server/store/pool';
import { inSnapshot } from '#server/store/exports';
import {
  CommandError,
  exitCodes,
  textOf,
  type Command,
  type CommandAnswer,
  type CommandCall,
} from './command.ts';
import { databaseHelp, databaseOptions, openDatabase, type OpenDatabase } from './database.ts';
import { readText } from './sign-in.ts';

export const auditVerify: Command = {
  words: 'audit verify',
  summary: 'finds records of the audit log that were touched',
  help: `
Reads the log of every tenant and checks each record against its hash, its place in the chain, and the signed checkpoints.
Says which record, and what is wrong with it. Nothing is written. Exit code 1 = something was touched.
${databaseHelp}
  --tenant <id>        this tenant only
  --checkpoint <file>  checkpoints kept elsewhere, one JSON object a line; may be given again. Only they find a log that
                       was written anew together with the data folder. audit/checkpoints.jsonl of the data folder is
                       read by itself
  --key <file>         a public key that checkpoints are signed with; may be given again (default: audit.pub of the
                       data folder)

  cardea audit verify
  cardea audit verify --json --data /var/lib/cardea/data \\
    --checkpoint /mnt/witness/checkpoints.jsonl
`,
  options: {
    ...databaseOptions,
    tenant: { type: 'string' },
    checkpoint: { type: 'string', multiple: true },
    key: { type: 'string', multiple: true },
  },
  async run(call) {
    const open = await openDatabase(call);
    try {
      return await verifyAudit(open, call);
    } finally {
      await open.close();
    }
  },
};

/** Checks the audit log of an open database as the options of `audit verify` say. */
export async function verifyAudit(
  { database, dataDir }: Pick<OpenDatabase, 'database' | 'dataDir'>,
  call: CommandCall,
): Promise<CommandAnswer> {
  const witness = await readWitness(call, dataDir);
  const tenants = await wantedTenants(database, { call, witness });
  const reports: TenantReport[] = [];
  for (const tenantId of tenants)
    reports.push(await verifyTenant(database, { tenantId, witness, call }));
  const isFine = reports.every(({ fault_count: count }) => count === 0);
  return {
    code: isFine ? exitCodes.fine : exitCodes.found,
    json: { is_untouched: isFine, keys: witness.keys, tenants: reports },
    text: textOfReports(reports, witness),
  };
}

type Witness = {
  /** Keys that a checkpoint must be signed with; none = whichever it names. */
  readonly keys: readonly string[];
  readonly checkpoints: readonly AuditCheckpoint[];
};

type TenantReport = AuditCheckResult & { readonly tenant_id: TenantId };

async function readWitness({ values }: CommandCall, dataDir: string | null): Promise<Witness> {
  const own = (name: string): string[] =>
    dataDir === null ? [] : [join(dataDir, name)].filter((path) => existsSync(path));
  const keyFiles = listOf(values['key']) ?? own(AUDIT_PUBLIC_FILE);
  const files = [
    ...own(join('audit', 'checkpoints.jsonl')),
    ...(listOf(values['checkpoint']) ?? []),
  ];
  const keys = await Promise.all(keyFiles.map(async (path) => (await readText(path)).trim()));
  const checkpoints = await Promise.all(files.map(readCheckpoints));
  return { keys, checkpoints: checkpoints.flat() };
}

function listOf(value: CommandCall['values'][string]): readonly string[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

async function readCheckpoints(path: string): Promise<AuditCheckpoint[]> {
  const lines = (await readText(path)).split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [Value.Parse(AuditCheckpoint, JSON.parse(line))];
    } catch (error) {
      const where = `Line ${index + 1} of ${path}`;
      throw new CommandError('usage', `${where} is no checkpoint.`, { cause: error });
    }
  });
}

async function wantedTenants(
  database: Database,
  { call, witness }: { readonly call: CommandCall; readonly witness: Witness },
): Promise<TenantId[]> {
  const found = await listAuditedTenants(database);
  // A tenant that only the witness remembers has lost its whole log.
  const known = [
    ...new Set([...found, ...witness.checkpoints.map((one) => one.tenant_id as TenantId)]),
  ];
  const wanted = textOf(call.values, 'tenant')?.toLowerCase();
  if (wanted === undefined) return known;
  if (known.some((id) => id === wanted)) return [wanted as TenantId];
  throw new CommandError('usage', `No tenant ${wanted} has an audit log here.`);
}

const progressEvery = 100_000;

/** In one snapshot: what is appended meanwhile is left for the next time. */
function verifyTenant(
  database: Database,
  {
    tenantId,
    witness,
    call,
  }: { readonly tenantId: TenantId; readonly witness: Witness; readonly call: CommandCall },
): Promise<TenantReport> {
  return inSnapshot({ database, tenantId }, async (scope) => {
    const kept = witness.checkpoints.filter((one) => one.tenant_id === tenantId);
    const checkpoints = [...(await listCheckpoints(scope)), ...kept];
    const isTrusted = (one: AuditCheckpoint): boolean =>
      isSigned(one) && (witness.keys.length === 0 || witness.keys.includes(one.public_key));
    const check = createAuditCheck({
      checkpoints: checkpoints.filter(isTrusted),
      head: await findAuditHead(scope),
    });
    let count = 0;
    for await (const records of readAuditRecords(scope, { after: 0 })) {
      call.signal.throwIfAborted();
      for (const record of records) check.add(record);
      const rounds = Math.floor((count + records.length) / progressEvery);
      const isRound = Math.floor(count / progressEvery) < rounds;
      count += records.length;
      if (isRound) call.progress(`${tenantId}: ${count} records read`);
    }
    const result = check.end();
    const unsigned = checkpoints.filter((one) => !isTrusted(one)).map(unsignedFault);
    return {
      tenant_id: tenantId,
      ...result,
      faults: [...unsigned, ...result.faults],
      fault_count: unsigned.length + result.fault_count,
    };
  });
}

function unsignedFault({ number, at }: AuditCheckpoint): AuditFault {
  const text = `The checkpoint of record ${number} of ${at} was not signed by a trusted key.`;
  return { kind: 'unsigned', number, last_number: number, id: null, text };
}

function textOfReports(reports: readonly TenantReport[], { keys }: Witness): string {
  const lines = reports.flatMap((report) => [
    `Tenant ${report.tenant_id}: ${report.records} records, signed up to ${report.signed_to}${aside(report)}.`,
    ...report.faults.map(({ kind, text }) => `  ${kind}: ${text}`),
    ...(report.fault_count > report.faults.length
      ? [`  … and ${report.fault_count - report.faults.length} more.`]
      : []),
  ]);
  const total = reports.reduce((sum, report) => sum + report.fault_count, 0);
  return [
    ...lines,
    ...(keys.length === 0 ? ['No public key was given: checkpoints were believed.'] : []),
    total === 0 ? 'Nothing was touched.' : `${total} ${total === 1 ? 'fault' : 'faults'} found.`,
  ].join('\n');
}

function aside({ erased_to: erased, erased_changes: changes }: TenantReport): string {
  return [
    erased > 0 ? `, erased in order up to ${erased}` : '',
    changes > 0 ? `, ${changes} with their changes erased` : '',
  ].join('');
}
