/**
 * CSV files of another system become people, groups and tags of a site (docs/csv-import.md). A file is one transaction: a row at fault
 * leaves nothing of it, and a dry run is the same transaction, undone. Files add and change, and never take anything away, so that
 * the same file twice changes nothing (decision 0245).
 */
import { ApiError } from '#contract/api-error';
import { assertNever } from '#contract/assert-never';
import type { CsvImportResponse, CsvRowAction, CsvRowNote } from '#contract/csv-imports';
import { holdCollection } from '#server/store/collections';
import { holdCsvImports } from '#server/store/csv-imports';
import type { WriteScope } from '#server/store/scope';
import { importGroups, type GroupRow } from './csv-import-groups.ts';
import { inviteImported, type Invitee } from './csv-import-invitations.ts';
import { importPeople, type PersonRow } from './csv-import-people.ts';
import type { CsvRowOf, RowResult } from './csv-import-rows.ts';
import { importTags, type TagRow } from './csv-import-tags.ts';
import { gatherTouched } from './desired-state.ts';
import type { Notices } from './notices.ts';
import { writeRights, type Written } from './rights-write.ts';
import type { SiteUserParts } from './site-user-creation.ts';
import type { AtWork } from './site-user-rules.ts';

export type CsvContent =
  | { readonly kind: 'tags'; readonly rows: readonly CsvRowOf<TagRow>[] }
  | { readonly kind: 'groups'; readonly rows: readonly CsvRowOf<GroupRow>[] }
  | { readonly kind: 'people'; readonly rows: readonly CsvRowOf<PersonRow>[] };

export type CsvImportRules = { readonly isDryRun: boolean; readonly isInviting: boolean };

export type CsvImports = {
  /** Rows at fault are in the answer. NOT_FOUND: the site went meanwhile. */
  run(
    at: AtWork,
    content: CsvContent,
    rules: CsvImportRules,
  ): Promise<Written<Omit<CsvImportResponse, 'ignored_columns'>>>;
};

type Outcome = { readonly rows: readonly RowResult[]; readonly invitees: readonly Invitee[] };

/** Ends a transaction whose writes are not wanted. */
class NotKept extends Error {
  override readonly name = 'NotKept';
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('the writes of an import were undone');
    this.outcome = outcome;
  }
}

/** Whoever moves a building in need not mail everybody. */
const quiet: Notices = { tell: () => Promise.resolve() };

export function createCsvImports(parts: SiteUserParts): CsvImports {
  const { database, audit } = parts;

  async function write(
    at: AtWork,
    content: CsvContent,
    { isDryRun, isInviting }: CsvImportRules,
  ): Promise<Written<Outcome>> {
    const { actor, siteId } = at;
    try {
      return await writeRights({ database, actor }, async (scope, warn) => {
        if (!(await holdCollection(scope, siteId)))
          throw new ApiError('NOT_FOUND', { thing: 'Site' });
        await holdCsvImports(scope, siteId);
        const touched = gatherTouched();
        const notices = isInviting ? parts.notices : quiet;
        const own = { ...parts, notices, desiredState: touched.desiredState };
        const outcome = await importRows(scope, own, { at, content });
        if (isDryRun || outcome.rows.some(({ action }) => action === 'failed'))
          throw new NotKept(outcome);
        if (outcome.rows.some(({ action }) => action !== 'unchanged')) {
          const counts = Object.entries(countsOf(outcome.rows));
          audit.record(scope, actor, {
            action: 'csv_import.apply',
            objectType: 'collection',
            objectId: siteId,
            collectionId: siteId,
            detail: [content.kind, ...counts.map(([word, count]) => `${word} ${count}`)].join(' '),
          });
        }
        await touched.settle(scope, parts.desiredState);
        if (outcome.rows.some(({ notes }) => notes.includes('seat_limit_reached')))
          warn('seat_limit_reached');
        return outcome;
      });
    } catch (error) {
      if (error instanceof NotKept) return { value: error.outcome, warnings: [] };
      throw error;
    }
  }

  return {
    async run(at, content, rules) {
      const { value, warnings } = await write(at, content, rules);
      const isRefused = value.rows.some(({ action }) => action === 'failed');
      const isMailing = rules.isInviting && !rules.isDryRun && !isRefused;
      const mailed = isMailing
        ? await inviteImported(parts, at, value.invitees)
        : new Map<number, CsvRowNote>();
      const state = isRefused ? 'refused' : rules.isDryRun ? 'preview' : 'applied';
      const rows = value.rows.map((row) => shownRow(row, mailed.get(row.line)));
      return { value: { kind: content.kind, state, ...countsOf(value.rows), rows }, warnings };
    },
  };
}

function importRows(
  scope: WriteScope,
  parts: SiteUserParts,
  { at, content }: { readonly at: AtWork; readonly content: CsvContent },
): Promise<Outcome> {
  const withoutMail = async (rows: Promise<readonly RowResult[]>): Promise<Outcome> => ({
    rows: await rows,
    invitees: [],
  });
  switch (content.kind) {
    case 'tags':
      return withoutMail(importTags(scope, parts, { at, rows: content.rows }));
    case 'groups':
      return withoutMail(importGroups(scope, parts, { at, rows: content.rows }));
    case 'people':
      return importPeople(scope, parts, { at, rows: content.rows });
    default:
      return assertNever(content);
  }
}

type Counts = Pick<CsvImportResponse, CsvRowAction>;

function countsOf(rows: readonly RowResult[]): Counts {
  const of = (word: CsvRowAction): number => rows.filter(({ action }) => action === word).length;
  return {
    created: of('created'),
    updated: of('updated'),
    unchanged: of('unchanged'),
    failed: of('failed'),
  };
}

function shownRow(
  { line, action, faults, notes }: RowResult,
  mailed: CsvRowNote | undefined,
): CsvImportResponse['rows'][number] {
  return {
    line,
    action,
    errors: faults.map(({ column, error }) => ({
      column,
      code: error.code,
      message: error.message,
    })),
    notes: [...notes, ...(mailed === undefined ? [] : [mailed])],
  };
}
