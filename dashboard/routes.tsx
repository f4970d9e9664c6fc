/**
 * Every page, in the order of the navigation: a line per page. A page is a file of `pages/` that exports `Page`; it is loaded when it is
 * opened first (docs/dashboard.md).
 */
import {
  IconActivity,
  IconAlertTriangle,
  IconBuilding,
  IconChartHistogram,
  IconDoor,
  IconFileExport,
  IconFileImport,
  IconHeartbeat,
  IconHistory,
  IconHome,
  IconKey,
  IconLayoutDashboard,
  IconLogin2,
  IconMail,
  IconMap2,
  IconMessage,
  IconMessages,
  IconPackage,
  IconRouter,
  IconSettings,
  IconShield,
  IconStethoscope,
  IconTag,
  IconTicket,
  IconTool,
  IconUser,
  IconUsers,
  IconUsersGroup,
  IconWebhook,
  type TablerIcon,
} from '@tabler/icons-react';
import type { FunctionComponent } from 'react';
import type { Need } from './data/site.tsx';
import type { PageName } from './words/pages.ts';

export type PageGroup = 'groupDoors' | 'groupPeople' | 'groupSite' | 'groupServer';

export type PageEntry = {
  /** Below `/sites/{site_id}/`, and `/server/` where it is about the server; with `$lockId` for an object. */
  readonly path: string;
  readonly name: PageName;
  /** What the caller must be allowed; pages of others are not in the navigation. */
  readonly need: Need;
  readonly load: () => Promise<{ readonly Page: FunctionComponent }>;
  /** Where it stands in the navigation; absent = reached from another page. */
  readonly menu?: { readonly group: PageGroup; readonly icon: TablerIcon };
};

export const pages: readonly PageEntry[] = [
  {
    path: 'overview',
    name: 'overview',
    need: 'take_part',
    load: () => import('./pages/overview.tsx'),
    menu: { group: 'groupDoors', icon: IconLayoutDashboard },
  },
  {
    path: 'locks',
    name: 'locks',
    need: 'see_locks',
    load: () => import('./pages/locks.tsx'),
    menu: { group: 'groupDoors', icon: IconDoor },
  },
  {
    path: 'locks/$lockId',
    name: 'lock',
    need: 'see_locks',
    load: () => import('./pages/lock.tsx'),
  },
  {
    path: 'floors',
    name: 'floors',
    need: 'take_part',
    load: () => import('./pages/floors.tsx'),
    menu: { group: 'groupDoors', icon: IconMap2 },
  },
  {
    path: 'floors/$floorId',
    name: 'floors',
    need: 'take_part',
    load: () => import('./pages/floors.tsx'),
  },
  {
    path: 'entries',
    name: 'entries',
    need: 'take_part',
    load: () => import('./pages/entries.tsx'),
    menu: { group: 'groupDoors', icon: IconActivity },
  },
  {
    path: 'incidents',
    name: 'incidents',
    need: 'see_everything',
    load: () => import('./pages/incidents.tsx'),
    menu: { group: 'groupDoors', icon: IconAlertTriangle },
  },
  {
    path: 'people',
    name: 'people',
    need: 'see_everything',
    load: () => import('./pages/people.tsx'),
    menu: { group: 'groupPeople', icon: IconUsers },
  },
  {
    path: 'people/$personId',
    name: 'person',
    need: 'see_everything',
    load: () => import('./pages/person.tsx'),
  },
  {
    path: 'groups',
    name: 'groups',
    need: 'see_everything',
    load: () => import('./pages/groups.tsx'),
    menu: { group: 'groupPeople', icon: IconUsersGroup },
  },
  {
    path: 'groups/$groupId',
    name: 'group',
    need: 'see_everything',
    load: () => import('./pages/group.tsx'),
  },
  {
    path: 'tags',
    name: 'tags',
    need: 'see_everything',
    load: () => import('./pages/tags.tsx'),
    menu: { group: 'groupPeople', icon: IconTag },
  },
  {
    path: 'guests',
    name: 'guests',
    need: 'see_everything',
    load: () => import('./pages/guests.tsx'),
    menu: { group: 'groupPeople', icon: IconUser },
  },
  {
    path: 'activity',
    name: 'activity',
    need: 'see_everything',
    load: () => import('./pages/activity.tsx'),
    menu: { group: 'groupDoors', icon: IconChartHistogram },
  },
  {
    path: 'lockers',
    name: 'lockers',
    need: 'manage_lockers',
    load: () => import('./pages/lockers.tsx'),
    menu: { group: 'groupDoors', icon: IconPackage },
  },
  {
    path: 'pods',
    name: 'pods',
    need: 'manage_site',
    load: () => import('./pages/pods.tsx'),
    menu: { group: 'groupPeople', icon: IconHome },
  },
  {
    path: 'pods/$podId',
    name: 'pod',
    need: 'manage_site',
    load: () => import('./pages/pod.tsx'),
  },
  {
    path: 'roles',
    name: 'roles',
    need: 'manage_users',
    load: () => import('./pages/roles.tsx'),
    menu: { group: 'groupPeople', icon: IconShield },
  },
  {
    path: 'hubs',
    name: 'hubs',
    need: 'see_hardware',
    load: () => import('./pages/hubs.tsx'),
    menu: { group: 'groupSite', icon: IconRouter },
  },
  {
    path: 'hubs/$hubId',
    name: 'hub',
    need: 'see_hardware',
    load: () => import('./pages/hub.tsx'),
  },
  {
    path: 'rules',
    name: 'rules',
    need: 'manage_site',
    load: () => import('./pages/rules.tsx'),
    menu: { group: 'groupSite', icon: IconMessage },
  },
  {
    path: 'rules/$ruleId',
    name: 'rule',
    need: 'manage_site',
    load: () => import('./pages/rule.tsx'),
  },
  {
    path: 'rules/troubles/$ruleId',
    name: 'trouble',
    need: 'manage_site',
    load: () => import('./pages/trouble.tsx'),
  },
  {
    path: 'messages',
    name: 'messages',
    need: 'manage_site',
    load: () => import('./pages/messages.tsx'),
    menu: { group: 'groupSite', icon: IconMessages },
  },
  {
    path: 'settings',
    name: 'settings',
    need: 'manage_site',
    load: () => import('./pages/settings.tsx'),
    menu: { group: 'groupSite', icon: IconSettings },
  },
  {
    path: 'import',
    name: 'import',
    need: 'manage_site',
    load: () => import('./pages/import.tsx'),
    menu: { group: 'groupSite', icon: IconFileImport },
  },
  {
    path: 'moving',
    name: 'moving',
    need: 'own_site',
    load: () => import('./pages/moving.tsx'),
    menu: { group: 'groupSite', icon: IconFileExport },
  },
  {
    path: 'installers',
    name: 'installers',
    need: 'see_subscription',
    load: () => import('./pages/installers.tsx'),
    menu: { group: 'groupSite', icon: IconTool },
  },
  {
    path: 'subscription',
    name: 'subscription',
    need: 'see_subscription',
    load: () => import('./pages/subscription.tsx'),
    menu: { group: 'groupSite', icon: IconTicket },
  },
  {
    path: 'check',
    name: 'check',
    need: 'manage_users',
    load: () => import('./pages/check.tsx'),
    menu: { group: 'groupSite', icon: IconStethoscope },
  },
  {
    path: 'webhooks',
    name: 'webhooks',
    need: 'manage_site',
    load: () => import('./pages/webhooks.tsx'),
    menu: { group: 'groupSite', icon: IconWebhook },
  },
  {
    path: 'webhooks/$webhookId',
    name: 'webhook',
    need: 'manage_site',
    load: () => import('./pages/webhook.tsx'),
  },
  {
    path: 'audit',
    name: 'audit',
    need: 'manage_site',
    load: () => import('./pages/audit.tsx'),
    menu: { group: 'groupSite', icon: IconHistory },
  },
  {
    path: 'health',
    name: 'health',
    need: 'run_server',
    load: () => import('./pages/health.tsx'),
    menu: { group: 'groupServer', icon: IconHeartbeat },
  },
  {
    path: 'outbox',
    name: 'outbox',
    need: 'run_server',
    load: () => import('./pages/outbox.tsx'),
    menu: { group: 'groupServer', icon: IconMail },
  },
  {
    path: 'clients',
    name: 'clients',
    need: 'run_server',
    load: () => import('./pages/clients.tsx'),
    menu: { group: 'groupServer', icon: IconKey },
  },
  {
    path: 'clients/$clientId',
    name: 'client',
    need: 'run_server',
    load: () => import('./pages/client.tsx'),
  },
  {
    path: 'providers',
    name: 'providers',
    need: 'run_server',
    load: () => import('./pages/providers.tsx'),
    menu: { group: 'groupServer', icon: IconLogin2 },
  },
  {
    path: 'vouchers',
    name: 'vouchers',
    need: 'run_server',
    load: () => import('./pages/vouchers.tsx'),
    menu: { group: 'groupServer', icon: IconTicket },
  },
  {
    path: 'simulator',
    name: 'simulator',
    need: 'simulate',
    load: () => import('./pages/simulator.tsx'),
    menu: { group: 'groupSite', icon: IconBuilding },
  },
];

/** Those about the server, which lie outside of every site too. */
export const serverPages = pages.filter(({ need }) => need === 'run_server');
