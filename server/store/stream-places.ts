/** How far listeners have acknowledged, under names of their own (streaming.md 7). */
import type { CollectionId, LoginId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import { readScope } from './scope.ts';
import type { EventKind } from './streamed-events.ts';

/** A name belongs to a person, client, site and hub. */
export type PlaceKey = {
  readonly tenantId: TenantId;
  readonly siteId: CollectionId;
  readonly kind: EventKind;
  readonly loginId: LoginId;
  readonly clientId: string;
  readonly name: string;
};

/** A name unused for so long is dropped. */
const unusedAfter = `interval '90 days'`;

const keyOf = ({ tenantId, siteId, kind, loginId, clientId, name }: PlaceKey) => [
  tenantId,
  siteId,
  kind,
  loginId,
  clientId,
  name,
];

/** Uses a place: the number behind which its events begin, `first` when there was none. */
export async function usePlace(
  database: Database,
  key: PlaceKey,
  { first, now }: { readonly first: number; readonly now: Date },
): Promise<number> {
  const [row] = await readScope(database, key.tenantId).query<{ number: string }>(
    `insert into stream_places as p (tenant_id, collection_id, hub, login_id, client_id, name, number, used_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, collection_id, hub, login_id, client_id, name) do update set used_at = excluded.used_at,
       number = case when p.used_at < excluded.used_at - ${unusedAfter} then excluded.number else p.number end
     returning number`,
    [...keyOf(key), first, now],
    'stream_place_use',
  );
  return Number(row?.number ?? first);
}

/** Moves a place forward to a number; never back, as acknowledgements of two connections may cross. */
export async function movePlace(
  database: Database,
  key: PlaceKey,
  { number, now }: { readonly number: number; readonly now: Date },
): Promise<void> {
  await readScope(database, key.tenantId).query(
    `update stream_places set number = greatest(number, $7), used_at = $8
      where tenant_id = $1 and collection_id = $2 and hub = $3 and login_id = $4 and client_id = $5 and name = $6`,
    [...keyOf(key), number, now],
    'stream_place_move',
  );
}

/** Drops the names that nobody has used for 90 days. */
export async function forgetPlaces(database: Database, now: Date): Promise<void> {
  await database.pool.query(
    `delete from stream_places where used_at < $1::timestamptz - ${unusedAfter}`,
    [now],
  );
}
