/**
 * The audit log: one record a write, appended in the transaction of the write itself, hash-chained per tenant
 * (core-api.md 11). What changed from what to what lies beside the chain, which holds its salted hash only.
 */
import type { TenantId } from '#contract/ids';
import { instantText } from '#contract/time-text';
import type { Ids } from '#server/runtime/ids';
import type { Alongside, AlongsidePlaces } from '#server/store/alongside';
import type { WriteScope } from '#server/store/scope';
import { auditChanges, canonicalJson } from './audit-form.ts';

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
  /** The object as the API shows it, before and after; what differs is kept beside the chain. Never a PIN or secret. */
  readonly before?: object | null;
  readonly after?: object | null;
};

export type Audit = {
  /** Appends a record; it lands with the transaction. */
  record(scope: WriteScope, actor: Actor, fact: AuditFact): void;
  /** A record for the statement that writes what it tells of, where that is one statement. */
  alongside(actor: Actor, fact: AuditFact): Alongside;
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
    alongside: (actor, fact) => ({
      call: appendCall,
      value: recordsJson({ facts: [{ actor, fact }], at: clock.now(), ids }),
    }),
  };
}

type Appending = {
  readonly facts: readonly { readonly actor: Actor; readonly fact: AuditFact }[];
  readonly at: Date;
  readonly ids: Ids;
};

/** The database chains and hashes them itself (migration 0016): the role of the server can do nothing else to the log. */
async function append(scope: WriteScope, appending: Appending): Promise<void> {
  await scope.query(appendText, [scope.tenantId, recordsJson(appending)], 'audit_append');
}

function appendCall({ tenant, value }: AlongsidePlaces): string {
  return `append_audit(${tenant}, ${value}::jsonb)`;
}

const appendText = `select ${appendCall({ tenant: '$1', value: '$2' })}`;

function recordsJson({ facts, at, ids }: Appending): string {
  const records = facts.map(({ actor, fact }) => ({
    id: ids.next<string>(),
    request_id: actor.requestId,
    // As it is shown: who reads the log can make the hash again.
    utc_date_time: instantText(at),
    client_id: actor.clientId,
    user_id: actor.userId,
    accessor_id: fact.accessorId ?? null,
    action: fact.action,
    object_type: fact.objectType,
    object_id: fact.objectId,
    collection_id: fact.collectionId ?? null,
    outcome: fact.outcome ?? 'ok',
    detail: fact.detail ?? null,
    ...beside(fact, ids),
  }));
  return JSON.stringify(records);
}

const saltBytes = 16;

function beside(fact: AuditFact, ids: Ids) {
  const changes = auditChanges(fact.before ?? null, fact.after ?? null);
  if (changes.length === 0) return {};
  return { salt: ids.bytes(saltBytes).toString('hex'), changes: canonicalJson(changes) };
}
