/**
 * The certificate under which a tenant's phones stand, on every hub (behaviour.md 4.1, 20).
 *
 * States of a version: newest → superseded (still trusted) → retired. A superseded one retires when every IQ has the newest, or
 * 30 days after it was superseded; the hubs know that day themselves. Hubs get the certificates as desired state, so one that
 * is away or refuses gets them at its next contact.
 */
import { randomUUID } from 'node:crypto';
import { toLocalText } from '#access/zones';
import { ApiError } from '#contract/api-error';
import type { IqId, TenantId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Seal } from '#server/runtime/seal';
import type { Bus } from '#server/store/bus';
import { eventsTopic, insertEvents } from '#server/store/events';
import { findZones } from '#server/store/hub-reports';
import type { IqRow } from '#server/store/iqs';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { listCertificateHolders, type CertificateHolder } from '#server/store/tenant-certificates';
import {
  certificateTopic,
  holdTenantKeys,
  insertTenantKey,
  listTrustedKeys,
  type TenantKey,
} from '#server/store/tenant-keys';
import { retireFormerCertificates } from './certificate-holding.ts';
import type { DesiredState } from './desired-state.ts';
import { createBuiltInKeys, type FreshKey, type KeySmith } from './signers.ts';
import { finishCertificate, tenantCertificateData } from './x509.ts';

/** What phones are given keys by. */
export type TenantTrust = {
  /** The trusted versions of the tenant certificate, newest first. */
  readonly certificates: readonly TenantKey[];
  /** The server's own keys for mobile keys, newest first. */
  readonly mobileKeys: readonly TenantKey[];
};

export type TenantCertificates = {
  /** The tenant's keys, made at the first call. REQUEST_FAILED when the signer fails. */
  ensure(actor: Actor): Promise<TenantTrust>;
  /** The tenant's keys that are trusted, none if it has none. */
  trusted(actor: Actor): Promise<TenantTrust>;
  /** Which IQ holds the newest certificate. */
  list(actor: Actor): Promise<readonly CertificateHolder[]>;
  /** A new version on every IQ within 10 s, or later; REQUEST_FAILED when the signer fails, and nothing is changed. */
  rotate(actor: Actor): Promise<readonly CertificateHolder[]>;
  /**
   * Gives an IQ that was just registered the certificate, and waits up to 3 s for it where the hub has taken its claim. False =
   * it does not hold it, or the signer failed.
   */
  reaches(actor: Actor, iq: Pick<IqRow, 'id' | 'state'>): Promise<boolean>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly bus: Bus;
  readonly seal: Seal;
  readonly desiredState: DesiredState;
  readonly keySmith: KeySmith;
};

/** behaviour.md 20: how long a rotation waits for the IQs. */
const rotationWithinMs = 10_000;
const registrationWithinMs = 3_000;

export function createTenantCertificates(parts: Parts): TenantCertificates {
  const { database, audit, clock, desiredState, keySmith } = parts;
  const scopeOf = (actor: Actor): Scope => readScope(database, actor.tenantId);

  async function read(scope: Scope): Promise<TenantTrust> {
    const now = clock.now();
    return {
      certificates: await listTrustedKeys(scope, { purpose: 'certificate', now }),
      mobileKeys: await listTrustedKeys(scope, { purpose: 'mobile_key', now }),
    };
  }

  async function ensure(actor: Actor): Promise<TenantTrust> {
    const known = await read(scopeOf(actor));
    if (known.certificates.length > 0) return known;
    const fresh = await keySmith.first(actor.tenantId);
    const certificate = await certify(parts, actor.tenantId, fresh);
    return inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
      await holdTenantKeys(scope);
      const found = await read(scope);
      if (found.certificates.length > 0) return found;
      await add(scope, actor, { fresh, certificate });
      return read(scope);
    });
  }

  async function add(
    scope: WriteScope,
    actor: Actor,
    { fresh, certificate }: { readonly fresh: FreshKey; readonly certificate: Buffer },
  ): Promise<void> {
    const now = clock.now();
    const key = { ...fresh, certificate, purpose: 'certificate' as const, now };
    const version = await insertTenantKey(scope, key);
    const { mobileKeys } = await read(scope);
    if (mobileKeys.length === 0) {
      const own = await createBuiltInKeys(parts.seal).first(actor.tenantId);
      await insertTenantKey(scope, { ...own, certificate: null, purpose: 'mobile_key', now });
    }
    await desiredState.refresh(scope, { trust: true });
    audit.record(scope, actor, {
      action: 'tenant_certificate.create',
      objectType: 'tenant_certificate',
      objectId: null,
      detail: `version ${version}`,
    });
  }

  return {
    ensure,
    trusted: (actor) => read(scopeOf(actor)),
    list: (actor) => listCertificateHolders(scopeOf(actor), null),

    async rotate(actor) {
      const { tenantId } = actor;
      const hasOne = (await read(scopeOf(actor))).certificates.length > 0;
      const fresh = await (hasOne ? keySmith.next(tenantId) : keySmith.first(tenantId));
      const certificate = await certify(parts, tenantId, fresh);
      await inTransaction({ database, tenantId }, async (scope) => {
        await holdTenantKeys(scope);
        await add(scope, actor, { fresh, certificate });
      });
      const holders = await untilHeld(parts, {
        tenantId,
        iqIds: null,
        withinMs: rotationWithinMs,
        isAwaited: ({ is_synced, is_online, may_send }) => !is_synced && is_online && may_send,
      });
      // The last hub's word has woken this call and its end of trust together: the answer comes after both.
      await retireFormerCertificates(parts, tenantId);
      await noteFailures(parts, tenantId, holders);
      return holders;
    },

    async reaches(actor, { id, state }) {
      try {
        await ensure(actor);
      } catch (error) {
        if (error instanceof ApiError && error.error === 'REQUEST_FAILED') return false;
        throw error;
      }
      const holders = await untilHeld(parts, {
        tenantId: actor.tenantId,
        iqIds: [id],
        withinMs: registrationWithinMs,
        // Having taken its claim, a hub comes back with its new credential.
        isAwaited: ({ is_synced }) => !is_synced && state !== 'initialized',
      });
      return holders.every(({ is_synced }) => is_synced);
    },
  };
}

/** The tenant's certificate for a key, signed by the key itself. */
async function certify({ clock }: Parts, tenantId: TenantId, fresh: FreshKey): Promise<Buffer> {
  const { publicKey } = fresh;
  const data = await tenantCertificateData({
    tenantId,
    certificateId: randomUUID(),
    publicKey,
    now: clock.now(),
  });
  const certificate = finishCertificate({ data, signature: await fresh.sign(data), publicKey });
  if (certificate === null)
    throw new ApiError('REQUEST_FAILED', {
      cause: new Error('the signature of the signer does not verify under its key'),
    });
  return certificate;
}

/** Waits until no IQ that is awaited lacks the newest certificate, and gives what is then known of all. */
function untilHeld(
  { database, bus, clock }: Parts,
  {
    tenantId,
    iqIds,
    withinMs,
    isAwaited,
  }: {
    readonly tenantId: TenantId;
    readonly iqIds: readonly IqId[] | null;
    readonly withinMs: number;
    readonly isAwaited: (holder: CertificateHolder) => boolean;
  },
): Promise<readonly CertificateHolder[]> {
  const scope = readScope(database, tenantId);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
      timer.cancel();
      forget();
    };
    const look = (isLast: boolean): void => {
      listCertificateHolders(scope, iqIds).then(
        (holders) => {
          if (isOver || (!isLast && holders.some((holder) => isAwaited(holder)))) return;
          end();
          resolve(holders);
        },
        (error: unknown) => {
          end();
          reject(error instanceof Error ? error : new Error('rejected', { cause: error }));
        },
      );
    };
    const timer = clock.setTimeout(() => look(true), withinMs);
    const forget = bus.subscribe(certificateTopic(tenantId), () => look(false));
    look(false);
  });
}

/** An incident for each IQ that a rotation did not reach. */
async function noteFailures(
  { database, bus, clock, ids }: Parts,
  tenantId: TenantId,
  holders: readonly CertificateHolder[],
): Promise<void> {
  const failed = holders.filter(({ is_synced }) => !is_synced).map(({ iq_id }) => iq_id);
  if (failed.length === 0) return;
  await inTransaction({ database, tenantId }, async (scope) => {
    const at = clock.now();
    const zones = await findZones(scope, failed);
    const incidents = failed.map((iqId) => ({
      id: ids.next<string>(),
      iqId,
      at,
      local: toLocalText(zones.get(iqId) ?? 'UTC', at),
      detail: 'certificate_sync_failed',
      lockId: null,
      place: null,
      category: 'unknown' as const,
    }));
    await insertEvents(scope, { entries: [], incidents, ledgers: new Map(), now: at });
    scope.afterCommit(() => bus.publish(eventsTopic(tenantId), ''));
  });
}
