/**
 * The phones of people. A phone has one id and a row in each tenant that knows the person, as a login comes before tenants: what is
 * read here is read in the places of one person, never in a whole tenant.
 */
import { sql } from 'kysely';
import type { OwnDeviceResponse } from '#contract/own-devices';
import type {
  AccessorId,
  CollectionId,
  DeviceId,
  IqId,
  LoginId,
  TenantId,
  UserId,
} from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { compileSql, listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type Scope, type WriteScope } from './scope.ts';

/** A person in a tenant. */
export type PersonPlace = { readonly tenantId: TenantId; readonly userId: UserId };

/** The tenants that know a login, the first one first. */
export async function listPlacesOfLogin(
  database: Database,
  loginId: LoginId,
): Promise<PersonPlace[]> {
  const { rows } = await database.pool.query<PersonPlace>({
    name: 'places-of-login',
    text: `select tenant_id as "tenantId", id as "userId" from users where login_id = $1 order by created_at, id`,
    values: [loginId],
  });
  return rows;
}

export type OwnDeviceRow = Omit<OwnDeviceResponse, 'mkey'> & {
  readonly id: DeviceId;
  readonly mkey_id: string;
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly tenant_id: TenantId;
  readonly certificate: Buffer;
  readonly public_key: Buffer;
};

export const ownDeviceFields = {
  id: { type: 'uuid', sql: sql`d.id`, isNotNull: true },
  device_name: { type: 'text', sql: sql`d.customer_reference` },
  device_uid: { type: 'text', sql: sql`d.device_uid` },
  'mkey/id': { type: 'uuid', sql: sql`d.mkey_id` },
  'mkey/key_id': { type: 'uuid', sql: sql`d.mkey_id` },
  'mkey/expiry_date': { type: 'instant', sql: sql`d.expires_at` },
  'mkey/registration_date': { type: 'instant', sql: sql`d.created_at`, isNotNull: true },
} as const satisfies SqlListFields;

const columns = sql`d.id, d.customer_reference as device_name, d.device_uid, d.mkey_id, d.expires_at, d.created_at,
  d.tenant_id, d.certificate, d.public_key`;

/** Each phone once, by its row in the first of the places that has one. */
function ownDevices(places: readonly PersonPlace[]): Sql {
  return sql`(select distinct on (d.id) d.*
    from unnest(${places.map((place) => place.tenantId)}::uuid[], ${places.map((place) => place.userId)}::uuid[])
      with ordinality as p (tenant_id, user_id, place)
    join devices d on d.tenant_id = p.tenant_id and d.user_id = p.user_id
    order by d.id, p.place) d`;
}

export function listOwnDevices(
  database: Database,
  options: ListOptions,
  places: readonly PersonPlace[],
): Promise<ListResult<OwnDeviceRow>> {
  // The places say which tenants; the scope of the first stands for all.
  const [first] = places;
  if (first === undefined)
    return Promise.resolve({ rows: [], count: options.count ? 0 : null, hasMore: false });
  return listRows<OwnDeviceRow>(readScope(database, first.tenantId), {
    from: ownDevices(places),
    tenant: 'shared',
    select: columns,
    fields: ownDeviceFields,
    options,
    id: sql`d.id`,
    defaultOrder: [{ sql: sql`d.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** A phone by its id, or by the name the phone has for itself. */
export async function findOwnDevice(
  database: Database,
  places: readonly PersonPlace[],
  by: { readonly id: DeviceId } | { readonly uid: string },
): Promise<OwnDeviceRow | undefined> {
  const is = 'id' in by ? sql`d.id = ${by.id}::uuid` : sql`d.device_uid = ${by.uid}`;
  const { text, values } = compileSql(
    sql`select ${columns} from ${ownDevices(places)} where ${is} order by d.created_at, d.id limit 1`,
  );
  const { rows } = await database.pool.query<OwnDeviceRow>(text, [...values]);
  return rows[0];
}

/** How many phones the person has in all. */
export async function countOwnDevices(
  database: Database,
  places: readonly PersonPlace[],
): Promise<number> {
  const { text, values } = compileSql(
    sql`select count(*)::int as count from ${ownDevices(places)}`,
  );
  const { rows } = await database.pool.query<{ count: number }>(text, [...values]);
  return rows[0]?.count ?? 0;
}

/** The places that have a row of the phone. */
export async function listDevicePlaces(
  database: Database,
  places: readonly PersonPlace[],
  id: DeviceId,
): Promise<PersonPlace[]> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>(
    'select tenant_id from devices where id = $1 and tenant_id = any ($2) and user_id = any ($3)',
    [id, places.map(({ tenantId }) => tenantId), places.map(({ userId }) => userId)],
  );
  const found = new Set(rows.map((row) => row.tenant_id));
  return places.filter(({ tenantId }) => found.has(tenantId));
}

/** What the person has by now, the person held against further additions. */
export async function holdOwnPhones(
  scope: WriteScope,
  userId: UserId,
): Promise<readonly { readonly id: DeviceId; readonly device_uid: string | null }[]> {
  await scope.query('select 1 from users where tenant_id = $1 and id = $2 for no key update', [
    scope.tenantId,
    userId,
  ]);
  return scope.query('select id, device_uid from devices where tenant_id = $1 and user_id = $2', [
    scope.tenantId,
    userId,
  ]);
}

export type WrittenPhone = {
  readonly id: DeviceId;
  readonly userId: UserId;
  readonly name: string | null;
  readonly uid: string;
  readonly publicKey: Buffer;
  readonly certificate: Buffer;
  readonly certificateId: string;
  readonly certificateVersion: number;
  readonly expiresAt: Date;
  readonly mkeyId: string;
  readonly mkeyUid: string;
  readonly now: Date;
};

/** Enters a phone with its certificate, or renews both. */
export async function putOwnDevice(scope: WriteScope, phone: WrittenPhone): Promise<void> {
  await scope.query(
    `insert into devices (tenant_id, id, user_id, customer_reference, device_uid, certificate, certificate_id,
       certificate_version, public_key, expires_at, mkey_id, mkey_uid, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (tenant_id, id) do update set customer_reference = excluded.customer_reference,
       certificate = excluded.certificate, certificate_id = excluded.certificate_id,
       certificate_version = excluded.certificate_version, public_key = excluded.public_key,
       expires_at = excluded.expires_at, pending_tbs = null, pending_certificate_id = null, pending_public_key = null,
       pending_expires_at = null`,
    [
      scope.tenantId,
      phone.id,
      phone.userId,
      phone.name,
      phone.uid,
      phone.certificate,
      phone.certificateId,
      phone.certificateVersion,
      phone.publicKey,
      phone.expiresAt,
      phone.mkeyId,
      phone.mkeyUid,
      phone.now,
    ],
  );
}

/** A site of a person, as far as a phone is concerned. */
export type PhoneSite = {
  readonly accessor_id: AccessorId;
  readonly collection_id: CollectionId;
  readonly sync_mkey: boolean;
  /** It lets the person in at present: nothing is blocked, suspended or over. */
  readonly lets_in: boolean;
};

export function listPhoneSites(
  scope: Scope,
  { id, userId, now }: { readonly id: DeviceId; readonly userId: UserId; readonly now: Date },
): Promise<PhoneSite[]> {
  return scope.query<PhoneSite>(
    `select a.id as accessor_id, a.collection_id, c.sync_mkey,
       not (a.blocked or coalesce(s.blocked or s.suspended, false) or coalesce(a.expires_at <= $4, false)
         or coalesce(k.blocked, false)) as lets_in
     from accessors a
     join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id
     left join collection_settings s on s.tenant_id = a.tenant_id and s.accessor_id = a.id
       and s.collection_id = a.collection_id
     left join device_keys l on l.tenant_id = a.tenant_id and l.device_id = $2 and l.accessor_id = a.id
     left join keys k on k.tenant_id = l.tenant_id and k.id = l.key_id
     where a.tenant_id = $1 and a.user_id = $3
     order by c.created_at, c.id`,
    [scope.tenantId, id, userId, now],
  );
}

/** The IQs of a site, where each has a key of its own. */
export async function listIqsOfSite(scope: Scope, siteId: CollectionId): Promise<IqId[]> {
  const rows = await scope.query<{ id: IqId }>(
    'select id from iqs where tenant_id = $1 and collection_id = $2 order by created_at, id',
    [scope.tenantId, siteId],
  );
  return rows.map((row) => row.id);
}
