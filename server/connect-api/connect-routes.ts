import type { ConnectVersion } from '#contract/connect-version';
import type { MessageRuleSchedules } from '#server/domain/message-rule-schedules';
import type { MessageRules } from '#server/domain/message-rules';
import type { SitePlaces } from '#server/domain/site-places';
import type { Route } from '#server/http/route';
import { credentialRoutes, type CredentialParts } from './credential-routes.ts';
import { doorRoutes, type DoorParts } from './door-routes.ts';
import { entryMessageRuleRoutes } from './entry-message-rules.ts';
import { incidentMessageRuleRoutes } from './incident-message-rules.ts';
import { eventRoutes, type EventParts } from './event-routes.ts';
import { hardwareRoutes, type HardwareParts } from './hardware-routes.ts';
import { podUseRoutes, type PodParts } from './pod-routes.ts';
import { createSiteRoute } from './site-route.ts';
import { siteUserRoutes, type SiteUserParts } from './site-users.ts';
import { usersSearchRoutes } from './users-search.ts';
import { siteUseRoutes, type SiteUseParts } from './site-use-routes.ts';

type Parts = HardwareParts &
  SiteUseParts &
  SiteUserParts &
  CredentialParts &
  DoorParts &
  EventParts &
  PodParts & {
    readonly version: ConnectVersion;
    readonly sitePlaces: SitePlaces;
    readonly messageRules: MessageRules;
    readonly messageRuleSchedules: MessageRuleSchedules;
  };

/** Every operation of the compatible Connect face below one version. */
export function connectRoutes(parts: Parts): Route[] {
  const siteRoute = createSiteRoute(parts);
  return [
    ...siteUseRoutes(siteRoute, parts),
    ...siteUserRoutes(siteRoute, parts),
    ...usersSearchRoutes(parts),
    ...credentialRoutes(siteRoute, parts),
    ...entryMessageRuleRoutes(siteRoute, parts),
    ...incidentMessageRuleRoutes(siteRoute, parts),
    ...hardwareRoutes(siteRoute, parts),
    ...eventRoutes(siteRoute, parts),
    ...doorRoutes(siteRoute, parts),
    ...podUseRoutes(siteRoute, parts),
  ];
}
