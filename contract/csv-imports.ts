/** Moving a building in from elsewhere: people, groups with their schedules, and tags from CSV files (docs/csv-import.md). */
import { Type, type Static } from 'typebox';
import { Bool, Int, listOf, optional, orNull, Text, words } from './fields.ts';

export const csvImportKinds = ['tags', 'groups', 'people'] as const;
export type CsvImportKind = (typeof csvImportKinds)[number];

/** The columns of each kind, as its template names them. */
export const csvColumns = {
  tags: ['tag_number', 'rfid_uid', 'expires_at'],
  groups: ['name', 'locks', 'days', 'start_time', 'end_time', 'start_date', 'end_date'],
  people: ['email', 'alias', 'first_name', 'last_name', 'roles', 'groups', 'tags'],
} as const satisfies Readonly<Record<CsvImportKind, readonly string[]>>;

export const PostCsvImportRequest = Type.Object({
  kind: words(csvImportKinds),
  /** The text of the file. */
  csv: Text,
  /** Checks everything and changes nothing. */
  dry_run: optional(Bool),
  /** Mails whoever has an address and no profile, and tells people of their tags. */
  invite: optional(Bool),
});

/** refused: a row is at fault, so nothing was changed. preview: what would be done. */
export const csvImportStates = ['applied', 'preview', 'refused'] as const;
export const csvRowActions = ['created', 'updated', 'unchanged', 'failed'] as const;
export type CsvRowAction = (typeof csvRowActions)[number];

/**
 * names_stay: those of the profile, or looked after by another site. seat_limit_reached: made suspended, for want of a seat.
 * no_time_schedule: the group gives nothing yet. invited, invite_failed, not_invited: what became of the mail.
 */
export const csvRowNotes = [
  'names_stay',
  'seat_limit_reached',
  'no_time_schedule',
  'invited',
  'invite_failed',
  'not_invited',
] as const;
export type CsvRowNote = (typeof csvRowNotes)[number];

export const CsvImportResponse = Type.Object({
  kind: words(csvImportKinds),
  state: words(csvImportStates),
  created: Int,
  updated: Int,
  unchanged: Int,
  failed: Int,
  /** Columns of the file that mean nothing here. */
  ignored_columns: listOf(Text),
  rows: listOf(
    Type.Object({
      /** Where the row begins in the file; the header is usually line 1. */
      line: Int,
      action: words(csvRowActions),
      errors: listOf(
        Type.Object({
          column: orNull(Text),
          /** Of the error catalogue. */
          code: Int,
          message: Text,
        }),
      ),
      notes: listOf(words(csvRowNotes)),
    }),
  ),
});
export type CsvImportResponse = Static<typeof CsvImportResponse>;
