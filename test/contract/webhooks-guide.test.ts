import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { isHere } from '#test/kit/samples';
import { until } from '#test/kit/wait';

const root = fileURLToPath(new URL('../../', import.meta.url));

let guide: string;
let folder: string;
let server: TestServer;
beforeAll(async () => {
  guide = await readFile(`${root}docs/webhooks.md`, 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'cardea-guide-'));
  server = await startTestServer({ settings: { CARDEA_WEBHOOK_ALLOW: '127.0.0.1' } });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function sample(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(guide) ?? [];
  if (text === undefined) throw new Error(`the guide has no ${language}`);
  return text;
}

type Language = {
  readonly language: string;
  readonly file: string;
  readonly command: (file: string, port: string) => readonly [string, ...string[]];
};

const languages: readonly Language[] = [
  {
    language: 'ts',
    file: 'receive.ts',
    command: (file) => [process.execPath, '--import', 'tsx', file],
  },
  { language: 'python', file: 'receive.py', command: (file) => ['python3', file] },
  {
    language: 'php',
    file: 'receive.php',
    command: (file, port) => ['php', '-S', `127.0.0.1:${port}`, file],
  },
];
const runnable = languages.filter(({ command }) => isHere(command('', '')[0]));

type Running = { readonly child: ChildProcess; readonly said: () => string };

async function run({ language, file, command }: Language, secret: string, port: string) {
  const path = join(folder, file);
  await writeFile(path, sample(language));
  const [program, ...args] = command(path, port);
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, SECRET: secret, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (said += part.toString()));
  const running: Running = { child, said: () => said };
  await until(() => /listening|started/i.test(said), {
    what: `${file} listens`,
    timeoutMs: 60_000,
  });
  return running;
}

async function end({ child }: Running): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

it('has receivers that can be run here', () => {
  expect(runnable.map(({ language }) => language)).toContain('ts');
});

it.each(runnable)(
  'the receiver in $language takes what we sign, and nothing else',
  async (language) => {
    const port = String(await freePort());
    const siteId = await addSite(server);
    const { token } = await addPerson(server, { siteId, role: 'owner' });
    const base = `//ext/v1/sites/${siteId}/webhooks`;
    const body = { url: `http://127.0.0.1:${port}/`, events: ['entry'] };
    const made = await server.ask('POST', base, { token, body });
    const { id, secret } = made.json as { id: string; secret: string };
    const test = async () => (await server.ask('POST', `${base}/${id}/test`, { token })).json;
    const running = await run(language, secret, port);
    try {
      const taken = (await test()) as { id: string };
      expect(taken).toMatchObject({ state: 'delivered', last_status: 204 });
      await until(() => running.said().includes(`${taken.id} ping`), { what: 'it says so' });
      // Signed with both for a day: the receiver goes on with the one it knows.
      await server.ask('POST', `${base}/${id}/secret`, { token });
      expect(await test()).toMatchObject({ state: 'delivered' });
      await server.ask('POST', `${base}/${id}/secret`, { token });
      expect(await test()).toMatchObject({ state: 'failed', last_status: 401 });
      expect(signed(secret, port)).toBe('204');
      expect(signed(`whsec_${randomBytes(32).toString('base64')}`, port)).toBe('401');
    } finally {
      await end(running);
    }
  },
  120_000,
);

/** What the receiver answers to the shell sample of the guide. */
function signed(secret: string, port: string): string {
  const { stdout } = spawnSync('bash', ['-c', sample('bash')], {
    env: { ...process.env, SECRET: secret, PORT: port },
    timeout: 30_000,
  });
  return stdout.toString().trim();
}
