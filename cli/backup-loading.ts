/** Filling an empty folder from a backup: an embedded PostgreSQL of its own, every row, every file; then a look at all of it. */
import { isDeepStrictEqual } from 'node:util';
import { createSystemClock } from '#server/runtime/clock';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { StartError } from '#server/runtime/start-error';
import {
  goOnAfterRestore,
  sumTables,
  writeBackup,
  type BackupHead,
  type BackupTail,
  type BackupWriting,
} from '#server/store/backups';
import { checkMigrations, migrate } from '#server/store/migrate';
import { createDatabase, type Database } from '#server/store/pool';
import { verifyAudit } from './audit-verify.ts';
import type { BackupLine } from './backup-file.ts';
import { createFolderWriter } from './backup-folder.ts';
import { CommandError, type CommandAnswer, type CommandCall } from './command.ts';

export type Loaded = {
  readonly head: BackupHead;
  readonly tail: BackupTail;
  readonly audit: CommandAnswer;
};

export type LoadOrder = {
  readonly lines: () => AsyncIterable<BackupLine>;
  /** `look` = only to see whether it can be done; `use` = for a server to go on from. */
  readonly purpose: 'look' | 'use';
  readonly call: CommandCall;
};

const log = createLog({ level: 'fatal', format: 'lines', target: process.stderr });

/** For a database that is thrown away. */
const careless = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } as const;

/**
 * Restores into a folder and compares counts and digests of every table with the backup's own. Throws CommandError,
 * StartError; what is in the folder then is of no use.
 */
export async function loadBackup(
  folder: string,
  { lines, purpose, call }: LoadOrder,
): Promise<Loaded> {
  const head = await readHead(lines);
  const settings = purpose === 'look' ? careless : {};
  const postgres = createEmbeddedPostgres({ dataDir: folder, log, settings });
  try {
    const started = await postgres.start(call.signal);
    const database = createDatabase({ config: { ...started, max: 2 }, log });
    try {
      const upTo = Math.max(0, ...head.migrations.map(({ number }) => number));
      await migrate({ database, log, upTo });
      const tail = await fill(database, { folder, head, lines, call });
      await compare(database, tail);
      const audit = await verifyAudit({ database, dataDir: folder }, call);
      if (purpose === 'use') await goOnAfterRestore(database, createSystemClock().now());
      return { head, tail, audit };
    } finally {
      await database.close();
    }
  } finally {
    await postgres.stop();
  }
}

async function readHead(lines: LoadOrder['lines']): Promise<BackupHead> {
  for await (const line of lines()) {
    if (!('head' in line)) break;
    checkAge(line.head);
    return line.head;
  }
  throw new CommandError('failed', 'The backup does not begin as one.');
}

function checkAge({ migrations, postgres }: BackupHead): void {
  try {
    checkMigrations(migrations);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const last = migrations.at(-1)?.name ?? 'none';
    const message = `The backup is of another Cardea than this one (its last migration is ${last}, its PostgreSQL ${postgres}). ${error.message}`;
    throw new CommandError('failed', message, { cause: error });
  }
}

type Filling = Pick<LoadOrder, 'lines' | 'call'> & {
  readonly folder: string;
  readonly head: BackupHead;
};

async function fill(
  database: Database,
  { folder, head, lines, call }: Filling,
): Promise<BackupTail> {
  const writeFile = createFolderWriter(folder);
  const writing: BackupWriting = await writeBackup(database, head);
  try {
    let rows = 0;
    for await (const line of lines()) {
      call.signal.throwIfAborted();
      if ('file' in line) await writeFile(line.file);
      if ('rows' in line) {
        await writing.write(line.rows);
        rows = told(rows, { more: line.rows.rows.length, what: 'restored', call });
      }
      if ('tail' in line) {
        await writing.end(line.tail);
        return line.tail;
      }
    }
    throw new CommandError('failed', 'The backup has no end.');
  } catch (error) {
    writing.abandon();
    throw error;
  }
}

async function compare(database: Database, { tables }: BackupTail): Promise<void> {
  const found = await sumTables(
    database,
    tables.map(({ table }) => table),
  );
  const other = tables.filter((sum, index) => !isDeepStrictEqual(sum, found[index]));
  if (other.length === 0) return;
  const names = other.map(({ table }) => table).join(', ');
  throw new CommandError('failed', `What was restored is not what was backed up: ${names}.`);
}

const tellEvery = 100_000;

/** Counts rows, and tells whoever waits now and then. */
export function told(
  rows: number,
  {
    more,
    what,
    call,
  }: { readonly more: number; readonly what: string; readonly call: CommandCall },
): number {
  const after = rows + more;
  if (Math.floor(after / tellEvery) > Math.floor(rows / tellEvery))
    call.progress(`${String(after)} rows ${what}`);
  return after;
}

/** Rows of all tables. */
export function rowsOf({ tables }: BackupTail): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}
