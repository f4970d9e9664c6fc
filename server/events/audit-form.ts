/** The forms of audit records that are hashed (core-api.md 11, docs/decisions 0100, 0160). Pure. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { AuditChange, AuditCheckpoint, AuditEntry } from '#contract/audit-log';
import { instantText } from '#contract/time-text';

/** A record as the hash of it is made: what the API shows, without `hash`. */
export type HashedRecord = Omit<AuditEntry, 'hash'>;

/** The former hash, then the record as canonical JSON (docs/decisions/0100). */
export function auditHash(record: HashedRecord): string {
  // Written out in canonical order: a million records are hashed in one go.
  const ordered = {
    accessor_id: record.accessor_id,
    action: record.action,
    changes_hash: record.changes_hash,
    client_id: record.client_id,
    collection_id: record.collection_id,
    detail: record.detail,
    id: record.id,
    number: record.number,
    object_id: record.object_id,
    object_type: record.object_type,
    outcome: record.outcome,
    previous_hash: record.previous_hash,
    request_id: record.request_id,
    user_id: record.user_id,
    utc_date_time: record.utc_date_time,
  } satisfies { [Name in keyof Required<HashedRecord>]: unknown };
  return sha256(`${record.previous_hash ?? ''}${JSON.stringify(ordered)}`);
}

/** What the chain says of the changes that lie beside it: hex SHA-256 of salt and text. */
export function changesHash({
  salt,
  body,
}: {
  readonly salt: string;
  readonly body: string;
}): string {
  return sha256(`${salt}${body}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What the signature of a checkpoint is over. */
export function checkpointText({
  at,
  erases,
  hash,
  number,
  tenant_id,
}: Omit<AuditCheckpoint, 'public_key' | 'signature'>): string {
  return canonicalJson({ at, erases, hash, number, tenant_id });
}

/** Whether a checkpoint was signed by the key that it names. */
export function isSigned(checkpoint: AuditCheckpoint): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(checkpoint.public_key, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const text = Buffer.from(checkpointText(checkpoint));
    return verify(null, text, key, Buffer.from(checkpoint.signature, 'base64'));
  } catch {
    // A key that is none signs nothing.
    return false;
  }
}

/** Canonical JSON (RFC 8785): members sorted, no blanks. Absent members and undefined ones are the same. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    isPlainObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** The members in which two states of an object differ, by name. Null = it was not there, or is no longer. */
export function auditChanges(before: object | null, after: object | null): AuditChange[] {
  const [former, latter] = [shown(before), shown(after)];
  const names = [...new Set([...Object.keys(former), ...Object.keys(latter)])].sort();
  return names.flatMap((member) => {
    const change = {
      member,
      before: former[member] ?? null,
      after: latter[member] ?? null,
    };
    return canonicalJson(change.before) === canonicalJson(change.after) ? [] : [change];
  });
}

/** Values as JSON has them; instants as the API shows them. */
function shown(state: object | null): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(state ?? {}).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Date ? instantText(value) : value,
    ]),
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
