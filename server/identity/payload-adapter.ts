import { errors, Provider, type Adapter, type AdapterPayload } from 'oidc-provider';
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
import { insertRevokedToken } from '#server/store/sign-in-sessions';
import { ACCESS_TOKEN_SECONDS, secondsOf } from './access-token.ts';
import { factsOf } from './library-request.ts';

/** A refresh token that was used up counts as unused for so long: its answer may have been lost (identity.md 6). */
const GRACE_SECONDS = 30;
/** Revoked access tokens are remembered until the last has expired everywhere, for clocks that differ. */
const REVOKED_FOR_MS = (ACCESS_TOKEN_SECONDS + 300) * 1000;

type Parts = { readonly model: string; readonly database: Database; readonly clock: Clock };

/**
 * What oidc-provider keeps of one of its models, in PostgreSQL. Clients are not kept here: they are a table of their own.
 * Neither are sessions, which it is shown, nor access tokens, which say everything themselves.
 */
export function createPayloadAdapter(parts: Parts): Adapter {
  const { model, database, clock } = parts;
  const kept = keptAdapter(parts);
  switch (model) {
    case 'Session':
      return sessionAdapter();
    case 'AccessToken':
      return {
        ...kept,
        revokeByGrantId: (grantId) =>
          insertRevokedToken(database, {
            id: grantId,
            expiresAt: new Date(clock.now().getTime() + REVOKED_FOR_MS),
          }),
      };
    case 'Interaction':
      return {
        ...kept,
        // Who was signed in when it began is of no matter: whoever finishes it says who is.
        upsert: (id, { session: _session, ...payload }, expiresInSeconds) =>
          kept.upsert(id, payload, expiresInSeconds),
      };
    case 'RefreshToken':
      return { ...kept, find: async (id) => withGrace(await kept.find(id), clock.now()) };
    case 'AuthorizationCode':
      return { ...kept, consume: (id) => useCodeOnce(parts, id) };
    default:
      return kept;
  }
}

function keptAdapter({ model, database, clock }: Parts): Adapter {
  return {
    async upsert(id, { jti: _id, ...payload }, expiresInSeconds) {
      await upsertOidcPayload(database, {
        model,
        id,
        // Without the id, which is what a thief of the table would be after.
        payload,
        grantId: payload.grantId,
        uid: payload.uid,
        expiresAt:
          expiresInSeconds === undefined
            ? undefined
            : new Date(clock.now().getTime() + expiresInSeconds * 1000),
      });
    },
    async find(id) {
      const found = await findOidcPayload(database, { model, id, at: clock.now() });
      return found && { ...asStored(found), jti: id };
    },
    async findByUid(uid) {
      const found = await findOidcPayloadByUid(database, { model, uid, at: clock.now() });
      return found && asStored(found);
    },
    // Codes that a person types into another device; that grant is not offered.
    findByUserCode: () => Promise.resolve(),
    async consume(id) {
      await consumeOidcPayload(database, { model, id, at: clock.now() });
    },
    destroy: (id) => deleteOidcPayload(database, { model, id }),
    revokeByGrantId: (grantId) => deleteOidcPayloadsOfGrant(database, { model, grantId }),
  };
}

/** The library's view of our session: what the request in hand was noted with, never what a browser sent. */
function sessionAdapter(): Adapter {
  return {
    find(id) {
      const session = Provider.ctx && factsOf(Provider.ctx.req).session;
      if (session === undefined || session.id !== id) return Promise.resolve(undefined);
      return Promise.resolve({
        kind: 'Session',
        jti: id,
        uid: session.id,
        accountId: session.loginId,
        amr: [...session.amr],
        loginTs: secondsOf(session.authTime),
      });
    },
    // It changes nothing that would have to last: sessions.ts is the one memory of them.
    upsert: () => Promise.resolve(),
    consume: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    revokeByGrantId: () => Promise.resolve(),
  };
}

function withGrace(
  token: AdapterPayload | undefined | void,
  now: Date,
): AdapterPayload | undefined {
  if (!token) return undefined;
  const { consumed, ...fresh } = token;
  const isLate = typeof consumed === 'number' && secondsOf(now) - consumed > GRACE_SECONDS;
  return isLate ? token : fresh;
}

/** Of two that use a code at the same moment neither keeps anything: one of them stole it (RFC 6749 section 4.1.2). */
async function useCodeOnce({ database, clock }: Parts, id: string): Promise<void> {
  const model = 'AuthorizationCode';
  const at = clock.now();
  if (await consumeOidcPayload(database, { model, id, at })) return;
  const code = await findOidcPayload(database, { model, id, at });
  const grantId = code?.payload['grantId'];
  if (typeof grantId === 'string') {
    const expiresAt = new Date(at.getTime() + REVOKED_FOR_MS);
    await insertRevokedToken(database, { id: grantId, expiresAt });
    await deleteOidcPayload(database, { model: 'Grant', id: grantId });
    await deleteOidcPayloadsOfGrant(database, { model: 'RefreshToken', grantId });
  }
  throw new errors.InvalidGrant('authorization code already consumed');
}

function asStored(found: OidcPayload): AdapterPayload {
  return found.consumedAtSeconds === undefined
    ? found.payload
    : { ...found.payload, consumed: found.consumedAtSeconds };
}
