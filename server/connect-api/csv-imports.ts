import { Readable } from 'node:stream';
import {
  csvColumns,
  csvImportKinds,
  CsvImportResponse,
  PostCsvImportRequest,
  type CsvImportKind,
} from '#contract/csv-imports';
import { ApiError } from '#contract/api-error';
import { csvLines } from '#server/domain/csv';
import type { CsvImports } from '#server/domain/csv-imports';
import { readCsv } from '#server/http/csv-file';
import type { Download } from '#server/http/download';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { ignoredColumns, readCsvContent } from './csv-rows.ts';
import type { SiteRoute } from './site-route.ts';

const tag = 'csv_imports';
/** Whoever moves a building in: people, doors and tags at once. */
const right = 'manage_site';

/** 10,000 rows of a long file; the text is one JSON value. */
const largeBody = { bytes: 8 * 1024 * 1024, depth: 4, values: 100 };

/** docs/csv-import.md: people, groups and tags from files of another system. */
export function csvImportRoutes(
  siteRoute: SiteRoute,
  { csvImports }: { readonly csvImports: CsvImports },
): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/csv_imports/template',
      right,
      summary: 'A CSV file to fill in: the columns and an example',
      tag,
      query: {
        kind: { kind: 'text', isRequired: true, summary: csvImportKinds.join(', ') },
      },
      answer: 'csv',
      errors: ['VALUE_INVALID'],
      handle: (_at, call) => Promise.resolve(templateOf(kindOf(call))),
    }),
    siteRoute({
      method: 'POST',
      path: '/csv_imports',
      right,
      summary: 'Import people, groups or tags; a row at fault leaves everything as it was',
      tag,
      largeBody,
      body: { schema: PostCsvImportRequest, mode: 'create' },
      answer: CsvImportResponse,
      async handle(at, call, { kind, csv, dry_run: isDryRun, invite: isInviting }) {
        const file = readCsv(csv);
        const content = readCsvContent(kind, file);
        const done = await told(call, csvImports.run(at, content, { isDryRun, isInviting }));
        return { ...done, ignored_columns: ignoredColumns(kind, file) };
      },
    }),
  ];
}

function kindOf(call: Call): CsvImportKind {
  const sent = call.query('kind')?.toLowerCase();
  const kind = csvImportKinds.find((one) => one === sent);
  if (kind === undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'kind',
      reason: `Allowed are ${csvImportKinds.join(', ')}.`,
    });
  return kind;
}

/** Rows that begin with # are left out when the file is read. */
const examples: Readonly<Record<CsvImportKind, readonly (readonly string[])[]>> = {
  tags: [['# 00007527', '04A1B2C3D4E5F6', '2027-12-31T12:00:00Z']],
  groups: [
    ['# Staff', 'Front door | Office', 'mon-fri', '08:00', '18:00', '', ''],
    ['# Staff', '', 'sat', '09:00', '13:00', '2027-06-01', '2027-08-31'],
  ],
  people: [
    ['# ada@example.com', '', 'Ada', 'Visser', 'site_user', 'Staff | Cleaners', '00007527'],
    ['# ', 'Room 12', 'Ben', 'Prins', '', 'Staff', ''],
  ],
};

/** With a byte order mark, by which a spreadsheet keeps letters with accents. */
function templateOf(kind: CsvImportKind): Download {
  const text = `\uFEFF${csvLines([csvColumns[kind], ...examples[kind]])}`;
  return { fileName: `${kind}.csv`, text: Readable.from([text]) };
}
