/**
 * Updates of the hub and of what hangs on it (behaviour.md 20), one after the other, each a machine on the disk:
 *
 *   loading ── image complete, its maker's ──> installing ── lock or repeater runs it ──> installed
 *      │                                           └── written to the hub ──> starting ── next start runs it ──> installed
 *      └── anything else ──> failed: the former version runs
 *
 * The image comes in parts the hub asks for, so that a break of the line, of the hub or of the server costs one part. Doors go on
 * all the while. How an update ended is told with the first report of every session.
 */
import {
  imagePartBytes,
  type FirmwareFact,
  type HubComponent,
  type UpdateFailure,
  type UpdateReport,
} from '#contract/firmware';
import type { Command, Frame, IqReport } from '#contract/iq-link';
import type { Attachments } from './attachments.ts';
import type { SteadyClock } from './clock.ts';
import type { Driver, FirmwareTarget } from './drivers/driver.ts';
import { imageFault, type FirmwarePlace } from './firmware-check.ts';
import type { HubLog } from './log.ts';
import type { Job, UpdateFiles } from './update-files.ts';

type UpdateCommand = Extract<Command, { kind: 'update' }>;

export type Updates = {
  /** Settles what the last start was for, then goes on where it stopped. */
  start(): Promise<void>;
  stop(): void;
  /** Resolves when the update is on the disk; the same run again is the same update. */
  take(command: UpdateCommand): Promise<void>;
  /** A part of an image, asked for before. */
  takePart(part: Frame<'image'>): void;
  /** The line is there again. */
  linkReady(): void;
  reports(): readonly UpdateReport[];
  isUpdating(): boolean;
  clear(): Promise<void>;
};

/** null = the server has none. */
type Part = Buffer | null | 'nothing';
type Try =
  | { readonly failure: UpdateFailure }
  | { readonly failure: null; readonly target: FirmwareTarget }
  | undefined;
type Waiting = { readonly runId: string; readonly offset: number; give(part: Part): void };

/** How long a part is waited for before it is asked for again. */
const partWithinMs = 10_000;
/** A device that does not answer is tried again, for at most the minute in which its commands are refused. */
const silentTries = 3;
const silentPauseMs = 5_000;

export function createUpdates({
  attachments,
  driver,
  files,
  log,
  steady,
  key,
  model,
  inspectHub,
  iqId,
  readFirmware,
  send,
  restart,
  onChanged,
  onFailure,
}: {
  readonly attachments: Attachments;
  readonly driver: Driver;
  readonly files: UpdateFiles;
  readonly log: HubLog;
  readonly steady: SteadyClock;
  /** PEM of the maker's public key, from the manufacture; null = no update is believed. */
  readonly key: string | null;
  readonly model: string;
  readonly inspectHub: () => Promise<IqReport>;
  readonly iqId: () => string | null;
  /** Asks a device anew what runs in it. */
  readonly readFirmware: (mac: string) => Promise<FirmwareFact | null>;
  readonly send: (request: Frame<'image_request'>) => Promise<void>;
  /** The hub's software starts anew. */
  readonly restart: () => void;
  readonly onChanged: () => void;
  readonly onFailure: (error: unknown) => void;
}): Updates {
  let isRunning = false;
  let isWorking = false;
  let waiting: Waiting | null = null;
  let pausing: { end(): void } | null = null;

  const isStopped = (): boolean => !isRunning;

  function unfinished(): Job | undefined {
    return files.all().find(({ state }) => state === 'loading' || state === 'installing');
  }

  function isUpdating(): boolean {
    return files.all().some(({ state }) => state !== 'installed' && state !== 'failed');
  }

  async function change(job: Job, changes: Partial<Pick<Job, 'state' | 'failure'>>): Promise<Job> {
    const changed = { ...job, ...changes };
    await files.put(changed);
    onChanged();
    return changed;
  }

  async function end(job: Job, failure: UpdateFailure | null): Promise<void> {
    await change(job, { state: failure === null ? 'installed' : 'failed', failure });
    await files.dropImage(job);
    const { component, version } = job.firmware;
    log.info('an update ended', { component, version, failure });
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = steady.setTimeout(resolve, ms);
      pausing = {
        end() {
          timer.cancel();
          resolve();
        },
      };
    });
  }

  function endWaits(): void {
    pausing?.end();
    waiting?.give('nothing');
  }

  /** Asks for the part at `offset`; `nothing` = none came, ask again. */
  function askPart(job: Job, offset: number): Promise<Part> {
    return new Promise((resolve) => {
      const timer = steady.setTimeout(() => give('nothing'), partWithinMs);
      function give(part: Part): void {
        timer.cancel();
        waiting = null;
        resolve(part);
      }
      waiting = { runId: job.run_id, offset, give };
      // A line that is down shows as a part that does not come; `linkReady` ends the wait.
      send({ run_id: job.run_id, offset }).catch(() => undefined);
    });
  }

  /** Whether all of the image is here; undefined = not yet. */
  async function load(job: Job): Promise<boolean | undefined> {
    const size = job.firmware.size_bytes;
    let offset = await files.loadedBytes(job);
    while (offset < size) {
      if (isStopped() || files.find(job.run_id) === null) return undefined;
      const part = await askPart(job, offset);
      if (part === 'nothing') continue;
      const isSound = part !== null && part.length > 0 && part.length <= imagePartBytes;
      if (isStopped()) return undefined;
      if (!isSound) return false;
      await files.append(job, part);
      offset = await files.loadedBytes(job);
    }
    return true;
  }

  /** The device an update is for, as it is at this moment. */
  async function findPlace(
    job: Job,
  ): Promise<{ readonly target: FirmwareTarget; readonly place: FirmwarePlace } | UpdateFailure> {
    const { component } = job.firmware;
    if (job.hardware_id === iqId()) {
      const version = await hubVersion(component);
      if (version === null) return 'wrong_hardware';
      return { target: 'hub', place: { hardwareType: 'iq', model, component, version } };
    }
    const attached = attachments.find(job.hardware_id);
    if (!attached) return 'not_attached';
    const { kind: hardwareType, mac } = attached;
    const fact = await readFirmware(mac);
    if (fact === null) return 'no_answer';
    return { target: { mac }, place: { hardwareType, ...fact, component } };
  }

  async function hubVersion(component: string): Promise<string | null> {
    const { versions } = await inspectHub();
    return versions[`${component as HubComponent}_version`] ?? null;
  }

  /** One try at the device, or why the update ends; undefined = no answer. */
  async function install(job: Job, content: Buffer): Promise<Try> {
    const image = { firmware: job.firmware, content };
    const found = await findPlace(job);
    if (typeof found === 'string') return found === 'no_answer' ? undefined : { failure: found };
    const { target, place } = found;
    const fault = imageFault(image, { key, place });
    if (fault !== null) return { failure: fault };
    const outcome = await driver.installFirmware(target, image);
    if (outcome.result === 'silent') return undefined;
    if (outcome.result === 'refused') return { failure: outcome.failure };
    if (target !== 'hub') await readFirmware(target.mac);
    return { failure: null, target };
  }

  async function work(job: Job): Promise<void> {
    if (job.state === 'loading') {
      const isHere = await load(job);
      if (isHere === undefined) return;
      if (!isHere) return end(job, 'image_unavailable');
    }
    const installing =
      job.state === 'installing' ? job : await change(job, { state: 'installing' });
    const content = await files.image(job);
    for (let tries = 1; tries <= silentTries; tries += 1) {
      if (tries > 1) await pause(silentPauseMs);
      const tried = await install(installing, content);
      // A hub that was stopped meanwhile tries again at its next start.
      if (isStopped()) return;
      if (tried === undefined) continue;
      if (tried.failure !== null || tried.target !== 'hub') return end(installing, tried.failure);
      await change(installing, { state: 'starting' });
      return restart();
    }
    return end(installing, 'no_answer');
  }

  async function workSafely(job: Job): Promise<void> {
    try {
      await work(job);
    } catch (error) {
      onFailure(error);
      // Whatever disk or driver could not do must not keep the next update waiting for ever.
      if (isRunning) await end(job, 'image_damaged').catch(onFailure);
    }
    isWorking = false;
    goOn();
  }

  function goOn(): void {
    if (isWorking || isStopped()) return;
    const next = unfinished();
    if (!next) return;
    isWorking = true;
    void workSafely(next);
  }

  return {
    async start() {
      isRunning = true;
      for (const job of files.all().filter(({ state }) => state === 'starting')) {
        const { component, version } = job.firmware;
        await end(job, (await hubVersion(component)) === version ? null : 'rolled_back');
      }
      onChanged();
      goOn();
    },
    stop() {
      isRunning = false;
      endWaits();
    },
    async take({ run_id: runId, hardware_id: hardwareId, firmware }) {
      const known = files.find(runId);
      if (known === null) {
        const job = { run_id: runId, hardware_id: hardwareId, firmware } as const;
        await change({ ...job, state: 'loading', failure: null }, {});
      } else onChanged();
      goOn();
    },
    takePart({ run_id: runId, offset, data }) {
      if (waiting?.runId !== runId || waiting.offset !== offset) return;
      waiting.give(data === null ? null : Buffer.from(data, 'base64'));
    },
    linkReady() {
      endWaits();
      goOn();
    },
    reports: () =>
      files.all().map(({ run_id: runId, state, failure }) => ({
        run_id: runId,
        state: state === 'installed' || state === 'failed' ? state : 'running',
        failure,
      })),
    isUpdating,
    clear: () => files.clear(),
  };
}
