/** What only the hubs of a demo building can confirm: their claim, their tree, the maintenance card at each lock. */
import type { IqId, KeyId, LockId, RepeaterId, TenantId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import { hashHubSecret } from '#server/gateway/activation-code';
import type { Iqs } from '#server/domain/iqs';
import type { OfflineKeys } from '#server/domain/offline-keys';
import type { Trees } from '#server/domain/tree';
import type { Clock } from '#server/runtime/clock';
import type { Log } from '#server/runtime/log';
import { findFactoryHubByCode, registerStatements } from '#server/store/factory-hubs';
import { findIq } from '#server/store/iqs';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';
import { byName, type DemoBuilding } from './demo-building.ts';

export type DemoDomain = {
  readonly iqs: Pick<Iqs, 'create' | 'update'>;
  readonly trees: Pick<Trees, 'replace'>;
  readonly offlineKeys: Pick<OfflineKeys, 'changeOfLock'>;
};

type Parts = {
  readonly database: Database;
  readonly domain: DemoDomain;
  readonly clock: Clock;
  readonly log: Log;
};

type Order = { readonly actor: Actor; readonly building: DemoBuilding };

const lookAgainMs = 100;
/** A building whose script pulled a plug never comes up whole; the rest of it is worth showing. */
const longestWaitMs = 20_000;

/** Waits until something is so, looking again every tenth of a second; rejects when the signal ends the wait. */
async function until(
  isSo: () => Promise<boolean>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  while (!(await isSo())) {
    signal.throwIfAborted();
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, lookAgainMs);
    });
  }
}

/** Registers every hub as soon as it has called home, and gives it its tree. */
export async function claimDemoHubs(
  { database, domain, clock, log }: Parts,
  { actor, building }: Order,
  signal: AbortSignal,
): Promise<void> {
  const hub = byName(building.hubs);
  const collection = byName(building.site.collections);
  const scope = readScope(database, actor.tenantId);
  for (const place of building.site.iqs) {
    const { id, code, name } = hub(place.hub);
    const iqId = id as IqId;
    await until(() => hasCalledHome(database, code), { clock, signal });
    if ((await findIq(scope, iqId, clock.now())) === undefined)
      await domain.iqs.create(actor, {
        id: iqId,
        activation_code: code,
        customer_reference: name,
        collection_id: collection(place.collection).id,
        time_zone: place.time_zone,
        subscribed: place.subscribed,
        // The tree is laid before the OTP is asked for: nobody has activated one yet.
        otp_enabled: false,
        is_installation: false,
        vendor: null,
      });
    await until(async () => (await findIq(scope, iqId, clock.now()))?.online === true, {
      clock,
      signal,
    });
    await domain.trees.replace(actor, iqId, {
      iq_tree_items: treeOf(building, place.hub),
      otp: null,
      accessor_id: null,
      vendor: null,
    });
    log.debug({ iqId }, 'a demo hub was claimed');
  }
}

async function hasCalledHome(database: Database, code: string): Promise<boolean> {
  const found = await findFactoryHubByCode(registerStatements(database), hashHubSecret(code));
  return found !== undefined && found.firstContactAt !== null;
}

function treeOf(building: DemoBuilding, hubName: string) {
  const repeater = byName(building.repeaters);
  const repeaters = building.repeaters
    .filter(({ hub }) => hub === hubName)
    .map(({ id, parent }) => ({
      id: id as RepeaterId,
      parent_id: parent === null ? null : repeater(parent).id,
      hardware_type: 'repeater' as const,
    }));
  const locks = building.locks
    .filter(({ hub }) => hub === hubName)
    .map(({ id, repeater: parent }) => ({
      id: id as LockId,
      parent_id: parent === null ? null : repeater(parent).id,
      hardware_type: 'lock' as const,
    }));
  return [...repeaters, ...locks];
}

/** Waits until the card was shown at every lock, then gives each its offline keys. */
export async function settleDemoLocks(
  { database, domain, clock }: Parts,
  { actor, building }: Order,
  signal: AbortSignal,
): Promise<void> {
  const { tenantId } = actor;
  const since = new Date(0);
  await until(
    async () =>
      (await areAttached(database, tenantId)) && (await areLive(database, tenantId, since)),
    { clock, signal },
  );
  const lock = byName(building.locks);
  const byLock = new Map<string, KeyId[]>();
  for (const key of building.site.people.flatMap((person) => person.keys))
    for (const name of key.offline_locks ?? [])
      byLock.set(name, [...(byLock.get(name) ?? []), key.id as KeyId]);
  for (const [name, keyIds] of byLock)
    await domain.offlineKeys.changeOfLock(actor, lock(name).id as LockId, {
      add_ids: keyIds,
      remove_ids: [],
    });
}

async function areAttached(database: Database, tenantId: TenantId): Promise<boolean> {
  const { rows } = await database.pool.query<{ waiting: boolean }>(
    `select exists (select 1 from locks where tenant_id = $1 and iq_link_state = 'attached_pending')
         or exists (select 1 from repeaters where tenant_id = $1 and iq_link_state = 'attached_pending') as waiting`,
    [tenantId],
  );
  return rows[0]?.waiting === false;
}

/** Every hub has been in contact since then, and every attached lock has been heard. */
async function areLive(database: Database, tenantId: TenantId, since: Date): Promise<boolean> {
  const { rows } = await database.pool.query<{ silent: boolean }>(
    `select exists (select 1 from iqs where tenant_id = $1
                      and (not online or last_seen_at is null or last_seen_at < $2))
         or exists (select 1 from locks where tenant_id = $1 and iq_link_state = 'attached' and not online) as silent`,
    [tenantId, since],
  );
  return rows[0]?.silent === false;
}

/** Waits until the building answers; false when somebody has pulled plugs and it does not come. */
export async function untilDemoIsLive(
  { database, clock }: Parts,
  { actor, since }: Pick<Order, 'actor'> & { readonly since: Date },
  signal: AbortSignal,
): Promise<boolean> {
  const patience = new AbortController();
  const timer = clock.setTimeout(() => patience.abort(), longestWaitMs);
  try {
    await until(() => areLive(database, actor.tenantId, since), {
      clock,
      signal: AbortSignal.any([signal, patience.signal]),
    });
    return true;
  } catch (error) {
    if (!patience.signal.aborted || signal.aborted) throw error;
    return false;
  } finally {
    timer.cancel();
  }
}

/** Switches the OTP on where the building has it: it can never be switched off again. */
export async function closeDemoHubs({ domain }: Parts, { actor, building }: Order): Promise<void> {
  const hub = byName(building.hubs);
  for (const place of building.site.iqs.filter((iq) => iq.otp_enabled))
    await domain.iqs.update(actor, hub(place.hub).id as IqId, { otp_enabled: true });
}
