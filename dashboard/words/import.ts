import type { CsvRowNote } from '#contract/csv-imports';
import { words } from './words.ts';

/** Import of tables from elsewhere. */
export const importWords = words({
  en: {
    lead: 'People, access groups and tags of another system, from tables saved as CSV',
    help: 'Import tags first, then groups, then people: people name groups and tags. You see what would be done before anything is.',
    kind: 'What the table holds',
    tags: 'Tags',
    groups: 'Access groups',
    people: 'People',
    template: 'Save an empty table',
    file: 'Table (CSV)',
    preview: 'See what would be done',
    apply: 'Import',
    applyEffect: 'This is done now: {created} added, {updated} changed. Nothing is taken away.',
    invite: 'Invite people by e-mail who have no profile yet',
    counts:
      'Added: {created} · changed: {updated} · as before: {unchanged} · with faults: {failed}',
    previewState: 'This would be done',
    refusedState: 'Nothing is imported: some rows have faults',
    refusedHelp: 'Correct the rows in the table and choose it again.',
    appliedState: 'This was done',
    ignored: 'Columns that mean nothing here: {columns}',
    rows: 'Rows with faults or remarks',
    line: 'Line',
    fault: 'What is wrong',
    none: 'No row has a fault or a remark.',
  },
  de: {
    lead: 'Personen, Zutrittsgruppen und Transponder eines anderen Systems, aus Tabellen als CSV',
    help: 'Importieren Sie zuerst Transponder, dann Gruppen, dann Personen: Personen nennen Gruppen und Transponder. Sie sehen, was geschähe, bevor etwas geschieht.',
    kind: 'Was die Tabelle enthält',
    tags: 'Transponder',
    groups: 'Zutrittsgruppen',
    people: 'Personen',
    template: 'Leere Tabelle speichern',
    file: 'Tabelle (CSV)',
    preview: 'Ansehen, was geschähe',
    apply: 'Importieren',
    applyEffect:
      'Das geschieht jetzt: {created} hinzugefügt, {updated} geändert. Nichts wird entfernt.',
    invite: 'Personen ohne Profil per E-Mail einladen',
    counts:
      'Hinzugefügt: {created} · geändert: {updated} · wie zuvor: {unchanged} · mit Fehlern: {failed}',
    previewState: 'Das geschähe',
    refusedState: 'Nichts ist importiert: manche Zeilen haben Fehler',
    refusedHelp: 'Korrigieren Sie die Zeilen in der Tabelle und wählen Sie sie noch einmal.',
    appliedState: 'Das ist geschehen',
    ignored: 'Spalten, die hier nichts bedeuten: {columns}',
    rows: 'Zeilen mit Fehlern oder Anmerkungen',
    line: 'Zeile',
    fault: 'Was nicht stimmt',
    none: 'Keine Zeile hat einen Fehler oder eine Anmerkung.',
  },
});

/** Remarks of the API about rows. */
export const importApiWords = words<CsvRowNote>({
  en: {
    names_stay: 'Names stay as the person wrote them',
    seat_limit_reached: 'No free seat: comes suspended',
    no_time_schedule: 'Has no hours, so opens nothing yet',
    invited: 'Invited',
    invite_failed: 'The invitation could not be sent',
    not_invited: 'Not invited: too many at once; import the table again',
  },
  de: {
    names_stay: 'Namen bleiben, wie die Person sie geschrieben hat',
    seat_limit_reached: 'Kein freier Platz: kommt ohne',
    no_time_schedule: 'Hat keine Zeiten, öffnet also noch nichts',
    invited: 'Eingeladen',
    invite_failed: 'Die Einladung konnte nicht gesendet werden',
    not_invited: 'Nicht eingeladen: zu viele auf einmal; importieren Sie die Tabelle noch einmal',
  },
});
