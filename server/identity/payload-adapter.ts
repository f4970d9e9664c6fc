import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { Clock } from '#server/runtime/clock';
import {
  consumeOidcPayload,
  deleteOidcPayload,
  deleteOidcPayloadsOfGrant,
  findOidcPayload,
  findOidcPayloadByUid,
  type OidcPayload,
  upsertOidcPayload,
} from '#server/store/oidc-payloads';
import type { Database } from '#server/store/pool';

/** What oidc-provider keeps of one of its models, in PostgreSQL. Clients are not kept here: they are a table of their own. */
export function createPayloadAdapter({
  model,
  database,
  clock,
}: {
  readonly model: string;
  readonly database: Database;
  readonly clock: Clock;
}): Adapter {
  return {
    async upsert(id, payload, expiresInSeconds) {
      await upsertOidcPayload(database, {
        model,
        id,
        payload: { ...payload },
        grantId: payload.grantId,
        uid: payload.uid,
        expiresAt:
          expiresInSeconds === undefined
            ? undefined
            : new Date(clock.now().getTime() + expiresInSeconds * 1000),
      });
    },
    find: async (id) => asStored(await findOidcPayload(database, { model, id, at: clock.now() })),
    findByUid: async (uid) =>
      asStored(await findOidcPayloadByUid(database, { model, uid, at: clock.now() })),
    // Codes that a person types into another device; that grant is not offered.
    findByUserCode: () => Promise.resolve(),
    consume: (id) => consumeOidcPayload(database, { model, id, at: clock.now() }),
    destroy: (id) => deleteOidcPayload(database, { model, id }),
    revokeByGrantId: (grantId) => deleteOidcPayloadsOfGrant(database, { model, grantId }),
  };
}

function asStored(found: OidcPayload | undefined): AdapterPayload | undefined {
  if (found === undefined) return undefined;
  return found.consumedAtSeconds === undefined
    ? found.payload
    : { ...found.payload, consumed: found.consumedAtSeconds };
}
