/** The files of a data folder that belong into a backup, read piece by piece and written again. */
import type { Static } from 'typebox';
import { createReadStream } from 'node:fs';
import { appendFile, chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandError } from './command.ts';
import type { FilePiece } from './backup-file.ts';

type Piece = Static<typeof FilePiece>;

export type FolderFile = { readonly path: string; readonly mode: number; readonly size: number };

/** The database travels as rows; the demo's hubs have disks of their own, which no server may turn back. */
const left = new Set(['postgres', 'simulator']);
const pieceBytes = 1024 * 1024;

/** Every file of a data folder but those of the database, with the size it has at this moment. */
export async function listFolder(dataDir: string, below = ''): Promise<FolderFile[]> {
  const entries = await readdir(join(dataDir, below), { withFileTypes: true });
  const files: FolderFile[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(below, entry.name);
    const isLeft = below === '' && left.has(entry.name);
    if (isLeft || entry.name.startsWith('.') || path.startsWith(asidePrefix)) continue;
    if (entry.isDirectory()) files.push(...(await listFolder(dataDir, path)));
    if (entry.isFile()) files.push(...(await look(dataDir, path)));
  }
  return files;
}

/** Where `cardea restore --force` puts what it found. */
export const asidePrefix = 'before-restore-';

async function look(dataDir: string, path: string): Promise<FolderFile[]> {
  try {
    const { mode, size } = await stat(join(dataDir, path));
    return [{ path, mode: mode & 0o777, size }];
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/**
 * Files that grow line by line are read up to the size they had when they were listed, so that no checkpoint speaks of
 * records younger than the snapshot. What was removed meanwhile is left out.
 */
export async function* readFolder(
  dataDir: string,
  files: readonly FolderFile[],
): AsyncGenerator<Piece> {
  for (const { path, mode, size } of files) {
    const grows = path.endsWith('.jsonl');
    let isFirst = true;
    try {
      if (!grows || size > 0)
        for await (const chunk of createReadStream(join(dataDir, path), {
          highWaterMark: pieceBytes,
          ...(grows ? { end: size - 1 } : {}),
        }) as AsyncIterable<Buffer>) {
          yield { path, mode, data: chunk.toString('base64') };
          isFirst = false;
        }
      if (isFirst) yield { path, mode, data: '' };
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}

/** Writes pieces below a folder; a path that leads elsewhere is refused with a CommandError. */
export function createFolderWriter(folder: string): (piece: Piece) => Promise<void> {
  const begun = new Set<string>();
  return async ({ path, mode, data }) => {
    const steps = path.split('/');
    const isInside =
      !path.startsWith('/') &&
      steps.every((step) => step !== '' && step !== '.' && step !== '..') &&
      !left.has(steps[0] ?? '');
    if (!isInside)
      throw new CommandError('failed', `The backup holds a file ${path}, which has no place here.`);
    const target = join(folder, path);
    const content = Buffer.from(data, 'base64');
    if (begun.has(path)) {
      await appendFile(target, content);
      return;
    }
    begun.add(path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode: mode & 0o777, flag: 'wx' });
    await chmod(target, mode & 0o777);
  };
}
