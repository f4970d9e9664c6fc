/** The audit log as it lies in the database, to be checked: nothing of it is believed. */
import type { AuditEntry } from '#contract/audit-log';
import type { TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope } from './scope.ts';

export type AuditRecord = AuditEntry & {
  /** What lies beside the record: both null = nothing, or erased. */
  readonly salt: string | null;
  readonly body: string | null;
};

export type AuditHead = { readonly number: number; readonly hash: string };

/** Numbers read at once: enough to keep the round trips cheap, few enough to keep the memory flat. */
const stride = 5_000;

/** Every tenant that has records, checkpoints or a head. */
export async function listAuditedTenants(database: Database): Promise<TenantId[]> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>(
    `select tenant_id from audit_heads union select tenant_id from audit_checkpoints
     union select distinct tenant_id from audit_log order by 1`,
  );
  return rows.map((row) => row.tenant_id);
}

/** Where the next record of a tenant would be chained to; undefined when there was never one. */
export async function findAuditHead(scope: Scope): Promise<AuditHead | undefined> {
  const [head] = await scope.query<AuditHead>(
    'select number::float8 as number, hash from audit_heads where tenant_id = $1',
    [scope.tenantId],
  );
  return head;
}

/** The records of a tenant after a number, up to another when given, in the order of their numbers, in portions. */
export async function* readAuditRecords(
  scope: Scope,
  { after, upTo = Number.MAX_SAFE_INTEGER }: { readonly after: number; readonly upTo?: number },
): AsyncGenerator<AuditRecord[]> {
  for (let last = after; ;) {
    const [next] = await scope.query<{ number: number | null }>(
      'select min(number)::float8 as number from audit_log where tenant_id = $1 and number > $2',
      [scope.tenantId, last],
    );
    const first = next?.number ?? null;
    if (first === null || first > upTo) return;
    // By ranges and not by a limit: two records of one number, which should not be, stay together.
    yield await readRange(scope, { from: first, to: Math.min(upTo, first + stride - 1) });
    last = first + stride - 1;
  }
}

/** An instant with a fraction has another text than the one that was hashed. */
const instant = `case when l.utc_date_time = date_trunc('second', l.utc_date_time)
  then to_char(l.utc_date_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  else to_char(l.utc_date_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end`;

async function readRange(
  scope: Scope,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<AuditRecord[]> {
  const rows = await scope.query<
    Omit<AuditRecord, 'changes_hash'> & { changes_hash: string | null }
  >(
    `select l.id, l.number::float8 as number, l.request_id, l.hash, l.previous_hash, ${instant} as utc_date_time,
       l.client_id, l.user_id, l.accessor_id, l.action, l.object_type, l.object_id, l.collection_id, l.outcome, l.detail,
       l.changes_hash, c.salt, c.body
     from audit_log l left join audit_changes c on c.tenant_id = l.tenant_id and c.number = l.number
     where l.tenant_id = $1 and l.number between $2 and $3 order by l.number, l.id`,
    [scope.tenantId, from, to],
  );
  return rows.map(({ changes_hash: changes, ...row }) =>
    changes === null ? row : { ...row, changes_hash: changes },
  );
}
