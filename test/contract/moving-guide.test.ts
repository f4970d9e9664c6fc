/** The programs of docs/moving.md, run as they stand there against a building of real hub software. */
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partOf, readBuilding, startTestBuilding, type TestBuilding } from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, type TestPerson } from '#test/kit/people';

const root = fileURLToPath(new URL('../../', import.meta.url));
let guide: string;
let server: TestServer;
let house: TestBuilding;
let owner: TestPerson;
beforeAll(async () => {
  guide = await readFile(`${root}docs/moving.md`, 'utf8');
  server = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door'],
  });
  house = await startTestBuilding(server, { building });
  owner = await addPerson(server, { siteId: house.collectionId, role: 'owner' });
}, 120_000);
afterAll(async () => {
  await house.stop();
  await server.stop();
});

const languages = [
  { language: 'bash', program: 'bash', args: ['-c'] },
  { language: 'python', program: 'python3', args: ['-c'] },
  { language: 'ts', program: process.execPath, args: ['--input-type=module', '--eval'] },
] as const;
const isHere = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const runnable = languages.filter(
  ({ language, program }) => isHere(program) && (language !== 'bash' || isHere('curl')),
);

it('has a program that can be run here', () => {
  expect(runnable.map(({ language }) => language)).toContain('ts');
});

/** What the program says; it ends by itself. */
async function said({ language, program, args }: (typeof languages)[number]): Promise<string> {
  const [, text] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(guide) ?? [];
  if (text === undefined) throw new Error(`the guide has no ${language}`);
  const child = spawn(program, [...args, text], {
    env: {
      PATH: process.env['PATH'],
      BASE_URL: server.url,
      CLIENT_ID: server.tenant.clientId,
      CLIENT_SECRET: server.tenant.clientSecret,
      USERNAME: owner.email,
      PASSWORD: owner.password,
      DOOR: 'Front door',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (output += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

it.each(runnable)('the program in $language finds the door and opens it', async (language) => {
  const openings = async (): Promise<number> => {
    const { rows } = await server.database.pool.query<{ count: number }>(
      "select count(*)::int from commands where kind = 'open' and state = 'confirmed'",
    );
    return rows[0]?.count ?? 0;
  };
  const before = await openings();
  const output = await said(language);
  expect(output).toContain('Front door');
  expect(output).toMatch(/^200\b/m);
  expect(await openings()).toBe(before + 1);
});
