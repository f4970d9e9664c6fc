import { AuditEntryPage } from '#contract/audit-log';
import type { AuditLog } from '#server/domain/audit-log';
import { eventPosition, toEventPage } from '#server/http/event-pages';
import type { Route } from '#server/http/route';
import { auditEntryOf, auditFields, auditTie } from '#server/store/audit-log';
import type { SiteRoute } from './site-route.ts';

const of = { list: 'site_audit_log', fields: auditFields, tie: auditTie };

/** connect-api.md 8: the part of the audit log that is about a site. */
export function siteAuditLogRoutes(
  siteRoute: SiteRoute,
  { auditLog }: { readonly auditLog: AuditLog },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/audit_log',
      right: 'manage_site',
      summary: 'Who changed or was refused what in a site',
      tag: 'audit log',
      list: { fields: auditFields, events: true },
      answer: AuditEntryPage,
      handle: async ({ actor, siteId }, call) => {
        const position = eventPosition(call, of);
        const found = await auditLog.listOfSite(actor, call.list, {
          collectionId: siteId,
          position,
        });
        return toEventPage(call, { ...of, found, toItem: auditEntryOf });
      },
    }),
  ];
}
