/** The dashboard's texts, and how the server hands the dashboard out. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { languages, type Words } from '#dashboard/words/words';
import { registerDashboard } from '#server/http/dashboard';

const folder = fileURLToPath(new URL('../../dashboard/', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const textOf = (path: string) => readFileSync(join(folder, path), 'utf8');
const code = files.filter((path) => /\.tsx?$/.test(path) && !path.startsWith('words/')).map(textOf);
const wordFiles = files.filter((path) => path.startsWith('words/') && path !== 'words/words.ts');

type Dictionary = { readonly name: string; readonly words: Words<string> };
const dictionaries: Dictionary[] = [];
beforeAll(async () => {
  for (const path of wordFiles) {
    const found = (await import(join(folder, path))) as Readonly<Record<string, Words<string>>>;
    for (const [name, words] of Object.entries(found)) dictionaries.push({ name, words });
  }
});

const blanks = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the texts of the dashboard', () => {
  it('are there in every language, with the same blanks', () => {
    expect(dictionaries.length).toBeGreaterThan(3);
    for (const { name, words } of dictionaries)
      for (const [key, text] of Object.entries(words.en))
        for (const language of languages) {
          const said = words[language][key] ?? '';
          expect([name, key, language, said === '', blanks(said)]).toEqual([
            name,
            key,
            language,
            false,
            blanks(text),
          ]);
        }
  });

  it('are all used; words of the API apart, which the server sends', () => {
    const unused = dictionaries
      .filter(({ name }) => !name.endsWith('ApiWords'))
      .flatMap(({ name, words }) => {
        const users = code.filter((text) => text.includes(name)).join();
        return Object.keys(words.en)
          .filter((key) => !users.includes(`'${key}'`))
          .map((key) => `${name}.${key}`);
      });
    expect(unused).toEqual([]);
  });
});

describe('the server hands out', () => {
  let built: string;
  const app = Fastify();
  const bare = Fastify();
  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'cardea-built-'));
    await mkdir(join(built, 'assets'));
    await writeFile(join(built, 'index.html'), '<title>The app</title>');
    await writeFile(join(built, 'assets/main-abc.js'), '0;');
    registerDashboard(app, { folder: built });
    registerDashboard(bare, { folder: join(built, 'nothing') });
  });
  afterAll(async () => {
    await app.close();
    await bare.close();
    await rm(built, { recursive: true });
  });

  it.each(['/', '/signed-in', '/sites', '/sites/abc/locks/def', '/server/health'])(
    'the page at %s, asked for again each time and running no script but its own',
    async (url) => {
      const { statusCode, body, headers } = await app.inject(url);
      expect([statusCode, body]).toEqual([200, '<title>The app</title>']);
      expect(headers['cache-control']).toBe('no-cache');
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
    },
  );

  it('files of the build for good, and nothing beside them', async () => {
    const file = await app.inject('/assets/main-abc.js');
    expect([file.statusCode, file.headers['cache-control']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
    ]);
    expect((await app.inject('/assets/..%2findex.html')).statusCode).not.toBe(200);
    expect((await app.inject('/assets/none.js')).statusCode).toBe(404);
    expect((await app.inject('/v1.2/nothing')).statusCode).toBe(404);
  });

  it('a plain word where the dashboard is not built', async () => {
    const { statusCode, body } = await bare.inject('/');
    expect(statusCode).toBe(503);
    expect(body).toContain('npm run build');
  });
});
