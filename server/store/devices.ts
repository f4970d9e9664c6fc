import { sql } from 'kysely';
import { accessorDeviceStates, type AccessorDeviceResponse } from '#contract/devices';
import type { AccessorId, CollectionId, DeviceId, IqId, KeyId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { compileSql, listRows, type ListResult } from './list.ts';
import type { Sql, SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';

export type DeviceRow = AccessorDeviceResponse & { readonly id: DeviceId };

/** behaviour.md 3.4: a device whose key is in force is activated, whatever else waits. */
const state = `case when k.key_id is not null then 'activated' when d.pending_tbs is not null then 'pending' else 'none' end`;

/** A key that is gone leaves its columns behind; `columns` shows none of them then. */
const ofMkey = (column: string) => sql.raw(`(case when k.key_id is not null then d.${column} end)`);

export const deviceFields = {
  id: { type: 'uuid', sql: sql`d.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`d.customer_reference` },
  state: { type: 'enum', words: accessorDeviceStates, sql: sql.raw(`(${state})`) },
  'mkey/id': { type: 'uuid', sql: ofMkey('mkey_id') },
  'mkey/expiry_date': { type: 'instant', sql: ofMkey('expires_at') },
  'mkey/uid': { type: 'text', sql: ofMkey('mkey_uid') },
} as const satisfies SqlListFields;

const columns = `d.id, d.customer_reference, ${state} as state,
  case when k.key_id is null then null else json_build_object('id', d.mkey_id, 'uid', d.mkey_uid,
    'expiry_date', to_char(d.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) end as mkey`;

/** A device by its accessor, as paths name it. */
export type OwnedDevice = { readonly accessorId: AccessorId; readonly id: DeviceId };

/**
 * Phones (`d`) with their key for one accessor (`k`): those that were added to it, and those of its person, which open for each
 * accessor of that person.
 */
function withKeyOf(accessorId: AccessorId): Sql {
  return sql`devices d
    left join device_keys k on k.tenant_id = d.tenant_id and k.device_id = d.id and k.accessor_id = ${accessorId}::uuid`;
}

function isOf(accessorId: AccessorId): Sql {
  return sql`(d.accessor_id = ${accessorId}::uuid or d.user_id = (select a.user_id from accessors a
    where a.tenant_id = d.tenant_id and a.id = ${accessorId}::uuid))`;
}

export async function findDevice(
  scope: Scope,
  { accessorId, id }: OwnedDevice,
): Promise<DeviceRow | undefined> {
  const { text, values } = compileSql(
    sql`select ${sql.raw(columns)} from ${withKeyOf(accessorId)}
        where d.tenant_id = ${scope.tenantId}::uuid and ${isOf(accessorId)} and d.id = ${id}::uuid`,
  );
  const [row] = await scope.query<DeviceRow>(text, values);
  return row;
}

export function listDevices(
  scope: Scope,
  options: ListOptions,
  accessorId: AccessorId,
): Promise<ListResult<DeviceRow>> {
  return listRows<DeviceRow>(scope, {
    from: withKeyOf(accessorId),
    tenant: sql`d.tenant_id`,
    where: isOf(accessorId),
    select: sql.raw(columns),
    fields: deviceFields,
    options,
    id: sql`d.id`,
    defaultOrder: [{ sql: sql`d.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export async function insertDevice(
  scope: WriteScope,
  row: OwnedDevice & {
    readonly customer_reference: string | null;
    readonly device_uid: string | null;
    readonly created_at: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into devices (tenant_id, id, accessor_id, customer_reference, device_uid, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      scope.tenantId,
      row.id,
      row.accessorId,
      row.customer_reference,
      row.device_uid,
      row.created_at,
    ],
  );
}

export async function deleteDevice(scope: WriteScope, id: DeviceId): Promise<void> {
  await scope.query('delete from devices where tenant_id = $1 and id = $2', [scope.tenantId, id]);
}

/** A certificate that waits for its signature. */
export type PendingCertificate = {
  readonly tbs: Buffer;
  readonly certificateId: string;
  /** DER SubjectPublicKeyInfo of the phone. */
  readonly publicKey: Buffer;
  readonly expiresAt: Date;
};

/** The certificate in force, and the mobile key that stands under it. */
export type DeviceCertificate = {
  /** DER X.509. */
  readonly certificate: Buffer;
  readonly mkeyId: string;
  readonly mkeyUid: string;
  readonly certificateId: string;
  readonly certificateVersion: number;
  readonly publicKey: Buffer;
  readonly expiresAt: Date;
};

/** The key of a device for one accessor; null = it was taken away. */
export type DeviceLink = { readonly accessorId: AccessorId; readonly keyId: KeyId | null };

/** What of a device its certificate and mobile keys are made of. */
export type DeviceKeys = {
  readonly isOfPerson: boolean;
  readonly pending: PendingCertificate | null;
  readonly certificate: DeviceCertificate | null;
  readonly links: readonly DeviceLink[];
};

/** The accessors for which a device has a key. */
export async function listDeviceHolders(scope: Scope, id: DeviceId): Promise<AccessorId[]> {
  const rows = await scope.query<{ accessor_id: AccessorId }>(
    'select accessor_id from device_keys where tenant_id = $1 and device_id = $2 and key_id is not null',
    [scope.tenantId, id],
  );
  return rows.map((row) => row.accessor_id);
}

/** The keys of a device, held until the transaction ends; undefined = the accessor has no such device. */
export async function holdDeviceKeys(
  scope: WriteScope,
  { accessorId, id }: OwnedDevice,
): Promise<DeviceKeys | undefined> {
  const { text, values } = compileSql(
    sql`select d.id from devices d
        where d.tenant_id = ${scope.tenantId}::uuid and d.id = ${id}::uuid and ${isOf(accessorId)}`,
  );
  const found = await scope.query(text, values);
  return found.length === 0 ? undefined : holdKeysOfDevice(scope, id);
}

type KeyColumns = {
  readonly user_id: string | null;
  readonly pending_tbs: Buffer | null;
  readonly pending_certificate_id: string;
  readonly pending_public_key: Buffer;
  readonly pending_expires_at: Date;
  readonly certificate: Buffer;
  readonly certificate_id: string | null;
  readonly mkey_id: string;
  readonly mkey_uid: string;
  readonly certificate_version: number;
  readonly public_key: Buffer;
  readonly expires_at: Date;
};

/** The same for whosever device it is. */
export async function holdKeysOfDevice(
  scope: WriteScope,
  id: DeviceId,
): Promise<DeviceKeys | undefined> {
  const [row] = await scope.query<KeyColumns>(
    `select user_id, pending_tbs, pending_certificate_id, pending_public_key, pending_expires_at, mkey_id, mkey_uid,
       certificate, certificate_id, certificate_version, public_key, expires_at
     from devices where tenant_id = $1 and id = $2 for no key update`,
    [scope.tenantId, id],
  );
  if (row === undefined) return undefined;
  const links = await scope.query<DeviceLink>(
    `select accessor_id as "accessorId", key_id as "keyId" from device_keys
     where tenant_id = $1 and device_id = $2 order by accessor_id`,
    [scope.tenantId, id],
  );
  return {
    isOfPerson: row.user_id !== null,
    pending: row.pending_tbs && {
      tbs: row.pending_tbs,
      certificateId: row.pending_certificate_id,
      publicKey: row.pending_public_key,
      expiresAt: row.pending_expires_at,
    },
    certificate:
      row.certificate_id === null
        ? null
        : {
            certificate: row.certificate,
            mkeyId: row.mkey_id,
            mkeyUid: row.mkey_uid,
            certificateId: row.certificate_id,
            certificateVersion: row.certificate_version,
            publicKey: row.public_key,
            expiresAt: row.expires_at,
          },
    links,
  };
}

/** The key of a device for an accessor; null = it has none, or no certificate. */
export function keyFor(keys: DeviceKeys, accessorId: AccessorId): KeyId | null {
  if (keys.certificate === null) return null;
  return keys.links.find((link) => link.accessorId === accessorId)?.keyId ?? null;
}

/** Says by which key a device opens for an accessor. */
export async function linkDevice(
  scope: WriteScope,
  id: DeviceId,
  { accessorId, keyId }: { readonly accessorId: AccessorId; readonly keyId: KeyId },
): Promise<void> {
  await scope.query(
    `insert into device_keys (tenant_id, device_id, accessor_id, key_id) values ($1, $2, $3, $4)
     on conflict (tenant_id, device_id, accessor_id) do update set key_id = excluded.key_id`,
    [scope.tenantId, id, accessorId, keyId],
  );
}

/** Keeps a certificate until its signature comes; a former one that waits is forgotten. */
export async function writePendingCertificate(
  scope: WriteScope,
  id: DeviceId,
  pending: PendingCertificate,
): Promise<void> {
  await scope.query(
    `update devices set pending_tbs = $3, pending_certificate_id = $4, pending_public_key = $5, pending_expires_at = $6
     where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, pending.tbs, pending.certificateId, pending.publicKey, pending.expiresAt],
  );
}

/** Puts the certificate that waited in force. */
export async function activateDevice(
  scope: WriteScope,
  id: DeviceId,
  active: {
    readonly certificate: Buffer;
    readonly certificateVersion: number;
    readonly mkeyId: string;
    readonly mkeyUid: string;
  },
): Promise<void> {
  await scope.query(
    `update devices set certificate = $3, certificate_version = $4, mkey_id = $5, mkey_uid = $6,
       certificate_id = pending_certificate_id, public_key = pending_public_key, expires_at = pending_expires_at,
       pending_tbs = null, pending_certificate_id = null, pending_public_key = null, pending_expires_at = null
     where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      id,
      active.certificate,
      active.certificateVersion,
      active.mkeyId,
      active.mkeyUid,
    ],
  );
}

/** Puts certificates and mobile keys on the revocation list; what would have expired anyway leaves it. */
export async function revokeCredentials(
  scope: WriteScope,
  {
    ids,
    expiresAt,
    now,
  }: { readonly ids: readonly string[]; readonly expiresAt: Date; readonly now: Date },
): Promise<void> {
  await scope.query('delete from revoked_credentials where tenant_id = $1 and expires_at <= $2', [
    scope.tenantId,
    now,
  ]);
  if (expiresAt <= now) return;
  await scope.query(
    `insert into revoked_credentials (tenant_id, id, expires_at)
     select $1, id, $3 from unnest($2::uuid[]) as given (id) on conflict do nothing`,
    [scope.tenantId, ids, expiresAt],
  );
}

/** A place a mobile key can be for: a collection of the accessor, and how its keys are made. */
export type MobileKeyPlace = {
  readonly collection_id: CollectionId | null;
  readonly sync_mkey: boolean;
  readonly is_suspended: boolean;
};

/** The collections of an accessor: its own, those with a setting for it, those of its groups. */
export function listMobileKeyPlaces(
  scope: Scope,
  accessorId: AccessorId,
): Promise<MobileKeyPlace[]> {
  return scope.query<MobileKeyPlace>(
    `with places as (
       select a.collection_id as id from accessors a where a.tenant_id = $1 and a.id = $2
       union select s.collection_id from collection_settings s where s.tenant_id = $1 and s.accessor_id = $2
       union select g.collection_id from access_group_accessors m
         join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
        where m.tenant_id = $1 and m.accessor_id = $2)
     select p.id as collection_id, coalesce(c.sync_mkey, true) as sync_mkey,
       coalesce(s.blocked or s.suspended, false) as is_suspended
     from places p left join collections c on c.tenant_id = $1 and c.id = p.id
     left join collection_settings s on s.tenant_id = $1 and s.accessor_id = $2 and s.collection_id = p.id
     where p.id is not null or not exists (select 1 from places where id is not null)
     order by c.created_at, p.id`,
    [scope.tenantId, accessorId],
  );
}

/** The collection of an IQ; undefined = the tenant has no such IQ. */
export async function findCollectionOfIq(
  scope: Scope,
  iqId: IqId,
): Promise<{ readonly collection_id: CollectionId | null } | undefined> {
  const [row] = await scope.query<{ collection_id: CollectionId | null }>(
    'select collection_id from iqs where tenant_id = $1 and id = $2',
    [scope.tenantId, iqId],
  );
  return row;
}
