/**
 * The keys that sign tokens (identity.md 6): RSA 3072, a new one every 90 days, published 24 h before use and kept until
 * the last token of the old one has expired.
 *
 * A key goes published → active → superseded → retired. Nothing is stored for these states: the times of the rows and the
 * clock say them, so that all processes agree without talking. Only the process (or its twins on the same data folder)
 * that can open the private part signs with a key; everybody publishes all of them.
 */
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { KeySource, PublicKey } from '#server/http/token';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import type { Database } from '#server/store/pool';
import { changeSigningKeys, listSigningKeys, type SigningKeyRow } from '#server/store/signing-keys';
import { isSealed, type Sealer } from './key-file.ts';

export const KEY_LIFE_MS = 90 * 24 * 3_600_000;
export const PUBLISHED_AHEAD_MS = 24 * 3_600_000;
/** A token lives an hour; five minutes more for clocks that differ. */
export const KEPT_AFTER_MS = 65 * 60_000;
/** A key whose machine is gone is superseded by nobody. */
const ABANDONED_AFTER_MS = 2 * KEY_LIFE_MS;
const MAINTAIN_EVERY_MS = 3_600_000;
const READ_AGAIN_AFTER_MS = 30_000;

export type SigningKey = { readonly kid: string; readonly activeFrom: Date; readonly jwk: JWK };

export type KeySet = {
  /** Those that can be signed with here, oldest first. */
  readonly signing: readonly SigningKey[];
  /** Those that are published, of all processes. */
  readonly published: readonly PublicKey[];
};

export type SigningKeys = KeySource & {
  start(): Promise<void>;
  stop(): void;
  /** The keys as they were at most 30 s ago. */
  current(): Promise<KeySet>;
};

/** The key to sign with: the youngest that is active, or the first of all when the clock was set back. */
export function activeKey(keys: KeySet, now: Date): SigningKey | undefined {
  return keys.signing.findLast((key) => key.activeFrom <= now) ?? keys.signing[0];
}

type Times = Pick<SigningKeyRow, 'kid' | 'activeFrom'> & { readonly sealedBy: string };

export type KeyPlan = {
  /** From when on a new key is to be used, when one is due. */
  readonly addFrom: Date | undefined;
  readonly retire: readonly string[];
};

/** What the key set needs at `now`, for the process whose key file is `sealedBy`. */
export function planKeys(rows: readonly Times[], sealedBy: string, now: Date): KeyPlan {
  const over = rows.filter((row) => isOver(row, rows, now));
  const newest = rows.findLast((row) => row.sealedBy === sealedBy && !over.includes(row));
  return { addFrom: nextActiveFrom(newest, now), retire: over.map((row) => row.kid) };
}

function isOver(row: Times, rows: readonly Times[], now: Date): boolean {
  if (now.getTime() > row.activeFrom.getTime() + ABANDONED_AFTER_MS) return true;
  const successor = rows.find(
    (other) => other.sealedBy === row.sealedBy && other.activeFrom > row.activeFrom,
  );
  return successor !== undefined && now.getTime() > successor.activeFrom.getTime() + KEPT_AFTER_MS;
}

function nextActiveFrom(newest: Times | undefined, now: Date): Date | undefined {
  // Before the first key there is no token to check, so nobody can be surprised by it.
  if (newest === undefined) return now;
  const endsAtMs = newest.activeFrom.getTime() + KEY_LIFE_MS;
  const earliestMs = now.getTime() + PUBLISHED_AHEAD_MS;
  return earliestMs < endsAtMs ? undefined : new Date(Math.max(earliestMs, endsAtMs));
}

export function createSigningKeys({
  database,
  sealer,
  clock,
  log,
}: {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
}): SigningKeys {
  let known: { readonly set: KeySet; readonly readAtMs: number } | undefined;
  let reading: Promise<KeySet> | undefined;
  let timer: Timer | undefined;
  let isStopped = false;

  const read = async (): Promise<KeySet> => {
    const readAtMs = clock.now().getTime();
    const set = keySet(await listSigningKeys(database), sealer);
    known = { set, readAtMs };
    return set;
  };

  const current = async (): Promise<KeySet> => {
    const isFresh =
      known !== undefined && Math.abs(clock.now().getTime() - known.readAtMs) < READ_AGAIN_AFTER_MS;
    if (known !== undefined && isFresh) return known.set;
    reading ??= read()
      .catch((error: unknown) => {
        if (known === undefined) throw error;
        // Keys that were true a moment ago are better than none while the store is down.
        log.warn({ err: error }, 'the signing keys could not be read again');
        return known.set;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };

  const maintain = async (): Promise<void> => {
    const plan = planOf(await listSigningKeys(database));
    if (plan.addFrom !== undefined || plan.retire.length > 0) {
      const spare = plan.addFrom === undefined ? undefined : await generate(sealer);
      const at = clock.now();
      await changeSigningKeys(database, { at, change: (rows) => changeOf(rows, spare, at) });
      log.info(
        { added: plan.addFrom === undefined ? 0 : 1, retired: plan.retire.length },
        'the signing keys were renewed',
      );
    }
    await read();
  };

  const planOf = (rows: readonly SigningKeyRow[]): KeyPlan =>
    planKeys(rows.map(times), sealer.id, clock.now());

  // Another process may have been faster while this one generated: what is due is asked again under the lock.
  const changeOf = (
    rows: readonly SigningKeyRow[],
    spare: SpareKey | undefined,
    at: Date,
  ): { readonly add?: SigningKeyRow; readonly retire: readonly string[] } => {
    const { addFrom, retire } = planOf(rows);
    if (addFrom === undefined || spare === undefined) return { retire };
    return { add: { ...spare, publishedAt: at, activeFrom: addFrom }, retire };
  };

  const maintainLater = (): void => {
    if (isStopped) return;
    timer = clock.setTimeout(() => {
      maintain()
        .catch((error: unknown) => log.error({ err: error }, 'the signing keys were not renewed'))
        .finally(maintainLater);
    }, MAINTAIN_EVERY_MS);
  };

  return {
    async start() {
      await maintain();
      maintainLater();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
    current,
    readKeys: async () => (await read()).published,
  };
}

/** The published keys for a process that checks tokens and signs none. */
export function createKeySource(database: Database): KeySource {
  return {
    readKeys: async () => (await listSigningKeys(database)).map(publicKey),
  };
}

type SpareKey = Pick<SigningKeyRow, 'kid' | 'sealedPrivateJwk' | 'publicJwk'>;

const generateRsa = promisify(generateKeyPair);

/** A fresh key; made off the event loop, it takes about a second. */
async function generate(sealer: Sealer): Promise<SpareKey> {
  const { privateKey, publicKey } = await generateRsa('rsa', { modulusLength: 3072 });
  const publicJwk = publicKey.export({ format: 'jwk' }) as JWK;
  const kid = await calculateJwkThumbprint(publicJwk);
  const marks = { kid, use: 'sig', alg: 'RS256' };
  return {
    kid,
    publicJwk: { ...publicJwk, ...marks },
    sealedPrivateJwk: sealer.seal(
      JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...marks }),
    ),
  };
}

function keySet(rows: readonly SigningKeyRow[], sealer: Sealer): KeySet {
  return {
    published: rows.map(publicKey),
    signing: rows.flatMap((row) => {
      const text = sealer.open(row.sealedPrivateJwk);
      return text === undefined
        ? []
        : [{ kid: row.kid, activeFrom: row.activeFrom, jwk: JSON.parse(text) as JWK }];
    }),
  };
}

function publicKey(row: SigningKeyRow): PublicKey {
  return { kid: row.kid, jwk: row.publicJwk as JWK };
}

function times(row: SigningKeyRow): Times {
  const sealed = row.sealedPrivateJwk;
  return {
    kid: row.kid,
    activeFrom: row.activeFrom,
    sealedBy: isSealed(sealed) ? sealed.sealedBy : '',
  };
}
