import { words } from './words.ts';

/** Names of the pages, in the navigation, the heading and the title of the window. */
export const pageWords = words({
  en: {
    overview: 'Overview',
    locks: 'Locks',
    lock: 'Lock',
    entries: 'Entries',
    incidents: 'Incidents',
    people: 'People',
    person: 'Person',
    groups: 'Access groups',
    group: 'Access group',
    tags: 'Tags',
    guests: 'Guests',
    activity: 'Activity',
    check: 'Configuration check',
    pods: 'Pods',
    pod: 'Pod',
    webhooks: 'Webhooks',
    webhook: 'Webhook',
  },
  de: {
    overview: 'Übersicht',
    locks: 'Schlösser',
    lock: 'Schloss',
    entries: 'Zutritte',
    incidents: 'Vorfälle',
    people: 'Personen',
    person: 'Person',
    groups: 'Zutrittsgruppen',
    group: 'Zutrittsgruppe',
    tags: 'Tags',
    guests: 'Gäste',
    activity: 'Betrieb',
    check: 'Prüfung der Einrichtung',
    pods: 'Einheiten',
    pod: 'Einheit',
    webhooks: 'Webhooks',
    webhook: 'Webhook',
  },
});
export type PageName = keyof (typeof pageWords)['en'];
