/**
 * Shows the doors of some sites in Home Assistant by its MQTT discovery: off → leading (the one process that does it) →
 * connected to the broker. What is to be said is read from the tables, compared with what was said, and the difference is
 * published; a wake-up of the event tables makes that happen at once, a slow poll finds the rest.
 */
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { ApiError } from '#contract/api-error';
import type { TenantId } from '#contract/ids';
import type { Lockings } from '#server/domain/lockings';
import type { Clock, Timer } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import {
  readShownDevices,
  takeLead,
  type Lead,
  type ShownLock,
} from '#server/store/home-assistant';
import type { Database } from '#server/store/pool';
import { commandTopic, commandTopics, entityMessages, siteTopics } from './entities.ts';

export type HomeAssistantSettings = {
  /** `mqtt://user:password@host:1883`; absent = off. */
  readonly homeAssistantUrl?: string;
  readonly homeAssistantSites: readonly string[];
  readonly homeAssistantOpening: 'off' | 'on';
};

export type HomeAssistant = {
  start(): void;
  stop(): Promise<void>;
};

type Parts = {
  readonly config: HomeAssistantSettings;
  readonly database: Database;
  readonly lockings: Lockings;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
};

/** As the audit log names it. */
const homeAssistantClient = 'home-assistant';

const pollMs = 5_000;
const reconnectMs = 5_000;
const acts: Readonly<Record<string, 'unlocked' | 'locked'>> = {
  OPEN: 'unlocked',
  UNLOCK: 'unlocked',
  LOCK: 'locked',
};

/** Null where it is off. */
export function createHomeAssistant(parts: Parts): HomeAssistant | null {
  const { config, database, lockings, bus, clock, ids, log } = parts;
  const { homeAssistantUrl: url, homeAssistantSites: siteIds } = config;
  const [firstSite] = siteIds;
  if (url === undefined || firstSite === undefined) return null;
  const mayOpen = config.homeAssistantOpening === 'on';
  const statusTopic = `cardea/${firstSite}/status`;
  const said = new Map<string, string>();
  /** Retained messages that were there before, and may be of locks that are gone. */
  const found = new Set<string>();
  const listening = new Map<TenantId, () => void>();
  let locks: ReadonlyMap<string, ShownLock> = new Map();
  let lead: Lead | null = null;
  let client: MqttClient | null = null;
  let timer: Timer | undefined;
  let isStopped = false;
  let isWanted = false;
  let running: Promise<void> | undefined;
  const opening = new Set<Promise<void>>();

  function wake(): void {
    isWanted = true;
    if (isStopped || running !== undefined) return;
    running = turns().finally(() => {
      running = undefined;
      if (isWanted) wake();
    });
  }

  async function turns(): Promise<void> {
    while (isWanted) {
      if (isStopped) return;
      isWanted = false;
      try {
        await look();
      } catch (error) {
        log.warn({ err: error }, 'Home Assistant could not be told of the doors');
      }
    }
  }

  async function look(): Promise<void> {
    if (lead?.isHeld() !== true) {
      await leave();
      lead = await takeLead(database);
      if (lead === null || isStopped) return;
    }
    client ??= dial();
    if (!client.connected) return;
    const devices = await readShownDevices(database, siteIds);
    locks = new Map(devices.locks.map((lock) => [commandTopic(lock), lock]));
    for (const { tenantId } of [...devices.locks, ...devices.hubs])
      if (!listening.has(tenantId))
        listening.set(tenantId, bus.subscribe(eventsTopic(tenantId), wake));
    const wanted = entityMessages(devices, { mayOpen, statusTopic });
    for (const topic of new Set([...said.keys(), ...found]))
      if (!wanted.has(topic)) await say(client, topic, '');
    found.clear();
    for (const [topic, payload] of wanted)
      if (said.get(topic) !== payload) await say(client, topic, payload);
  }

  async function say(to: MqttClient, topic: string, payload: string): Promise<void> {
    await to.publishAsync(topic, payload, { qos: 1, retain: true });
    if (payload === '') said.delete(topic);
    else said.set(topic, payload);
  }

  function dial(): MqttClient {
    const made = connect(url ?? '', {
      clientId: `cardea-${firstSite ?? ''}`,
      clean: true,
      reconnectPeriod: reconnectMs,
      // What was not said before a connection was lost is compared and said again.
      queueQoSZero: false,
      will: { topic: statusTopic, payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    made.on('connect', () => void greet(made));
    made.on('message', (topic, payload, packet) =>
      take({ topic, text: payload.toString(), packet }),
    );
    made.on('error', (error) => log.warn({ err: error }, 'the broker of Home Assistant is away'));
    return made;
  }

  async function greet(to: MqttClient): Promise<void> {
    said.clear();
    try {
      await to.publishAsync(statusTopic, 'online', { qos: 1, retain: true });
      await to.subscribeAsync(siteIds.flatMap(siteTopics), { qos: 1 });
      if (mayOpen) await to.subscribeAsync(siteIds.map(commandTopics), { qos: 1 });
    } catch (error) {
      log.warn({ err: error }, 'the broker of Home Assistant is away');
    }
    wake();
  }

  function take({ topic, text, packet }: Taken): void {
    if (!topic.endsWith('/set')) {
      if (packet.retain && text !== '' && !said.has(topic)) {
        found.add(topic);
        wake();
      }
      return;
    }
    const lock = locks.get(topic);
    const wanted = acts[text];
    // A retained order would open the door at each start.
    if (!mayOpen || packet.retain || lock === undefined || wanted === undefined) return;
    const done = act(lock, wanted).finally(() => opening.delete(done));
    opening.add(done);
  }

  async function act(lock: ShownLock, wanted: 'unlocked' | 'locked'): Promise<void> {
    const requestId = ids.next<string>();
    const actor = {
      tenantId: lock.tenantId,
      clientId: homeAssistantClient,
      userId: null,
      requestId,
    };
    try {
      await lockings.lock(actor, lock.id, {
        locked_state: wanted,
        accessor_id: null,
        otp: null,
        validate_access: false,
      });
    } catch (error) {
      const code = error instanceof ApiError ? error.code : null;
      log.warn(
        { lockId: lock.id, requestId, code, ...(code === null ? { err: error } : {}) },
        'Home Assistant asked for a door that did not open',
      );
    }
    wake();
  }

  async function leave(): Promise<void> {
    lead?.end();
    lead = null;
    for (const end of listening.values()) end();
    listening.clear();
    const former = client;
    client = null;
    if (former === null) return;
    if (former.connected)
      await former
        .publishAsync(statusTopic, 'offline', { qos: 1, retain: true })
        .catch(() => undefined);
    await former.endAsync(true);
  }

  function poll(): void {
    timer = clock.setTimeout(() => {
      wake();
      poll();
    }, pollMs);
  }

  return {
    start() {
      poll();
      wake();
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      // What waits for a broker that is away would be waited for until it is back.
      if (client?.connected === false) client.end(true);
      await running;
      await Promise.all(opening);
      await leave();
    },
  };
}

type Taken = {
  readonly topic: string;
  readonly text: string;
  readonly packet: Pick<IPublishPacket, 'retain'>;
};
