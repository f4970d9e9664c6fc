/** The ledger with whoever writes into it, and what the hub says of the ledger itself: an operator hears of every loss. */
import { join } from 'node:path';
import type { SteadyClock, Timer } from './clock.ts';
import { Ledger } from './ledger.ts';
import type { LedgerRecord } from './ledger-record.ts';
import type { HubLog } from './log.ts';
import { createRecorder, type Recorder } from './recorder.ts';

export type KeptLedger = {
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  /** `at_once`: nothing more is written, as when the plug is pulled. */
  close(how: 'gently' | 'at_once'): Promise<void>;
};

/** How often a disk that could not be written is tried again. */
const tryAgainMs = 5_000;

/** Opens the ledger of a data folder. What it says of itself are incidents `unknown` with the words of docs/device-link.md. */
export async function openLedger({
  dataDir,
  boot,
  mostBytes,
  steady,
  log,
  now,
  timeZone,
  onRecorded,
  onFailure,
}: {
  readonly dataDir: string;
  readonly boot: () => number;
  /** Bytes the ledger may take at this moment; absent = as many as the disk has. */
  readonly mostBytes: (() => number) | undefined;
  readonly steady: SteadyClock;
  readonly log: HubLog;
  readonly now: () => Date;
  readonly timeZone: () => string;
  readonly onRecorded: (record: LedgerRecord) => void;
  readonly onFailure: (error: unknown) => void;
}): Promise<KeptLedger> {
  let timer: Timer | null = null;
  let isClosed = false;

  const say = (detail: string): void => {
    recorder.incident('unknown', { lockId: null, detail }).catch(onFailure);
  };

  function tryAgain(): void {
    timer = null;
    ledger
      .flush()
      .catch(onFailure)
      .finally(() => {
        if (!ledger.isWritable && !isClosed) timer ??= steady.setTimeout(tryAgain, tryAgainMs);
      });
  }

  const ledger = new Ledger({
    folder: join(dataDir, 'ledger'),
    boot,
    onRecorded,
    onDropped: (events) => say(`events_dropped:${String(events)}`),
    onDamaged: (lines) => say(`events_unreadable:${String(lines)}`),
    onWritable(isWritable) {
      if (isWritable) log.info('the disk can be written again');
      else log.error('the disk cannot be written: events are held in memory');
      say(isWritable ? 'disk_writable' : 'disk_full');
      if (!isWritable) timer ??= steady.setTimeout(tryAgain, tryAgainMs);
    },
    ...(mostBytes === undefined ? {} : { mostBytes }),
  });
  const recorder = createRecorder({ ledger, now, timeZone });
  await ledger.open();

  return {
    ledger,
    recorder,
    async close(how) {
      isClosed = true;
      timer?.cancel();
      // The last chance of what is only in memory.
      if (how === 'gently') await ledger.flush();
      await ledger.close();
    },
  };
}
