import type { LockingState, LockMode } from '#contract/lockers';
import { words } from './words.ts';

export const lockerWords = words({
  en: {
    lead: 'Lockers: which are taken, and by what rule',
    empty: 'No lockers yet',
    emptyHelp:
      'Locks of the kind "locker" appear here by themselves when they are placed at a hub. People can take one, or it is given to them.',
    name: 'Locker',
    bank: 'Bank',
    state: 'State',
    mode: 'Rule',
    contact: 'Contact',
    online: 'Online',
    offline: 'Offline',
    open: 'Open',
    openLocker: 'Open {name}',
    openEffect: 'The locker opens at once. Whoever has it keeps it.',
    opened: '{name} is open.',
    release: 'Release',
    releaseLocker: 'Release {name}',
    releaseEffect:
      'Whoever the locker was given to cannot open it any more, from the moment the hub knows. Look inside first: it may not be empty.',
    released: '{name} is free.',
    acts: 'Acts',
  },
  de: {
    lead: 'Schließfächer: welche belegt sind und nach welcher Regel',
    empty: 'Noch keine Schließfächer',
    emptyHelp:
      'Schlösser der Art „Schließfach“ erscheinen hier von selbst, wenn sie an einem Hub angebracht sind. Personen nehmen sich eines, oder es wird ihnen gegeben.',
    name: 'Schließfach',
    bank: 'Gruppe',
    state: 'Zustand',
    mode: 'Regel',
    contact: 'Verbindung',
    online: 'Verbunden',
    offline: 'Nicht verbunden',
    open: 'Öffnen',
    openLocker: '{name} öffnen',
    openEffect: 'Das Schließfach öffnet sofort. Wer es hat, behält es.',
    opened: '{name} ist offen.',
    release: 'Freigeben',
    releaseLocker: '{name} freigeben',
    releaseEffect:
      'Wem das Schließfach gegeben wurde, kann es nicht mehr öffnen, sobald der Hub es weiß. Sehen Sie erst hinein: vielleicht ist es nicht leer.',
    released: '{name} ist frei.',
    acts: 'Handlungen',
  },
});

export const lockerApiWords = words<LockingState | LockMode>({
  en: {
    open: 'Open',
    locked: 'Taken',
    closed: 'Free',
    generic: 'Given by hand',
    dynamic_locker: 'Taken by people of a group',
    free_locker: 'Taken by anybody',
  },
  de: {
    open: 'Offen',
    locked: 'Belegt',
    closed: 'Frei',
    generic: 'Von Hand vergeben',
    dynamic_locker: 'Für Personen einer Gruppe',
    free_locker: 'Für alle',
  },
});
