/**
 * Starts the server in an empty data folder with the Node that runs this, waits until it answers, and stops it.
 * Ends with 0 when it answered and stopped cleanly.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from './run-program.mjs';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;

const dataDir = mkdtempSync(join(tmpdir(), 'cardea-smoke-'));
const [http, mqtt, simulator] = [await freePort(), await freePort(), await freePort()];
const server = spawn(process.execPath, [join(root, 'tools/start.mjs')], {
  stdio: 'inherit',
  env: {
    ...process.env,
    CARDEA_DATA_DIR: dataDir,
    CARDEA_HTTP_PORT: String(http),
    CARDEA_MQTT_PORT: String(mqtt),
    CARDEA_SIMULATOR_PORT: String(simulator),
  },
});
const exited = once(server, 'exit');
try {
  await answers(`http://127.0.0.1:${http}/.well-known/openid-configuration`);
  server.kill('SIGTERM');
  const timeout = wait(STOP_TIMEOUT_MS, ['does not stop'], { ref: false });
  const [code, signal] = await Promise.race([exited, timeout]);
  if (code !== 0) throw new Error(`The server ended with ${code ?? signal}.`);
  console.log(`Started and stopped on Node ${process.versions.node}.`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  if (server.exitCode === null) {
    server.kill('SIGKILL');
    await exited;
  }
  rmSync(dataDir, { recursive: true, force: true });
}

async function answers(url) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`The server ended with ${server.exitCode}.`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await wait(200);
  }
  throw new Error(`${url} does not answer.`);
}

/** Below the ports that outgoing connections take. */
async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const probe = createServer();
    const isFree = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
