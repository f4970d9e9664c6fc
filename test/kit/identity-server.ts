import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { LoginId, TenantId, UserId } from '#contract/ids';
import { createApp } from '#server/http/app';
import { createIdentity, type Identity } from '#server/identity/identity';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import type { Database } from '#server/store/pool';
import { insertTenant } from '#server/store/tenants';
import { silentLog } from './database.ts';
import { freePort } from './ports.ts';

export type TestIdentity = {
  readonly identity: Identity;
  readonly clock: ManualClock;
  readonly issuer: string;
  readonly dataDir: string;
  readonly tenantId: TenantId;
  readonly productId: string;
  stop(): Promise<void>;
};

/** An identity server on a port of its own, with one tenant and a clock that stands still until it is moved. */
export async function startTestIdentity({
  database,
  dataDir,
  clock = createManualClock(new Date('2026-03-02T10:00:00Z')),
  trustedProxies = [],
  publicUrl,
  lay,
}: {
  readonly database: Database;
  readonly dataDir?: string;
  readonly clock?: ManualClock;
  /** Where it is reached, when not by the address it listens on. */
  readonly publicUrl?: (port: number) => string;
  /** Lets a test come from many networks by X-Forwarded-For. */
  readonly trustedProxies?: readonly string[];
  /** Lays further routes, such as a page of the test's own. */
  readonly lay?: (app: FastifyInstance, identity: Identity) => void;
}): Promise<TestIdentity> {
  const ids = createRandomIds();
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'cardea-identity-')));
  const httpPort = await freePort();
  const identity = createIdentity({
    database,
    config: {
      publicUrl: publicUrl?.(httpPort),
      httpHost: '127.0.0.1',
      httpPort,
      dataDir: folder,
      trustedProxies,
      signInLimits: [],
    },
    clock,
    log: silentLog(),
    ids,
  });
  const app = await createApp({
    log: silentLog(),
    corsOrigins: ['https://own.example.test'],
    version: 'test',
  });
  identity.register(app);
  lay?.(app, identity);
  await identity.start();
  await app.listen({ host: '127.0.0.1', port: httpPort });

  const tenantId = ids.next<TenantId>();
  const productId = ids.next<string>();
  await insertTenant(database, {
    id: tenantId,
    name: 'Harbour',
    productId,
    pinHashKey: randomBytes(32),
    createdAt: clock.now(),
  });
  return {
    identity,
    clock,
    issuer: identity.issuer,
    dataDir: folder,
    tenantId,
    productId,
    async stop() {
      identity.stop();
      await app.close();
      if (dataDir === undefined) await rm(folder, { recursive: true });
    },
  };
}

/** A confidential client of the tenant, with both grants unless told otherwise. */
export async function makeTestClient(
  { identity, tenantId }: TestIdentity,
  order: { readonly grants?: readonly string[]; readonly scopes?: readonly string[] } = {},
): Promise<{ readonly id: string; readonly secret: string }> {
  const { id, secret } = await identity.clients.createClient({
    tenantId,
    name: 'Test',
    kind: 'confidential',
    grants: ['client_credentials', 'password'],
    scopes: ['core_api.full', 'user_api.full_access'],
    ...order,
  });
  if (secret === undefined) throw new Error('The client has no secret.');
  return { id, secret };
}

/** A confirmed person of the tenant. */
export async function makeTestPerson(
  { identity, tenantId }: TestIdentity,
  person: { readonly isEmailVerified?: boolean } = {},
): Promise<{
  readonly email: string;
  readonly password: string;
  readonly loginId: LoginId;
  readonly userId: UserId;
}> {
  const email = `ann+${randomBytes(6).toString('hex')}@example.test`;
  const password = randomBytes(12).toString('base64url');
  const made = await identity.logins.createLogin({
    email,
    password,
    firstName: 'Ann',
    lastName: 'Example',
    isEmailVerified: true,
    ...person,
  });
  if ('fault' in made) throw new Error(made.fault);
  const userId = await identity.logins.joinTenant({ loginId: made.loginId, tenantId });
  return { email, password, loginId: made.loginId, userId };
}

export type TokenAnswer = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
};

/** One request to the token endpoint, as a stranger sends it. */
export async function postToken(
  issuer: string,
  request: {
    readonly body: string | Readonly<Record<string, string>>;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<TokenAnswer> {
  const { body } = request;
  const response = await fetch(`${issuer}/connect/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...request.headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

/** HTTP Basic with the pair as it stands. */
export function basic(id: string, secret: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
