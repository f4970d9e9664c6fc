import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Provider } from 'oidc-provider';
import { createAudit } from '#server/events/audit';
import { createTrustedProxies } from '#server/http/list-origin';
import type { KeySource, SessionState } from '#server/http/token';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { deleteExpiredOidcPayloads } from '#server/store/oidc-payloads';
import type { Database } from '#server/store/pool';
import { type Clients, createClients } from './clients.ts';
import { openKeyFile } from './key-file.ts';
import { createLogins, type Logins } from './logins.ts';
import { createPasswordCheck, type PasswordCheck } from './password-check.ts';
import { createPasswordSignIn } from './password-grant.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createPayloadAdapter } from './payload-adapter.ts';
import { createProvider } from './provider.ts';
import { registerRoutes } from './routes.ts';
import { createSessionState } from './session-state.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSigningKeys, type KeySet, type SigningKeys } from './signing-keys.ts';
import { createSignInAudit, type Origin } from './sign-in-audit.ts';
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts';

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
  readonly limits: SignInLimits;
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
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
}): Identity {
  const issuer = issuerOf(config);
  const passwords = createPasswords(ids);
  const sessions = createSessions({ database, clock, ids });
  const clients = createClients({ database, clock, ids });
  const limits = createSignInLimits({
    database,
    clock,
    signInAudit: createSignInAudit({ database, audit: createAudit({ clock, ids }) }),
  });
  const origins = new WeakMap<IncomingMessage, Origin>();
  const checkPassword = createPasswordCheck({ database, passwords, limits });
  const signInByPassword = createPasswordSignIn({ database, clock, ids, checkPassword, limits });
  const secrets = { cookieKey: randomText(ids), placeholderSecret: randomText(ids) };

  const providerOf = (keys: KeySet): Provider =>
    createProvider({
      issuer,
      keys,
      clients,
      clock,
      log,
      ...secrets,
      payloadAdapter: (model) => createPayloadAdapter({ model, database, clock }),
      signInByPassword,
      originOf: (ctx) => origins.get(ctx.req) ?? { network: '', requestId: null },
    });

  let signingKeys: SigningKeys | undefined;
  let provider: { readonly value: Provider; readonly kids: string } | undefined;
  let timer: Timer | undefined;
  let isStopped = false;

  const started = (): SigningKeys => {
    if (signingKeys === undefined) throw new Error('The identity server has not started.');
    return signingKeys;
  };

  // The library takes its keys once and for all, so another set of keys gets another one of it.
  const currentProvider = async (): Promise<Provider> => {
    const keys = await started().current();
    const kids = keys.signing.map(({ kid }) => kid).join(' ');
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

  return {
    issuer,
    clients,
    logins: createLogins({ database, clock, ids, passwords }),
    sessions,
    passwords,
    checkPassword,
    limits,
    keys: { readKeys: () => started().readKeys() },
    sessionState: createSessionState({ database, clock }),
    async start() {
      const sealer = await openKeyFile({ dataDir: config.dataDir, ids });
      signingKeys = createSigningKeys({ database, sealer, clock, log });
      await signingKeys.start();
      sweepLater();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
      signingKeys?.stop();
    },
    register(app) {
      registerRoutes(app, {
        issuer,
        clients,
        limits,
        log,
        currentKeys: () => started().current(),
        currentProvider,
        isTrustedProxy: createTrustedProxies(config.trustedProxies),
        noteOrigin: (request, origin) => void origins.set(request, origin),
      });
    },
  };
}

function randomText(ids: Ids): string {
  return ids.bytes(32).toString('base64url');
}
