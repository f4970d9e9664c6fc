import type { Route } from '#server/http/route';
import { podAccessCodeRoutes } from './pod-access-codes.ts';
import { podPeopleRoutes } from './pod-people.ts';
import { podRoutes } from './pods.ts';
import type { SiteRoute } from './site-route.ts';

export type PodParts = Parameters<typeof podRoutes>[1] &
  Parameters<typeof podPeopleRoutes>[1] &
  Parameters<typeof podAccessCodeRoutes>[1];

/** Pods, their people and the codes by which guests come: connect-api.md 3.7. */
export function podUseRoutes(siteRoute: SiteRoute, parts: PodParts): Route[] {
  return [
    ...podRoutes(siteRoute, parts),
    ...podPeopleRoutes(siteRoute, parts),
    ...podAccessCodeRoutes(siteRoute, parts),
  ];
}
