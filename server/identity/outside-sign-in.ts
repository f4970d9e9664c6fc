/**
 * Signing in through an identity provider outside (OpenID Connect, identity.md 7).
 *
 * begun → returned → taken. `begin` remembers what it asked the provider for and gives the browser a secret; `complete` checks
 * what the provider sent back with that browser and finds the person here; `take` hands the person to the sign-in page, once.
 * Nobody is made by it: the provider must vouch for the address, and a login must have confirmed the same one. At the first
 * time it is noted who the person is there, so that an address which changes hands later opens nothing.
 */
import { hash } from 'node:crypto';
import * as client from 'openid-client';
import type { LoginId } from '#contract/ids';
import { isOnThisMachine, outsideCallback } from '#server/domain/identity-providers';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Seal } from '#server/runtime/seal';
import {
  bindOutsideLogin,
  findIdentityProvider,
  type KeptIdentityProvider,
  nameIdentityProviders,
} from '#server/store/identity-providers';
import { findLoginByEmail } from '#server/store/logins';
import {
  deleteOidcPayload,
  findOidcPayload,
  takeOidcPayload,
  upsertOidcPayload,
} from '#server/store/oidc-payloads';
import type { Database } from '#server/store/pool';

const MODEL = 'OutsideSignIn';
const LIVES_MS = 10 * 60_000;
const ASKED_AGAIN_AFTER_MS = 10 * 60_000;
const PATIENCE_SECONDS = 10;
const SECRET_BYTES = 32;

export type OutsideProof = {
  readonly loginId: LoginId;
  readonly identityProvider: string;
  /** What the address of the sign-in's pages had as query. */
  readonly query: string;
};

/** `refused`: there, or by what came back; `unknown`: nobody here has that address confirmed, or the provider does not vouch for it. */
export type OutsideFault = 'refused' | 'unknown' | 'unreachable';

export type OutsideSignIn = {
  /** The providers that a sign-in page offers. */
  list(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Where to send the browser, and the secret of the sign-in for a cookie of ten minutes. Undefined: no such provider. */
  begin(
    providerId: string,
    query: string,
  ): Promise<{ readonly url: string; readonly secret: string } | OutsideFault | undefined>;
  /** Reads what the provider sent the browser back with; `query` is what `begin` was given. */
  complete(
    providerId: string,
    returned: { readonly secret: string | undefined; readonly search: string },
  ): Promise<{ readonly query: string } | OutsideFault>;
  /** The person, once. */
  take(secret: string | undefined): Promise<OutsideProof | undefined>;
};

type Pending = {
  readonly providerId: string;
  readonly query: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly loginId?: LoginId;
};

export function createOutsideSignIn({
  database,
  issuer,
  seal,
  clock,
  ids,
  log,
}: {
  readonly database: Database;
  readonly issuer: string;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}): OutsideSignIn {
  const asked = new Map<
    string,
    { readonly key: string; readonly at: number; readonly value: client.Configuration }
  >();

  /** What the provider says of itself, asked every ten minutes or when its row has changed. */
  async function configurationOf(row: KeptIdentityProvider): Promise<client.Configuration> {
    const key = `${row.issuer} ${row.client_id} ${hash('sha256', row.client_secret, 'hex')}`;
    const now = clock.now().getTime();
    const present = asked.get(row.id);
    if (present?.key === key && Math.abs(now - present.at) < ASKED_AGAIN_AFTER_MS)
      return present.value;
    const url = new URL(row.issuer);
    const secret = seal.open(row.client_secret).toString('utf8');
    const value = await client.discovery(url, row.client_id, secret, undefined, {
      timeout: PATIENCE_SECONDS,
      execute: isOnThisMachine(url) ? [client.allowInsecureRequests] : [],
    });
    asked.set(row.id, { key, at: now, value });
    return value;
  }

  async function keep(secret: string, pending: Pending): Promise<void> {
    await upsertOidcPayload(database, {
      model: MODEL,
      id: secret,
      payload: pending,
      grantId: undefined,
      uid: undefined,
      expiresAt: new Date(clock.now().getTime() + LIVES_MS),
    });
  }

  async function findPending(secret: string | undefined): Promise<Pending | undefined> {
    if (secret === undefined) return undefined;
    const found = await findOidcPayload(database, { model: MODEL, id: secret, at: clock.now() });
    return found?.payload as Pending | undefined;
  }

  async function findPerson(
    providerId: string,
    claims: client.IDToken | undefined,
    about: client.UserInfoResponse | undefined,
  ): Promise<LoginId | undefined> {
    const { email, email_verified: isVerified } = about ?? claims ?? {};
    if (claims === undefined || typeof email !== 'string' || isVerified !== true) return undefined;
    const login = email.includes('\0') ? undefined : await findLoginByEmail(database, email);
    if (login === undefined || login.isDisabled || !login.isEmailVerified) return undefined;
    const bond = { providerId, loginId: login.id, subject: claims.sub, at: clock.now() };
    return (await bindOutsideLogin(database, bond)) ? login.id : undefined;
  }

  return {
    list: () => nameIdentityProviders(database),
    async begin(providerId, query) {
      const row = await findIdentityProvider(database, providerId);
      if (row === undefined) return undefined;
      const [state, nonce, verifier, secret] = [0, 1, 2, 3].map(() =>
        ids.bytes(SECRET_BYTES).toString('base64url'),
      ) as [string, string, string, string];
      try {
        const url = client.buildAuthorizationUrl(await configurationOf(row), {
          redirect_uri: outsideCallback(issuer, providerId),
          scope: 'openid email',
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        });
        await keep(secret, { providerId, query, state, nonce, verifier });
        return { url: url.href, secret };
      } catch (error) {
        log.warn({ err: error, provider: providerId }, 'an identity provider cannot be reached');
        return 'unreachable';
      }
    },
    async complete(providerId, { secret, search }) {
      const pending = await findPending(secret);
      const row = await findIdentityProvider(database, providerId);
      const isOurs = pending?.providerId === providerId && pending.loginId === undefined;
      if (pending === undefined || secret === undefined || row === undefined || !isOurs)
        return 'refused';
      try {
        const configuration = await configurationOf(row);
        const tokens = await client.authorizationCodeGrant(
          configuration,
          new URL(`${outsideCallback(issuer, providerId)}${search}`),
          {
            expectedState: pending.state,
            expectedNonce: pending.nonce,
            pkceCodeVerifier: pending.verifier,
            idTokenExpected: true,
          },
        );
        const claims = tokens.claims();
        const about =
          claims === undefined || 'email' in claims
            ? undefined
            : await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
        const loginId = await findPerson(providerId, claims, about);
        if (loginId === undefined) {
          await deleteOidcPayload(database, { model: MODEL, id: secret });
          return 'unknown';
        }
        await keep(secret, { ...pending, loginId });
        return { query: pending.query };
      } catch (error) {
        await deleteOidcPayload(database, { model: MODEL, id: secret });
        // Whatever came back with the browser may be anybody's; what is wrong with it says the operator's log.
        log.warn({ err: error, provider: providerId }, 'a sign-in from outside was refused');
        return 'refused';
      }
    },
    async take(secret) {
      const taken =
        secret === undefined
          ? undefined
          : await takeOidcPayload(database, { model: MODEL, id: secret, at: clock.now() });
      const { loginId, providerId, query } = (taken ?? {}) as Partial<Pending>;
      if (loginId === undefined || providerId === undefined || query === undefined)
        return undefined;
      return { loginId, identityProvider: providerId, query };
    },
  };
}
