import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { LoginId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import { createTrustedProxies } from '#server/http/list-origin';
import { createTokenCheck, type KeySource, type SessionState } from '#server/http/token';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { deleteExpiredOidcPayloads } from '#server/store/oidc-payloads';
import type { Database } from '#server/store/pool';
import { hasSecondFactor, isIntegrationAccount } from '#server/store/second-factors';
import { findSignedInPerson } from '#server/store/signed-in-people';
import { registerAuthorizeRoutes } from './authorize-routes.ts';
import { clientAddress } from './client-address.ts';
import { type Clients, createClients } from './clients.ts';
import { createEndSession, type EndSession } from './end-session.ts';
import { ensureOwnClients } from './own-clients.ts';
import { createInteractions, type Interactions } from './interactions.ts';
import { openKeyFile } from './key-file.ts';
import { readLimits } from './limit-numbers.ts';
import { createLogins, type Logins } from './logins.ts';
import { createPasswordCheck, type PasswordCheck } from './password-check.ts';
import { createAccessCodeSignIn } from './access-code-grant.ts';
import { createPasswordSignIn } from './password-grant.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { createProvider, type ProviderParts } from './provider.ts';
import { createReuseAudit } from './reuse-audit.ts';
import { registerRoutes } from './routes.ts';
import { apiAudiences } from './scopes.ts';
import { createSessionState } from './session-state.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { activeKey, createSigningKeys, type KeySet, type SigningKeys } from './signing-keys.ts';
import { createSignInAudit, type Origin } from './sign-in-audit.ts';
import { createTokenEnds } from './token-ends.ts';
import { createUserInfo } from './user-info.ts';
import { createSignInLimits, networkOf, type SignInLimits } from './sign-in-limits.ts';

const SWEEP_EVERY_MS = 3_600_000;

export type Identity = {
  /** The bare origin of the identity server, as in `iss`. */
  readonly issuer: string;
  readonly clients: Clients;
  readonly logins: Logins;
  /** Who is signed in where. */
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  readonly checkPassword: PasswordCheck;
  /** Calls `listener` at every wrong password of somebody's account. */
  onWrongPassword(listener: (loginId: LoginId) => void): void;
  readonly limits: SignInLimits;
  /** Authorisation requests that wait for a person. */
  readonly interactions: Interactions;
  /** Signing out at a client's wish. */
  readonly endSession: EndSession;
  /** Where a request comes from, as the limits count it. */
  originOf(request: FastifyRequest): Origin;
  readonly keys: KeySource;
  readonly sessionState: SessionState;
  /** Makes the first signing key when there is none; throws StartError KEY_FILE_UNUSABLE. */
  start(): Promise<void>;
  stop(): void;
  /** Adds the routes; they answer once `start` is done. */
  register(app: FastifyInstance): void;
};

const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** The issuer: the public address as a bare origin, else the address the server listens on (identity.md 1). */
export function issuerOf(config: {
  readonly publicUrl: string | undefined;
  readonly httpHost: string;
  readonly httpPort: number;
}): string {
  const address = EVERY_ADDRESS.has(config.httpHost) ? 'localhost' : config.httpHost;
  const host = address.includes(':') ? `[${address}]` : address;
  return new URL(config.publicUrl ?? `http://${host}:${String(config.httpPort)}`).origin;
}

/** The identity server: put together from its parts. */
export function createIdentity({
  database,
  config,
  clock,
  log,
  ids,
}: {
  readonly database: Database;
  readonly config: {
    readonly publicUrl: string | undefined;
    readonly httpHost: string;
    readonly httpPort: number;
    readonly dataDir: string;
    /** Addresses or ranges whose X-Forwarded-For says where a request comes from. */
    readonly trustedProxies: readonly string[];
    /** `name=number` for each limit against guessing that is not the default. */
    readonly signInLimits: readonly string[];
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
}): Identity {
  const issuer = issuerOf(config);
  const passwords = createPasswords(ids);
  const sessions = createSessions({ database, clock, ids });
  const clients = createClients({ database, clock, ids });
  const audit = createAudit({ clock, ids });
  const { limits: numbers, weakened } = readLimits(config.signInLimits);
  const limits = createSignInLimits({
    database,
    clock,
    signInAudit: createSignInAudit({ database, audit }),
    limits: numbers,
  });
  const isTrustedProxy = createTrustedProxies(config.trustedProxies);
  const originOf = ({ raw, id }: FastifyRequest): Origin => {
    const from = { headers: raw.headers, remoteAddress: raw.socket.remoteAddress };
    return { network: networkOf(clientAddress(from, isTrustedProxy)), requestId: id };
  };
  const wrongPasswordListeners = new Set<(loginId: LoginId) => void>();
  const checkPassword = createPasswordCheck({
    database,
    passwords,
    limits,
    onWrong: (loginId) => wrongPasswordListeners.forEach((listener) => listener(loginId)),
  });
  const signInByPassword = createPasswordSignIn({
    checkPassword,
    mayGoWithoutFactor: async (account) =>
      !(await hasSecondFactor(database, account.loginId)) ||
      isIntegrationAccount(database, account),
    limits,
  });
  const signInByAccessCode = createAccessCodeSignIn({ database, audit, clock, ids, limits });
  const placeholderSecret = randomText(ids);
  const findPerson: ProviderParts['findPerson'] = (sessionId, tenantId) =>
    findSignedInPerson(database, { sessionId, tenantId });
  const reuseAudit = createReuseAudit({ database, audit });

  const providerOf = (keys: KeySet): Provider =>
    createProvider({
      issuer,
      keys,
      clients,
      sessions,
      clock,
      log,
      placeholderSecret,
      newId: () => randomText(ids),
      payloadAdapter: (model) => createPayloadAdapter({ model, database, clock }),
      signInByPassword,
      signInByAccessCode,
      findPerson,
      onReuse: (ctx, person) => reuseAudit.note(ctx, person),
    });

  let signingKeys: SigningKeys | undefined;
  let provider: { readonly value: Provider; readonly kids: string } | undefined;
  let timer: Timer | undefined;
  let isStopped = false;

  const started = (): SigningKeys => {
    if (signingKeys === undefined) throw new Error('The identity server has not started.');
    return signingKeys;
  };

  // The library takes its keys once and for all, so another set of keys, or of them another active one, gets another library.
  const currentProvider = async (): Promise<Provider> => {
    const keys = await started().current();
    const active = activeKey(keys, clock.now())?.kid ?? '';
    const kids = [active, ...keys.signing.map(({ kid }) => kid)].join(' ');
    if (provider?.kids !== kids) provider = { value: providerOf(keys), kids };
    return provider.value;
  };

  const sweepLater = (): void => {
    if (isStopped) return;
    timer = clock.setTimeout(() => {
      Promise.all([
        limits.sweep(),
        sessions.sweep(),
        deleteExpiredOidcPayloads(database, clock.now()),
      ])
        .catch((error: unknown) => log.warn({ err: error }, 'old sign-in data was not removed'))
        .finally(sweepLater);
    }, SWEEP_EVERY_MS);
  };

  const keys: KeySource = { readKeys: () => started().readKeys() };
  const sessionState = createSessionState({ database, clock });
  const checkToken = createTokenCheck({ issuer, keys, clock, sessionState });
  const audiences = [...apiAudiences, issuer];
  const endSession = createEndSession({ clients, sessions, currentProvider });

  return {
    issuer,
    clients,
    logins: createLogins({ database, clock, ids, passwords }),
    sessions,
    passwords,
    checkPassword,
    onWrongPassword: (listener) => void wrongPasswordListeners.add(listener),
    limits,
    interactions: createInteractions({
      issuer,
      currentProvider,
      clientName: async (clientId) => (await clients.findActive(clientId))?.name,
      originOf,
    }),
    endSession,
    originOf,
    keys,
    sessionState,
    async start() {
      if (weakened.length > 0)
        log.warn({ limits: weakened }, 'limits against guessing are weaker than the defaults');
      const sealer = await openKeyFile({ dataDir: config.dataDir, ids });
      signingKeys = createSigningKeys({ database, sealer, clock, log });
      await signingKeys.start();
      await ensureOwnClients({ database, clock, issuer });
      sweepLater();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
      signingKeys?.stop();
    },
    register(app) {
      const parts = { issuer, clients, sessions, limits, log, originOf, currentProvider };
      registerRoutes(app, {
        ...parts,
        currentKeys: () => started().current(),
        tokenEnds: createTokenEnds({ database, checkToken, sessionState, audiences }),
        userInfo: createUserInfo({ checkToken, audiences, findPerson }),
      });
      registerAuthorizeRoutes(app, { ...parts, endSession });
    },
  };
}

function randomText(ids: Ids): string {
  return ids.bytes(32).toString('base64url');
}
