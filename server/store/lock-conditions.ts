/** Battery and radio of locks over time: each row says what changed, reading says how it was from then on. */
import { sql } from 'kysely';
import type { LockId } from '#contract/ids';
import { batteryStates, conditionsKept, type BatteryState } from '#contract/lock-conditions';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

export type NewCondition = {
  readonly id: string;
  readonly lockId: string;
  readonly at: Date;
  /** null = as it was. */
  readonly batteryLevel: BatteryState | null;
  readonly online: boolean | null;
  readonly signalStrength: number | null;
};

/**
 * Stores changes, each once; those of a lock that is gone are dropped, and what a clock that is ahead dates after `now` happened now.
 * What is past its retention goes.
 */
export async function insertLockConditions(
  scope: WriteScope,
  conditions: readonly NewCondition[],
  now: Date,
): Promise<void> {
  if (conditions.length === 0) return;
  await scope.query(
    `insert into lock_conditions (tenant_id, id, lock_id, at, battery_level, online, signal_strength)
     select $1, c.id, c.lock_id, least(c.at, $2), c.battery_level, c.online, c.signal_strength
       from unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::boolean[], $8::int[])
         as c (id, lock_id, at, battery_level, online, signal_strength)
       join locks l on l.tenant_id = $1 and l.id = c.lock_id
     on conflict do nothing`,
    [
      scope.tenantId,
      now,
      conditions.map(({ id }) => id),
      conditions.map(({ lockId }) => lockId),
      conditions.map(({ at }) => at),
      conditions.map(({ batteryLevel }) => batteryLevel),
      conditions.map(({ online }) => online),
      conditions.map(({ signalStrength }) => signalStrength),
    ],
    'lock_conditions_insert',
  );
  await forgetOld(scope, [...new Set(conditions.map(({ lockId }) => lockId))], now);
}

/** What was known when the kept time began stays known: only what a later old row says again goes. */
async function forgetOld(scope: WriteScope, lockIds: readonly string[], now: Date): Promise<void> {
  const isSaidAgain = (column: string): string =>
    `(c.${column} is null or exists (select 1 from lock_conditions n where n.tenant_id = $1 and n.lock_id = c.lock_id
        and (n.at, n.id) > (c.at, c.id) and n.at < $3 and n.${column} is not null))`;
  await scope.query(
    `delete from lock_conditions c where c.tenant_id = $1 and c.lock_id = any ($2) and c.at < $3
       and ${['battery_level', 'online', 'signal_strength'].map(isSaidAgain).join(' and ')}`,
    [scope.tenantId, lockIds, new Date(now.getTime() - conditionsKept.days * 86_400_000)],
    'lock_conditions_old',
  );
  await scope.query(
    `delete from lock_conditions c using unnest($2::uuid[]) as touched (id), lateral (
       select n.at from lock_conditions n where n.tenant_id = $1 and n.lock_id = touched.id
        order by n.at desc offset $3 limit 1) last
      where c.tenant_id = $1 and c.lock_id = touched.id and c.at <= last.at`,
    [scope.tenantId, lockIds, conditionsKept.ofALock],
    'lock_conditions_many',
  );
}

export type LockConditionRow = {
  readonly id: string;
  readonly utc_date_time: Date;
  readonly battery_level: BatteryState | null;
  readonly online: boolean | null;
  readonly signal_strength: number | null;
};

export const lockConditionFields = {
  id: { type: 'uuid', sql: sql`c.id`, isNotNull: true },
  utc_date_time: { type: 'instant', sql: sql`c.at`, isNotNull: true },
  battery_level: { type: 'enum', words: batteryStates, sql: sql`c.battery_level` },
  online: { type: 'bool', sql: sql`c.online` },
  signal_strength: { type: 'int', sql: sql`c.signal_strength` },
} as const satisfies SqlListFields;

export type ConditionSpan = { readonly from: Date | null; readonly to: Date | null };

/**
 * How a lock was from each of its changes on, oldest first. A span begins with the last change before it: how the lock was when it
 * began.
 */
export function listLockConditions(
  scope: Scope,
  options: ListOptions,
  { lockId, from, to }: ConditionSpan & { readonly lockId: LockId },
): Promise<ListResult<LockConditionRow>> {
  const own = sql`tenant_id = ${scope.tenantId}::uuid and lock_id = ${lockId}::uuid`;
  const since = sql`c.at >= coalesce((select max(at) from lock_conditions where ${own} and at <= ${from}::timestamptz), ${from}::timestamptz)`;
  const until = sql`c.at <= ${to}::timestamptz`;
  // Each count stands still until its column says something again, so that it tells which rows share what was said.
  const carried = sql`(select tenant_id, id, at,
      first_value(battery_level) over (partition by batteries order by at, id) as battery_level,
      first_value(online) over (partition by onlines order by at, id) as online,
      first_value(signal_strength) over (partition by signals order by at, id) as signal_strength
    from (select *, count(battery_level) over said as batteries, count(online) over said as onlines,
        count(signal_strength) over said as signals
      from lock_conditions where ${own} window said as (order by at, id)) changes) c`;
  return listRows<LockConditionRow>(scope, {
    from: carried,
    tenant: sql`c.tenant_id`,
    where: sql`${from === null ? sql`true` : since} and ${to === null ? sql`true` : until}`,
    select: sql`c.id, c.at as utc_date_time, c.battery_level, c.online, c.signal_strength`,
    fields: lockConditionFields,
    options,
    id: sql`c.id`,
    defaultOrder: [{ sql: sql`c.at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
