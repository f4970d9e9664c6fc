import { words } from './words.ts';

/** Names of the pages, in the navigation, the heading and the title of the window. */
export const pageWords = words({
  en: {
    overview: 'Overview',
    locks: 'Locks',
    lock: 'Lock',
    entries: 'Entries',
    incidents: 'Incidents',
  },
  de: {
    overview: 'Übersicht',
    locks: 'Schlösser',
    lock: 'Schloss',
    entries: 'Zutritte',
    incidents: 'Vorfälle',
  },
});
export type PageName = keyof (typeof pageWords)['en'];
