/**
 * Erasing what retention has ended (behaviour.md 9): the one place where events go, for all tenants of the installation. A month
 * that nobody keeps any more goes as a table; of the others, those rows whose collection keeps them no longer, found by index.
 */
import { dropEmptyEventMonth, dropEventMonth, type EventMonth } from './event-months.ts';
import type { Database } from './pool.ts';

/** Events of no collection, or of one that is gone, are kept for 90 days. */
const ownerlessSeconds = 90 * 86_400;
const hiddenSeconds = 86_400;
/** A month stays for a while after its end, for hubs that were alone. */
const lateMs = 35 * 86_400_000;

export type Erasing = { readonly now: Date; readonly limit: number };

/** The longest that any event of the installation is kept, in seconds. */
export async function longestRetention(database: Database): Promise<number> {
  const { rows } = await database.pool.query<{ seconds: number }>(
    'select greatest(max(store_events_ttl_seconds), $1)::float8 as seconds from collections',
    [ownerlessSeconds],
  );
  return rows[0]?.seconds ?? ownerlessSeconds;
}

/** Drops the month when nothing in it is kept or nothing is in it; true = it has gone. */
export async function dropMonthIfOver(
  database: Database,
  month: EventMonth,
  { now, longestSeconds }: { readonly now: Date; readonly longestSeconds: number },
): Promise<boolean> {
  if (month.to === null) return false;
  const sinceMs = now.getTime() - month.to.getTime();
  if (sinceMs >= longestSeconds * 1000) return dropEventMonth(database, month);
  return sinceMs >= lateMs && (await dropEmptyEventMonth(database, month));
}

/** Erases at most `limit` events of a month that their collections no longer keep; returns how many. */
export function eraseExpiredEvents(
  database: Database,
  { table }: EventMonth,
  { now, limit }: Erasing,
): Promise<number> {
  // Collection by collection and in the order of an index, so that only what goes is looked at.
  return erase(database, table, {
    find: `select x.row from collections c, lateral (
        select e.ctid as row from ${table} e where e.tenant_id = c.tenant_id and e.collection_id = c.id
           and e.utc_date_time <= $2::timestamptz - make_interval(secs => c.store_events_ttl_seconds)
         order by e.utc_date_time limit $1) x
      limit $1`,
    values: [limit, now],
  });
}

/** The same for events whose collection is none or gone. */
export function eraseOwnerlessEvents(
  database: Database,
  { table, from }: EventMonth,
  { now, limit }: Erasing,
): Promise<number> {
  const before = new Date(now.getTime() - ownerlessSeconds * 1000);
  if (from !== null && from >= before) return Promise.resolve(0);
  // `seen` leaps from collection to collection through the index; null sorts last and is asked for by itself.
  return erase(database, table, {
    find: `with recursive seen as (
        (select tenant_id, collection_id from ${table} order by tenant_id, collection_id limit 1)
        union all
        select n.* from seen s, lateral (
          select e.tenant_id, e.collection_id from ${table} e
           where (e.tenant_id, e.collection_id) > (s.tenant_id, s.collection_id)
           order by e.tenant_id, e.collection_id limit 1) n),
      gone as (
        select tenant_id, collection_id from seen s where collection_id is not null and not exists (
          select 1 from collections c where c.tenant_id = s.tenant_id and c.id = s.collection_id))
      select x.row from (
        select y.row from gone g, lateral (
          select e.ctid as row from ${table} e where e.tenant_id = g.tenant_id and e.collection_id = g.collection_id
             and e.utc_date_time <= $2 order by e.utc_date_time limit $1) y
        union all
        select y.row from tenants t, lateral (
          select e.ctid as row from ${table} e where e.tenant_id = t.id and e.collection_id is null
             and e.utc_date_time <= $2 order by e.utc_date_time limit $1) y) x
      limit $1`,
    values: [limit, before],
  });
}

/** Events that a site does not store are kept hidden for at most a day, for streams and notices. */
export function eraseHiddenEvents(
  database: Database,
  { table }: EventMonth,
  { now, limit }: Erasing,
): Promise<number> {
  return erase(database, table, {
    find: `select ctid as row from ${table} where not is_readable and stored_at <= $2 limit $1`,
    values: [limit, new Date(now.getTime() - hiddenSeconds * 1000)],
  });
}

/** A row's place counts in one table only: never in all months at once. */
async function erase(
  database: Database,
  table: string,
  { find, values }: { readonly find: string; readonly values: readonly unknown[] },
): Promise<number> {
  const { rowCount } = await database.pool.query(
    `delete from ${table} where ctid = any (array(${find}))`,
    [...values],
  );
  return rowCount ?? 0;
}
