import { Type, type Static } from 'typebox';
import { eventPage, Instant, Int, orNull, Text, Uuid, words } from './fields.ts';

export const auditOutcomes = ['ok', 'refused', 'failed'] as const;

/** core-api.md 11. `hash` = hex SHA-256 of the record's canonical JSON (RFC 8785) without `hash`; `previous_hash` is in it. */
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
});
export type AuditEntry = Static<typeof AuditEntry>;
export const AuditEntryPage = eventPage(AuditEntry);
