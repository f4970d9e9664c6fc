/**
 * The desired state of each IQ as rows (design.md law 3): the version of an item is that of the change that last touched
 * it, so a hub that holds version n lacks exactly the items above n. A removed item stays as a row without value, so that
 * a delta can tell of it.
 */
import type { DesiredItem } from '#contract/access-table';
import type { IqId } from '#contract/ids';
import type { Bus } from './bus.ts';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

/** Bus topic that wakes the push to one IQ; the payload is empty. */
export function desiredTopic(iqId: IqId): string {
  return `desired:${iqId}`;
}

/** Bus topic that asks for everything from nothing to be sent to one IQ; the payload is empty. */
export function desiredResendTopic(iqId: IqId): string {
  return `desired-resend:${iqId}`;
}

export type DesiredPlace = { readonly version: number; readonly key: string };

export type DesiredPage = {
  /** In the order of version, then key; value null = removed. */
  readonly items: readonly DesiredItem[];
  /** Place of the last item; null = there is no item after the place asked for. */
  readonly last: DesiredPlace | null;
};

type Row = { key: string; value: unknown; version: string };

/**
 * Items changed after `after`, at most `limit`; with `skipsRemoved` those without value are left out, for a hub that
 * starts from nothing.
 */
export async function listDesiredItems(
  scope: Scope,
  iqId: IqId,
  page: { readonly after: DesiredPlace; readonly limit: number; readonly skipsRemoved: boolean },
): Promise<DesiredPage> {
  const rows = await scope.query<Row>(
    `select key, value, version from desired_items
      where tenant_id = $1 and iq_id = $2 and (version, key) > ($3, $4) and (not $6 or value is not null)
      order by version, key limit $5`,
    [scope.tenantId, iqId, page.after.version, page.after.key, page.limit, page.skipsRemoved],
    'desired-items-after',
  );
  const last = rows.at(-1);
  return {
    items: rows.map(({ key, value }) => ({ key, value })),
    last: last === undefined ? null : { version: Number(last.version), key: last.key },
  };
}

export type DesiredHead = {
  /** Newest version; 0 = the IQ was never given anything. */
  readonly version: number;
  /** Version of the item that has been the same for longest; null = there are no items. */
  readonly oldest: number | null;
  /** Rights are sent only once the IQ was subscribed (behaviour.md 4.2). */
  readonly maySend: boolean;
};

/** The newest version of an IQ, or undefined when there is no such IQ. */
export async function findDesiredHead(scope: Scope, iqId: IqId): Promise<DesiredHead | undefined> {
  const rows = await scope.query<{ version: string; oldest: string | null; may_send: boolean }>(
    `select desired_version as version, has_been_subscribed as may_send,
            (select d.version from desired_items d where d.tenant_id = $1 and d.iq_id = $2
              order by d.version limit 1) as oldest
       from iqs where tenant_id = $1 and id = $2`,
    [scope.tenantId, iqId],
    'desired-head',
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const oldest = row.oldest === null ? null : Number(row.oldest);
  return { version: Number(row.version), oldest, maySend: row.may_send };
}

/** Locks the rows of IQs against other changes of their desired state, in the order of their ids so that two never wait for each other. */
export async function lockDesiredState(scope: WriteScope, iqIds: readonly IqId[]): Promise<void> {
  await scope.query(
    `select 1 from iqs where tenant_id = $1 and id = any($2) order by id for no key update`,
    [scope.tenantId, [...iqIds]],
    'desired-lock',
  );
}

/**
 * Sets items of one IQ, value null = remove, and returns the version the IQ's state has after it. Only values that differ
 * are written; when none does the version stays. The push is woken after the commit. Who changes several IQs in one
 * transaction calls `lockDesiredState` with all of them first.
 */
export async function replaceDesiredItems(
  scope: WriteScope,
  iqId: IqId,
  change: { readonly items: readonly DesiredItem[]; readonly now: Date; readonly bus: Bus },
): Promise<number> {
  const [iq] = await scope.query<{ version: string; proven: string }>(
    `select desired_version as version,
            case when applied_version > desired_version then 0 else applied_version end as proven from iqs where tenant_id = $1 and id = $2 for no key update`,
    [scope.tenantId, iqId],
    'desired-lock-one',
  );
  if (iq === undefined) throw new Error('desired state of an IQ that does not exist');
  const version = Number(iq.version) + 1;
  const changed = await writeItems(scope, iqId, {
    ...change,
    version,
    proven: Number(iq.proven),
  });
  if (changed === 0) return version - 1;
  await scope.query(
    `update iqs set desired_version = $3,
            desired_changed_at = case when applied_version = desired_version then $4
                                      else coalesce(desired_changed_at, $4) end
      where tenant_id = $1 and id = $2`,
    [scope.tenantId, iqId, version, change.now],
    'desired-bump',
  );
  scope.afterCommit(() => change.bus.publish(desiredTopic(iqId), ''));
  return version;
}

async function writeItems(
  scope: WriteScope,
  iqId: IqId,
  {
    items,
    version,
    proven,
    now,
  }: {
    readonly items: readonly DesiredItem[];
    readonly version: number;
    /** The newest version the hub has proven to hold. */
    readonly proven: number;
    readonly now: Date;
  },
): Promise<number> {
  const values = items.map(({ value }) => (value === null ? null : JSON.stringify(value)));
  const rows = await scope.query<{ changed: string }>(
    `with given as (
       select key, value from unnest($4::text[], $5::text[]::jsonb[]) as given (key, value)
     ), written as (
       insert into desired_items as held (tenant_id, iq_id, key, value, version, changed_at)
       select $1, $2, key, value, $3, $6 from given
        where value is not null
           or exists (select 1 from desired_items there
                       where there.tenant_id = $1 and there.iq_id = $2 and there.key = given.key)
       on conflict (tenant_id, iq_id, key) do update set value = excluded.value, version = excluded.version,
         changed_at = excluded.changed_at, confirmed_at = null,
         -- What the hub still holds stays known until it has proven to hold what is wanted.
         former = case when held.version <= $7 then held.value else held.former end,
         former_version = case when held.version <= $7 then held.version else held.former_version end,
         has_lost = desired_item_loses(case when held.version <= $7 then held.value else held.former end, excluded.value)
        where held.value is distinct from excluded.value
       returning 1
     )
     select count(*) as changed from written`,
    [scope.tenantId, iqId, version, items.map(({ key }) => key), values, now, proven],
    'desired-write',
  );
  return Number(rows[0]?.changed ?? 0);
}

/** Notes the newest version that was sent to a hub; whether it arrived is another matter. */
export async function noteDesiredSent(scope: Scope, iqId: IqId, version: number): Promise<void> {
  await scope.query(
    'update iqs set sent_version = $3 where tenant_id = $1 and id = $2 and sent_version <> $3',
    [scope.tenantId, iqId, version],
    'desired-sent',
  );
}

/** Notes when the hub proved to hold what it holds: every item up to `version`. */
export async function confirmDesiredItems(
  scope: WriteScope,
  iqId: IqId,
  proof: { readonly version: number; readonly now: Date },
): Promise<void> {
  await scope.query(
    `update desired_items set confirmed_at = $4
      where tenant_id = $1 and iq_id = $2 and confirmed_at is null and version <= $3`,
    [scope.tenantId, iqId, proof.version, proof.now],
    'desired-confirm',
  );
}

/**
 * Wakes the push after the commit though no item changed: the IQ was subscribed for the first time, so that what waited may
 * be sent (behaviour.md 4.2).
 */
export function wakeDesiredPush(scope: WriteScope, iqId: IqId, bus: Bus): void {
  scope.afterCommit(() => bus.publish(desiredTopic(iqId), ''));
}

/**
 * Asks the gateway that holds the IQ to send everything again from nothing: a restore, or a plain re-sync (behaviour.md 4.9).
 * A hub that was reset by its button is sent nothing before this.
 */
export function resendDesiredState(iqId: IqId, bus: Bus): void {
  bus.publish(desiredResendTopic(iqId), '');
}

/** IQs of a gateway that have not proven to hold the newest version: the safety net under the wake-up. */
export async function listIqsBehind(
  database: Database,
  gatewayId: string,
): Promise<readonly IqId[]> {
  const result = await database.pool.query<{ id: IqId }>({
    name: 'desired-behind',
    text: `select id from iqs
            where gateway_id = $1 and online and has_been_subscribed and desired_version <> applied_version`,
    values: [gatewayId],
  });
  return result.rows.map(({ id }) => id);
}
