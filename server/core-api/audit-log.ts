import { Type } from 'typebox';
import { Value } from 'typebox/value';
import {
  AuditChange,
  AuditChangeEntryPage,
  AuditCheckpointPage,
  AuditEntryPage,
  type AuditChangeEntry,
} from '#contract/audit-log';
import { instantText } from '#contract/time-text';
import type { AuditLog } from '#server/domain/audit-log';
import { route, type Route } from '#server/http/route';
import { checkpointFields } from '#server/store/audit-checkpoints';
import { auditEntryOf, auditFields, auditTie, type AuditChangeRow } from '#server/store/audit-log';
import { actorOf } from './actor.ts';
import { eventPosition, toEventPage } from '#server/http/event-pages';

const records = { list: 'audit_log', fields: auditFields, tie: auditTie };
const changes = { list: 'audit_log_changes', fields: auditFields, tie: auditTie };

/** core-api.md 11: the administrative and security log, paged as events are. */
export function auditLogRoutes({ auditLog }: { readonly auditLog: AuditLog }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/audit_log',
      access: 'read',
      summary: 'Who changed or was refused what',
      tag: 'audit log',
      list: { fields: auditFields, events: true },
      answer: AuditEntryPage,
      handle: async (call) => {
        const position = eventPosition(call, records);
        const found = await auditLog.list(actorOf(call), call.list, position);
        return toEventPage(call, { ...records, found, toItem: auditEntryOf });
      },
    }),
    route({
      method: 'GET',
      path: '/audit_log/changes',
      access: 'read',
      summary: 'What was changed from what to what: the history of an object, by object_id',
      tag: 'audit log',
      list: { fields: auditFields, events: true },
      answer: AuditChangeEntryPage,
      handle: async (call) => {
        const position = eventPosition(call, changes);
        const found = await auditLog.listChanges(actorOf(call), call.list, position);
        return toEventPage(call, { ...changes, found, toItem: toAuditChangeEntry });
      },
    }),
    route({
      method: 'GET',
      path: '/audit_log/checkpoints',
      access: 'read',
      summary: 'What the server signed of the audit log',
      tag: 'audit log',
      list: { fields: checkpointFields },
      answer: AuditCheckpointPage,
      handle: async (call) =>
        call.page(await auditLog.listCheckpoints(actorOf(call), call.list), (row) => row),
    }),
  ];
}

const Changes = Type.Array(AuditChange);

function toAuditChangeEntry(row: AuditChangeRow): AuditChangeEntry {
  const { changes_hash: changesHash, body, hash: _hash, previous_hash: _former, ...record } = row;
  return {
    ...record,
    utc_date_time: instantText(row.utc_date_time),
    changes: body === null ? [] : Value.Parse(Changes, JSON.parse(body)),
    changes_erased: changesHash !== null && body === null,
  };
}
