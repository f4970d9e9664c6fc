/**
 * The error reference as a file of the docs, and what its page of the running server is made of (errors.md rule 2). Texts come from the catalogue, which
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

export const retryText = {
  never: 'Do not repeat it unchanged',
  later: 'Try again later',
  'after-change': 'Try again after a change',
} as const;

export const raisedNever = 'not raised yet: no operation of this version can raise it';

/** The operations of a code: null = all of them, [] = none. */
export function operationsOf(
  code: number,
  { operations, total }: RaisedBy,
): readonly string[] | null {
  const found = operations.get(String(code)) ?? [];
  return found.length === total && total > 0 ? null : found;
}

/** How to meet the error in the demo building. */
function meetingMarkdown(name: ErrorName): readonly string[] {
  return [
    `**Meet it in the simulator.** ${meetings[name].cause}`,
    '',
    '```sh',
    ...commandsOf(meetings[name]),
    '```',
    '',
  ];
}

/** The whole catalogue as Markdown. */
export function errorReferenceMarkdown(raised: RaisedBy): string {
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
    'Each can be met in the demo building. The commands for that begin with:',
    '',
    '```sh',
    ...preparation,
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
