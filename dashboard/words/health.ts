import { words } from './words.ts';

export const healthWords = words({
  en: {
    lead: 'Whether the parts of this server do their work',
    ready: 'Everything is up',
    notReady: 'Not everything is up',
    notReadyHelp: 'The server mends itself where it can. "cardea doctor" on its machine says more.',
    away: 'The server does not answer. It is asked again by itself.',
    parts: 'Parts',
    part: 'Part',
    state: 'State',
    version: 'Version {version}',
    metrics: 'Figures for a monitoring system are at /metrics, on the machine of the server.',
  },
  de: {
    lead: 'Ob die Teile dieses Servers ihre Arbeit tun',
    ready: 'Alles läuft',
    notReady: 'Nicht alles läuft',
    notReadyHelp:
      'Der Server heilt sich selbst, wo er kann. „cardea doctor“ auf seinem Rechner sagt mehr.',
    away: 'Der Server antwortet nicht. Er wird von selbst wieder gefragt.',
    parts: 'Teile',
    part: 'Teil',
    state: 'Zustand',
    version: 'Version {version}',
    metrics: 'Zahlen für eine Überwachung stehen unter /metrics, auf dem Rechner des Servers.',
  },
});

export const healthApiWords = words({
  en: {
    process: 'Process',
    database: 'Database',
    migrations: 'Tables',
    http: 'Pages and APIs',
    gateway: 'Hubs',
    stream: 'Live events',
    jobs: 'Background work',
    up: 'Up',
    newer: 'Up, of a newer version',
    down: 'Down',
    starting: 'Starting',
    stopping: 'Stopping',
    unknown: 'Unknown',
  },
  de: {
    process: 'Prozess',
    database: 'Datenbank',
    migrations: 'Tabellen',
    http: 'Seiten und APIs',
    gateway: 'Hubs',
    stream: 'Live-Ereignisse',
    jobs: 'Arbeit im Hintergrund',
    up: 'Läuft',
    newer: 'Läuft, in neuerer Fassung',
    down: 'Ausgefallen',
    starting: 'Startet',
    stopping: 'Hält an',
    unknown: 'Unbekannt',
  },
});
