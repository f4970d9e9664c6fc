import { createInterface } from 'node:readline';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { preparePrograms } from '#server/runtime/postgres-programs';
import { StartError } from '#server/runtime/start-error';

/**
 * A process for tests of the embedded PostgreSQL, to be killed or run as another user. It answers in lines of JSON.
 *
 * `run <data folder> <settings>` starts, says how to connect, and stops when its input ends;
 * `prepare <programs> <copy folder>` makes the programs runnable and says where they are.
 */
const [command, first = '', second = ''] = process.argv.slice(2);

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function run(dataDir: string, settings: Record<string, string>): Promise<void> {
  const log = createLog({ level: 'error', format: 'lines', target: process.stderr });
  const postgres = createEmbeddedPostgres({ dataDir, log, settings });
  const config = await postgres.start();
  say({ config });
  for await (const line of createInterface(process.stdin)) say({ heard: line });
  await postgres.stop();
  say({ stopped: true });
}

try {
  if (command === 'run') await run(first, JSON.parse(second || '{}') as Record<string, string>);
  else {
    const source = { home: first, version: 'test' };
    say(preparePrograms({ source, account: undefined, copyDirs: [second] }));
  }
} catch (error) {
  say(error instanceof StartError ? { fault: error.fault, message: error.message } : String(error));
  process.exitCode = 1;
}
