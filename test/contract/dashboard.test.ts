/** The dashboard's texts, and how the server hands the dashboard out. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorNames, errorRow } from '#contract/errors';
import { errorText } from '#dashboard/parts/error-text';
import { reasonApiWords } from '#dashboard/words/reasons';
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

/** Sentences behind the meaning of an error, their blanks empty: `Allowed are {} to {}.` */
function reasonsIn(source: string): string[] {
  const literal = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/.source;
  const given = [
    `\\breason: *(?:\\w+ \\? )?(?:${literal})`,
    `\\b(?:notAllowed|failed|refused|invalid|wrong|cellFault|row\\.fail)\\((?:(?:'\\w+'|\\w+),\\s*)?(?:${literal})\\s*,?\\s*\\)`,
  ];
  return given
    .flatMap((form) => [...source.matchAll(new RegExp(form, 'g'))])
    .map((found) => found.slice(1).find((text) => text !== undefined) ?? '')
    .filter((text) => /[A-Za-z] \w/.test(text))
    .map((text) =>
      text.replaceAll(/\$\{[^}]*\}/g, '{}').replace(/^The \w+ (?=field is)/, 'The {} '),
    );
}

describe('an error in another language than that of the API', () => {
  it('is told whole, for every code of the catalogue', () => {
    for (const name of errorNames) {
      const message = errorRow(name).message.replaceAll(/\{\w+\}/g, 'timeout');
      const { meaning, whatToDo, rest } = errorText({ name, message }, 'de');
      expect([name, rest, meaning === message, /\{/.test(meaning)]).toEqual([
        name,
        '',
        false,
        false,
      ]);
      expect([name, whatToDo]).not.toEqual([name, errorRow(name).whatToDo]);
    }
  });

  it('is told with its reason, its field and the word of the hub', () => {
    const told = (name: (typeof errorNames)[number], message: string) => {
      const { meaning, rest } = errorText({ name, message }, 'de');
      return [meaning, rest];
    };
    expect(
      told('OPERATION_NOT_ALLOWED', 'Operation cannot be executed. The lock is in office mode.'),
    ).toEqual(['Das ist so nicht möglich. Die Tür ist im Büromodus.', '']);
    expect(told('VALUE_INVALID', "Value of 'end_date' is invalid. Allowed are 1 to 9.")).toEqual([
      'Der Wert von „Enddatum“ ist ungültig. Erlaubt: 1 bis 9.',
      '',
    ]);
    expect(told('CCC_COMMAND_FAILED', 'Request execution failed with code: jammed')).toEqual([
      'Der Hub hat es nicht getan: der Riegel klemmt.',
      '',
    ]);
    expect(
      told(
        'REQUEST_INVALID',
        'The request received is invalid: The a field is required. The b field is required.',
      ),
    ).toEqual(['Die Anfrage ist ungültig. Es fehlt: a. Es fehlt: b.', '']);
    // What a newer server says is better in English than not at all.
    expect(told('OPERATION_NOT_ALLOWED', 'Operation cannot be executed. It is Monday.')).toEqual([
      'Das ist so nicht möglich.',
      'It is Monday.',
    ]);
  });

  it('has words for every reason that the APIs of sites give (dashboard/words/reasons.ts)', () => {
    const folders = ['domain', 'connect-api'].map((name) => join(folder, '../server', name));
    const known = new Set(
      Object.keys(reasonApiWords.de).map((text) => text.replaceAll(/\{\w+\}/g, '{}')),
    );
    const reasons = folders.flatMap((path) =>
      readdirSync(path)
        .filter(
          (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !ofPrograms.test(name),
        )
        .flatMap((name) => reasonsIn(readFileSync(join(path, name), 'utf8'))),
    );
    expect(reasons.length).toBeGreaterThan(150);
    expect(reasons.filter((text) => !known.has(text))).toEqual([]);
  });
});

/** What only programs ask for: the protocol of phones, moving of databases, streams, people as the hardware knows them. */
const ofPrograms =
  /^(device-certificates|own-devices|mobile-keys|export-|migration|site-import|stream|iq-pins|hub-|data-removals|why)/;

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
