import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenantId } from '#contract/ids';
import {
  createManualClock,
  createSystemClock,
  type Clock,
  type ManualClock,
} from '#server/runtime/clock';
import { readConfig } from '#server/runtime/config';
import { createRandomIds } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Tracing } from '#server/runtime/tracing';
import { createDatabase, type Database } from '#server/store/pool';
import { createCardea, type Cardea } from '#server/wire';
import { createTestDatabase, silentLog } from './database.ts';
import { freePort } from './ports.ts';

/** An answer as a stranger sees it. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when there is none. */
  readonly json: unknown;
};

export type AskOptions = {
  /** An object is sent as JSON; a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** null = no Authorization header; absent = the full Core token of the first tenant. */
  readonly token?: string | null;
};

export type TestTenant = {
  readonly tenantId: TenantId;
  readonly clientId: string;
  readonly clientSecret: string;
};

export type TestServer = {
  readonly url: string;
  readonly mqttPort: number;
  readonly dataDir: string;
  readonly database: Database;
  /** What the server itself asks through. */
  readonly serverDatabase: Database;
  readonly databaseUrl: string;
  /** The parts of the running process; another one after `resume`. */
  readonly cardea: Cardea;
  /** PEM of the authority that hubs must trust. */
  readonly caPath: string;
  readonly tenant: TestTenant;
  /** Moves the server's time, when started with an instant as `clock`. */
  readonly clock: ManualClock | undefined;
  /** Asks the Core face: `/locks` → `/v1.2/locks`; a path that begins with `//` is taken from the root. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** A token of a client by client_credentials. */
  token(scope: string, tenant?: TestTenant): Promise<string>;
  /** Another tenant with a client of its own. */
  addTenant(name: string): Promise<TestTenant>;
  /** Stops the server, keeping its data and ports. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
};

/** The whole server of one process on a database of its own, reached as a stranger would. */
export async function startTestServer(
  options: {
    /** The instant a standing clock begins at, or a clock of the test's own; absent = the machine's clock. */
    readonly clock?: Date | Clock;
    readonly settings?: Readonly<Record<string, string>>;
    /** Absent = nothing is logged. */
    readonly log?: Log;
    readonly tracing?: Tracing;
  } = {},
): Promise<TestServer> {
  const test = await createTestDatabase();
  // The server has the rights of its everyday role; fixtures and looks behind it those of the owner.
  const serverDatabase = createDatabase({ config: test.serverConfig, log: silentLog() });
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-test-'));
  const [httpPort, mqttPort] = [await freePort(), await freePort()];
  const standing = options.clock instanceof Date ? createManualClock(options.clock) : undefined;
  const clock = options.clock instanceof Date ? undefined : options.clock;
  const config = readConfig({
    CARDEA_HTTP_PORT: String(httpPort),
    CARDEA_MQTT_PORT: String(mqttPort),
    CARDEA_DATA_DIR: dataDir,
    CARDEA_DEMO: 'none',
    LOG_LEVEL: 'silent',
    ...options.settings,
  });
  const launch = async (): Promise<Cardea> => {
    const made = await createCardea({
      config,
      database: serverDatabase,
      ownerDatabase: test.database,
      clock: standing ?? clock ?? createSystemClock(),
      log: options.log ?? silentLog(),
      ids: createRandomIds(),
      tracing: options.tracing ?? null,
    });
    await made.start();
    return made;
  };
  let cardea = await launch();
  let isPaused = false;
  const pause = async (): Promise<void> => {
    if (!isPaused) await cardea.stop();
    isPaused = true;
  };
  const url = `http://127.0.0.1:${httpPort}`;
  const tokens = new Map<string, Promise<string>>();

  async function addTenant(name: string): Promise<TestTenant> {
    const tenantId = createRandomIds().next<TenantId>();
    await test.database.pool.query('insert into tenants (id, name) values ($1, $2)', [
      tenantId,
      name,
    ]);
    const { id, secret } = await cardea.identity.clients.createClient({
      tenantId,
      name,
      kind: 'confidential',
      grants: ['client_credentials', 'password'],
      scopes: [
        'core_api.full',
        'core_api.standard',
        'core_api.license_plate',
        'hardware_api',
        'user_api.full_access',
      ],
    });
    if (secret === undefined) throw new Error('a confidential client has a secret');
    return { tenantId, clientId: id, clientSecret: secret };
  }

  function token(scope: string, of: TestTenant): Promise<string> {
    const key = `${of.clientId} ${scope}`;
    const present = tokens.get(key) ?? fetchToken(url, scope, of);
    tokens.set(key, present);
    return present;
  }

  const tenant = await addTenant('First');
  return {
    url,
    mqttPort,
    dataDir,
    database: test.database,
    serverDatabase,
    databaseUrl: test.url,
    get cardea() {
      return cardea;
    },
    get caPath() {
      if (cardea.caPath === null) throw new Error('the gateway uses a certificate of the operator');
      return cardea.caPath;
    },
    tenant,
    clock: standing,
    pause,
    async resume() {
      cardea = await launch();
      isPaused = false;
    },
    addTenant,
    token: (scope, of = tenant) => token(scope, of),
    async ask(method, path, { body, headers = {}, token: given } = {}) {
      const bearer = given === undefined ? await token('core_api.full', tenant) : given;
      const response = await fetch(url + (path.startsWith('//') ? path.slice(1) : `/v1.2${path}`), {
        method,
        headers: {
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          ...(typeof body === 'object' ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return answerOf(response);
    },
    async stop() {
      await pause();
      await serverDatabase.close();
      await test.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const json: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

async function fetchToken(url: string, scope: string, of: TestTenant): Promise<string> {
  const response = await fetch(`${url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: of.clientId,
      client_secret: of.clientSecret,
      scope,
    }),
  });
  const body = (await response.json()) as { access_token?: string };
  if (body.access_token === undefined) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.access_token;
}
