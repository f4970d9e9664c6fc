import { AuditEntryPage, type AuditEntry } from '#contract/audit-log';
import { instantText } from '#contract/time-text';
import type { AuditLog } from '#server/domain/audit-log';
import { route, type Route } from '#server/http/route';
import { auditFields, type AuditRow } from '#server/store/audit-log';
import { actorOf } from './actor.ts';
import { eventPosition, toEventPage } from './event-pages.ts';

const list = 'audit_log';

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
        const position = eventPosition(call, { list, fields: auditFields });
        const found = await auditLog.list(actorOf(call), call.list, position);
        return toEventPage(call, { list, fields: auditFields, found, toItem: toAuditEntry });
      },
    }),
  ];
}

/** A record without changes has no member for their hash: it has the form that records had before there were any. */
function toAuditEntry({ changes_hash: changes, ...row }: AuditRow): AuditEntry {
  return {
    ...row,
    utc_date_time: instantText(row.utc_date_time),
    ...(changes === null ? {} : { changes_hash: changes }),
  };
}
