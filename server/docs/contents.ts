/** What the documentation consists of: the files of docs/, where each is served, and what stands beside what. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deviceLinkAddress } from './device-link-page.ts';

/** In the sources docs/ lies beside server/, and in dist/ as well: tools/build.mjs packs it. */
const folder = fileURLToPath(new URL('../../docs/', import.meta.url));

export type DocsPage = {
  /** Path below docs/, such as `decisions/0020-the-decision.md`. */
  readonly file: string;
  readonly address: string;
  readonly title: string;
  readonly text: string;
};

export type DocsGroup = { readonly title: string; readonly pages: readonly DocsPage[] };

export type DocsContents = {
  readonly pages: ReadonlyMap<string, DocsPage>;
  /** Pages of the navigation; decisions are on a page of their own. */
  readonly groups: readonly DocsGroup[];
  readonly decisions: readonly DocsPage[];
  /** Files that are served as they are, by path below docs/. */
  readonly files: ReadonlyMap<string, string>;
};

const order: Readonly<Record<string, readonly string[]>> = {
  'For integrators': [
    'first-hour',
    'moving',
    'streaming',
    'events',
    'webhooks',
    'client',
    'identity',
    'csv-import',
  ],
  'For buildings': [
    'dashboard',
    'sites',
    'floors',
    'people',
    'accounts',
    'pods',
    'lockers',
    'phones',
    'notifications',
    'why',
    'personal-data',
  ],
  'For operators': [
    'running',
    'operating',
    'settings',
    'cardea',
    'backup',
    'migrations',
    'updates',
    'audit',
    'home-assistant',
  ],
  'For makers of hubs': ['device-link', 'simulator'],
  'How it is made': ['architecture', 'words', 'benchmarks', 'storm'],
};
const furtherTitle = 'Further';

/** The error reference is served from the catalogue itself, not from the file that is made of it; messages of the link are read as a page. */
const servedElsewhere: Readonly<Record<string, string>> = {
  'generated/errors.md': '/docs/errors',
  'decisions/': '/docs/decisions',
  'device-link.asyncapi.yaml': deviceLinkAddress,
};

/** Reads docs/ from the disk; where a build left them out there are none, and the server serves doors all the same. */
export function readContents(): DocsContents {
  const listed = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
    : [];
  const paths = listed.map((path) => path.replaceAll('\\', '/')).sort();
  const pages = new Map<string, DocsPage>();
  const files = new Map<string, string>();
  for (const file of paths) {
    if (/\.(ya?ml|json)$/.test(file)) files.set(file, `${folder}${file}`);
    if (!file.endsWith('.md') || servedElsewhere[file] !== undefined) continue;
    const text = readFileSync(`${folder}${file}`, 'utf8');
    const title = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? file;
    pages.set(file, { file, address: `/docs/${file.slice(0, -'.md'.length)}`, title, text });
  }
  const decisions = [...pages.values()].filter(({ file }) => file.startsWith('decisions/'));
  return { pages, files, decisions, groups: groupsOf(pages) };
}

function groupsOf(pages: ReadonlyMap<string, DocsPage>): readonly DocsGroup[] {
  const placed = new Set<string>();
  const groups = Object.entries(order).map(([title, names]) => {
    const found = names.flatMap((name) => pages.get(`${name}.md`) ?? []);
    for (const { file } of found) placed.add(file);
    return { title, pages: found };
  });
  const further = [...pages.values()].filter(
    ({ file }) => !placed.has(file) && !file.startsWith('decisions/'),
  );
  return [...groups, { title: furtherTitle, pages: further }];
}

/**
 * Where a link of a file of docs/ leads on the server: null = to a file of the repository that is not served. Addresses of other
 * sites, and those that begin with a slash, stay as they are.
 */
export function addressOf(
  link: string,
  { from, contents }: { readonly from: string; readonly contents: DocsContents },
): string | null {
  if (/^([a-z]+:|\/|#)/i.test(link)) return link;
  const target = new URL(link, `file:///docs/${from}`);
  const path = decodeURIComponent(target.pathname);
  if (!path.startsWith('/docs/')) return null;
  const file = path.slice('/docs/'.length);
  const elsewhere = servedElsewhere[file];
  if (elsewhere !== undefined) return elsewhere + target.hash;
  if (contents.files.has(file)) return path;
  const page = contents.pages.get(file);
  return page === undefined ? null : page.address + target.hash;
}
