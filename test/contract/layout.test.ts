import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

type Source = { path: string; text: string };

const root = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = [
  'access',
  'cli',
  'client',
  'contract',
  'server',
  'iq',
  'simulator',
  'dashboard',
  'test',
  'tools',
];

// Who may import from whom (docs/architecture.md). A part may always import from itself.
const BELOW_DOMAIN = ['contract', 'access', 'server/runtime', 'server/store'];
const ABOVE_DOMAIN = [
  ...BELOW_DOMAIN,
  'server/events',
  'server/gateway',
  'server/domain',
  'server/http',
];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  access: ['contract'],
  'server/runtime': ['contract', 'access'],
  'server/store': ['contract', 'access', 'server/runtime'],
  'server/events': BELOW_DOMAIN,
  'server/gateway': BELOW_DOMAIN,
  'server/domain': [...BELOW_DOMAIN, 'server/events', 'server/gateway'],
  'server/http': ['contract', 'server/runtime'],
  'server/docs': ['contract', 'server/runtime', 'server/http'],
  'server/core-api': ABOVE_DOMAIN,
  'server/connect-api': ABOVE_DOMAIN,
  'server/identity': ABOVE_DOMAIN,
  'server/account': [...ABOVE_DOMAIN, 'server/identity'],
  'server/stream': ABOVE_DOMAIN,
  'server/signer': ABOVE_DOMAIN,
  'server/messages': ABOVE_DOMAIN,
  'server/home-assistant': ABOVE_DOMAIN,
  // Whom a client or a login belongs to is decided where they are made: in the identity part.
  'server/jobs': [...ABOVE_DOMAIN, 'server/identity'],
  iq: ['contract', 'access'],
  simulator: ['contract', 'access', 'iq'],
  client: ['contract'],
  dashboard: ['contract', 'client'],
  // The command line looks after the database itself; of what runs it knows the public API only.
  cli: ['contract', 'server/runtime', 'server/store', 'server/events', 'server/domain'],
};
// The files of server/ itself (main, wire) put everything in server/ together.
const TOGETHER = 'server';
const MAY_USE_IN_CONTRACT = ['typebox', 'typebox/value', 'typebox/compile'];
const DRAWERS = ['util', 'helper', 'common', 'misc', 'manager', 'service', 'index'];
const LONGEST = 500;
// The steps that one noun passes on its way from the wire to its rows and back.
const STEPS = [
  'contract',
  'server/core-api',
  'server/connect-api',
  'server/domain',
  'server/store',
  'server/events',
];

const SELF = 'test/contract/layout.test.ts';

const sources: Source[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(folder, path),
  ),
)
  .filter((path) => /\.(ts|tsx|mjs|sql)$/.test(path) && path !== SELF)
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const isTest = (path: string): boolean => path.startsWith('test/') || path.endsWith('.test.ts');

/** The part a file belongs to: the top folder, in server/ the folder below it. */
function partOf(path: string): string {
  const [top = '', second = '', ...rest] = path.split('/');
  return top === 'server' && rest.length > 0 ? `${top}/${second}` : top;
}

function importsOf({ text }: Source): string[] {
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map((found) => found[1] ?? '');
}

function importFaults(source: Source): string[] {
  const from = partOf(source.path);
  return importsOf(source).flatMap((specifier) => {
    const fault = importFault(source.path, from, specifier);
    return fault === undefined ? [] : [`${source.path} imports ${specifier}: ${fault}`];
  });
}

function importFault(path: string, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const to = partOf(normalize(join(dirname(path), specifier)));
    if (!/\.(tsx?|mjs|css)$/.test(specifier)) return 'a relative import names its file with .ts';
    const isNear = to === from || (from === TOGETHER && to.startsWith('server/'));
    return isNear ? undefined : 'another part is imported by its alias';
  }
  if (specifier.startsWith('#')) {
    if (/\.[jt]s$/.test(specifier)) return 'an alias has no extension';
    const to = partOf(specifier.slice(1));
    if (isTest(path)) return undefined;
    if (from === TOGETHER && to !== 'test') return undefined;
    return MAY_IMPORT[from]?.includes(to) ? undefined : `${from} may not import ${to}`;
  }
  if (from === 'client' && !isTest(path)) return 'the client needs nothing but fetch';
  if (from === 'contract' && !isTest(path) && !MAY_USE_IN_CONTRACT.includes(specifier)) {
    return 'the contract does no I/O and depends on its schemas only';
  }
  return undefined;
}

/** One form for the spellings of a noun: iq and iqs, entry and entries, timezone and time-zone. */
function nounOf(path: string): string {
  return basename(path)
    .replace(/\..*$/, '')
    .replaceAll('-', '')
    .replace(/ies$/, 'y')
    .replace(/s$/, '');
}

function nameFaults(paths: string[]): string[] {
  const spellings = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const seen = spellings.get(nounOf(path)) ?? new Map<string, string>();
    spellings.set(nounOf(path), seen.set(basename(path), path));
  }
  return [...spellings.values()]
    .filter((seen) => seen.size > 1)
    .map((seen) => [...seen.values()].join(' and '));
}

function pathFaults(path: string): string[] {
  const words = path.replace(/\.(test\.)?(ts|tsx|mjs|sql)$/, '').split('/');
  const isKebab = words.every((word) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(word));
  const isDrawer = words.some((word) => DRAWERS.includes(word.replace(/s$/, '')));
  return [
    ...(isKebab ? [] : [`${path} is not in kebab-case`]),
    ...(isDrawer ? [`${path} is a drawer`] : []),
    ...(words.length > 3 ? [`${path} lies deeper than two folders`] : []),
  ];
}

const CHEATS = /@ts-(ignore|nocheck|expect-error)|(ox|es)lint-disable/;

function textFaults({ path, text }: Source): string[] {
  const lines = text.split('\n').length - 1;
  // A migration that has landed is never edited, so it cannot be split either.
  const isTooLong = lines > LONGEST && !path.endsWith('.sql');
  return [
    ...(isTooLong ? [`${path} has ${String(lines)} lines`] : []),
    ...(/^export \* from/m.test(text) ? [`${path} passes on what others export`] : []),
    ...(CHEATS.test(text) ? [`${path} silences a check`] : []),
  ];
}

describe('the project', () => {
  test('imports point down the path', () => {
    expect(sources.flatMap(importFaults)).toEqual([]);
  });

  test('no file is longer than 500 lines, passes others on, or silences a check', () => {
    expect(sources.flatMap(textFaults)).toEqual([]);
  });

  test('files are in kebab-case, at most two folders deep, and none is a drawer', () => {
    expect(sources.flatMap(({ path }) => pathFaults(path))).toEqual([]);
  });

  test('a noun has the same file name at every step', () => {
    const paths = sources.map(({ path }) => path);
    const steps = paths.filter((path) => !isTest(path) && STEPS.includes(partOf(path)));
    expect(nameFaults(steps)).toEqual([]);
  });

  test('every part of the source has its place in the order of imports', () => {
    const parts = new Set(
      sources.filter(({ path }) => !isTest(path)).map(({ path }) => partOf(path)),
    );
    const placed = [...Object.keys(MAY_IMPORT), TOGETHER, 'tools', 'server/migrations'];
    expect([...parts].filter((part) => !placed.includes(part))).toEqual([]);
  });
});

describe('the checks above find', () => {
  test.each([
    ['contract/doors.ts', `import { x } from '#access/decision';`],
    ['contract/doors.ts', `import { readFileSync } from 'node:fs';`],
    ['server/store/doors.ts', `import { x } from '#server/domain/doors';`],
    ['server/http/doors.ts', `import type { X } from '#server/store/doors';`],
    ['server/domain/doors.ts', `export { x } from '../store/doors.ts';`],
    ['client/doors.ts', `import { readFile } from 'node:fs/promises';`],
    ['iq/doors.ts', `const x = await import('#server/store/doors');`],
    ['iq/doors.ts', `import { x } from '#contract/doors.ts';`],
    ['iq/doors.ts', `import { x } from './hinges';`],
    ['server/wire.ts', `import { x } from '#test/kit/wait';`],
  ])('a wrong import in %s: %s', (path, text) => {
    expect(importFaults({ path, text })).toHaveLength(1);
  });

  test.each([
    ['server/domain/doors.ts', `import { x } from '#server/store/doors';`],
    ['server/wire.ts', `import { x } from './store/doors.ts';`],
    ['server/store/doors.test.ts', `import { x } from '#test/kit/wait';`],
    ['iq/drivers/doors.ts', `import { x } from '../hinges.ts';`],
  ])('nothing wrong in %s: %s', (path, text) => {
    expect(importFaults({ path, text })).toEqual([]);
  });

  test('two spellings of one noun', () => {
    expect(nameFaults(['contract/entry.ts', 'server/store/entries.ts'])).toHaveLength(1);
    expect(nameFaults(['access/time-zones.ts', 'iq/timezones.ts'])).toHaveLength(1);
    expect(nameFaults(['contract/entries.ts', 'server/store/entries.ts'])).toEqual([]);
  });

  test('names and files that break the rules', () => {
    expect(pathFaults('server/store/doorUtils.ts')).toHaveLength(1);
    expect(pathFaults('server/helpers/doors.ts')).toHaveLength(1);
    expect(pathFaults('server/store/deep/doors.ts')).toHaveLength(1);
    expect(textFaults({ path: 'a.ts', text: 'x\n'.repeat(501) })).toHaveLength(1);
    expect(textFaults({ path: 'a.ts', text: '// @ts-ignore\n' })).toHaveLength(1);
    expect(textFaults({ path: 'a.ts', text: `export * from './b.ts';` })).toHaveLength(1);
  });
});
