import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';
import { programCommands } from './programs.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');
const patienceMs = 120_000;

let test: TestDatabase;
let folder: string;
const running: ChildProcess[] = [];
beforeAll(async () => {
  test = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'cardea-programs-'));
  await writeFile(join(folder, 'ca.pem'), '');
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await test.drop();
  await rm(folder, { recursive: true, force: true });
});

type Run = {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
};

function cardea(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', tsx, program, ...args],
    { cwd: folder, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env } },
  );
  running.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { child, out: () => out, err: () => err, ended };
}

async function untilSaid({ out, err, child }: Run, text: string): Promise<void> {
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${out()}${err()}`);
      return out().includes(text);
    },
    { what: `it says ${text}`, timeoutMs: patienceMs },
  );
}

/** Every line of stdout as the object it is. */
function objectsOf({ out }: Run): Record<string, unknown>[] {
  const lines = out().trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function ports(...names: readonly string[]): Promise<string[]> {
  const pairs = await Promise.all(
    names.map(async (name) => [`--${name}`, String(await freePort())]),
  );
  return pairs.flat();
}

describe('the programs of the command line', () => {
  it(
    'start: serves until it is asked to end, in JSON if wanted, and says why it cannot',
    async () => {
      const data = join(folder, 'data');
      const options = ['--data', data, '--database', test.url];
      const own = await ports('port', 'hub-port');
      const server = cardea(['start', '--json', ...options, ...own]);
      await untilSaid(server, 'Nobody runs this server yet');
      const ready = objectsOf(server).find(({ msg }) => msg === 'Cardea is ready');
      expect(ready).toMatchObject({ data_dir: data, base_url: expect.any(String) as string });
      const answer = await fetch(`${String(ready?.['base_url'])}/ready`);
      expect([answer.status, existsSync(join(data, 'demo.json'))]).toEqual([200, false]);
      // An installation that begins has somewhere to make sites and clients.
      const first = [
        '--name',
        'First',
        '--grant',
        'client_credentials',
        '--scope',
        'core_api.full',
      ];
      const client = cardea(['client', 'create', '--json', '--database', test.url, ...first]);
      expect(await client.ended, client.err()).toBe(0);
      const { rows } = await test.database.pool.query<{ name: string }>('select name from tenants');
      expect(rows).toEqual([{ name: 'Home' }]);
      const second = cardea(['start', ...options, ...own]);
      expect(await second.ended).toBe(3);
      expect(second.err()).toContain('EADDRINUSE');
      server.child.kill('SIGTERM');
      expect(await server.ended, server.err()).toBe(0);
      expect(objectsOf(server).at(-1)).toBeDefined();
    },
    patienceMs,
  );

  it(
    'demo: has a folder and a database of its own, whatever the installation has',
    async () => {
      const options = await ports('port', 'hub-port', 'simulator-port');
      const demo = cardea(['demo', ...options], {
        DATABASE_URL: 'postgres://127.0.0.1:9/nobody',
        CARDEA_DATA_DIR: join(folder, 'real'),
        LOG_LEVEL: 'warn',
      });
      await untilSaid(demo, 'Bearer $TOKEN');
      expect(existsSync(join(folder, 'cardea-demo', 'demo.json'))).toBe(true);
      expect(existsSync(join(folder, 'real'))).toBe(false);
      demo.child.kill('SIGINT');
      expect(await demo.ended, demo.err()).toBe(0);
    },
    patienceMs,
  );

  it(
    'simulate: finds the buildings that come with Cardea by name',
    async () => {
      const where = ['--server', `mqtts://127.0.0.1:${String(await freePort())}`];
      const files = ['--ca', 'ca.pem', '--data', 'sim', '--port', '0'];
      const spare = cardea(['simulate', '--building', 'spare', '--json', ...where, ...files]);
      await untilSaid(spare, 'is up');
      expect(objectsOf(spare)[0]).toMatchObject({ level: 'info', hubs: 1 });
      spare.child.kill('SIGINT');
      expect(await spare.ended).toBe(0);
    },
    patienceMs,
  );

  it(
    'iq: ends with 3 when it cannot run, as every command does',
    async () => {
      const hub = ['--server', 'mqtts://127.0.0.1:9', '--ca', 'none.pem', '--data', 'hub'];
      const run = cardea(['iq', ...hub, '--code', 'A'.repeat(26)]);
      expect([await run.ended, run.err()]).toEqual([3, expect.stringContaining('none.pem')]);
    },
    patienceMs,
  );

  it.each([
    { words: 'start', values: { port: 'front' }, says: 'from 1 to 65535' },
    { words: 'demo', values: { building: 'castle' }, says: 'harbour or compat' },
    { words: 'simulate', values: { building: 'x' }, says: '--server, --ca, --data must be given' },
    {
      words: 'iq',
      values: { server: 'x', ca: 'x', data: 'x', code: 'x', building: 'x' },
      says: 'no building file x',
    },
  ])('$words says what is wrong before anything starts', async ({ words, values, says }) => {
    const command = programCommands.find((one) => one.words === words);
    const { signal } = new AbortController();
    const call = { values, environment: {}, signal, progress: () => undefined };
    const run = async () => command?.run(call);
    await expect(run()).rejects.toMatchObject({
      name: 'CommandError',
      code: 2,
      message: expect.stringContaining(says) as string,
    });
  });
});
