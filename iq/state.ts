/** What a hub knows of itself for life: who it is, how often it started, to which IQ it belongs. One small file. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { fromLine, makeFolder, readIfThere, replaceFile, toLine } from './files.ts';

const nullableText = Type.Union([Type.String(), Type.Null()]);

export const HubState = Type.Object({
  hub_id: Type.String(),
  /** Counts starts; also counted up when the ledger begins anew, so that (boot, sequence) never repeats. */
  boot: Type.Integer({ minimum: 0 }),
  /** The IQ whose content the hub holds; null = wiped, reset or never claimed. */
  iq_id: nullableText,
  /** Password of the device link; null = the activation code. */
  credential: nullableText,
  restore_required: Type.Boolean(),
  /** What is added to the machine's clock. */
  clock_offset_ms: Type.Number(),
  /** UTC instant at which the server was there, good to a few minutes; null = never. */
  last_contact: nullableText,
});
export type HubState = Static<typeof HubState>;

/** The state file of a data folder is unreadable: the hub would come back as a stranger, so it does not start. */
export class HubStateDamagedError extends Error {
  override readonly name = 'HubStateDamagedError';
}

export type HubStateFile = {
  get(): HubState;
  /** Resolves when the change is on the disk; changes are written in the order they were made. */
  change(changes: Partial<HubState>): Promise<void>;
  /** Waits for what is being written; later changes are lost, as after a power cut. */
  close(): Promise<void>;
};

/** Opens the state of a data folder, made at the first start. Throws HubStateDamagedError. */
export async function openHubState(dataDir: string): Promise<HubStateFile> {
  await makeFolder(dataDir);
  const path = join(dataDir, 'hub.state');
  let state = parseState(await readIfThere(path), path);
  let writing: Promise<void> = Promise.resolve();
  let isClosed = false;
  return {
    get: () => state,
    change(changes) {
      if (isClosed) return Promise.resolve();
      state = { ...state, ...changes };
      const written = state;
      const next = writing.then(() => replaceFile(path, [toLine(written)]));
      // A failed write must not block the next one, its caller has been told.
      writing = next.catch(() => undefined);
      return next;
    },
    close() {
      isClosed = true;
      return writing;
    },
  };
}

function parseState(text: string | null, path: string): HubState {
  if (text === null) {
    return {
      hub_id: randomUUID(),
      boot: 0,
      iq_id: null,
      credential: null,
      restore_required: false,
      clock_offset_ms: 0,
      last_contact: null,
    };
  }
  const value = fromLine(text.trimEnd());
  if (!Value.Check(HubState, value)) {
    throw new HubStateDamagedError(
      `${path} is damaged; move the data folder away to start as a new hub`,
    );
  }
  return value;
}
