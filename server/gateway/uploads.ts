/**
 * The way of events from all hubs into the store: uploads that come while one batch is being committed leave together as
 * the next, so that one transaction holds many, and a hub alone waits for nobody. Acknowledged only after the commit. When
 * a batch fails each IQ is tried alone, so that one hub's uploads cannot stop another's.
 */
import type { IqId } from '#contract/ids';
import type { Frame } from '#contract/iq-link';
import type { Log } from '#server/runtime/log';
import type { ConnectedIq, GatewayHandlers, LedgerPosition, LedgerUpload } from './handlers.ts';

/** Where an upload came from and what is told about it. */
export type Uploader = {
  acknowledge(position: LedgerPosition): void;
  /** Nothing was stored; what came after is thrown away too, as the hub says everything again. */
  failed(): void;
};

const largestBatchEvents = 2_000;
const waitingLimitEvents = 10_000;

type Waiting = { readonly upload: LedgerUpload; readonly from: Uploader };

export type Uploads = {
  /** Takes an upload; a promise means: read nothing more from this hub until it has resolved. */
  offer(iq: ConnectedIq, frame: Frame<'events'>, from: Uploader): Promise<void> | undefined;
  waitingEvents(): number;
  /** Resolves when everything taken has been stored or has failed. */
  drain(): Promise<void>;
};

export function createUploads({
  store,
  log,
}: {
  readonly store: GatewayHandlers['events'];
  readonly log: Log;
}): Uploads {
  const waiting: Waiting[] = [];
  let waitingEvents = 0;
  let storing: Promise<void> | undefined;
  let heldBack: (() => void)[] = [];
  const failedUploaders = new WeakSet<Uploader>();

  function takeBatch(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const { upload } of waiting) {
      events += upload.events.length;
      if (count > 0 && events > largestBatchEvents) break;
      count += 1;
    }
    const batch = waiting.splice(0, count).filter(({ from }) => !failedUploaders.has(from));
    waitingEvents = waiting.reduce((sum, { upload }) => sum + upload.events.length, 0);
    return batch;
  }

  function releaseReaders(): void {
    if (waitingEvents > waitingLimitEvents / 2) return;
    const readers = heldBack;
    heldBack = [];
    for (const go of readers) go();
  }

  async function storeBatch(batch: readonly Waiting[]): Promise<void> {
    const stored = await store(batch.map(({ upload }) => upload));
    // One acknowledgement per connection says it all: positions only grow.
    const uploaders = new Map(batch.map(({ from, upload }) => [from, upload.iq.iqId]));
    for (const [from, iqId] of uploaders) {
      const position = stored.get(iqId);
      if (position !== undefined) from.acknowledge(position);
    }
  }

  async function storeAlone(batch: readonly Waiting[]): Promise<void> {
    const byIq = new Map<IqId, Waiting[]>();
    for (const one of batch) {
      const { iqId } = one.upload.iq;
      byIq.set(iqId, [...(byIq.get(iqId) ?? []), one]);
    }
    for (const [iqId, uploads] of byIq) {
      try {
        await storeBatch(uploads);
      } catch (error) {
        log.error({ err: error, iqId }, 'events of an IQ could not be stored; it keeps them');
        for (const { from } of uploads) {
          if (failedUploaders.has(from)) continue;
          failedUploaders.add(from);
          from.failed();
        }
      }
    }
  }

  async function storeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = takeBatch();
      if (batch.length > 0) {
        try {
          await storeBatch(batch);
        } catch (error) {
          log.warn(
            { err: error, uploads: batch.length },
            'a batch of events failed; each IQ is tried alone',
          );
          await storeAlone(batch);
        }
      }
      releaseReaders();
    }
    storing = undefined;
  }

  return {
    offer(iq, frame, from) {
      if (frame.events.length === 0 || failedUploaders.has(from)) return undefined;
      waiting.push({ upload: { iq, boot: frame.boot, events: frame.events }, from });
      waitingEvents += frame.events.length;
      storing ??= storeAll();
      if (waitingEvents <= waitingLimitEvents) return undefined;
      return new Promise((resolve) => {
        heldBack.push(resolve);
      });
    },
    waitingEvents: () => waitingEvents,
    async drain() {
      await storing;
    },
  };
}
