/** What `cardea doctor` asks the database. */
import { createSystemClock } from '#server/runtime/clock';
import { StartError } from '#server/runtime/start-error';
import { findMigrationState } from '#server/store/migrate';
import type { Database } from '#server/store/pool';
import { CommandError, exitCodes, type CommandCall } from './command.ts';
import { openDatabase } from './database.ts';
import type { Finding } from './doctor-checks.ts';

export async function checkDatabase(call: CommandCall): Promise<Finding[]> {
  try {
    const opened = await openDatabase(call);
    try {
      return [...(await checkSchema(opened.database)), await checkClock(opened.database)];
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof StartError)) throw error;
    // Before its first start a folder has none.
    if (error instanceof CommandError && error.code === exitCodes.usage)
      return [
        {
          what: 'database',
          state: 'warning',
          says: error.message,
          todo: 'The first start makes it.',
        },
      ];
    const todo = 'Look at DATABASE_URL, --data and the server’s log: docs/running.md.';
    return [{ what: 'database', state: 'problem', says: error.message, todo }];
  }
}

async function checkSchema(database: Database): Promise<Finding[]> {
  const what = 'database';
  const { rows } = await database.pool.query<{ version: string }>(
    `select current_setting('server_version') as version`,
  );
  const version = `PostgreSQL ${rows[0]?.version ?? ''}`;
  const { applied, missing } = await findMigrationState(database);
  const says = `${version}, ${String(applied)} migrations.`;
  if (missing === 0) return [{ what, state: 'ok', says, todo: null }];
  const todo = 'The next start brings it forward; make a backup before: cardea backup.';
  return [{ what, state: 'warning', says: `${says} ${String(missing)} are missing.`, todo }];
}

const mostSeconds = 5;

async function checkClock(database: Database): Promise<Finding> {
  const clock = createSystemClock();
  const before = clock.now().getTime();
  const { rows } = await database.pool.query<{ ms: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms',
  );
  const middle = (before + clock.now().getTime()) / 2;
  return judgeClock(((rows[0]?.ms ?? middle) - middle) / 1000);
}

/** From how far the database's clock is ahead of ours. */
export function judgeClock(seconds: number): Finding {
  const what = 'clock';
  const says = `The database's clock is ${Math.abs(seconds).toFixed(0)} s ${seconds < 0 ? 'behind' : 'ahead of'} ours.`;
  if (Math.abs(seconds) < mostSeconds)
    return { what, state: 'ok', says: "Our clock and the database's agree.", todo: null };
  const todo = 'Let both machines set their clocks from the same time servers (timedatectl).';
  return { what, state: 'problem', says, todo };
}
