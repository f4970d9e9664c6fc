import { words } from './words.ts';

export const firstStepWords = words({
  en: {
    demo: 'Try it out',
    demoHelp:
      'The doors of this building are simulated; its hubs and this server are the real programs. Whatever you do here happens, and hurts nobody.',
    close: 'Do not show this again',
    tour: 'Five-minute tour',
    open: 'Open a door',
    guest: 'Invite a guest',
    entries: 'See who came',
    furnish: 'First steps',
    furnishHelp: 'What this site needs until its doors open for somebody:',
    addHub: 'Add a hub',
    addLock: 'Attach its locks',
    invite: 'Invite people',
    makeGroup: 'Say who may open what',
  },
  de: {
    demo: 'Zum Ausprobieren',
    demoHelp:
      'Die Türen dieses Gebäudes sind simuliert, seine Hubs und dieser Server sind die echten Programme. Was Sie hier tun, geschieht und schadet niemandem.',
    close: 'Nicht mehr zeigen',
    tour: 'Rundgang (5 Minuten)',
    open: 'Eine Tür öffnen',
    guest: 'Einen Gast einladen',
    entries: 'Sehen, wer kam',
    furnish: 'Erste Schritte',
    furnishHelp: 'Was diesem Standort fehlt, bis seine Türen für jemanden öffnen:',
    addHub: 'Einen Hub hinzufügen',
    addLock: 'Seine Schlösser anschließen',
    invite: 'Personen einladen',
    makeGroup: 'Festlegen, wer was öffnen darf',
  },
});
