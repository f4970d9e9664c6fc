/** `cardea backup`: the database and the files beside it as one file, while the server runs. docs/backup.md. */
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { readBackup, type BackupHead, type BackupTail } from '#server/store/backups';
import { openBackupFile, writeBackupFile, type BackupLine } from './backup-file.ts';
import { listFolder, readFolder, type FolderFile } from './backup-folder.ts';
import { loadBackup, rowsOf, told, type Loaded } from './backup-loading.ts';
import {
  CommandError,
  exitCodes,
  textOf,
  type Command,
  type CommandCall,
  type OptionValues,
} from './command.ts';
import { databaseHelp, databaseOptions, openDatabase, type OpenDatabase } from './database.ts';

export const backup: Command = {
  words: 'backup',
  summary: 'writes all there is into one file, while it is served',
  help: `
Reads everything in one snapshot; nobody waits for it. Then restores the file into a scratch folder, compares every table, and
checks the audit log there. The file appears under its name when all of that is done. It holds the keys of the
installation: encipher it, or keep it where nobody else reads. Exit code 1 = the backup is good, the audit log was touched.
${databaseHelp}
  --out <file>              where to; it must not exist, and not lie in the data folder
  --passphrase-file <file>  enciphers the backup; its first line is the passphrase
  --no-verify               without restoring it for a look
  --scratch <folder>        where to restore it for a look (default: beside the file)

  cardea backup --out /var/backups/cardea-$(date +%F).backup \\
    --passphrase-file /etc/cardea/backup.pass
`,
  options: {
    ...databaseOptions,
    out: { type: 'string' },
    'passphrase-file': { type: 'string' },
    'no-verify': { type: 'boolean' },
    scratch: { type: 'string' },
  },
  async run(call) {
    const out = resolve(needed(call.values, 'out'));
    if (existsSync(out)) throw new CommandError('failed', `${out} exists; a backup replaces none.`);
    const passphrase = await readPassphrase(call.values);
    const draft = join(dirname(out), `.${basename(out)}.${String(process.pid)}.part`);
    try {
      const written = await write(call, { out, draft, passphrase });
      const verified =
        call.values['no-verify'] === true ? null : await verify(call, { draft, passphrase, out });
      await rename(draft, out);
      await syncFolder(dirname(out));
      return answer({ ...written, out, isEnciphered: passphrase !== undefined, verified });
    } finally {
      await rm(draft, { force: true });
    }
  },
};

export function needed(values: OptionValues, name: string): string {
  const value = textOf(values, name);
  if (value === undefined) throw new CommandError('usage', `--${name} is missing.`);
  return value;
}

/** The passphrase of --passphrase-file; undefined when it was not given. */
export async function readPassphrase(values: OptionValues): Promise<string | undefined> {
  const path = textOf(values, 'passphrase-file');
  if (path === undefined) return undefined;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CommandError('usage', `The file ${path} cannot be read.`, { cause });
  });
  const passphrase = text.split('\n')[0]?.trim() ?? '';
  if (passphrase !== '') return passphrase;
  throw new CommandError('usage', `The first line of ${path} is empty.`);
}

type Written = {
  readonly bytes: number;
  readonly head: BackupHead;
  readonly tail: BackupTail;
  readonly files: readonly FolderFile[];
};

type Places = {
  readonly out: string;
  readonly draft: string;
  readonly passphrase: string | undefined;
};

async function write(call: CommandCall, { out, draft, passphrase }: Places): Promise<Written> {
  const opened = await openDatabase(call);
  try {
    const { dataDir } = opened;
    if (dataDir !== null && !relative(dataDir, out).startsWith('..'))
      throw new CommandError('usage', `${out} lies in the data folder: a backup holds no other.`);
    const files = dataDir === null || !existsSync(dataDir) ? [] : await listFolder(dataDir);
    const seen: { head?: BackupHead; tail?: BackupTail } = {};
    const lines = linesOf(opened, { files, seen, call });
    const bytes = await writeBackupFile(draft, { lines, passphrase, signal: call.signal }).catch(
      (cause: unknown) => {
        throw fullOr(cause, draft);
      },
    );
    const { head, tail } = seen;
    if (head === undefined || tail === undefined) throw new Error('a backup has a head and a tail');
    return { bytes, head, tail, files };
  } finally {
    await opened.close();
  }
}

function fullOr(cause: unknown, path: string): unknown {
  const code = String((cause as { code?: unknown }).code);
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'ENOENT'].includes(code)) return cause;
  return new CommandError('failed', `${dirname(path)} cannot be written to (${code}).`, { cause });
}

async function* linesOf(
  { database, dataDir }: OpenDatabase,
  {
    files,
    seen,
    call,
  }: {
    readonly files: readonly FolderFile[];
    readonly seen: { head?: BackupHead; tail?: BackupTail };
    readonly call: CommandCall;
  },
): AsyncGenerator<BackupLine> {
  let rows = 0;
  for await (const part of readBackup(database)) {
    if (part.kind === 'head') {
      seen.head = part.head;
      yield { head: part.head };
      if (dataDir !== null) for await (const file of readFolder(dataDir, files)) yield { file };
    } else if (part.kind === 'rows') {
      rows = told(rows, { more: part.rows.rows.length, what: 'read', call });
      yield { rows: part.rows };
    } else {
      seen.tail = part.tail;
      yield { tail: part.tail };
    }
  }
}

async function verify(call: CommandCall, { draft, passphrase, out }: Places): Promise<Loaded> {
  const beside = resolve(textOf(call.values, 'scratch') ?? dirname(out));
  const scratch = await mkdtemp(join(beside, '.cardea-backup-look-'));
  try {
    const lines = await openBackupFile(draft, passphrase);
    // What belongs to a witness is asked for by `audit verify`, not here.
    return await loadBackup(scratch, { lines, purpose: 'look', call });
  } catch (error) {
    const { bavail, bsize } = await statfs(scratch);
    if (bavail * bsize > nearlyFullBytes) throw error;
    const message = `There is no room in ${beside} to restore the backup for a look: name another place with --scratch, or --no-verify.`;
    throw new CommandError('failed', message, { cause: error });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const nearlyFullBytes = 64 * 1024 * 1024;

/** A name that was just given to a file is on the disk, too. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function answer({
  bytes,
  head,
  tail,
  files,
  out,
  isEnciphered,
  verified,
}: Written & {
  readonly out: string;
  readonly isEnciphered: boolean;
  readonly verified: Loaded | null;
}) {
  const rows = rowsOf(tail);
  const migration = head.migrations.at(-1)?.name ?? null;
  return {
    code: verified?.audit.code ?? exitCodes.fine,
    json: {
      file: out,
      bytes,
      made_at: head.made_at,
      migration,
      rows,
      tables: tail.tables,
      files: files.map(({ path }) => path),
      audit: tail.audit,
      is_enciphered: isEnciphered,
      is_verified: verified !== null,
      audit_check: verified?.audit.json ?? null,
    },
    text: [
      `${out}: ${sizeText(bytes)}, ${String(rows)} rows of ${String(tail.tables.length)} tables, ${String(files.length)} files, as of ${head.made_at}.`,
      ...auditLines(tail),
      verified === null
        ? 'It was not restored for a look (--no-verify).'
        : 'It was restored for a look: every table is the same.',
      ...(verified === null ? [] : [verified.audit.text]),
      ...(files.length === 0
        ? ['It holds no files: name the data folder with --data, too, or keep it yourself.']
        : []),
      ...(isEnciphered
        ? []
        : ['It is not enciphered and holds the keys of the installation: let nobody read it.']),
    ].join('\n'),
  };
}

const mostAuditLines = 10;

/** Where the audit chains stand, for people. */
export function auditLines({ audit }: BackupTail): string[] {
  const more = audit.length - mostAuditLines;
  return [
    ...audit
      .slice(0, mostAuditLines)
      .map(
        ({ tenant_id: id, number, hash }) =>
          `Audit log of tenant ${id}: record ${String(number)}, ${hash}.`,
      ),
    ...(more > 0 ? [`… and ${String(more)} more tenants: --json tells them.`] : []),
  ];
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${String(Math.ceil(bytes / 1_000))} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
