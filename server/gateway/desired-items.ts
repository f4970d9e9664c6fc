/**
 * The push of the desired state to one connected hub (design.md law 3): one delta is on its way at a time, cut into parts
 * below the frame limit, and the next follows the hub's `applied`. A delta the hub refuses is followed by everything from
 * nothing; refused three times in a row, the push rests until the state changes or the hub comes back (behaviour.md 3.4).
 */
import type { DesiredItem } from '#contract/access-table';
import { maxFrameBytes, type Frame } from '#contract/iq-link';
import type { Log } from '#server/runtime/log';
import {
  findDesiredHead,
  listDesiredItems,
  noteDesiredSent,
  type DesiredPlace,
} from '#server/store/desired-items';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import type { ConnectedIq } from './handlers.ts';

/** A delta without `applied` for so long is sent again (behaviour.md 3.4: `failed` after 60 s). */
export const appliedWithinMs = 60_000;

const refusalLimit = 3;
const pageItems = 1_000;
/** The members around the items. */
const envelopeBytes = 1_024;

type Delta = {
  readonly from: number;
  readonly to: number;
  /** The items of each part as JSON text. */
  readonly parts: readonly string[];
};

/** Cuts items into parts of at most `limitBytes`, at least one part. Throws RangeError for an item above the limit. */
export function cutIntoParts(items: Iterable<DesiredItem>, limitBytes: number): string[] {
  const parts: string[] = [];
  let texts: string[] = [];
  let bytes = 0;
  const close = (): void => {
    parts.push(`[${texts.join(',')}]`);
    texts = [];
    bytes = 0;
  };
  for (const item of items) {
    const text = JSON.stringify(item);
    const size = Buffer.byteLength(text) + 1;
    if (size > limitBytes) throw new RangeError(`${item.key} is larger than a frame may be`);
    if (bytes + size > limitBytes) close();
    texts.push(text);
    bytes += size;
  }
  if (texts.length > 0 || parts.length === 0) close();
  return parts;
}

async function readDelta(
  scope: Scope,
  iq: ConnectedIq,
  { from, version }: { readonly from: number; readonly version: number },
): Promise<Delta> {
  const items: DesiredItem[] = [];
  let after: DesiredPlace = { version: from + 1, key: '' };
  let to = version;
  for (;;) {
    const page = await listDesiredItems(scope, iq.iqId, {
      after,
      limit: pageItems,
      skipsRemoved: from === 0,
    });
    items.push(...page.items);
    if (page.last === null) break;
    after = page.last;
    // Pages are read one after the other: what changed in between moved to their end and belongs to this delta.
    to = Math.max(to, after.version);
    if (page.items.length < pageItems) break;
  }
  return { from, to, parts: cutIntoParts(items, maxFrameBytes - envelopeBytes) };
}

export type DesiredPush = {
  /** The desired state may have changed. */
  wake(): void;
  /** Sends everything from nothing, whatever the hub holds (behaviour.md 4.9, restore). */
  resend(): void;
  /** The hub said what it holds. */
  applied(applied: Frame<'applied'>): void;
  tick(atMs: number): void;
  stop(): void;
};

/** A door through which only so many go at once. */
export type Turnstile = <T>(act: () => Promise<T>) => Promise<T>;

/** At most `limit` acts at once, first come first served. */
export function createTurnstile(limit: number): Turnstile {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (act) => {
    if (running >= limit) {
      await new Promise<void>((resolve) => {
        queue.push(resolve);
      });
    } else running += 1;
    try {
      return await act();
    } finally {
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

export function createDesiredPush({
  database,
  iq,
  heldVersion,
  waitsForRestore,
  turnstile,
  sendText,
  room,
  failed,
  log,
}: {
  readonly database: Database;
  readonly iq: ConnectedIq;
  /** What the hub said it holds in its hello. */
  readonly heldVersion: number;
  /** The hub was reset by its button: nothing is sent until `resend` (behaviour.md 4.9). */
  readonly waitsForRestore: boolean;
  readonly turnstile: Turnstile;
  readonly sendText: (payload: string) => void;
  readonly room: () => Promise<void>;
  readonly failed: (error: unknown) => void;
  readonly log: Log;
}): DesiredPush {
  const scope = readScope(database, iq.tenantId);
  let held = heldVersion;
  let stage: 'resting' | 'sending' | 'awaiting' = 'resting';
  let sentFrom = 0;
  let sentAtMs: number | undefined;
  let isWoken = false;
  let isFullNeeded = false;
  let refusals = 0;
  let isHeldBack = waitsForRestore;
  let isStopped = false;

  async function findDelta(): Promise<Delta | undefined> {
    const head = await findDesiredHead(scope, iq.iqId);
    if (head === undefined || !head.maySend || head.version === 0) return undefined;
    if (head.version === held && !isFullNeeded) return undefined;
    // A hub ahead of us, or behind all there is, may hold the state of a database that was restored since: what it got from
    // that one must go. Where nothing is as old as what it holds, the whole is no larger than the change.
    const isOfOurs = held <= head.version && (head.oldest === null || head.oldest <= held);
    const from = isFullNeeded || !isOfOurs ? 0 : held;
    isFullNeeded = false;
    return readDelta(scope, iq, { from, version: head.version });
  }

  async function push(): Promise<void> {
    const delta = await turnstile(findDelta);
    if (delta !== undefined) {
      const { from, to, parts } = delta;
      sentFrom = from;
      for (const [index, items] of parts.entries()) {
        await room();
        if (isStopped) return;
        const numbers = `"from":${from},"to":${to},"part":${index + 1},"parts":${parts.length}`;
        sendText(`{${numbers},"items":${items}}`);
      }
      log.debug({ iqId: iq.iqId, from, to, parts: parts.length }, 'desired state was sent');
    }
    stage = delta === undefined ? 'resting' : 'awaiting';
    sentAtMs = undefined;
    if (stage === 'resting' && isWoken) start();
    // Beside the way: the hub may have answered before it is noted.
    if (delta !== undefined) await noteDesiredSent(scope, iq.iqId, delta.to);
  }

  function start(): void {
    if (isStopped || isHeldBack) return;
    isWoken = false;
    stage = 'sending';
    push().catch(failed);
  }

  return {
    wake() {
      if (stage === 'resting') start();
      else isWoken = true;
    },
    resend() {
      isHeldBack = false;
      isFullNeeded = true;
      // What is on its way is made obsolete: an answer to it is followed by the whole.
      if (stage === 'resting') start();
      else isWoken = true;
    },
    applied({ version, refused }) {
      held = version;
      refusals = refused === null ? 0 : refusals + 1;
      if (refused !== null) {
        log.warn({ iqId: iq.iqId, version, reason: refused }, 'a hub refused its desired state');
        const isLastWord =
          stage === 'awaiting' && sentFrom === 0 && refusals >= refusalLimit && !isWoken;
        if (isLastWord) {
          stage = 'resting';
          return;
        }
        isFullNeeded = true;
      }
      if (stage === 'sending') isWoken = true;
      else start();
    },
    tick(atMs) {
      if (stage !== 'awaiting') return;
      sentAtMs ??= atMs;
      if (atMs - sentAtMs < appliedWithinMs) return;
      log.warn(
        { iqId: iq.iqId },
        'a hub did not apply its desired state in time; it is sent again',
      );
      start();
    },
    stop() {
      isStopped = true;
    },
  };
}
