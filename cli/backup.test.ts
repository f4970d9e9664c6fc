import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { migrate } from '#server/store/migrate';
import { createDatabase, type Database } from '#server/store/pool';
import { silentLog } from '#test/kit/database';
import { openBackupFile, writeBackupFile, type BackupLine } from './backup-file.ts';
import { createFolderWriter } from './backup-folder.ts';
import { backup } from './backup.ts';
import type { CommandAnswer, OptionValues } from './command.ts';
import { restore } from './restore.ts';

const log = silentLog();
const longMs = 120_000;
/** A schema that later releases bring forward. */
const olderMigration = 20;

let folder: string;
let data: string;
let file: string;
let taken: CommandAnswer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cardea-backup-'));
  data = join(folder, 'data');
  file = join(folder, 'old.backup');
  await onEmbedded(data, async (database) => {
    await migrate({ database, log, upTo: olderMigration });
    await database.pool.query(`insert into tenants (id, name) values (gen_random_uuid(), $1)`, [
      'O\'Hara "\\N"\n\t, (Süd) \u{1F511}',
    ]);
    await database.pool.query(`select setval('event_numbers', 41)`);
    // Rows alone, without what they belong to: their values are what is hard.
    await database.pool.query(
      `begin; set local session_replication_role = 'replica';
       insert into desired_items (tenant_id, iq_id, key, value, version)
         select gen_random_uuid(), gen_random_uuid(), key, value, version from (values
           ('null', 'null'::jsonb, 1), ('none', null, 2), ('text', '{"x": [1.50, "A\\n", ""]}', 3)) v (key, value, version);
       insert into hardware_firmware (tenant_id, iq_id, component, model, version)
         select gen_random_uuid(), gen_random_uuid(), 'main', '', '1.0';
       commit`,
    );
  });
  await mkdir(join(data, 'audit'));
  await writeFile(join(data, 'seal.key'), 'the key', { mode: 0o600 });
  await writeFile(join(data, 'audit', 'notes.txt'), '');
  await writeFile(join(data, 'large'), Buffer.alloc(2_500_000, 'cardea'));
  await chmod(join(data, 'large'), 0o640);
  taken = await run(backup, { data, out: file });
}, longMs);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function onEmbedded<T>(
  dataDir: string,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const postgres = createEmbeddedPostgres({ dataDir, log });
  const database = createDatabase({ config: await postgres.start(), log });
  try {
    return await work(database);
  } finally {
    await database.close();
    await postgres.stop();
  }
}

function run(command: typeof backup, values: OptionValues): Promise<CommandAnswer> {
  const { signal } = new AbortController();
  return command.run({ values, environment: {}, signal, progress: () => undefined });
}

/** The bytes of the backup with something done to them, as a file. */
async function spoilt(act: (bytes: Buffer) => Buffer): Promise<string> {
  const path = join(folder, 'spoilt.backup');
  await writeFile(path, act(Buffer.from(await readFile(file))));
  return path;
}

async function refusal(path: string): Promise<string> {
  const target = join(folder, 'nothing-here');
  const error: unknown = await run(restore, { file: path, data: target }).catch(
    (reason: unknown) => reason,
  );
  // Nothing was made, and nothing is left.
  await expect(readdir(target)).rejects.toThrow('ENOENT');
  return error instanceof Error ? error.message : 'it was restored';
}

describe('a backup', () => {
  it('tells what is in it, and is for its owner alone', async () => {
    expect(taken.json).toMatchObject({
      file,
      is_verified: true,
      is_enciphered: false,
      migration: expect.stringMatching(/^0020-/) as string,
      files: ['audit/notes.txt', 'large', 'seal.key'],
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).sort()).toEqual(['data', 'old.backup']);
  });

  it('replaces no file, and holds none of its kind', async () => {
    await expect(run(backup, { data, out: file })).rejects.toThrow('exists');
    await expect(run(backup, { data, out: join(data, 'b') })).rejects.toThrow('data folder');
  });

  it(
    'is restored whole by a later release, file by file and row by row, and not over anything',
    async () => {
      const target = join(folder, 'restored');
      await mkdir(target);
      await writeFile(join(target, 'mine'), 'keep');
      await expect(run(restore, { file, data: target })).rejects.toThrow('is not empty');
      const { json } = await run(restore, { file, data: target, force: true });
      expect(json).toMatchObject({
        tables: (taken.json as { tables: unknown }).tables,
        moved_aside: expect.stringContaining('before-restore-') as string,
      });
      const aside = (json as { moved_aside: string }).moved_aside;
      expect(await readFile(join(aside, 'mine'), 'utf8')).toBe('keep');
      expect(await readFile(join(target, 'seal.key'), 'utf8')).toBe('the key');
      expect(await readFile(join(target, 'large'))).toEqual(Buffer.alloc(2_500_000, 'cardea'));
      expect((await stat(join(target, 'large'))).mode & 0o777).toBe(0o640);
      await onEmbedded(target, async (database) => {
        const applied = await migrate({ database, log });
        expect(applied[0]).toMatch(/^0021-/);
        const { rows } = await database.pool.query('select name from tenants');
        expect(rows).toEqual([{ name: 'O\'Hara "\\N"\n\t, (Süd) \u{1F511}' }]);
        const items = await database.pool.query(
          `select key, value::text from desired_items order by array_position(array['null', 'none', 'text'], key)`,
        );
        expect(items.rows).toEqual([
          { key: 'null', value: 'null' },
          { key: 'none', value: null },
          { key: 'text', value: '{"x": [1.50, "A\\n", ""]}' },
        ]);
        const made = await database.pool.query(
          'select 1 from hardware_firmware where hardware_id = iq_id',
        );
        expect(made.rowCount).toBe(1);
        const number = await database.pool.query(`select nextval('event_numbers')::float8 as n`);
        expect((number.rows as { n: number }[])[0]?.n).toBeGreaterThan(1e12);
      });
    },
    longMs,
  );

  it('that was cut off, changed by one bit, or is none at all is refused by name', async () => {
    expect(await refusal(await spoilt((bytes) => bytes.subarray(0, -1)))).toContain('cut off');
    expect(await refusal(await spoilt((bytes) => bytes.subarray(0, 200)))).toContain('cut off');
    const flip = (bytes: Buffer): Buffer => {
      bytes.writeUInt8((bytes[5_000] ?? 0) ^ 4, 5_000);
      return bytes;
    };
    expect(await refusal(await spoilt(flip))).toContain('damaged');
    expect(await refusal(await spoilt(() => Buffer.from('PGDMP')))).toContain('no backup');
    expect(await refusal(await spoilt(() => Buffer.alloc(0)))).toContain('no backup');
    const later = (bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from('cardea-backup 2 {}\n'), bytes]);
    expect(await refusal(await spoilt(later))).toContain('newer Cardea');
    expect(await refusal(join(folder, 'nowhere'))).toContain('cannot be read');
  });

  it(
    'of a newer release, or that does not become what it says it was, is refused',
    async () => {
      const lines = await openBackupFile(file, undefined);
      const change = async (act: (line: BackupLine) => BackupLine): Promise<string> => {
        const path = join(folder, 'changed.backup');
        await rm(path, { force: true });
        async function* changed(): AsyncGenerator<BackupLine> {
          for await (const line of lines()) yield act(line);
        }
        const { signal } = new AbortController();
        await writeBackupFile(path, { lines: changed(), passphrase: undefined, signal });
        return path;
      };
      const newer = await change((line) => {
        if (!('head' in line)) return line;
        const migrations = [
          ...line.head.migrations,
          { number: 9_999, name: '9999-x', checksum: '' },
        ];
        return { head: { ...line.head, migrations } };
      });
      expect(await refusal(newer)).toContain('newer Cardea');
      const other = await change((line) => {
        if (!('rows' in line) || line.rows.table !== 'tenants') return line;
        return {
          rows: { table: 'tenants', rows: line.rows.rows.map((row) => row.replace('O', 'B')) },
        };
      });
      expect(await refusal(other)).toContain('is not what was backed up: tenants');
    },
    longMs,
  );

  it('writes no file out of the folder', async () => {
    const write = createFolderWriter(folder);
    for (const path of ['../outside', '/outside', 'a/../../outside', 'postgres/password', ''])
      await expect(write({ path, mode: 0o600, data: '' })).rejects.toThrow('no place here');
  });

  it('with a passphrase says nothing to whoever has another', async () => {
    const path = join(folder, 'sealed.backup');
    const secret = 'the porter is called Ada';
    async function* lines(): AsyncGenerator<BackupLine> {
      yield {
        file: { path: 'seal.key', mode: 0o600, data: Buffer.from(secret).toString('base64') },
      };
    }
    const { signal } = new AbortController();
    await writeBackupFile(path, { lines: lines(), passphrase: 'right', signal });
    await expect(openBackupFile(path, undefined)).rejects.toThrow('enciphered');
    await expect(openBackupFile(path, 'wrong')).rejects.toThrow('not the passphrase');
    const read = await openBackupFile(path, 'right');
    const found: BackupLine[] = [];
    for await (const line of read()) found.push(line);
    expect(found).toEqual([
      { file: { path: 'seal.key', mode: 0o600, data: Buffer.from(secret).toString('base64') } },
    ]);
  });
});
