import { createHash } from 'node:crypto';
import type { CollectionId } from '#contract/ids';
import type { TransferTokenResponse } from '#contract/transfer-tokens';
import { instantText } from '#contract/time-text';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import { holdCollectionWhole } from '#server/store/collections';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { putTransferToken } from '#server/store/transfer-tokens';
import { noCollection } from './collections.ts';

export type TransferTokens = {
  /** A token by which another tenant may take the collection over, once, within 24 h. VALUE_INVALID (404): no such collection. */
  create(actor: Actor, id: CollectionId): Promise<TransferTokenResponse>;
};

const livesMs = 24 * 3_600_000;
const tokenBytes = 32;

export function createTransferTokens({
  database,
  audit,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): TransferTokens {
  return {
    create: (actor, id) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        if (!(await holdCollectionWhole(scope, id))) throw noCollection();
        const token = ids.bytes(tokenBytes).toString('base64url');
        const expiresAt = new Date(clock.now().getTime() + livesMs);
        await putTransferToken(scope, { collectionId: id, hash: hashToken(token), expiresAt });
        audit.record(scope, actor, {
          action: 'collection.offer',
          objectType: 'collection',
          objectId: id,
          collectionId: id,
        });
        return { token, expires_at: instantText(expiresAt) };
      }),
  };
}

/** SHA-256 as hex: a token has 256 random bits, so a plain hash is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
