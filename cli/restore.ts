/** `cardea restore`: a data folder from a backup, whole or not at all. docs/backup.md. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createSystemClock } from '#server/runtime/clock';
import { readConfig } from '#server/runtime/config';
import { takeDataLock, type DataLock } from '#server/runtime/data-lock';
import { findRunningPostgres, hasCluster } from '#server/runtime/running-postgres';
import { goOnAfterRestore } from '#server/store/backups';
import { openBackupFile } from './backup-file.ts';
import { asidePrefix } from './backup-folder.ts';
import { loadBackup, rowsOf } from './backup-loading.ts';
import { auditLines, needed, readPassphrase, syncFolder } from './backup.ts';
import { CommandError, exitCodes, textOf, type Command, type CommandCall } from './command.ts';
import { databaseHelp, databaseOptions, openDatabase } from './database.ts';

const restoringPrefix = '.restoring-';

export const restore: Command = {
  words: 'restore',
  summary: 'makes a data folder from a backup, whole or not at all',
  help: `
Checks the file first, then restores beside, compares every table with what was backed up, checks the audit log, and puts the
folder into place last. Refused while a server runs there. Hubs get everything from nothing when they come back; events get
numbers above all that were ever given. Exit code 1 = it is restored, but the audit log was touched before the backup.

  --file <file>             a file of \`cardea backup\`
  --data <folder>           where to; empty, or it is made (default: CARDEA_DATA_DIR, else ./data)
  --passphrase-file <file>  its first line is the passphrase the backup was made with
  --force                   the folder is not empty: what is in it is moved to ${asidePrefix}<time> in it

  cardea restore --file /var/backups/cardea-2026-11-22.backup \\
    --data /var/lib/cardea/data
`,
  options: {
    file: { type: 'string' },
    data: { type: 'string' },
    'passphrase-file': { type: 'string' },
    force: { type: 'boolean' },
  },
  async run(call) {
    const file = resolve(needed(call.values, 'file'));
    const folder = resolve(textOf(call.values, 'data') ?? readConfig(call.environment).dataDir);
    const lines = await openBackupFile(file, await readPassphrase(call.values));
    const wasThere = existsSync(folder);
    await mkdir(folder, { recursive: true });
    try {
      const lock = await claim(folder, { mayMove: call.values['force'] === true });
      try {
        const loaded = await loadBeside(folder, { lines, call, lock });
        return answer(folder, loaded);
      } finally {
        lock?.release();
      }
    } finally {
      // Only an empty one goes.
      if (!wasThere) await rmdir(folder).catch(() => undefined);
    }
  },
};

type Loaded = Awaited<ReturnType<typeof loadBackup>> & { readonly aside: string | null };

/** Sees to it that nobody runs there, and that nothing is there or may be moved. */
async function claim(
  folder: string,
  { mayMove }: { readonly mayMove: boolean },
): Promise<DataLock | null> {
  const present = await readdir(folder);
  const lock = existsSync(join(folder, 'postgres'))
    ? takeDataLock(join(await realpath(folder), 'postgres', 'lock'))
    : null;
  try {
    if (hasCluster(folder) && findRunningPostgres(folder) !== undefined)
      throw new CommandError(
        'failed',
        `A PostgreSQL still runs in ${folder}, left by a Cardea that was killed. Start that Cardea and stop it, then restore.`,
      );
    if (present.length > 0 && !mayMove)
      throw new CommandError(
        'failed',
        `${folder} is not empty. Name an empty folder, or --force: what is in it is then moved aside, not removed.`,
      );
    return lock;
  } catch (error) {
    lock?.release();
    throw error;
  }
}

async function loadBeside(
  folder: string,
  {
    lines,
    call,
    lock,
  }: {
    readonly lines: Awaited<ReturnType<typeof openBackupFile>>;
    readonly call: CommandCall;
    readonly lock: DataLock | null;
  },
): Promise<Loaded> {
  const former = await readdir(folder);
  // Inside, so that it is the same disk even where the folder is a mounted one.
  const draft = await mkdtemp(join(folder, restoringPrefix));
  try {
    const loaded = await loadBackup(draft, { lines, purpose: 'use', call });
    call.signal.throwIfAborted();
    // A lock that is moved aside is given back by nobody.
    lock?.release();
    const aside = await moveAside(folder, former);
    await putIntoPlace(folder, draft);
    return { ...loaded, aside };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function moveAside(folder: string, former: readonly string[]): Promise<string | null> {
  if (former.length === 0) return null;
  const time = createSystemClock().now().toISOString().replaceAll(/[:.]/g, '-');
  const aside = join(folder, `${asidePrefix}${time}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of former)
    if (!name.startsWith(asidePrefix)) await rename(join(folder, name), join(aside, name));
  return aside;
}

/** The database last: without it a server that starts here would begin a new one, and nothing would look restored. */
async function putIntoPlace(folder: string, draft: string): Promise<void> {
  const names = (await readdir(draft)).filter((name) => name !== 'postgres');
  const taken = (await readdir(folder)).filter((name) => [...names, 'postgres'].includes(name));
  if (taken.length > 0)
    throw new CommandError(
      'failed',
      `Somebody wrote ${taken.join(', ')} into ${folder} meanwhile: nothing was put there.`,
    );
  for (const name of [...names, 'postgres']) await rename(join(draft, name), join(folder, name));
  await syncFolder(folder);
}

function answer(folder: string, { head, tail, audit, aside }: Loaded) {
  const rows = rowsOf(tail);
  return {
    code: audit.code,
    json: {
      data: folder,
      made_at: head.made_at,
      migration: head.migrations.at(-1)?.name ?? null,
      rows,
      tables: tail.tables,
      audit: tail.audit,
      moved_aside: aside,
      audit_check: audit.json,
    },
    text: [
      `${folder}: ${String(rows)} rows of ${String(tail.tables.length)} tables, as of ${head.made_at}. Every table is as it was backed up.`,
      ...auditLines(tail),
      audit.text,
      ...(aside === null ? [] : [`What was there is in ${aside}.`]),
      `Start the server on it: CARDEA_DATA_DIR=${folder}`,
    ].join('\n'),
  };
}

export const restoreSettle: Command = {
  words: 'restore settle',
  summary: 'after pg_restore: tells hubs and readers of the past',
  help: `
\`cardea restore\` does this by itself. Run it once while no server runs, after a PostgreSQL of your own was restored by its own
tools: hubs then get everything from nothing, and events get numbers above all that were ever given.
${databaseHelp}

  cardea restore settle --database postgres://cardea_owner:…@db/cardea
`,
  options: databaseOptions,
  async run(call) {
    const opened = await openDatabase(call);
    try {
      await goOnAfterRestore(opened.database, createSystemClock().now());
    } finally {
      await opened.close();
    }
    return {
      code: exitCodes.fine,
      json: { is_settled: true },
      text: 'Done. Start the server: hubs get everything from nothing as they come back.',
    };
  },
};
