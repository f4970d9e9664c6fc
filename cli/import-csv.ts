/** `cardea import-csv`: people, groups and tags of a site from CSV files of another system. docs/csv-import.md. */
import { readFile } from 'node:fs/promises';
import { Value } from 'typebox/value';
import { csvImportKinds, CsvImportResponse, type CsvImportKind } from '#contract/csv-imports';
import { CommandError, exitCodes, textOf, type Command, type CommandAnswer } from './command.ts';
import { openSiteApi, siteHelp, siteOptions } from './site-api.ts';

export const importCsv: Command = {
  words: 'import-csv',
  summary: 'imports people, groups or tags of a site from a CSV file',
  help: `
A row at fault leaves everything as it was and is told with its line. The same file twice changes nothing. Exit code 1 = refused.

  --kind <kind>    ${csvImportKinds.join(', ')}: in this order, since each builds on those before
  --file <path>    the file, in UTF-8
  --dry-run        checks everything and changes nothing
  --invite         mails whoever has an address and no profile (without it nobody is mailed)
  --template       prints a file to fill in, in place of importing one
${siteHelp}

  cardea import-csv --kind people --template > people.csv
  cardea import-csv --kind people --file people.csv --dry-run
  cardea import-csv --kind people --file people.csv --invite --json
`,
  options: {
    ...siteOptions,
    kind: { type: 'string' },
    file: { type: 'string' },
    'dry-run': { type: 'boolean' },
    invite: { type: 'boolean' },
    template: { type: 'boolean' },
  },
  async run(call) {
    const { values } = call;
    const kind = kindOf(textOf(values, 'kind'));
    if (values['template'] === true) {
      const api = await openSiteApi(call);
      const text = await api.download(`/csv_imports/template?kind=${kind}`);
      return { code: exitCodes.fine, json: { kind, csv: text }, text: text.trimEnd() };
    }
    const path = textOf(values, 'file');
    if (path === undefined) throw new CommandError('usage', 'Name the file with --file.');
    const csv = await readUtf8(path);
    const api = await openSiteApi(call);
    const body = {
      kind,
      csv,
      dry_run: values['dry-run'] === true,
      invite: values['invite'] === true,
    };
    return answerOf(Value.Parse(CsvImportResponse, await api.ask('POST', '/csv_imports', body)));
  },
};

function kindOf(sent: string | undefined): CsvImportKind {
  const kind = csvImportKinds.find((one) => one === sent);
  if (kind === undefined)
    throw new CommandError('usage', `Say what it holds with --kind ${csvImportKinds.join('|')}.`);
  return kind;
}

async function readUtf8(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CommandError('usage', `The file ${path} cannot be read.`, { cause });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CommandError('usage', `The file ${path} is not UTF-8; save it as CSV UTF-8.`, {
      cause,
    });
  }
}

function answerOf(json: CsvImportResponse): CommandAnswer {
  const { kind, state, created, updated, unchanged, failed } = json;
  const said = {
    applied: 'imported',
    preview: 'would be imported',
    refused: 'refused, nothing was changed',
  };
  const lines = json.rows.flatMap(({ line, errors, notes }) => [
    ...errors.map((error) => `  line ${line}: ${error.message} (${error.code})`),
    ...notes.map((note) => `  line ${line}: ${note}`),
  ]);
  const ignored =
    json.ignored_columns.length === 0
      ? []
      : [`  columns that mean nothing here: ${json.ignored_columns.join(', ')}`];
  const counts = `${created} created, ${updated} updated, ${unchanged} unchanged, ${failed} failed`;
  return {
    code: state === 'refused' ? exitCodes.found : exitCodes.fine,
    json,
    text: [`${kind} ${said[state]}: ${counts}`, ...lines, ...ignored].join('\n'),
  };
}
