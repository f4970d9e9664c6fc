/** The only place where the parts are constructed and put together. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAccountPart } from './account/account-part.ts';
import { extRoutes } from './connect-api/ext-routes.ts';
import { extFace } from './connect-api/ext-face.ts';
import { connectVersions } from '#contract/connect-version';
import { connectFace } from './connect-api/connect-face.ts';
import { connectRoutes } from './connect-api/connect-routes.ts';
import { createCodeAdmission } from './connect-api/pod-access-codes.ts';
import { extCoreFace, siteOwnerRoutes } from './connect-api/site-owners.ts';
import { coreRoutes } from './core-api/core-routes.ts';
import { coreFace } from './core-api/face.ts';
import { createAccessors } from './domain/accessors.ts';
import { createAccountUses } from './domain/account-uses.ts';
import { createAuditLog } from './domain/audit-log.ts';
import { createCollectionOptions } from './domain/collection-options.ts';
import { createCollectionSettings } from './domain/collection-settings.ts';
import { createClientAdministration } from './domain/clients.ts';
import { createCollections } from './domain/collections.ts';
import { createConfigurationCheck } from './domain/configuration-check.ts';
import { createDesiredState } from './domain/desired-state.ts';
import { createDoors } from './domain/doors.ts';
import { createEasyOfficeMode } from './domain/easy-office-mode.ts';
import { createEntries } from './domain/entries.ts';
import { createFirmwareRollout } from './domain/firmware-rollout.ts';
import { createFirmwareUpdates } from './domain/firmware-updates.ts';
import { createExports } from './domain/exports.ts';
import { createFloors } from './domain/floors.ts';
import { createHubHandlers } from './domain/hub-handlers.ts';
import { createIncidents } from './domain/incidents.ts';
import { createIqReplacements } from './domain/iq-replacements.ts';
import { createIqs } from './domain/iqs.ts';
import { createKeySettings } from './domain/key-settings.ts';
import { createKeys } from './domain/keys.ts';
import { createLicensePlateAccess } from './domain/license-plate-access.ts';
import { createLicensePlates } from './domain/license-plates.ts';
import { createLockReplacements } from './domain/lock-replacements.ts';
import { createMessaging } from './domain/messaging.ts';
import { createMigrations } from './domain/migrations.ts';
import { createNotices } from './domain/notices.ts';
import { createHandedMessages } from './domain/handed-messages.ts';
import { createOfflineKeys } from './domain/offline-keys.ts';
import { createIdentityProviders } from './domain/identity-providers.ts';
import { createOperators } from './domain/operators.ts';
import { createPeopleUses } from './domain/people-uses.ts';
import { createOutsideKeys, type OutsideSigner } from './domain/outside-signer.ts';
import { createRepeaters } from './domain/repeaters.ts';
import { createRightsState } from './domain/rights-state.ts';
import { createPhones } from './domain/phones.ts';
import { createBuiltInKeys } from './domain/signers.ts';
import { createSiteCredentials } from './domain/site-credentials.ts';
import { createSiteEventUses } from './domain/site-event-uses.ts';
import { createSiteHardware } from './domain/site-hardware.ts';
import { createSitePlaces } from './domain/site-places.ts';
import { createSiteUses } from './domain/site-uses.ts';
import { createStreamedEvents } from './domain/streamed-events.ts';
import { createTags } from './domain/tags.ts';
import { createTenantCertificates } from './domain/tenant-certificates.ts';
import { createTenants } from './domain/tenants.ts';
import { createTimeSchedules } from './domain/time-schedules.ts';
import { createTransferTokens } from './domain/transfer-tokens.ts';
import { createTrees } from './domain/tree.ts';
import { createVendors } from './domain/vendors.ts';
import { createWebhookUses } from './domain/webhook-uses.ts';
import { createWhy } from './domain/why.ts';
import { createAudit } from './events/audit.ts';
import { createClaims } from './gateway/claims.ts';
import { createCommandQueue, type CommandLink } from './gateway/commands.ts';
import { readGatewayId } from './gateway/gateway-id.ts';
import { createGateway } from './gateway/gateway.ts';
import { showGateway } from './gateway/metrics.ts';
import { watchCommands } from './gateway/watch-commands.ts';
import { watchEvents } from './gateway/watch-events.ts';
import { createHomeAssistant } from './home-assistant/home-assistant.ts';
import { createApp } from './http/app.ts';
import { registerDashboard } from './http/dashboard.ts';
import { registerFace } from './http/face.ts';
import { createTrustedProxies } from './http/list-origin.ts';
import { createRateLimit } from './http/rate-limit.ts';
import { createTokenCheck } from './http/token.ts';
import { createIdentity, issuerOf, type Identity } from './identity/identity.ts';
import { createMessagePart } from './messages/message-part.ts';
import { createSenders } from './messages/senders.ts';
import { createDeviceCertificates } from './runtime/certificates.ts';
import { createAuditCheckpoints } from './jobs/audit-checkpoints.ts';
import { createEventEraser } from './jobs/erase-events.ts';
import { createAccountRounds } from './jobs/account-rounds.ts';
import { registerSimulatorPanel } from './jobs/simulator-panel.ts';
import { createLossTeller } from './jobs/tell-losses.ts';
import { createGuestSuspender } from './jobs/suspend-guests.ts';
import { createEndTeller } from './jobs/tell-subscription-ends.ts';
import { createUntoldLosses } from './domain/untold-losses.ts';
import { openAuditSigner } from './runtime/audit-key.ts';
import type { Clock } from './runtime/clock.ts';
import { allowedOrigins, type Config } from './runtime/config.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Tracing } from './runtime/tracing.ts';
import { openSeal, type Seal } from './runtime/seal.ts';
import { closeSenders, type Senders } from './runtime/sender.ts';
import { registerSigner } from './signer/routes.ts';
import { createUpdateCatalogue, type UpdateCatalogue } from './runtime/update-catalogue.ts';
import { version } from './runtime/version.ts';
import { createOperating, type Operating } from './operating.ts';
import { createBus, type Bus } from './store/bus.ts';
import { onceReachable, patienceMs } from './store/await-database.ts';
import type { Database } from './store/pool.ts';
import { createEventTail } from './stream/event-tail.ts';
import { createSignalr } from './stream/signalr.ts';
import { watchDeliveries } from './stream/watch-deliveries.ts';
import { createWebhookSending } from './stream/webhooks.ts';

export type CardeaParts = {
  readonly config: Config;
  readonly database: Database;
  /** As the role that owns the tables, for what makes and drops some. */
  readonly ownerDatabase: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly ids: Ids;
  /** Absent or null = no traces are wanted. */
  readonly tracing?: Tracing | null;
};

export type Cardea = {
  readonly identity: Identity;
  readonly domain: ReturnType<typeof createDomain>;
  /** Every operation of the description; for checks and generated pages. */
  readonly app: FastifyInstance;
  /** PEM file of what hubs must trust; null without a gateway here, or with an operator's public certificate. */
  readonly caPath: string | null;
  start(): Promise<void>;
  /** Stops taking work, lets what runs end, in the reverse order of starting. */
  stop(): Promise<void>;
};

/** Puts the parts of one process together, as its ROLES say. */
export async function createCardea(parts: CardeaParts): Promise<Cardea> {
  const { config, database, clock, log, ids } = parts;
  const operating = createOperating({ tracing: null, ...parts, version });
  const { metrics } = operating;
  const bus = createBus({ database, clock, log });
  const seal = await openSeal(config.dataDir);
  const catalogue = createUpdateCatalogue({
    folder: config.updateCatalogue ?? join(config.dataDir, 'updates'),
    keyPath: config.updateKey,
    isNamed: config.updateCatalogue !== undefined,
  });
  const { gateway, certificates } = await createDeviceCloud(parts, {
    bus,
    seal,
    catalogue,
    operating,
  });
  const senders = createSenders(config);
  const link = gateway?.link ?? null;
  const domain = createDomain({ ...parts, bus, seal, catalogue, senders, link, operating });
  // Where the hubs are, since what it does is to send.
  const rollout =
    gateway === null
      ? null
      : createFirmwareRollout({
          database,
          audit: domain.audit,
          bus,
          clock,
          commands: domain.commands,
          log,
        });
  const identity = createIdentity({
    database,
    config: {
      publicUrl: config.publicUrl,
      httpHost: config.httpHost,
      httpPort: config.httpPort,
      dataDir: config.dataDir,
      trustedProxies: config.trustedProxies,
      signInLimits: config.signInLimits,
    },
    clock,
    log,
    ids,
  });
  const { sessionState } = identity;
  const checkToken = createTokenCheck({
    issuer: identity.issuer,
    keys: identity.keys,
    clock,
    sessionState,
  });
  if (gateway !== null) showGateway(metrics, gateway, domain.commands);
  const app = await createApp({
    log,
    corsOrigins: allowedOrigins(config),
    version,
    watch: operating.requests,
  });
  // What waits for events is answered as soon as the server closes.
  app.addHook('preClose', async () => domain.streamedEvents.stop());
  const tail = createEventTail({ database, bus, clock, log });
  const signalr = createSignalr({
    ...parts,
    bus,
    tail,
    checkToken,
    sessionState,
    limits: {
      connections: config.streamConnections,
      negotiationsPerMinute: config.streamNegotiations,
    },
  });
  metrics.gauge('cardea_stream_listeners', 'Listeners of event streams here.', signalr.listening);
  const isServing = config.roles.includes('http');
  const isStreaming = config.roles.includes('stream');
  const { dataDir } = config;
  const auditCheckpoints = config.roles.includes('jobs')
    ? createAuditCheckpoints({
        database,
        dataDir,
        openSigner: () => openAuditSigner({ dataDir, ids }),
        clock,
        log,
      })
    : undefined;
  const messages = config.roles.includes('jobs')
    ? createMessagePart({ senders, database, bus, clock, ids, log })
    : undefined;
  const webhooks = config.roles.includes('jobs')
    ? createWebhookSending({
        ...parts,
        bus,
        attempts: watchDeliveries(domain.webhookAttempts, operating),
      })
    : undefined;
  const eraser = config.roles.includes('jobs')
    ? createEventEraser({ database: parts.ownerDatabase, clock, log })
    : undefined;
  const lossTeller = config.roles.includes('jobs')
    ? createLossTeller({
        losses: createUntoldLosses({ database, bus, clock, ids, log }),
        clock,
        log,
      })
    : undefined;
  const endTeller = config.roles.includes('jobs')
    ? createEndTeller({ database, bus, clock, ids, log })
    : undefined;
  const guestSuspender = config.roles.includes('jobs')
    ? createGuestSuspender({ guests: domain.guests, clock, log })
    : undefined;
  const accountRounds = config.roles.includes('jobs')
    ? createAccountRounds({ ...domain, database, clock, log })
    : undefined;
  const homeAssistant = config.roles.includes('jobs')
    ? createHomeAssistant({ ...parts, bus, lockings: domain.lockings })
    : null;
  if (isServing) {
    identity.register(app);
    const hasSimulator = registerSimulatorPanel(app, { ...domain, config, database, checkToken });
    registerDashboard(app, { hasSimulator });
    createAccountPart({
      config,
      database,
      identity,
      uses: domain,
      bus,
      seal,
      clock,
      ids,
      log,
    }).register(app);
    const parts = {
      checkToken,
      admitByCode: createCodeAdmission(database),
      clock,
      rateLimit: createRateLimit({ perMinute: config.rateLimit, clock }),
      originRules: {
        publicUrl: config.publicUrl,
        isTrustedProxy: createTrustedProxies(config.trustedProxies),
      },
    };
    registerFace(app, { face: coreFace, routes: coreRoutes(domain), parts });
    registerFace(app, { face: extFace, routes: extRoutes(domain), parts });
    registerFace(app, { face: extCoreFace(coreFace), routes: siteOwnerRoutes(domain), parts });
    for (const version of connectVersions)
      registerFace(app, {
        face: connectFace(version),
        routes: connectRoutes({ ...domain, version }),
        parts,
      });
  }
  if (isServing && domain.outsideSigner === null)
    registerSigner(app, { signers: domain.signers, log });
  if (isStreaming) signalr.register(app);
  operating.registerPages(app, gateway);

  const stopping = new AbortController();
  return {
    identity,
    domain,
    app,
    caPath: certificates?.caPath ?? null,
    async start() {
      const patience = { log, signal: stopping.signal, withinMs: patienceMs };
      await onceReachable(() => bus.start(), patience);
      await onceReachable(() => identity.start(), patience);
      await onceReachable(() => domain.commands.start(), patience);
      await certificates?.start();
      await gateway?.start();
      rollout?.start();
      eraser?.start();
      lossTeller?.start();
      endTeller?.start();
      accountRounds?.start();
      guestSuspender?.start();
      webhooks?.start();
      messages?.start();
      homeAssistant?.start();
      auditCheckpoints?.start();
      if (isStreaming) await signalr.start();
      await app.listen({ host: config.httpHost, port: config.httpPort });
      operating.setState('up');
    },
    // What takes work stops before what it needs: listeners, requests, hubs, then what they all write to.
    async stop() {
      stopping.abort();
      operating.setState('stopping');
      await homeAssistant?.stop();
      await signalr.stop();
      await app.close();
      await rollout?.stop();
      await gateway?.stop();
      certificates?.stop();
      await domain.commands.stop();
      await tail.stop();
      await webhooks?.stop();
      await eraser?.stop();
      await lossTeller?.stop();
      await endTeller?.stop();
      await accountRounds?.stop();
      await guestSuspender?.stop();
      await messages?.stop();
      await auditCheckpoints?.stop();
      identity.stop();
      closeSenders(senders);
      await bus.stop();
    },
  };
}

/** The gateway and its certificates, where this process holds hubs. */
async function createDeviceCloud(
  { config, database, clock, ids, log }: CardeaParts,
  { bus, seal, catalogue, operating }: Omit<DomainParts, keyof CardeaParts | 'senders' | 'link'>,
) {
  if (!config.roles.includes('gateway')) return { gateway: null, certificates: null };
  const { tlsCert, tlsKey, tlsCa, mqttHost, mqttPort, dataDir } = config;
  const isGiven = tlsCert !== undefined && tlsKey !== undefined;
  const certificates = createDeviceCertificates({
    dataDir,
    names: [mqttHost, 'localhost', '127.0.0.1'],
    files: isGiven ? { certPath: tlsCert, keyPath: tlsKey, caPath: tlsCa ?? null } : null,
    clock,
    log,
  });
  const audit = createAudit({ clock, ids });
  const desiredState = createDesiredState({ bus, clock });
  const gateway = createGateway({
    gatewayId: await readGatewayId({ dataDir, port: mqttPort, ids }),
    host: mqttHost,
    port: mqttPort,
    certificates,
    database,
    handlers: watchEvents(
      createHubHandlers({ database, bus, clock, ids, log, seal, audit, desiredState, catalogue }),
      { ...operating, clock },
    ),
    bus,
    clock,
    ids,
    log,
  });
  return { gateway, certificates };
}

type DomainParts = CardeaParts & {
  readonly bus: Bus;
  readonly seal: Seal;
  readonly catalogue: UpdateCatalogue;
  readonly senders: Senders;
  readonly link: CommandLink | null;
  readonly operating: Operating;
};

/** The use-cases, without any face. */
function createDomain({
  config,
  database,
  clock,
  ids,
  log,
  bus,
  seal,
  catalogue,
  senders,
  link,
  operating,
}: DomainParts) {
  const audit = createAudit({ clock, ids });
  const desiredState = createDesiredState({ bus, clock });
  const queue = createCommandQueue({ database, link, bus, clock, ids, log });
  const commands = watchCommands(queue, operating);
  const claims = createClaims({ bus, clock });
  const notices = createNotices({ bus, clock, ids });
  const people = { database, audit, clock, ids, desiredState, notices };
  const hardware = { ...people, bus, seal, commands, claims };
  const handedMessages = createHandedMessages({ senders, clock, ids });
  const outsideSigner = outsideSignerOf(config);
  const outsideKeys = outsideSigner && createOutsideKeys(outsideSigner);
  const keySmith = outsideKeys ?? createBuiltInKeys(seal);
  const tenantCertificates = createTenantCertificates({ ...people, bus, seal, keySmith });
  const issuer = issuerOf({ ...config, publicUrl: config.publicUrl });
  const accounts = createAccountUses({
    ...people,
    bus,
    log,
    senders,
    issuer,
    invitationDays: config.invitationDays,
  });
  return {
    audit,
    desiredState,
    commands,
    vendors: createVendors({ database }),
    sitePlaces: createSitePlaces(people),
    ...createSiteUses({ ...hardware, ...config, ...accounts }),
    operators: createOperators({ database }),
    clientAdministration: createClientAdministration(people),
    tenants: createTenants({ database }),
    identityProviders: createIdentityProviders({ ...people, issuer, seal }),
    handedMessages,
    ...accounts,
    ...createPeopleUses({ ...people, invitations: accounts.invitations }),
    why: createWhy({ database, clock }),
    configurationCheck: createConfigurationCheck({ database, clock }),
    collections: createCollections(people),
    collectionOptions: createCollectionOptions(people),
    collectionSettings: createCollectionSettings(people),
    firmwareUpdates: createFirmwareUpdates({ ...people, bus, catalogue }),
    floors: createFloors(people),
    iqs: createIqs(hardware),
    ...createSiteHardware({ ...hardware, handedMessages }),
    iqReplacements: createIqReplacements(hardware),
    trees: createTrees(hardware),
    repeaters: createRepeaters(hardware),
    ...createDoors(hardware),
    lockReplacements: createLockReplacements(hardware),
    easyOfficeMode: createEasyOfficeMode(hardware),
    tags: createTags(people),
    accessors: createAccessors(people),
    keys: createKeys(people),
    keySettings: createKeySettings(people),
    offlineKeys: createOfflineKeys(people),
    timeSchedules: createTimeSchedules(people),
    outsideSigner,
    tenantCertificates,
    ...createPhones({ ...people, seal, tenantCertificates, outsideKeys }),
    licensePlates: createLicensePlates(people),
    ...createMessaging(people),
    licensePlateAccess: createLicensePlateAccess(hardware),
    ...createSiteCredentials(people),
    rightsState: createRightsState({ database }),
    exports: createExports(hardware),
    migrations: createMigrations(hardware),
    transferTokens: createTransferTokens(people),
    entries: createEntries({ database }),
    incidents: createIncidents({ database }),
    ...createSiteEventUses({ ...people, handedMessages }),
    auditLog: createAuditLog({ database }),
    streamedEvents: createStreamedEvents({ database, bus, clock }),
    ...createWebhookUses({ ...people, bus, seal, allowed: config.webhookAllow }),
  };
}

/** The vault that keeps the keys of phone certificates; null = the built-in signer does. */
function outsideSignerOf(config: Config): OutsideSigner | null {
  const { signerUrl: url, signerRoleId: roleId, signerSecretId: secretId, signerMount } = config;
  if (url === undefined || roleId === undefined || secretId === undefined) return null;
  return { url, roleId, secretId, mount: signerMount };
}
