/** Updates on the disk of the hub: how each stands, and the image as far as it has come; both outlive a kill -9. */
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { SignedFirmware, updateFailures, type UpdateFailure } from '#contract/firmware';
import {
  makeFolder,
  readIfThere,
  readLines,
  removeFile,
  replaceFile,
  syncFolder,
  toLine,
} from './files.ts';

const Job = Type.Object({
  run_id: Type.String({ pattern: '^[0-9a-fA-F-]{1,64}$' }),
  hardware_id: Type.String(),
  firmware: SignedFirmware,
  /** `starting` = written to the hub itself; its next start shows whether it runs. */
  state: Type.Union([
    Type.Literal('loading'),
    Type.Literal('installing'),
    Type.Literal('starting'),
    Type.Literal('installed'),
    Type.Literal('failed'),
  ]),
  failure: Type.Union([
    ...updateFailures.map((word) => Type.Literal(word)),
    Type.Null(),
  ]) as unknown as Type.TUnsafe<UpdateFailure | null>,
});
export type Job = Static<typeof Job>;

export type UpdateFiles = {
  all(): readonly Job[];
  find(runId: string): Job | null;
  /** Keeps one job of each part of each device; resolves when it is on the disk. */
  put(job: Job): Promise<void>;
  clear(): Promise<void>;
  /** Bytes of the image that are here. */
  loadedBytes(job: Job): Promise<number>;
  /** Writes a part behind what is here; resolves when it is on the disk. */
  append(job: Job, part: Buffer): Promise<void>;
  image(job: Job): Promise<Buffer>;
  /** The image is needed no more, or was not what it should be. */
  dropImage(job: Job): Promise<void>;
};

/** Opens the updates of a data folder; a line that cannot be read is an update nobody hears of again but the server. */
export async function openUpdateFiles(dataDir: string): Promise<UpdateFiles> {
  const folder = join(dataDir, 'updates');
  await makeFolder(folder);
  const path = join(folder, 'jobs');
  const { values } = readLines((await readIfThere(path)) ?? '');
  const jobs = new Map<string, Job>();
  for (const value of values) if (Value.Check(Job, value)) jobs.set(placeOf(value), value);
  const imagePath = ({ run_id: runId }: Job): string => join(folder, `${runId}.image`);

  let writing: Promise<void> = Promise.resolve();
  function save(): Promise<void> {
    const lines = [...jobs.values()].map((job) => toLine(job));
    const next = writing.then(() => replaceFile(path, lines));
    writing = next.catch(() => undefined);
    return next;
  }

  return {
    all: () => [...jobs.values()],
    find: (runId) => [...jobs.values()].find((job) => job.run_id === runId) ?? null,
    async put(job) {
      const former = jobs.get(placeOf(job));
      jobs.set(placeOf(job), job);
      await save();
      if (former && former.run_id !== job.run_id) await removeFile(imagePath(former));
    },
    async clear() {
      const former = [...jobs.values()];
      jobs.clear();
      await save();
      for (const job of former) await removeFile(imagePath(job));
    },
    async loadedBytes(job) {
      try {
        return (await stat(imagePath(job))).size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
        throw error;
      }
    },
    async append(job, part) {
      const file = await open(imagePath(job), 'a', 0o600);
      try {
        await file.appendFile(part);
        await file.datasync();
      } finally {
        await file.close();
      }
      await syncFolder(folder);
    },
    image: (job) => readFile(imagePath(job)),
    dropImage: (job) => removeFile(imagePath(job)),
  };
}

function placeOf({ hardware_id: hardwareId, firmware }: Job): string {
  return `${hardwareId} ${firmware.component}`;
}
