/**
 * The device link, version 1: the frames between an IQ and the device cloud, JSON over MQTT 3.1.1 over TLS 1.3.
 *
 * States of a session: connected → hello sent → welcome (ready) | refused (closed). Nothing but `hello` is heard before the
 * welcome. A hub that belongs to nobody (`factory`) gets a welcome without iq_id and waits for `claim`.
 *
 * Topics, one set per hub (the broker lets a hub publish and subscribe to its own only):
 *   iq/<hub_id>/up/<frame>      hello claimed heartbeat report events outcome applied image_request
 *   iq/<hub_id>/down/<frame>    welcome refused claim beat ack command desired image
 * All frames travel at QoS 1 but heartbeat and beat (QoS 0). Unknown members are ignored; an unknown protocol version is
 * refused with a reason. Guide and examples: docs/device-link.md; machine-readable: docs/device-link.asyncapi.yaml.
 */
import { Type, type Static } from 'typebox';
import { DesiredItem } from './access-table.ts';
import { HubEvent } from './events.ts';
import { FirmwareFact, SignedFirmware, UpdateReport } from './firmware.ts';
import { nullable, words } from './frame-fields.ts';
import { batteryStates } from './lock-conditions.ts';

export const protocolVersion = 1;
/** Behaviour.md 2: heartbeat each 5 s, offline after 15 s of silence, in either direction. */
export const heartbeatMs = 5_000;
export const offlineAfterMs = 15_000;
/** From being asked for to its deadline: no command lives longer (behaviour.md 2). */
export const commandLifeMs = 10_000;
/** A frame above this size ends the session; desired state and events are cut into parts below it. */
export const maxFrameBytes = 512 * 1024;

export const upFrames = [
  'hello',
  'claimed',
  'heartbeat',
  'report',
  'events',
  'outcome',
  'applied',
  'image_request',
] as const;
export type UpFrame = (typeof upFrames)[number];
export const downFrames = [
  'welcome',
  'refused',
  'claim',
  'beat',
  'ack',
  'command',
  'desired',
  'image',
] as const;
export type DownFrame = (typeof downFrames)[number];

export function upTopic(hubId: string, frame: UpFrame): string {
  return `iq/${hubId}/up/${frame}`;
}
export function downTopic(hubId: string, frame: DownFrame): string {
  return `iq/${hubId}/down/${frame}`;
}

const instant = Type.String();
const Position = Type.Object({ boot: Type.Integer(), sequence: Type.Integer() });

export const networkStates = [
  'unavailable',
  'disconnected',
  'connecting',
  'connected',
  'connection_failed',
  'active',
] as const;

const NetworkInterface = Type.Object({
  priority: nullable(Type.Integer()),
  status: words(networkStates),
  mac_address: nullable(Type.String()),
});

/** What GET details, signal_strength and software_versions show; the hub reports it at hello and when it changes. */
export const IqReport = Type.Object({
  /** 0-31, 31 best */
  signal_strength: Type.Integer({ minimum: 0, maximum: 31 }),
  operator: nullable(Type.String()),
  radio_channel: Type.Integer(),
  m2m: NetworkInterface,
  ethernet: NetworkInterface,
  wifi: NetworkInterface,
  versions: Type.Object({
    modem_application_version: nullable(Type.String()),
    modem_firmware_version: nullable(Type.String()),
    router_firmware_version: nullable(Type.String()),
    node_firmware_version: nullable(Type.String()),
  }),
});
export type IqReport = Static<typeof IqReport>;

export const lockStates = [
  'none',
  'locked',
  'office_mode',
  'uncertain',
  'locked_pending',
  'office_mode_pending',
] as const;
export const lockTypes = [
  'none',
  'unknown',
  'escutcheon',
  'cylinder',
  'wall_reader',
  'locker_lock',
  'escutcheon_pin',
  'wall_reader_pin',
] as const;
export const communicationTypes = ['rf_net', 'blue_net'] as const;

/** The last known state of one attached lock, always whole. */
export const LockReport = Type.Object({
  id: Type.String(),
  online: Type.Boolean(),
  locked_state: words(['locked', 'office_mode', 'uncertain'] as const),
  lock_type: words(lockTypes),
  communication_type: words(communicationTypes),
  battery_level: words(batteryStates),
  left_open_alarm: Type.Boolean(),
  intrusion_alarm: Type.Boolean(),
  privacy_mode: Type.Boolean(),
  /** UTC instant at which tag registration ends, or null = not running */
  tag_registration_until: nullable(instant),
  signal_strength: nullable(Type.Integer()),
  signal_strength_at: nullable(instant),
  /** How many offline keys the hardware holds. */
  offline_key_limit: Type.Integer(),
  /** Ids of the offline keys the lock has confirmed to hold; null or absent = not known. */
  offline_key_ids: Type.Optional(nullable(Type.Array(Type.String()))),
  /**
   * The version of the desired state that the memory of a lock with access by audit trail was last proven to fit; absent = such
   * access is off, or nothing is proven yet.
   */
  memory_table_version: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Whether it applies schedules to offline keys (behaviour.md 12.3); absent = not known. */
  holds_schedules: Type.Optional(Type.Boolean()),
  /** The lock refused to keep its offline memory three times in a row. */
  offline_memory_refused: Type.Optional(Type.Boolean()),
  /** Absent = the hub does not know it. */
  firmware: Type.Optional(FirmwareFact),
});
export type LockReport = Static<typeof LockReport>;

export const RepeaterReport = Type.Object({
  id: Type.String(),
  online: Type.Boolean(),
  communication_type: words(communicationTypes),
  signal_strength: nullable(Type.Integer()),
  signal_strength_at: nullable(instant),
  firmware: Type.Optional(FirmwareFact),
});
export type RepeaterReport = Static<typeof RepeaterReport>;

/** What hardware says of itself before it belongs to anybody. */
export const HardwareTraits = Type.Object({
  vendor: Type.String(),
  lock_type: words(lockTypes),
  communication_type: words(communicationTypes),
  /** How many offline keys it holds. */
  offline_key_limit: Type.Integer({ minimum: 0 }),
});
export type HardwareTraits = Static<typeof HardwareTraits>;

export const commandKinds = [
  'open',
  'office_mode_start',
  'office_mode_end',
  'tag_registration',
  'signal_refresh',
  'restart',
  'wipe',
  'update',
  'identify',
] as const;
export type CommandKind = (typeof commandKinds)[number];

const commandCommon = { id: Type.String(), deadline: instant };
const doorCommand = { lock_id: Type.String(), accessor_id: nullable(Type.String()) };

/** An act. It may be delivered twice: the hub keeps the outcome by id and answers the same again. */
export const Command = Type.Union([
  Type.Object({
    ...commandCommon,
    ...doorCommand,
    kind: words(['open', 'office_mode_start', 'office_mode_end'] as const),
    /** The accessor may pass privacy mode. */
    override_privacy_mode: Type.Boolean(),
    access_by: words(['remote', 'license_plate'] as const),
    access_detail: Type.String(),
  }),
  Type.Object({
    ...commandCommon,
    kind: Type.Literal('tag_registration'),
    lock_id: Type.String(),
    duration_seconds: Type.Integer(),
  }),
  Type.Object({
    ...commandCommon,
    kind: words(['signal_refresh', 'restart', 'wipe'] as const),
  }),
  /** Confirmed = the hub has it on its disk and goes on by itself; how it ends is told in `report`. */
  Type.Object({
    ...commandCommon,
    kind: Type.Literal('update'),
    /** One attempt; the same again is the same attempt. */
    run_id: Type.String(),
    /** The IQ, or a lock or repeater attached to it. */
    hardware_id: Type.String(),
    firmware: SignedFirmware,
  }),
  /** Asks a lock in radio reach what it is, attached or not. */
  Type.Object({ ...commandCommon, kind: Type.Literal('identify'), mac: Type.String() }),
]);
export type Command = Static<typeof Command>;

export const frames = {
  hello: Type.Object({
    protocol: Type.Integer(),
    /** Random per connection; echoed in the welcome. */
    session: Type.String({ minLength: 8, maxLength: 64 }),
    boot: Type.Integer({ minimum: 1 }),
    /** First 6 hex digits of the activation code, dotted. */
    mac: Type.String(),
    model: Type.String(),
    revision: Type.String(),
    vendor: Type.String(),
    software: Type.String(),
    limits: Type.Object({
      locks: Type.Integer(),
      repeaters: Type.Integer(),
      layers: Type.Integer(),
      persons: Type.Integer(),
    }),
    /** The IQ this hub holds the content of, or null = wiped or never claimed. */
    iq_id: nullable(Type.String()),
    /** Version of the desired state on its disk; 0 = none. */
    table_version: Type.Integer({ minimum: 0 }),
    restore_required: Type.Boolean(),
    clock: instant,
  }),
  claimed: Type.Object({
    claim_id: Type.String(),
    result: words(['accepted', 'refused'] as const),
    reason: nullable(Type.String()),
  }),
  heartbeat: Type.Object({ clock: instant }),
  report: Type.Object({
    iq: Type.Optional(IqReport),
    locks: Type.Array(LockReport),
    repeaters: Type.Array(RepeaterReport),
    updates: Type.Optional(Type.Array(UpdateReport)),
  }),
  events: Type.Object({ boot: Type.Integer({ minimum: 1 }), events: Type.Array(HubEvent) }),
  outcome: Type.Object({
    id: Type.String(),
    result: words(['confirmed', 'refused'] as const),
    /** Why it was refused; a word of 3102. */
    word: nullable(Type.String()),
    at: instant,
    /** The lock's state after the act, where it has one. */
    lock: Type.Optional(LockReport),
    iq: Type.Optional(IqReport),
    /** The answer to `identify`. */
    hardware: Type.Optional(HardwareTraits),
  }),
  applied: Type.Object({
    /** The version the hub holds on disk. */
    version: Type.Integer({ minimum: 0 }),
    /** Why a delta was refused, or null. */
    refused: nullable(Type.String()),
  }),
  /** The next part of the image of an update. */
  image_request: Type.Object({ run_id: Type.String(), offset: Type.Integer({ minimum: 0 }) }),

  welcome: Type.Object({
    protocol: Type.Integer(),
    session: Type.String(),
    /** null = belongs to nobody; wait for a claim */
    iq_id: nullable(Type.String()),
    server_time: instant,
    heartbeat_ms: Type.Integer(),
    offline_after_ms: Type.Integer(),
    /** The last event stored for this IQ; the hub forgets up to here. */
    acknowledged: nullable(Position),
  }),
  refused: Type.Object({ protocol: Type.Integer(), reason: Type.String() }),
  claim: Type.Object({
    claim_id: Type.String(),
    iq_id: Type.String(),
    /** The password of every later connection. */
    credential: Type.String(),
  }),
  beat: Type.Object({ server_time: instant }),
  ack: Position,
  command: Command,
  desired: Type.Object({
    /** 0 = from nothing: forget all items first */
    from: Type.Integer({ minimum: 0 }),
    to: Type.Integer({ minimum: 1 }),
    /** Parts of one delta, counted from 1; applied together when the last has come. */
    part: Type.Integer({ minimum: 1 }),
    parts: Type.Integer({ minimum: 1 }),
    items: Type.Array(DesiredItem),
  }),
  image: Type.Object({
    run_id: Type.String(),
    offset: Type.Integer({ minimum: 0 }),
    /** Base64; null = there is no such update or its image cannot be read. */
    data: nullable(Type.String()),
  }),
} as const;

export type Frame<Name extends keyof typeof frames> = Static<(typeof frames)[Name]>;
