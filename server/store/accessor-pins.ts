import type { AccessorId, CollectionId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';

/** Keypad codes of accessors that could meet at a lock: of the collection, or one side without (behaviour.md 5.4). */
const couldMeet = `k.key_type in ('pin', 'custom_pin') and k.tenant_id = $1 and a.tenant_id = $1 and a.id = k.accessor_id
  and (a.collection_id = $2 or a.collection_id is null or $2::uuid is null)`;

/**
 * The tenant's keys of PIN hashes, base64: the one codes are given out under, then those of codes that came from elsewhere.
 * Until the transaction ends nobody else gives codes out in the tenant, so that no
 * two accessors can be given the same one.
 */
export async function holdPinHashKeys(
  scope: WriteScope,
): Promise<{ readonly own: string; readonly former: readonly string[] }> {
  const [row] = await scope.query<{ own: string }>(
    `select encode(pin_hash_key, 'base64') as own from tenants where id = $1 for no key update`,
    [scope.tenantId],
  );
  if (row === undefined) throw new Error('a tenant acts that does not exist');
  const former = await scope.query<{ key: string }>(
    `select encode(key, 'base64') as key from former_pin_hash_keys where tenant_id = $1 order by key`,
    [scope.tenantId],
  );
  return { ...row, former: former.map(({ key }) => key) };
}

/** Those of the hashed codes that somebody has who could meet an accessor of the collection; null = of none. */
export async function findTakenCodes(
  scope: Scope,
  hashes: readonly string[],
  { collectionId, exceptKeyId }: { collectionId: CollectionId | null; exceptKeyId: string | null },
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ value: string }>(
    `select distinct k.credential_value as value from keys k, accessors a
     where ${couldMeet} and k.credential_value = any ($3) and k.id is distinct from $4`,
    [scope.tenantId, collectionId, hashes, exceptKeyId],
  );
  return new Set(rows.map((row) => row.value));
}

/** How many codes are in use where an accessor of the collection could meet them. */
export async function countCodes(scope: Scope, collectionId: CollectionId | null): Promise<number> {
  const [row] = await scope.query<{ count: number }>(
    `select count(*)::float8 as count from keys k, accessors a where ${couldMeet}`,
    [scope.tenantId, collectionId],
  );
  return row?.count ?? 0;
}

/** Whether an accessor's codes would meet the same ones of somebody else in the collection. */
export async function hasCodeClash(
  scope: Scope,
  id: AccessorId,
  collectionId: CollectionId | null,
): Promise<boolean> {
  const rows = await scope.query(
    `select 1 from keys k, accessors a
     where ${couldMeet} and k.accessor_id <> $3 and k.credential_value in (
       select own.credential_value from keys own
       where own.tenant_id = $1 and own.accessor_id = $3 and own.key_type in ('pin', 'custom_pin')) limit 1`,
    [scope.tenantId, collectionId, id],
  );
  return rows.length > 0;
}
