/**
 * The error reference: the page of the docs and of the running server (errors.md rule 2). Texts come from the catalogue, which
 * operations raise a code from the API description, so that the page cannot promise a code that nothing raises.
 */
import { errorNames, errorRow, type ErrorName } from '#contract/errors';
import { commandsOf, meetings, preparation } from './error-meetings.ts';

/** As much of an OpenAPI description as the reference reads. */
export type Description = {
  readonly paths?: Readonly<
    Record<string, Readonly<Record<string, DescribedOperation>> | undefined>
  >;
};
type DescribedOperation = {
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly 'x-error-codes'?: readonly string[];
};

/** The operations (`GET /v1.2/locks`) that raise each code; a code that none raises has no entry. */
export type RaisedBy = {
  readonly operations: ReadonlyMap<string, readonly string[]>;
  /** How many operations there are. */
  readonly total: number;
};

const unauthorized = String(errorRow('UNAUTHORIZED').code);

/** Reads from the description who raises what; a 401, which has no body, is code 1500. */
export function raisedBy({ paths = {} }: Description): RaisedBy {
  const operations = new Map<string, string[]>();
  let total = 0;
  for (const [path, methods = {}] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      total += 1;
      const codes = [...(operation['x-error-codes'] ?? [])];
      if (operation.responses?.['401'] !== undefined) codes.push(unauthorized);
      for (const code of codes) {
        const listed = operations.get(code) ?? [];
        operations.set(code, [...listed, `${method.toUpperCase()} ${path}`]);
      }
    }
  return { operations, total };
}

const retryText = {
  never: 'Do not repeat it unchanged',
  later: 'Try again later',
  'after-change': 'Try again after a change',
} as const;

const raisedNever = 'not raised yet: no operation of this version can raise it';

/** The operations of a code: null = all of them, [] = none. */
function operationsOf(code: number, { operations, total }: RaisedBy): readonly string[] | null {
  const found = operations.get(String(code)) ?? [];
  return found.length === total && total > 0 ? null : found;
}

/** How to meet the error in the demo building, where it takes hardware or a fault. */
function meetingMarkdown(name: ErrorName): readonly string[] {
  const meeting = meetings[name];
  if (meeting === undefined) return [];
  return [
    `**Meet it in the simulator.** ${meeting.cause}`,
    '',
    '```sh',
    ...commandsOf(meeting),
    '```',
    '',
  ];
}

/** The whole catalogue as Markdown; `demoIds` = what the commands of the simulator call by name. */
export function errorReferenceMarkdown(
  raised: RaisedBy,
  demoIds: Readonly<Record<string, string>>,
): string {
  const sections = errorNames.map((name) => {
    const row = errorRow(name);
    return [
      `## ${row.code} ${name}`,
      '',
      `> ${row.message}`,
      '',
      `- HTTP status: ${row.statuses.join(', ')}`,
      `- Retry: ${retryText[row.retry]}`,
      `- Effect: ${row.effect}`,
      `- Raised when: ${row.raisedWhen}`,
      `- What to do: ${row.whatToDo}`,
      `- Raised by: ${operationsMarkdown(operationsOf(row.code, raised))}`,
      '',
      ...meetingMarkdown(name),
    ].join('\n');
  });
  return [
    '# Error reference',
    '',
    'Generated from contract/errors.ts and the API description by `npm run docs`. Every failed request carries',
    '`{"ErrorCode":"…","Message":"…"}`; with `Accept: application/problem+json` it carries problem details (RFC 9457)',
    'instead. An `effect` of `unknown` means the act may have happened: read the object again before repeating it.',
    '',
    'Errors that take hardware or a fault have commands to meet them in the demo building. They begin with:',
    '',
    '```sh',
    ...preparation(demoIds),
    '```',
    '',
    ...sections,
  ].join('\n');
}

function operationsMarkdown(operations: readonly string[] | null): string {
  if (operations === null) return 'every operation';
  if (operations.length === 0) return raisedNever;
  return operations.map((operation) => `\n  - \`${operation}\``).join('');
}

/** The same as the body of a page, one anchor a code. */
export function errorReferenceBody(raised: RaisedBy): string {
  const sections = errorNames.map((name) => {
    const row = errorRow(name);
    return `<section id="${row.code}"><h2><a href="#${row.code}">${row.code}</a> ${escapeHtml(name)}</h2>
<blockquote>${escapeHtml(row.message)}</blockquote>
<p><b>HTTP status</b> ${row.statuses.join(', ')} · <b>retry</b> ${retryText[row.retry]} · <b>effect</b> ${row.effect}</p>
<p><b>Raised when</b> ${escapeHtml(row.raisedWhen)}</p>
<p><b>What to do</b> ${escapeHtml(row.whatToDo)}</p>
<div><b>Raised by</b> ${operationsHtml(operationsOf(row.code, raised))}</div></section>`;
  });
  return `<h1>Error reference</h1>
<p>Every failed request carries <code>{"ErrorCode":"…","Message":"…"}</code>; with <code>Accept: application/problem+json</code> it carries problem details (RFC 9457) instead.</p>
${sections.join('\n')}`;
}

function operationsHtml(operations: readonly string[] | null): string {
  if (operations === null) return 'every operation';
  if (operations.length === 0) return raisedNever;
  const items = operations.map((operation) => `<li><code>${escapeHtml(operation)}</code></li>`);
  return `<details><summary>${operations.length} operations</summary><ul>${items.join('')}</ul></details>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
