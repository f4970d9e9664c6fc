/** Events of a site in the order of an export: newest first, batch by batch (connect-api.md 4.10). */
import { sql } from 'kysely';
import type { CollectionId } from '#contract/ids';
import { eventsFrom, isReadable } from './incidents.ts';
import { compileSql } from './list.ts';
import type { Sql } from './odata-filter.ts';
import type { Scope } from './scope.ts';
import { siteEntriesFrom } from './site-entries.ts';
import type { EventKind } from './streamed-events.ts';

/** What an export is narrowed to; null = everything. */
export type ExportFilters = {
  /** In the first or last name, or the alias. */
  readonly username: string | null;
  readonly lock_name: string | null;
  readonly event_category: string | null;
  readonly event_detail: string | null;
  readonly access_by: string | null;
  readonly access_detail: string | null;
};

export type ExportRange = {
  readonly kind: EventKind;
  readonly siteId: CollectionId;
  readonly from: Date;
  /** Its second is included. */
  readonly to: Date;
  readonly filters: ExportFilters;
  readonly now: Date;
};

/** The last row of a batch: an instant to the microsecond, and an id. */
export type ExportPosition = { readonly at: string; readonly id: string };

export type ExportedEvent = {
  readonly id: string;
  /** The key of the order, as `ExportPosition` has it. */
  readonly at: string;
  readonly utc_date_time: Date;
  readonly local_date_time: string;
  readonly event_category: string;
  readonly event_detail: string | null;
  readonly lock_name: string | null;
  readonly lock_mac: string | null;
  readonly iq_name: string | null;
  readonly iq_mac: string | null;
};

export type ExportedEntry = ExportedEvent & {
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly alias: string | null;
  readonly access_by: string | null;
  readonly access_detail: string | null;
  readonly exit_requested: boolean;
};

const shared = `e.id, to_char(e.utc_date_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.utc_date_time,
  e.local_date_time, e.event_category, e.event_detail, e.lock_customer_reference as lock_name,
  e.lock_mac_address as lock_mac, e.iq_customer_reference as iq_name, e.iq_mac_address as iq_mac`;
const ofEntry = `p.first_name, p.last_name, a.alias, e.access_by, e.access_detail, e.exit_requested`;

/**
 * The next events of a range behind a position (null = from its newest). Asked batch by batch, so that whoever takes a file slowly
 * holds neither a connection nor a snapshot.
 */
export function readExportBatch(
  scope: Scope,
  range: ExportRange,
  { after, limit }: { readonly after: ExportPosition | null; readonly limit: number },
): Promise<ExportedEntry[]> {
  const { kind, siteId, from, to } = range;
  const behind =
    after === null
      ? sql`true`
      : sql`(e.utc_date_time, e.id) < (${after.at}::timestamptz, ${after.id}::uuid)`;
  const columns = kind === 'entries' ? `${shared}, ${ofEntry}` : shared;
  const query = compileSql(
    sql`select ${sql.raw(columns)} from ${kind === 'entries' ? siteEntriesFrom : eventsFrom(kind)}
      where e.tenant_id = ${scope.tenantId}::uuid and e.collection_id = ${siteId}::uuid
        and e.utc_date_time >= ${from.toISOString()}::timestamptz
        and e.utc_date_time < ${to.toISOString()}::timestamptz + interval '1 second'
        and ${isReadable(range.now.toISOString())} and ${filtersSql(range)} and ${behind}
      order by e.utc_date_time desc, e.id desc limit ${limit}`,
  );
  return scope.query<ExportedEntry>(query.text, query.values);
}

function filtersSql({ kind, filters }: ExportRange): Sql {
  const { username, access_by: by, access_detail: access } = filters;
  // An incident is of nobody: who asks for somebody finds none.
  if (kind === 'incidents' && (username ?? by ?? access) !== null) return sql`false`;
  const conditions = [
    ...contains([sql`p.first_name`, sql`p.last_name`, sql`a.alias`], username),
    ...contains([sql`e.lock_customer_reference`], filters.lock_name),
    ...equals(sql`e.event_category`, filters.event_category),
    ...equals(sql`e.event_detail`, filters.event_detail),
    ...equals(sql`e.access_by`, by),
    ...equals(sql`e.access_detail`, access),
  ];
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}

function contains(columns: readonly Sql[], text: string | null): Sql[] {
  if (text === null) return [];
  const tests = columns.map((column) => sql`strpos(lower(${column}), lower(${text}::text)) > 0`);
  return [sql`(${sql.join(tests, sql` or `)})`];
}

function equals(column: Sql, text: string | null): Sql[] {
  return text === null ? [] : [sql`lower(${column}) = lower(${text}::text)`];
}

/** For how many seconds the events of a site are kept. */
export async function findRetentionSeconds(scope: Scope, siteId: CollectionId): Promise<number> {
  const [row] = await scope.query<{ seconds: number }>(
    `select coalesce(store_events_ttl_seconds, 7776000)::float8 as seconds from collections
     where tenant_id = $1 and id = $2`,
    [scope.tenantId, siteId],
    'export_retention',
  );
  return row?.seconds ?? 0;
}
