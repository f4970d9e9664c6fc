import { words } from './words.ts';

/** Taking a site along. */
export const movingWords = words({
  en: {
    lead: 'Everything of this site as one file: to go to another server, or to keep',
    make: 'Make the file',
    makeHelp: 'One signed file of the whole site. Doors go on meanwhile, and nothing here changes.',
    inIt: 'In the file',
    inPeople: 'People with roles, keys, tags and access groups, and their hours',
    inHardware: 'Hubs, locks, repeaters, how they hang together, and floors with their plans',
    inMore: 'Pods, lockers, message rules, settings and options',
    notInIt: 'Not in the file',
    outAccounts: 'Accounts and passwords: people keep theirs, or are invited where the site goes',
    outPhones: 'Keys on phones: they are activated anew',
    outRest: 'Plan, webhooks, the audit history, codes of pods and open invitations',
    withEvents: 'With entries and incidents',
    withEventsHelp: 'The newest 40,000 of each. Without a mark here the file holds none.',
    withSecrets: 'With keypad codes and one-time codes',
    withSecretsHelp:
      'So that PINs work on after the move. They are locked up with a key that is made in this browser; you save it as a second file. Whoever has both files has every code.',
    secretsOff: 'Needs a page by https, or on the server itself: only there browsers make keys.',
    making: 'The server puts the file together …',
    receiving: 'Received: {size} MB',
    made: 'The file is ready',
    madeHelp: 'Nothing of it stays on the server. It names people: keep it as you keep their data.',
    save: 'Save the file ({size} MB)',
    saveKey: 'Save the private key',
    keyHelp:
      'Save both, and keep them apart. Without the key nobody can read the codes in the file; it is in this page only, until you leave it.',
    holds: 'What it holds',
    signedBy: 'Signed by the installation',
    codes: 'Codes',
    codesIn: 'in it, locked up',
    codesOut: 'left out',
    cut: 'There are older entries or incidents, which are not in it.',
    again: 'Make another one',
    next: 'How to check it, and to move in elsewhere',
    nextHelp:
      'A dry run on the server where the site goes tries everything, takes it back, and tells each check. next.json names that server, and a program there that may use the Core API.',
    dryRun: 'Dry run',
    moveIn: 'Move in, once no check has failed',
    copy: 'Copy the command: {name}',
    afterwards:
      'Then hubs are pointed at the other server; their doors go on all the while. Delete the site here only when all of them have come: a deleted hub forgets its doors.',
    guide: 'The whole guide',
    others: 'Other ways',
    importLink: 'Import people, groups and tags from tables of another system',
    entriesLink: 'Entries as a table',
    incidentsLink: 'Incidents as a table',
  },
  de: {
    lead: 'Alles von diesem Standort als eine Datei: für den Umzug auf einen anderen Server, oder zum Aufheben',
    make: 'Datei erstellen',
    makeHelp:
      'Eine signierte Datei des ganzen Standorts. Türen gehen dabei weiter, und hier ändert sich nichts.',
    inIt: 'In der Datei',
    inPeople: 'Personen mit Rollen, Schlüsseln, Transpondern und Zutrittsgruppen, und ihre Zeiten',
    inHardware: 'Hubs, Schlösser, Repeater, wie sie zusammenhängen, und Etagen mit ihren Plänen',
    inMore: 'Einheiten, Schließfächer, Benachrichtigungen, Einstellungen',
    notInIt: 'Nicht in der Datei',
    outAccounts:
      'Konten und Passwörter: Personen behalten ihre, oder werden am neuen Ort eingeladen',
    outPhones: 'Schlüssel auf Telefonen: Sie werden neu aktiviert',
    outRest:
      'Plan, Webhooks, der Verlauf der Änderungen, Codes von Einheiten und offene Einladungen',
    withEvents: 'Mit Zutritten und Vorfällen',
    withEventsHelp: 'Die neuesten 40.000 von jedem. Ohne Haken hier enthält die Datei keine.',
    withSecrets: 'Mit PINs und Einmalcodes',
    withSecretsHelp:
      'Damit PINs nach dem Umzug weiter gehen. Sie werden mit einem Schlüssel verschlossen, der in diesem Browser entsteht; Sie speichern ihn als zweite Datei. Wer beide Dateien hat, hat jeden Code.',
    secretsOff:
      'Braucht eine Seite über https oder auf dem Server selbst: Nur dort machen Browser Schlüssel.',
    making: 'Der Server stellt die Datei zusammen …',
    receiving: 'Empfangen: {size} MB',
    made: 'Die Datei ist fertig',
    madeHelp:
      'Nichts davon bleibt auf dem Server. Sie nennt Personen: Bewahren Sie sie auf wie deren Daten.',
    save: 'Datei speichern ({size} MB)',
    saveKey: 'Privaten Schlüssel speichern',
    keyHelp:
      'Speichern Sie beide, und bewahren Sie sie getrennt auf. Ohne den Schlüssel kann niemand die Codes in der Datei lesen; er ist nur auf dieser Seite, bis Sie sie verlassen.',
    holds: 'Was sie enthält',
    signedBy: 'Signiert von der Installation',
    codes: 'Codes',
    codesIn: 'enthalten, verschlossen',
    codesOut: 'weggelassen',
    cut: 'Es gibt ältere Zutritte oder Vorfälle, die nicht darin sind.',
    again: 'Noch eine erstellen',
    next: 'Wie man sie prüft und anderswo einzieht',
    nextHelp:
      'Ein Probelauf auf dem Server, auf den der Standort zieht, versucht alles, nimmt es zurück und nennt jede Prüfung. next.json nennt diesen Server, und ein Programm dort, das die Core-API nutzen darf.',
    dryRun: 'Probelauf',
    moveIn: 'Einziehen, wenn keine Prüfung scheitert',
    copy: 'Befehl kopieren: {name}',
    afterwards:
      'Danach werden die Hubs auf den anderen Server gerichtet; ihre Türen gehen die ganze Zeit weiter. Löschen Sie den Standort hier erst, wenn alle angekommen sind: Ein gelöschter Hub vergisst seine Türen.',
    guide: 'Die ganze Anleitung',
    others: 'Andere Wege',
    importLink: 'Personen, Gruppen und Transponder aus Tabellen eines anderen Systems importieren',
    entriesLink: 'Zutritte als Tabelle',
    incidentsLink: 'Vorfälle als Tabelle',
  },
});

/** Sections of the file. */
export const sectionApiWords = words({
  en: {
    people: 'People',
    iqs: 'Hubs',
    repeaters: 'Repeaters',
    locks: 'Locks',
    tags: 'Tags',
    access_groups: 'Access groups',
    pods: 'Pods',
    message_rules: 'Message rules',
    entries: 'Entries',
    incidents: 'Incidents',
  },
  de: {
    people: 'Personen',
    iqs: 'Hubs',
    repeaters: 'Repeater',
    locks: 'Schlösser',
    tags: 'Transponder',
    access_groups: 'Zutrittsgruppen',
    pods: 'Einheiten',
    message_rules: 'Benachrichtigungen',
    entries: 'Zutritte',
    incidents: 'Vorfälle',
  },
});
