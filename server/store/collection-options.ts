import { defaultCollectionOptions, type CollectionOptions } from '#contract/collection-options';
import type { CollectionId } from '#contract/ids';
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
