import type { AccountOutbox } from '#server/domain/account-mails';
import type { AuditLog } from '#server/domain/audit-log';
import type { ClientAdministration } from '#server/domain/clients';
import type { CollectionOptions } from '#server/domain/collection-options';
import type { ConfigurationCheck } from '#server/domain/configuration-check';
import type { CsvImports } from '#server/domain/csv-imports';
import type { DataRemovals } from '#server/domain/data-removals';
import type { Exports } from '#server/domain/exports';
import type { FloorPlans } from '#server/domain/floor-plans';
import type { IdentityProviders } from '#server/domain/identity-providers';
import type { Invitations } from '#server/domain/invitations';
import type { LockConditions } from '#server/domain/lock-conditions';
import type { LockerGroups } from '#server/domain/locker-groups';
import type { MessageRecipients } from '#server/domain/message-recipients';
import type { MessageRules } from '#server/domain/message-rules';
import type { IqPins } from '#server/domain/iq-pins';
import type { Iqs } from '#server/domain/iqs';
import type { Messages } from '#server/domain/messages';
import type { Operators } from '#server/domain/operators';
import type { SiteFloors } from '#server/domain/site-floors';
import type { SiteLocks } from '#server/domain/site-locks';
import type { SitePlaces } from '#server/domain/site-places';
import type { StreamedEvents } from '#server/domain/streamed-events';
import type { Tenants } from '#server/domain/tenants';
import type { WebhookUses } from '#server/domain/webhook-uses';
import type { Why } from '#server/domain/why';
import type { Route } from '#server/http/route';
import { accountMailRoutes } from './account-mails.ts';
import { siteAuditLogRoutes } from './audit-log.ts';
import { clientRoutes } from './clients.ts';
import { siteOptionRoutes } from './collection-options.ts';
import { configurationCheckRoutes } from './configuration-check.ts';
import { csvImportRoutes } from './csv-imports.ts';
import { dataRemovalRoutes } from './data-removals.ts';
import { floorPlanRoutes } from './floor-plans.ts';
import { identityProviderRoutes } from './identity-providers.ts';
import { invitationRoutes } from './invitations.ts';
import { ownPinRoutes } from './iq-pins.ts';
import { lockConditionRoutes } from './lock-conditions.ts';
import { lockerGroupRoutes } from './locker-groups.ts';
import { messageRecipientRoutes } from './message-recipients.ts';
import { messageRoutes } from './messages.ts';
import { createOperatorRoute } from './operator-route.ts';
import { createSiteRoute } from './site-route.ts';
import { siteExportRoutes } from './site-exports.ts';
import { ownSiteUseRoutes, type OwnSiteUseParts } from './site-use-routes.ts';
import { streamedEventRoutes } from './streamed-events.ts';
import { tenantRoutes } from './tenants.ts';
import { webhookRoutes } from './webhooks.ts';
import { whyRoutes } from './why.ts';

type Parts = OwnSiteUseParts &
  Pick<WebhookUses, 'webhooks' | 'webhookDeliveries'> & {
    readonly sitePlaces: SitePlaces;
    readonly iqs: Iqs;
    readonly iqPins: IqPins;
    readonly operators: Operators;
    readonly auditLog: AuditLog;
    readonly accountOutbox: AccountOutbox;
    readonly clientAdministration: ClientAdministration;
    readonly identityProviders: IdentityProviders;
    readonly invitations: Invitations;
    readonly csvImports: CsvImports;
    readonly siteFloors: SiteFloors;
    readonly floorPlans: FloorPlans;
    readonly dataRemovals: DataRemovals;
    readonly exports: Exports;
    readonly collectionOptions: CollectionOptions;
    readonly why: Why;
    readonly configurationCheck: ConfigurationCheck;
    readonly messageRules: MessageRules;
    readonly siteLocks: SiteLocks;
    readonly lockConditions: LockConditions;
    readonly lockerGroups: LockerGroups;
    readonly messageRecipients: MessageRecipients;
    readonly messages: Messages;
    readonly streamedEvents: StreamedEvents;
    readonly tenants: Tenants;
  };

/** Every operation below `/ext/v1`. */
export function extRoutes(parts: Parts): Route[] {
  const siteRoute = createSiteRoute(parts);
  const operatorRoute = createOperatorRoute(parts);
  return [
    ...ownSiteUseRoutes({ siteRoute, operatorRoute }, parts),
    ...siteOptionRoutes(siteRoute, parts),
    ...siteAuditLogRoutes(siteRoute, parts),
    ...messageRecipientRoutes(siteRoute, parts),
    ...messageRoutes(siteRoute, parts),
    ...whyRoutes(siteRoute, parts),
    ...streamedEventRoutes(siteRoute, parts),
    ...webhookRoutes(siteRoute, parts),
    ...configurationCheckRoutes(siteRoute, parts),
    ...lockConditionRoutes(siteRoute, parts),
    ...lockerGroupRoutes(siteRoute, parts),
    ...ownPinRoutes(siteRoute, parts),
    ...invitationRoutes(siteRoute, parts),
    ...csvImportRoutes(siteRoute, parts),
    ...floorPlanRoutes(siteRoute, parts),
    ...dataRemovalRoutes(siteRoute, parts),
    ...siteExportRoutes(siteRoute, parts),
    ...accountMailRoutes(operatorRoute, parts),
    ...clientRoutes(operatorRoute, parts),
    ...identityProviderRoutes(operatorRoute, parts),
    ...tenantRoutes(operatorRoute, parts),
  ];
}
