/**
 * The audit log: one record a write, appended in the transaction of the write itself, hash-chained per tenant
 * (core-api.md 11). `hash` = hex SHA-256 of the former hash and the record's canonical JSON (RFC 8785) without `hash`.
 */
import { createHash } from 'node:crypto';
import type { TenantId } from '#contract/ids';
import { instantText } from '#contract/time-text';
import type { Ids } from '#server/runtime/ids';
import type { WriteScope } from '#server/store/scope';

/** Who acts, as every use-case is told. */
export type Actor = {
  readonly tenantId: TenantId;
  readonly clientId: string | null;
  readonly userId: string | null;
  readonly requestId: string | null;
};

export type AuditFact = {
  /** Verb and noun: `lock.update`. */
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string | null;
  readonly collectionId?: string | null;
  readonly accessorId?: string | null;
  readonly outcome?: 'ok' | 'refused' | 'failed';
  /** Never a name, PIN or secret: the chain outlives the erasure of persons. */
  readonly detail?: string | null;
};

export type Audit = {
  /** Appends a record; it lands with the transaction. */
  record(scope: WriteScope, actor: Actor, fact: AuditFact): void;
};

/** Facts of one transaction are written together, last, since the chain's head is taken by one writer at a time. */
export function createAudit({
  clock,
  ids,
}: {
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Audit {
  const waiting = new WeakMap<WriteScope, { actor: Actor; fact: AuditFact }[]>();
  return {
    record(scope, actor, fact) {
      const present = waiting.get(scope);
      if (present !== undefined) {
        present.push({ actor, fact });
        return;
      }
      const facts = [{ actor, fact }];
      waiting.set(scope, facts);
      scope.beforeCommit(() => append(scope, { facts, at: clock.now(), ids }));
    },
  };
}

type Appending = {
  readonly facts: readonly { readonly actor: Actor; readonly fact: AuditFact }[];
  readonly at: Date;
  readonly ids: Ids;
};

async function append(scope: WriteScope, { facts, at, ids }: Appending): Promise<void> {
  const [head] = await scope.query<{ number: string; hash: string }>(
    `insert into audit_heads (tenant_id, number, hash) values ($1, 0, '')
     on conflict (tenant_id) do update set number = audit_heads.number
     returning number, hash`,
    [scope.tenantId],
    'audit_head',
  );
  let number = Number(head?.number ?? 0);
  let previous = head?.hash ?? '';
  const rows = facts.map(({ actor, fact }) => {
    number += 1;
    const record = {
      id: ids.next<string>(),
      number,
      request_id: actor.requestId,
      previous_hash: previous === '' ? null : previous,
      // As it is shown: who reads the log can make the hash again.
      utc_date_time: instantText(at),
      client_id: actor.clientId,
      user_id: actor.userId,
      accessor_id: fact.accessorId ?? null,
      action: fact.action,
      object_type: fact.objectType,
      object_id: fact.objectId,
      collection_id: fact.collectionId ?? null,
      outcome: fact.outcome ?? ('ok' as const),
      detail: fact.detail ?? null,
    };
    previous = auditHash(record);
    return { ...record, hash: previous };
  });
  await scope.query(
    `with head as (update audit_heads set number = $2, hash = $3 where tenant_id = $1)
     insert into audit_log (tenant_id, id, number, request_id, hash, previous_hash, utc_date_time, client_id, user_id,
       accessor_id, action, object_type, object_id, collection_id, outcome, detail)
     select $1, id, number, request_id, hash, previous_hash, utc_date_time, client_id, user_id, accessor_id, action,
       object_type, object_id, collection_id, outcome, detail
     from jsonb_to_recordset($4::jsonb) as r (id uuid, number bigint, request_id text, hash text, previous_hash text,
       utc_date_time timestamptz, client_id text, user_id uuid, accessor_id uuid, action text, object_type text,
       object_id uuid, collection_id uuid, outcome text, detail text)`,
    [scope.tenantId, number, previous, JSON.stringify(rows)],
    'audit_append',
  );
}

/**
 * The former hash, then the record as canonical JSON. Members are texts, whole numbers and nulls, for which sorted JSON is
 * the canonical form of RFC 8785.
 */
export function auditHash(
  record: Readonly<Record<string, string | number | null>> & {
    readonly previous_hash: string | null;
  },
): string {
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256')
    .update(record.previous_hash ?? '')
    .update(JSON.stringify(sorted))
    .digest('hex');
}
