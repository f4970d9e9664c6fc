import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandId, HubId, IqId, TenantId } from '#contract/ids';
import type { LockReport } from '#contract/iq-link';
import { createCommandQueue, type CommandQueue } from '#server/gateway/commands';
import { createClaims, type Claims } from '#server/gateway/claims';
import { createGateway, type Gateway } from '#server/gateway/gateway';
import type { ConnectedIq, GatewayHandlers, LedgerPosition } from '#server/gateway/handlers';
import { createDeviceCertificates } from '#server/runtime/certificates';
import { createSystemClock, type Clock } from '#server/runtime/clock';
import { createRandomIds, type Ids } from '#server/runtime/ids';
import { createLog, type Log } from '#server/runtime/log';
import { createBus, type Bus } from '#server/store/bus';
import {
  claimFactoryHub,
  registerStatements,
  registerFactoryHub,
} from '#server/store/factory-hubs';
import { dropPresence, takePresence } from '#server/store/gateways';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { hashHubSecret, macOfCode } from '#server/gateway/activation-code';

/** What a gateway said to the domain, in order. */
export type Said =
  | {
      readonly said: 'online' | 'applied' | 'report';
      readonly iq: ConnectedIq;
      readonly body: unknown;
    }
  | {
      readonly said: 'offline';
      readonly iq: ConnectedIq;
      readonly body: { readonly reason: string };
    }
  | { readonly said: 'claimed'; readonly hubId: HubId; readonly body: unknown }
  | { readonly said: 'lock'; readonly iq: ConnectedIq; readonly body: LockReport };

/**
 * The smallest domain a gateway can work with: it keeps presence and the position of each ledger in the database, every
 * event in a table of the test, and notes what it was told.
 */
export function createPlainDomain(database: Database, clock: Clock) {
  const said: Said[] = [];
  let storing: Promise<void> = Promise.resolve();
  let reporting: Promise<void> = Promise.resolve();

  async function positionOf(iqId: IqId): Promise<LedgerPosition | null> {
    const { rows } = await database.pool.query<{ boot: string; sequence: string }>(
      'select boot, sequence from iq_ledgers where iq_id = $1',
      [iqId],
    );
    const [row] = rows;
    return row === undefined ? null : { boot: Number(row.boot), sequence: Number(row.sequence) };
  }

  const handlers: GatewayHandlers = {
    async comesHome() {
      // Nothing is imported here.
    },
    async hello(hub, { table_version: tableVersion }) {
      const { tenantId, iqId } = hub.claim;
      const acknowledged = await positionOf(iqId);
      return { answer: 'welcome', tenantId, iqId, acknowledged, tableVersion };
    },
    async claimed(hub, body) {
      said.push({ said: 'claimed', hubId: hub.hubId, body });
    },
    async online(iq) {
      const { tenantId, iqId, gatewayId } = iq;
      const now = clock.now();
      await inTransaction({ database, tenantId }, (scope) =>
        takePresence(scope, iqId, { gatewayId, now }),
      );
      said.push({ said: 'online', iq, body: null });
    },
    async offline(iq, body) {
      const { tenantId, iqId, gatewayId } = iq;
      const isLost = await inTransaction({ database, tenantId }, (scope) =>
        dropPresence(scope, iqId, { gatewayId, heardAt: body.heardAt }),
      );
      if (isLost) said.push({ said: 'offline', iq, body });
    },
    async report(iq, body) {
      await reporting;
      said.push({ said: 'report', iq, body });
    },
    async events(batch) {
      await storing;
      const client = await database.pool.connect();
      const positions = new Map<IqId, LedgerPosition>();
      try {
        await client.query('begin');
        for (const { iq, boot, events } of batch) {
          for (const event of events) {
            await client.query(
              'insert into test_events (iq_id, sequence) values ($1, $2) on conflict do nothing',
              [iq.iqId, event.sequence],
            );
          }
          const sequence = events.at(-1)?.sequence ?? 0;
          await client.query(
            `insert into iq_ledgers (tenant_id, iq_id, boot, sequence) values ($1, $2, $3, $4)
               on conflict (tenant_id, iq_id) do update set boot = excluded.boot, sequence = greatest(iq_ledgers.sequence, excluded.sequence)`,
            [iq.tenantId, iq.iqId, boot, sequence],
          );
          positions.set(iq.iqId, { boot, sequence });
        }
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
      return positions;
    },
    async imagePart(_iq, { run_id, offset }) {
      return { run_id, offset, data: null };
    },
    async outcomeLock(iq, body) {
      said.push({ said: 'lock', iq, body });
    },
    async applied(iq, body) {
      await database.pool.query(
        'update iqs set applied_version = $2, sync_refused = $3 where id = $1',
        [iq.iqId, body.version, body.refused],
      );
      said.push({ said: 'applied', iq, body });
    },
  };

  return {
    handlers,
    said,
    async prepare(): Promise<void> {
      await database.pool.query(
        'create table if not exists test_events (iq_id uuid, sequence bigint, primary key (iq_id, sequence))',
      );
    },
    /** Lets no batch of events commit until the result is called. */
    holdEvents(): () => void {
      const { held, release } = hold();
      storing = held;
      return release;
    },
    /** Lets no report be taken until the result is called. */
    holdReports(): () => void {
      const { held, release } = hold();
      reporting = held;
      return release;
    },
  };
}

function hold(): { readonly held: Promise<void>; readonly release: () => void } {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { held, release };
}

export type PlainDomain = ReturnType<typeof createPlainDomain>;

export type TestGateway = {
  readonly gateway: Gateway;
  readonly queue: CommandQueue;
  readonly claims: Claims;
  readonly bus: Bus;
  readonly domain: PlainDomain;
  readonly caPath: string;
  readonly port: number;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Lines of the log, as JSON. */
  readonly logged: readonly string[];
  stop(): Promise<void>;
};

/** A gateway with a plain domain on a port of 127.0.0.1. */
export async function startGateway({
  database,
  port,
  clock = createSystemClock(),
  gatewayId,
  dataDir,
  handlers = {},
}: {
  readonly database: Database;
  readonly port: number;
  readonly clock?: Clock;
  readonly gatewayId?: string;
  readonly dataDir?: string;
  readonly handlers?: Partial<GatewayHandlers>;
}): Promise<TestGateway> {
  const logged: string[] = [];
  const log: Log = createLog({
    level: 'debug',
    format: 'json',
    target: { write: (line) => logged.push(line) },
  });
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), 'cardea-gateway-'));
  const ids = createRandomIds();
  const domain = createPlainDomain(database, clock);
  await domain.prepare();
  const bus = createBus({ database, clock: createSystemClock(), log });
  const certificates = createDeviceCertificates({
    dataDir: folder,
    names: [],
    files: null,
    clock: createSystemClock(),
    log,
  });
  await certificates.start();
  const gateway = createGateway({
    gatewayId: gatewayId ?? ids.next(),
    host: '127.0.0.1',
    port,
    certificates,
    database,
    handlers: { ...domain.handlers, ...handlers },
    bus,
    clock,
    ids,
    log,
  });
  const queue = createCommandQueue({ database, link: gateway.link, bus, clock, ids, log });
  await bus.start();
  await gateway.start();
  await queue.start();
  return {
    gateway,
    queue,
    claims: createClaims({ bus, clock }),
    bus,
    domain,
    caPath: certificates.caPath ?? '',
    port,
    clock,
    ids,
    logged,
    async stop() {
      await queue.stop();
      await gateway.stop();
      await bus.stop();
      certificates.stop();
      if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type TestIq = {
  readonly tenantId: TenantId;
  readonly iqId: IqId;
  readonly hubId: HubId;
  readonly claimId: string;
  readonly code: string;
};

/** A tenant with one IQ for a hub of the factory register, claimed, the claim not confirmed yet. */
export async function adoptHub(
  database: Database,
  ids: Ids,
  hub: { readonly hubId: HubId; readonly code: string },
): Promise<TestIq> {
  const iq = {
    ...hub,
    tenantId: ids.next<TenantId>(),
    iqId: ids.next<IqId>(),
    claimId: ids.next<CommandId>(),
  };
  const { pool } = database;
  await pool.query('insert into tenants (id, name) values ($1, $2)', [iq.tenantId, 'tenant']);
  await pool.query(
    `insert into iqs (tenant_id, id, hub_id, mac, time_zone, subscribed, has_been_subscribed, otp_enabled, state, vendor_reference, created_at)
       values ($1, $2, $3, $4, 'Europe/Amsterdam', true, true, false, 'active', 'sallis', now())`,
    [iq.tenantId, iq.iqId, iq.hubId, macOfCode(iq.code)],
  );
  await inTransaction({ database, tenantId: iq.tenantId }, (scope) => claimFactoryHub(scope, iq));
  return iq;
}

/** The same for a hub that has not called home by itself. */
export async function makeClaimedIq(database: Database, ids: Ids): Promise<TestIq> {
  const hub = {
    hubId: ids.next<HubId>(),
    code: ids.bytes(13).toString('hex').toUpperCase(),
  };
  await registerFactoryHub(registerStatements(database), {
    hubId: hub.hubId,
    codeHash: hashHubSecret(hub.code),
    mac: macOfCode(hub.code),
    now: new Date(),
  });
  return adoptHub(database, ids, hub);
}

/** The same with a confirmed claim; the credential is the hub id written twice. */
export async function makeIq(
  database: Database,
  ids: Ids,
): Promise<TestIq & { readonly credential: string }> {
  const iq = await makeClaimedIq(database, ids);
  const credential = `${iq.hubId}${iq.hubId}`;
  await database.pool.query(
    'update factory_hubs set credential_hash = $2, claim_confirmed_at = now() where hub_id = $1',
    [iq.hubId, hashHubSecret(credential)],
  );
  return { ...iq, credential };
}
