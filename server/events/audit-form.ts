/** The forms of audit records that are hashed (core-api.md 11, docs/decisions 0100, 0160). Pure. */
import { createHash } from 'node:crypto';
import type { AuditChange, AuditEntry } from '#contract/audit-log';
import { instantText } from '#contract/time-text';

/** A record as the hash of it is made: what the API shows, without `hash`. */
export type HashedRecord = Omit<AuditEntry, 'hash'>;

/** The former hash, then the record as canonical JSON (docs/decisions/0100). */
export function auditHash(record: HashedRecord): string {
  return sha256(`${record.previous_hash ?? ''}${canonicalJson(record)}`);
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
