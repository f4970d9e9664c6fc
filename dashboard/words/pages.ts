import { words } from './words.ts';

/** Names of the pages, in the navigation, the heading and the title of the window. */
export const pageWords = words({
  en: {
    overview: 'Overview',
    locks: 'Locks',
    lock: 'Lock',
    entries: 'Entries',
    incidents: 'Incidents',
    activity: 'Activity',
    check: 'Configuration check',
  },
  de: {
    overview: 'Übersicht',
    locks: 'Schlösser',
    lock: 'Schloss',
    entries: 'Zutritte',
    incidents: 'Vorfälle',
    activity: 'Betrieb',
    check: 'Prüfung der Einrichtung',
  },
});
export type PageName = keyof (typeof pageWords)['en'];
