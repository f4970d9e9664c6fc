import type { CollectionId, TenantId } from '#contract/ids';
import type { WriteScope } from './scope.ts';

/** Opens a collection to whoever shows the token; one given before ends. */
export async function putTransferToken(
  scope: WriteScope,
  token: {
    readonly collectionId: CollectionId;
    /** SHA-256, hex. */
    readonly hash: string;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await scope.query(
    `insert into transfer_tokens (tenant_id, collection_id, token_hash, expires_at) values ($1, $2, $3, $4)
     on conflict (tenant_id, collection_id) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
    [scope.tenantId, token.collectionId, token.hash, token.expiresAt],
  );
}

/**
 * What a token opens, of whatever tenant, held until the transaction ends: this is how a tenant is shown a collection that
 * is not its own.
 */
export async function holdTransferToken(
  scope: WriteScope,
  hash: string,
): Promise<
  | { readonly tenantId: TenantId; readonly collectionId: CollectionId; readonly expiresAt: Date }
  | undefined
> {
  const [row] = await scope.query<{
    tenant_id: TenantId;
    collection_id: CollectionId;
    expires_at: Date;
  }>(
    'select tenant_id, collection_id, expires_at from transfer_tokens where token_hash = $1 for update',
    [hash],
  );
  return (
    row && { tenantId: row.tenant_id, collectionId: row.collection_id, expiresAt: row.expires_at }
  );
}
