/** Which test proves which operation: maps written down as JSON, held against the test files, and the pages made of them. */
import { existsSync, readFileSync } from 'node:fs';

export type Proof = { readonly file: string; readonly test: string };
/** `GET /locks` → the tests that prove it. */
export type Proofs = Readonly<Record<string, readonly Proof[]>>;

const root = new URL('../../', import.meta.url);

export function readProofs(file: string): Proofs {
  return JSON.parse(readFileSync(new URL(file, root), 'utf8')) as Proofs;
}

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const place = new URL(file, root);
  const text = existsSync(place) ? readFileSync(place, 'utf8') : '';
  sources.set(file, text);
  return text;
}

/** The text of a test from its title to the next test of the file; undefined = there is none of that title. */
function bodyOf({ file, test }: Proof): string | undefined {
  const source = sourceOf(file);
  const begin = ["'", '"', '`']
    .map((quote) =>
      source.indexOf(`(${quote}${test.replaceAll("'", quote === "'" ? "\\'" : "'")}${quote},`),
    )
    .find((index) => index >= 0);
  if (begin === undefined) return undefined;
  const end = source.slice(begin + 1).search(/^\s*(?:it|test|describe)(?:\.each)?\(/m);
  return end < 0 ? source.slice(begin) : source.slice(begin, begin + 1 + end);
}

/** What is wrong with a map: a test that is gone, that expects nothing, or whose file never asks for the operation. */
export function proofFaults(proofs: Proofs): string[] {
  return Object.entries(proofs).flatMap(([name, tests]) => {
    if (tests.length === 0) return [`${name}: no test`];
    return tests.flatMap((proof) => {
      const body = bodyOf(proof);
      if (body === undefined) return [`${name}: ${proof.file} has no test "${proof.test}"`];
      if (!body.includes('expect')) return [`${name}: "${proof.test}" expects nothing`];
      const segments = name.split(/[/ ]/).filter((part) => /^[a-z]/.test(part));
      const last = segments.at(-1) ?? '';
      return sourceOf(proof.file).includes(last)
        ? []
        : [`${name}: ${proof.file} never asks for ${last}`];
    });
  });
}

/** The rows of a page: operation, what it does, what proves it. */
export function proofRows(
  proofs: Proofs,
  summaryOf: (name: string) => string | undefined,
): readonly string[] {
  const rows = Object.entries(proofs).map(([name, tests]) => {
    const cells = tests.map(
      ({ file, test }) => `${test.replaceAll('|', '\\|')} ([${short(file)}](../../${file}))`,
    );
    return `| \`${name}\` | ${summaryOf(name) ?? ''} | ${cells.join('<br>')} |`;
  });
  return ['| operation | what it does | proven by |', '| --- | --- | --- |', ...rows];
}

function short(file: string): string {
  return file.replace(/^test\//, '').replace(/\.test\.ts$/, '');
}
