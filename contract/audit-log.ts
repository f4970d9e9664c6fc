import { Type, type Static } from 'typebox';
import {
  Bool,
  eventPage,
  Instant,
  Int,
  optional,
  orNull,
  page,
  Text,
  Uuid,
  words,
} from './fields.ts';

export const auditOutcomes = ['ok', 'refused', 'failed'] as const;

/**
 * core-api.md 11. `changes_hash` (ours) is there when something changed from what to what: hex SHA-256 of a salt and the
 * changes, which lie beside the record so that erasing them leaves the chain whole. `hash` = hex SHA-256 of the record's canonical JSON (RFC 8785) without `hash`; `previous_hash` is in it.
 */
export const AuditEntry = Type.Object({
  id: Uuid,
  number: Int,
  request_id: orNull(Text),
  hash: Text,
  previous_hash: orNull(Text),
  utc_date_time: Instant,
  client_id: orNull(Text),
  user_id: orNull(Uuid),
  accessor_id: orNull(Uuid),
  action: Text,
  object_type: orNull(Text),
  object_id: orNull(Uuid),
  collection_id: orNull(Uuid),
  outcome: words(auditOutcomes),
  detail: orNull(Text),
  changes_hash: optional(Text),
});
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditEntryPage = eventPage(AuditEntry);

/** One member of an object, from what to what; null = it was not there, or is no longer. */
export const AuditChange = Type.Object({
  member: Text,
  before: Type.Unknown(),
  after: Type.Unknown(),
});
export type AuditChange = Static<typeof AuditChange>;

/** A record as a history is read: who did what when, and what changed from what to what. */
export const AuditChangeEntry = Type.Object({
  id: Uuid,
  number: Int,
  utc_date_time: Instant,
  request_id: orNull(Text),
  client_id: orNull(Text),
  user_id: orNull(Uuid),
  accessor_id: orNull(Uuid),
  action: Text,
  object_type: orNull(Text),
  object_id: orNull(Uuid),
  collection_id: orNull(Uuid),
  outcome: words(auditOutcomes),
  detail: orNull(Text),
  changes: Type.Array(AuditChange),
  /** What changed was erased, since it was known of a person. */
  changes_erased: Bool,
});
export type AuditChangeEntry = Static<typeof AuditChangeEntry>;
export const AuditChangeEntryPage = eventPage(AuditChangeEntry);

/** What is signed of a tenant's log: that record `number` had `hash`. One that erases stands for the records up to there. */
export const AuditCheckpoint = Type.Object({
  tenant_id: Uuid,
  number: Int,
  hash: Text,
  at: Instant,
  erases: Bool,
  /** DER SubjectPublicKeyInfo of the Ed25519 key, base64. */
  public_key: Text,
  /** Of the canonical JSON of `at`, `erases`, `hash`, `number` and `tenant_id`, base64. */
  signature: Text,
});
export type AuditCheckpoint = Static<typeof AuditCheckpoint>;
export const AuditCheckpointPage = page(AuditCheckpoint);
