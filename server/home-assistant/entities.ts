/**
 * What Home Assistant is told, as retained MQTT messages: topic → payload. Pure. Its MQTT discovery wants one message of
 * configuration for each entity; the state of a device is one message that its entities read from.
 *
 *     homeassistant/<component>/<site>/<device>-<entity>/config
 *     cardea/<site>/lock/<id>          the state of a lock
 *     cardea/<site>/hub/<id>           the state of a hub
 *     cardea/<site>/lock/<id>/set      OPEN, UNLOCK or LOCK, where opening is allowed
 */
import type { ShownDevices, ShownHub, ShownLock } from '#server/store/home-assistant';

export type Wishes = {
  readonly mayOpen: boolean;
  /** Where it is said that somebody keeps these messages up to date. */
  readonly statusTopic: string;
};

const discoveryPrefix = 'homeassistant';

/** Every message that there is to be. */
export function entityMessages(
  { locks, hubs }: ShownDevices,
  wishes: Wishes,
): ReadonlyMap<string, string> {
  const messages = new Map<string, string>();
  const say = (topic: string, payload: object): void =>
    void messages.set(topic, JSON.stringify(payload));
  for (const hub of hubs) {
    say(hubTopic(hub), { online: onOff(hub.online) });
    sayEntity(
      say,
      { of: hub, wishes, stateTopic: hubTopic(hub), device: hubDevice(hub) },
      hubOnline,
    );
  }
  for (const lock of locks) {
    say(lockTopic(lock), lockState(lock));
    const telling = { of: lock, wishes, stateTopic: lockTopic(lock), device: lockDevice(lock) };
    sayEntity(say, telling, wishes.mayOpen ? openingLock(lock) : shownLock);
    for (const entity of lockEntities) sayEntity(say, telling, entity);
  }
  return messages;
}

/** Where a lock is asked to do something. */
export function commandTopic(lock: Place): string {
  return `${lockTopic(lock)}/set`;
}

/** Where all locks of a site are asked. */
export function commandTopics(siteId: string): string {
  return commandTopic({ siteId, id: '+' });
}

/** Where everything about a site lies, for those who look for what is no longer there. */
export function siteTopics(siteId: string): readonly string[] {
  return [`${discoveryPrefix}/+/${siteId}/+/config`, `cardea/${siteId}/+/+`];
}

type Entity = {
  readonly component: 'lock' | 'binary_sensor' | 'sensor';
  /** Its word in topics. */
  readonly word: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** It says something even while the device cannot be reached. */
  readonly isAlwaysKnown: boolean;
};

type Place = { readonly siteId: string; readonly id: string };

type Telling = {
  readonly of: Place;
  readonly wishes: Wishes;
  readonly stateTopic: string;
  readonly device: object;
};

function sayEntity(
  say: (topic: string, payload: object) => void,
  { of, wishes, stateTopic, device }: Telling,
  { component, word, config, isAlwaysKnown }: Entity,
): void {
  const reachable = {
    topic: stateTopic,
    value_template: `{{ 'online' if value_json.online == 'ON' else 'offline' }}`,
  };
  say(`${discoveryPrefix}/${component}/${of.siteId}/${of.id}-${word}/config`, {
    ...config,
    unique_id: `cardea-${of.id}-${word}`,
    state_topic: stateTopic,
    availability: [{ topic: wishes.statusTopic }, ...(isAlwaysKnown ? [] : [reachable])],
    availability_mode: 'all',
    device,
    origin: { name: 'Cardea' },
  });
}

const sensor = (
  word: string,
  {
    name,
    deviceClass,
    isAlwaysKnown = false,
  }: {
    readonly name: string;
    readonly deviceClass: string;
    readonly isAlwaysKnown?: boolean;
  },
): Entity => ({
  component: 'binary_sensor',
  word,
  isAlwaysKnown,
  config: { name, device_class: deviceClass, value_template: `{{ value_json.${word} }}` },
});

const hubOnline = sensor('online', {
  name: 'Connection',
  deviceClass: 'connectivity',
  isAlwaysKnown: true,
});

const lockEntities: readonly Entity[] = [
  hubOnline,
  sensor('battery_low', { name: 'Battery', deviceClass: 'battery' }),
  sensor('left_open', { name: 'Left open', deviceClass: 'problem' }),
  sensor('intrusion', { name: 'Intrusion', deviceClass: 'tamper' }),
];

/** Home Assistant has no lock without a topic to open it by: where that is not allowed, it is a sensor. */
const shownLock: Entity = {
  component: 'binary_sensor',
  word: 'lock',
  isAlwaysKnown: false,
  config: { name: null, device_class: 'lock', value_template: '{{ value_json.unlocked }}' },
};

function openingLock(lock: ShownLock): Entity {
  return {
    component: 'lock',
    word: 'lock',
    isAlwaysKnown: false,
    config: {
      name: null,
      value_template: '{{ value_json.state }}',
      command_topic: commandTopic(lock),
      payload_lock: 'LOCK',
      payload_unlock: 'UNLOCK',
      payload_open: 'OPEN',
      state_locked: 'LOCKED',
      state_unlocked: 'UNLOCKED',
    },
  };
}

/** Office mode is an open door. What nobody knows is told as nothing, which Home Assistant shows as unknown. */
function lockState(lock: ShownLock): object {
  const isOpen = lock.state === 'office_mode' || lock.state === 'locked_pending';
  const isShut = lock.state === 'locked' || lock.state === 'office_mode_pending';
  return {
    online: onOff(lock.online),
    state: isOpen ? 'UNLOCKED' : isShut ? 'LOCKED' : 'None',
    unlocked: isOpen ? 'ON' : isShut ? 'OFF' : 'None',
    battery_low: isUnknown(lock)
      ? 'None'
      : onOff(lock.battery === 'low' || lock.battery === 'critical'),
    left_open: onOff(lock.leftOpen),
    intrusion: onOff(lock.intrusion),
  };
}

function isUnknown({ battery }: ShownLock): boolean {
  return battery === 'none' || battery === 'unknown';
}

function onOff(isOn: boolean): 'ON' | 'OFF' {
  return isOn ? 'ON' : 'OFF';
}

function lockTopic({ siteId, id }: Place): string {
  return `cardea/${siteId}/lock/${id}`;
}

function hubTopic({ siteId, id }: Place): string {
  return `cardea/${siteId}/hub/${id}`;
}

function hubDevice({ id, name }: ShownHub): object {
  return { identifiers: [`cardea-${id}`], name, manufacturer: 'Cardea', model: 'IQ' };
}

function lockDevice({ id, name, iqId }: ShownLock): object {
  const via = iqId === null ? {} : { via_device: `cardea-${iqId}` };
  return { identifiers: [`cardea-${id}`], name, manufacturer: 'Cardea', model: 'Lock', ...via };
}
