/**
 * Demo data: a tenant with clients and an owner, a whole site, and hubs that are claimed for real. Laid once per data folder;
 * a start that was cut off goes on where it stopped.
 */
import type { LoginId, TenantId, UserId } from '#contract/ids';
import type { Actor } from '#server/events/audit';
import type { OutsideSigner } from '#server/domain/outside-signer';
import { signerKeyName, signerPrefix, type Signers } from '#server/domain/signers';
import type { TenantCertificates } from '#server/domain/tenant-certificates';
import type { Clients } from '#server/identity/clients';
import type { Logins } from '#server/identity/logins';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import { StartError } from '#server/runtime/start-error';
import { makeOperator } from '#server/store/accounts';
import type { Database } from '#server/store/pool';
import { insertTenant } from '#server/store/tenants';
import { demoId, readDemoBuilding, type DemoBuilding, type DemoName } from './demo-building.ts';
import {
  contentOf,
  randomPassword,
  readSecrets,
  writeDemoFile,
  writeSecrets,
  type Addresses,
  type Credentials,
  type DemoFile,
} from './demo-file.ts';
import { layDemoHistory } from './demo-history.ts';
import {
  claimDemoHubs,
  closeDemoHubs,
  settleDemoLocks,
  untilDemoIsLive,
  type DemoDomain,
} from './demo-hubs.ts';
import { layDemoSite, nameOf } from './demo-site.ts';

export type DemoParts = {
  readonly database: Database;
  readonly identity: { readonly clients: Clients; readonly logins: Logins };
  readonly domain: DemoDomain & {
    readonly signers: Pick<Signers, 'issueCredentials'>;
    readonly tenantCertificates: Pick<TenantCertificates, 'ensure'>;
    /** The signer in place of the built-in one. */
    readonly outsideSigner: OutsideSigner | null;
  };
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

export type DemoOrder = {
  readonly name: DemoName;
  readonly dataDir: string;
  readonly addresses: Addresses;
};

type Stage = 'empty' | 'site' | 'hubs' | 'history' | 'done';
const dayMs = 86_400_000;

/**
 * Lays what is missing and returns the content of demo.json. StartError when the folder holds another demo. Rejects when the
 * signal cuts it off, between two steps.
 */
export async function layDemo(
  parts: DemoParts,
  { name, dataDir, addresses }: DemoOrder,
  signal: AbortSignal,
): Promise<DemoFile> {
  const { database, clock } = parts;
  const since = clock.now();
  const building = await readDemoBuilding(name);
  const tenantId = demoId<TenantId>('tenant', name);
  const fact = await readFact(database);
  if (fact.name !== undefined && fact.name !== name)
    throw new StartError(
      'CONFIG_INVALID',
      `The data folder ${dataDir} holds the demo building ${fact.name}, not ${name}. Set CARDEA_DEMO=${fact.name}, or another CARDEA_DATA_DIR.`,
    );
  let { stage } = fact;
  const reach = async (next: Stage, work: () => Promise<void>): Promise<void> => {
    signal.throwIfAborted();
    if (order.indexOf(stage) >= order.indexOf(next)) return;
    await work();
    await writeFact(database, { name, stage: next });
    stage = next;
  };
  const actor: Actor = { tenantId, clientId: null, userId: null, requestId: null };
  const acting = { actor, building };
  const credentials = {
    ...(await makeCredentials(parts, { tenantId, name, building, dataDir })),
    signer: await signerOf(parts, { tenantId, dataDir, baseUrl: addresses.base_url }),
  };
  signal.throwIfAborted();
  await parts.domain.tenantCertificates.ensure(actor).catch((error: unknown) => {
    parts.log.warn({ err: error }, 'the signer of the demo tenant fails: its phones open no door');
  });
  await reach('site', () => laySite(parts, { tenantId, name, building }));
  await reach('hubs', async () => {
    await claimDemoHubs(parts, acting, signal);
    await settleDemoLocks(parts, acting, signal);
    await closeDemoHubs(parts, acting);
  });
  await reach('history', () =>
    layDemoHistory({ database, tenantId, name, building, now: clock.now() }),
  );
  const file = { ...addresses, ...credentials, tenant_id: tenantId, ...contentOf(building) };
  await writeDemoFile(dataDir, file);
  await reach('done', async () => {});
  const isLive = await untilDemoIsLive(parts, { actor, since }, signal);
  signal.throwIfAborted();
  if (!isLive) parts.log.warn('some hubs or locks of the demo building do not answer yet');
  return file;
}

const order: readonly Stage[] = ['empty', 'site', 'hubs', 'history', 'done'];

type Laid = {
  readonly tenantId: TenantId;
  readonly name: DemoName;
  readonly building: DemoBuilding;
};

function ownerOf(name: DemoName): { readonly loginId: LoginId; readonly userId: UserId } {
  return { loginId: demoId('owner login', name), userId: demoId('owner user', name) };
}

async function laySite(parts: DemoParts, { tenantId, name, building }: Laid): Promise<void> {
  const { database, clock } = parts;
  const { rows } = await database.pool.query<{ key: string }>(
    `select encode(pin_hash_key, 'base64') as key from tenants where id = $1`,
    [tenantId],
  );
  const now = clock.now();
  const since = new Date(name === 'compat' ? '2016-12-01T09:00:00Z' : now.getTime() - 30 * dayMs);
  const laid = { database, tenantId, building, now, since, ownerUserId: ownerOf(name).userId };
  await layDemoSite({ ...laid, pinHashKey: rows[0]?.key ?? '' });
}

/** Tenant, clients and owner; secrets made before and kept until demo.json holds them. */
async function makeCredentials(
  { database, identity, clock, ids }: DemoParts,
  { tenantId, name, building, dataDir }: Laid & { readonly dataDir: string },
): Promise<Omit<Credentials, 'signer'>> {
  const known = await readSecrets(dataDir);
  const { core_client, connect_client, user } = known;
  if (core_client !== undefined && connect_client !== undefined && user !== undefined)
    return { core_client, connect_client, user };
  await insertTenant(database, {
    id: tenantId,
    name: building.name,
    productId: demoId('product', name),
    createdAt: clock.now(),
    pinHashKey: ids.bytes(32),
  });
  const person = nameOf(building.site.people[0]?.name ?? building.name);
  const owner = user ?? { username: person.email, password: randomPassword() };
  await writeSecrets(dataDir, { user: owner });
  const { loginId, userId } = ownerOf(name);
  await identity.logins.createLogin({
    id: loginId,
    email: owner.username,
    password: owner.password,
    firstName: person.first_name,
    lastName: person.last_name,
    isEmailVerified: true,
  });
  await makeOperator(database, loginId);
  await identity.logins.joinTenant({ loginId, tenantId, userId });
  const credentials = {
    core_client: await secretOf(identity.clients, {
      id: 'demo-core',
      tenantId,
      name: 'Demo: Core API',
      kind: 'confidential',
      grants: ['client_credentials'],
      scopes: ['core_api.full', 'core_api.standard', 'core_api.license_plate', 'hardware_api'],
    }),
    connect_client: await secretOf(identity.clients, {
      id: 'demo-connect',
      tenantId,
      name: 'Demo: Connect API',
      kind: 'confidential',
      grants: ['password'],
      scopes: ['user_api.full_access'],
    }),
    user: owner,
  };
  await writeSecrets(dataDir, credentials);
  return credentials;
}

/** How scripts reach the signer of the tenant; a secret that is known stays. */
async function signerOf(
  { domain }: DemoParts,
  {
    tenantId,
    dataDir,
    baseUrl,
  }: { readonly tenantId: TenantId; readonly dataDir: string; readonly baseUrl: string },
): Promise<Credentials['signer']> {
  const { outsideSigner } = domain;
  if (outsideSigner !== null) {
    const { url, roleId, secretId, mount } = outsideSigner;
    return { url, role_id: roleId, secret_id: secretId, mount, key: signerKeyName(tenantId) };
  }
  const { signer } = await readSecrets(dataDir);
  const url = `${baseUrl}${signerPrefix}`;
  if (signer !== undefined) return { ...signer, url };
  return { url, ...(await domain.signers.issueCredentials(tenantId)) };
}

/** A client with a secret that is known: of one that is there already a further secret. */
async function secretOf(
  clients: Clients,
  client: Parameters<Clients['createClient']>[0] & { readonly id: string },
): Promise<{ id: string; secret: string }> {
  const secret =
    (await clients.findActive(client.id)) === undefined
      ? (await clients.createClient(client)).secret
      : await clients.addSecret(client.id);
  if (secret === undefined) throw new Error(`the client ${client.id} has no secret`);
  return { id: client.id, secret };
}

type Fact = { readonly name?: DemoName; readonly stage: Stage };

async function readFact(database: Database): Promise<Fact> {
  const { rows } = await database.pool.query<{ value: Fact }>(
    `select value from installation_facts where name = 'demo'`,
  );
  return rows[0]?.value ?? { stage: 'empty' };
}

async function writeFact(database: Database, fact: Fact): Promise<void> {
  await database.pool.query(
    `insert into installation_facts (name, value) values ('demo', $1)
     on conflict (name) do update set value = excluded.value`,
    [JSON.stringify(fact)],
  );
}
