/**
 * The device cloud (CCC): holds the connections of IQs, tells who is online, carries commands, desired state and events.
 * It has no opinion about doors; what frames mean is decided by the handlers it is given.
 */
import type { HubId, IqId } from '#contract/ids';
import type { Command, Frame } from '#contract/iq-link';
import { assertNever } from '#contract/assert-never';
import type { DeviceCertificates } from '#server/runtime/certificates';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import { desiredResendTopic, desiredTopic, listIqsBehind } from '#server/store/desired-items';
import {
  forgetGoneGateways,
  gatewaySignOfLifeMs,
  listDoubtfulPresence,
  signOfLife,
} from '#server/store/gateways';
import type { Database } from '#server/store/pool';
import { createAdmission, type Admission } from './admission.ts';
import { createBroker, type BrokerTraffic } from './broker.ts';
import { claimTopic, moveTopic, wipeTopic } from './claims.ts';
import type { CommandLink } from './commands.ts';
import { createDesiredPush, createTurnstile, type DesiredPush } from './desired-items.ts';
import type { ReceivedFrame } from './frames.ts';
import type { ConnectedIq, GatewayHandlers } from './handlers.ts';
import { Hub, type HubActs, type Welcome } from './hub.ts';
import { createUploads, type Uploader } from './uploads.ts';
import { createReception } from './welcome.ts';

export type GatewayFigures = BrokerTraffic & {
  readonly iqs: number;
  readonly waitingEvents: number;
};

export type Gateway = {
  readonly gatewayId: string;
  readonly link: CommandLink;
  figures(): GatewayFigures;
  start(): Promise<void>;
  /** Ends every session; what has arrived is stored first. */
  stop(): Promise<void>;
};

export type GatewayCertificates = Pick<DeviceCertificates, 'current' | 'onRenewed'>;

const tickMs = 250;
const pollMs = 15_000;
/** A gateway that has just started gives its hubs this long to come back before their presence is doubted. */
const startGraceMs = 15_000;
const ownPresenceMs = 60_000;
/** Whole tables read at the same time. */
const tablesAtOnce = 4;

type WelcomedIq = Extract<Welcome, { readonly answer: 'iq' }>;

/** A connection of an IQ, with what belongs to it. */
type Visit = {
  readonly iq: ConnectedIq;
  readonly push: DesiredPush;
  readonly uploader: Uploader;
  end(): void;
};

export function createGateway({
  gatewayId,
  host,
  port,
  certificates,
  database,
  handlers,
  bus,
  clock,
  ids,
  log,
}: {
  readonly gatewayId: string;
  readonly host: string;
  readonly port: number;
  readonly certificates: GatewayCertificates;
  readonly database: Database;
  readonly handlers: GatewayHandlers;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}): Gateway {
  const hubs = new Map<HubId, Hub>();
  const visits = new Map<HubId, Visit>();
  const iqs = new Map<IqId, Hub>();
  const turnstile = createTurnstile(tablesAtOnce);
  const uploads = createUploads({ store: (batch) => handlers.events(batch), log });
  const reception = createReception({ database, handlers, bus, clock, ids, log, gatewayId });
  const listeners: Parameters<CommandLink['listen']>[0][] = [];
  let timers: Timer[] = [];
  let endings: (() => void)[] = [];
  const work = new Set<Promise<unknown>>();

  function inBackground(act: Promise<unknown>, what: string): void {
    const settled = act
      .catch((error: unknown) => log.error({ err: error }, `${what} failed`))
      .finally(() => work.delete(settled));
    work.add(settled);
  }

  // ── one hub ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Speaks to the connection that a hub has at this moment, and to no later one. */
  function uploaderOf(hub: Hub): Uploader {
    const { connection } = hub;
    const isHere = (): boolean => connection !== undefined && hub.connection === connection;
    return {
      acknowledge: (position) => {
        if (isHere()) hub.send('ack', position);
      },
      failed: () => {
        if (isHere()) hub.end('not_stored');
      },
    };
  }

  function beginVisit(hub: Hub, { iq, tableVersion }: WelcomedIq, hello: Frame<'hello'>): void {
    const { connection } = hub;
    if (connection === undefined) return;
    const isHere = (): boolean => hub.connection === connection;
    const push = createDesiredPush({
      database,
      iq,
      heldVersion: tableVersion,
      waitsForRestore: hello.restore_required,
      turnstile,
      sendText: (payload) => {
        if (isHere()) connection.send('desired', payload);
      },
      room: () => connection.room(),
      failed: (error) => {
        log.error({ err: error, iqId: iq.iqId }, 'desired state could not be sent');
        if (isHere()) hub.end('failed');
      },
      log,
    });
    const subscriptions = [
      bus.subscribe(desiredTopic(iq.iqId), () => push.wake()),
      bus.subscribe(desiredResendTopic(iq.iqId), () => push.resend()),
    ];
    visits.set(hub.hubId, {
      iq,
      push,
      uploader: uploaderOf(hub),
      end() {
        for (const endOne of subscriptions) endOne();
        push.stop();
      },
    });
    iqs.set(iq.iqId, hub);
    push.wake();
    for (const listener of listeners) listener.ready(iq);
  }

  function takeOutcome(hub: Hub, iq: ConnectedIq, outcome: Frame<'outcome'>): void {
    const { lock, iq: report } = outcome;
    if (lock !== undefined) void hub.enqueue('outcome', () => handlers.outcomeLock(iq, lock));
    if (report !== undefined) {
      const frame = { iq: report, locks: [], repeaters: [] };
      void hub.enqueue('outcome', () => handlers.report(iq, frame));
    }
    const isWritten = hub.enqueue('outcome', () => Promise.resolve());
    for (const listener of listeners) listener.outcome(iq, outcome, isWritten);
  }

  function take(hub: Hub, frame: ReceivedFrame): Promise<void> | undefined {
    if (frame.name === 'claimed') {
      const { connection } = hub;
      if (hub.welcome?.answer !== 'factory' || connection === undefined) return undefined;
      return hub.enqueue('claimed', () => reception.takeClaimed(hub, connection, frame.body));
    }
    if (frame.name === 'events' && hub.welcome?.answer === 'wipe')
      return uploads.offer(hub.welcome.iq, frame.body, uploaderOf(hub));
    const visit = visits.get(hub.hubId);
    if (visit === undefined) return undefined;
    const { iq, push, uploader } = visit;
    switch (frame.name) {
      case 'report':
        void hub.enqueue('report', () => handlers.report(iq, frame.body));
        return undefined;
      case 'events':
        return uploads.offer(iq, frame.body, uploader);
      case 'outcome':
        takeOutcome(hub, iq, frame.body);
        return undefined;
      case 'applied':
        void hub.enqueue('applied', async () => {
          await handlers.applied(iq, frame.body);
          push.applied(frame.body);
        });
        return undefined;
      case 'image_request': {
        const { connection } = hub;
        return hub.enqueue('image', async () => {
          const part = await handlers.imagePart(iq, frame.body);
          if (connection === hub.connection) hub.send('image', part);
        });
      }
      case 'hello':
      case 'heartbeat':
        return undefined;
      default:
        return assertNever(frame);
    }
  }

  function welcomed(hub: Hub, welcome: Welcome, hello: Frame<'hello'>): void {
    switch (welcome.answer) {
      case 'iq':
        return beginVisit(hub, welcome, hello);
      case 'factory':
        void hub.enqueue('claim', () => reception.sendClaim(hub));
        return undefined;
      case 'wipe':
        return reception.sendWipe(hub);
      case 'refused':
        return undefined;
      default:
        return assertNever(welcome);
    }
  }

  const acts: HubActs = {
    check: (hub, admission, hello) => reception.check(hub, admission, hello),
    welcomed,
    take,
    online: (iq) => handlers.online(iq),
    offline: (iq, why) => handlers.offline(iq, why),
    left(hub) {
      const visit = visits.get(hub.hubId);
      if (visit === undefined) return;
      visit.end();
      visits.delete(hub.hubId);
      if (iqs.get(visit.iq.iqId) === hub) iqs.delete(visit.iq.iqId);
    },
  };

  const admit = createAdmission({ database, clock, log });
  const broker = createBroker<Admission>({
    host,
    port,
    certificate: () => certificates.current(),
    log,
    events: {
      admit,
      opened(connection, admission) {
        const hub = hubs.get(connection.hubId) ?? new Hub(connection.hubId, { acts, clock, log });
        hubs.set(connection.hubId, hub);
        hub.connect(connection, admission);
      },
      frame: (connection, name, payload) =>
        hubs.get(connection.hubId)?.receive(connection, name, payload),
      closed: (connection, reason) => hubs.get(connection.hubId)?.closed(connection, reason),
    },
  });

  // ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  function every(ms: number, act: () => void): void {
    const index = timers.length;
    const again = (): void => {
      timers[index] = clock.setTimeout(() => {
        again();
        act();
      }, ms);
    };
    again();
  }

  function tick(): void {
    const nowMs = clock.now().getTime();
    for (const hub of hubs.values()) {
      hub.tick();
      if (hub.isGone) hubs.delete(hub.hubId);
    }
    for (const { push } of visits.values()) push.tick(nowMs);
  }

  async function correctPresence({ ownToo }: { readonly ownToo: boolean }): Promise<void> {
    const doubtful = await listDoubtfulPresence(database, { ownId: ownToo ? gatewayId : null });
    for (const { tenantId, iqId, hubId, gatewayId: holder } of doubtful) {
      if (holder === gatewayId && (!ownToo || hubs.has(hubId))) continue;
      const iq = { tenantId, iqId, hubId, gatewayId: holder ?? gatewayId };
      log.warn({ iqId }, 'an IQ was shown online by a gateway that is gone');
      await handlers.offline(iq, { reason: 'gateway_lost', heardAt: null });
    }
  }

  async function showLife(): Promise<void> {
    await signOfLife(database, gatewayId);
    await correctPresence({ ownToo: false });
  }

  async function wakeThoseBehind(): Promise<void> {
    for (const iqId of await listIqsBehind(database, gatewayId)) {
      const hub = iqs.get(iqId);
      if (hub !== undefined) visits.get(hub.hubId)?.push.wake();
    }
  }

  function wakeHub(hubId: string, what: string, act: (hub: Hub) => Promise<void>): void {
    const hub = hubs.get(hubId as HubId);
    if (hub !== undefined) void hub.enqueue(what, () => act(hub));
  }

  function listenToBus(): void {
    endings = [
      bus.subscribe(claimTopic, (hubId) =>
        wakeHub(hubId, 'claim', async (hub) => {
          if (hub.welcome?.answer === 'factory') await reception.sendClaim(hub);
        }),
      ),
      bus.subscribe(wipeTopic, (hubId) =>
        wakeHub(hubId, 'wipe', (hub) => reception.wipeIfAsked(hub)),
      ),
      bus.subscribe(moveTopic, (hubId) => hubs.get(hubId as HubId)?.end('moved')),
      bus.onResync(() => inBackground(wakeThoseBehind(), 'looking for IQs behind')),
      certificates.onRenewed(() => broker.renewCertificate()),
    ];
  }

  const link: CommandLink = {
    gatewayId,
    isRunning: () => broker.isRunning(),
    isConnected: (iqId) => iqs.has(iqId),
    send(iqId, command: Command) {
      const hub = iqs.get(iqId);
      hub?.send('command', command);
      return hub !== undefined;
    },
    listen: (listener) => listeners.push(listener),
  };

  return {
    gatewayId,
    link,
    figures: () => ({
      ...broker.traffic,
      iqs: iqs.size,
      waitingEvents: uploads.waitingEvents(),
    }),
    async start() {
      await signOfLife(database, gatewayId);
      await forgetGoneGateways(database);
      listenToBus();
      await broker.start();
      every(tickMs, tick);
      every(gatewaySignOfLifeMs, () => inBackground(showLife(), 'the sign of life'));
      every(pollMs, () => inBackground(wakeThoseBehind(), 'looking for IQs behind'));
      const correctOwn = (): void =>
        inBackground(correctPresence({ ownToo: true }), 'correcting presence');
      timers.push(clock.setTimeout(correctOwn, startGraceMs));
      every(ownPresenceMs, correctOwn);
      log.info({ host, port }, 'the device gateway listens');
    },
    async stop() {
      for (const timer of timers) timer.cancel();
      timers = [];
      for (const end of endings) end();
      endings = [];
      for (const hub of hubs.values()) hub.end('stopping');
      await broker.stop();
      await uploads.drain();
      await Promise.all(
        [...hubs.values()].map((hub) => hub.enqueue('stop', () => Promise.resolve())),
      );
      await Promise.all(work);
      hubs.clear();
    },
  };
}
