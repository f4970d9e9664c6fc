import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '#test/kit/ports';
import { until } from '#test/kit/wait';

const root = new URL('..', import.meta.url).pathname;

let folder: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-simulate-'));
  // Nobody answers at the server's address, so no certificate is ever checked against it.
  await writeFile(join(folder, 'ca.pem'), '');
});

afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

/** Runs the command with these arguments in its own process. */
function simulate(args: readonly string[]) {
  let output = '';
  const command = ['--conditions=development', '--import', 'tsx', 'simulator/main.ts', ...args];
  const running = spawn(process.execPath, command, { cwd: root });
  child = running;
  for (const stream of [running.stdout, running.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exit = once(running, 'close').then(([code]) => code as number | null);
  return { output: () => output, exit, stop: () => running.kill('SIGTERM') };
}

async function usualArguments(building: string, port: number): Promise<string[]> {
  const server = `mqtts://127.0.0.1:${String(await freePort())}`;
  const values = { building, server, ca: join(folder, 'ca.pem'), data: join(folder, 'data') };
  const pairs = Object.entries({ ...values, port: String(port) });
  return pairs.flatMap(([name, value]) => [`--${name}`, value]);
}

test('the command brings a building up without a server, answers its control API and ends gently', async () => {
  const port = await freePort();
  const run = simulate(await usualArguments('simulator/buildings/compat.json', port));
  await until(() => run.output().includes('Compat is up'), {
    what: 'the building is up',
    timeoutMs: 60_000,
  });
  const answer = await fetch(`http://127.0.0.1:${String(port)}/building`);
  expect(await answer.json()).toMatchObject({
    name: 'Compat',
    hubs: [{ plugged_in: true, line: 'up' }, { plugged_in: true }, { plugged_in: true }],
  });
  const cut = await fetch(`http://127.0.0.1:${String(port)}/hubs/South%20hub/link`, {
    method: 'POST',
    body: '{"state":"cut"}',
  });
  expect(await cut.json()).toMatchObject({ hub: { name: 'South hub', line: 'cut' } });
  run.stop();
  expect(await run.exit).toBe(0);
});

test('the command without its arguments says how it is used', async () => {
  const run = simulate(['--building', 'simulator/buildings/harbour.json']);
  expect(await run.exit).toBe(2);
  expect(run.output()).toContain('npm run simulate -- --building');
});

test('a building file with faults ends the command with each of them', async () => {
  const file = join(folder, 'broken.json');
  await writeFile(file, '{"name":"Broken","time_zone":"UTC","installer":"never"}');
  const run = simulate(await usualArguments(file, 0));
  expect(await run.exit).toBe(1);
  expect(run.output()).toContain('hubs');
  expect(run.output()).toContain('/installer');
});
