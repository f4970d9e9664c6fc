import { defaultCollectionOptions, type CollectionOptions } from '#contract/collection-options';
import type { AccessorId, CollectionId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';

/** The options in force in a collection; null = for objects of no collection. */
export async function findCollectionOptions(
  scope: Scope,
  id: CollectionId | null,
): Promise<CollectionOptions> {
  if (id === null) return defaultCollectionOptions;
  const [row] = await scope.query<{ options: Partial<CollectionOptions> }>(
    'select options from collections where tenant_id = $1 and id = $2',
    [scope.tenantId, id],
    'collection_options_find',
  );
  return { ...defaultCollectionOptions, ...row?.options };
}

/** Sets the members given; the others stay. */
export async function updateCollectionOptions(
  scope: WriteScope,
  id: CollectionId,
  change: Partial<CollectionOptions>,
): Promise<void> {
  await scope.query(
    'update collections set options = options || $3::jsonb where tenant_id = $1 and id = $2',
    [scope.tenantId, id, JSON.stringify(change)],
  );
}

/** The options of a collection, which nobody can change before the transaction ends. */
export async function holdCollectionOptions(
  scope: WriteScope,
  id: CollectionId | null,
): Promise<CollectionOptions> {
  if (id !== null)
    await scope.query('select 1 from collections where tenant_id = $1 and id = $2 for share', [
      scope.tenantId,
      id,
    ]);
  return findCollectionOptions(scope, id);
}

/** Blocks the custom PINs of the accessors of a collection; gives those accessors. */
export async function blockCustomPins(scope: WriteScope, id: CollectionId): Promise<AccessorId[]> {
  // Owners before their keys, as everybody does who changes keys.
  await scope.query(
    `select 1 from accessors a where a.tenant_id = $1 and a.collection_id = $2 and exists (
       select 1 from keys k where k.tenant_id = $1 and k.accessor_id = a.id and k.key_type = 'custom_pin')
     order by a.id for no key update`,
    [scope.tenantId, id],
  );
  const rows = await scope.query<{ accessor_id: AccessorId }>(
    `update keys k set blocked = true from accessors a
     where k.tenant_id = $1 and k.key_type = 'custom_pin' and not k.blocked
       and a.tenant_id = $1 and a.id = k.accessor_id and a.collection_id = $2
     returning k.accessor_id`,
    [scope.tenantId, id],
  );
  return rows.map((row) => row.accessor_id);
}
