import { words } from './words.ts';

export const siteWords = words({
  en: {
    make: 'Make a site',
    makeHelp: 'A building or a part of one. You own it, add its hubs and invite its people.',
    name: 'Name',
    country: 'Country',
    countryHelp: 'Two letters, for example NL.',
    zone: 'Time zone',
    zoneHelp: 'The hours of its doors are in it.',
  },
  de: {
    make: 'Standort anlegen',
    makeHelp:
      'Ein Gebäude oder ein Teil davon. Er gehört Ihnen; Sie fügen seine Hubs hinzu und laden seine Personen ein.',
    name: 'Name',
    country: 'Land',
    countryHelp: 'Zwei Buchstaben, zum Beispiel DE.',
    zone: 'Zeitzone',
    zoneHelp: 'In ihr gelten die Zeiten seiner Türen.',
  },
});
