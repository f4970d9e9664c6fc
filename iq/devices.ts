/** What the hardware says, brought to the door it is about. */
import { assertNever } from '#contract/assert-never';
import type { Attached, Attachments } from './attachments.ts';
import type { Attaching } from './attach.ts';
import type { HubClock } from './clock.ts';
import type { Conditions } from './conditions.ts';
import type { Door } from './door.ts';
import type { Driver, DriverEvent, LockStatus } from './drivers/driver.ts';
import type { EasyOffice } from './easy-office.ts';
import type { Leaf } from './leaf.ts';
import { syncLockMemory } from './lock-memory.ts';
import type { Presence, SeenRepeater } from './presence.ts';
import type { Presentations } from './presentations.ts';
import type { Recorder, When } from './recorder.ts';
import type { TableStore } from './table-store.ts';

/** The device does not belong to this hub: a lock goes on by its own memory, as with no hub in reach. */
export class NotAttachedError extends Error {
  override readonly name = 'NotAttachedError';
}

type LockEvent = Exclude<
  DriverEvent,
  {
    kind:
      'hub_button' | 'hub_changed' | 'maintenance_card' | 'repeater_button' | 'repeater_heartbeat';
  }
>;

export type Devices = {
  /** Rejects NotAttachedError, or what kept a record from the disk. */
  raise(event: DriverEvent): Promise<void>;
};

/** No lock was made before: a record of a lock that had lost its time says an earlier one. */
const earliestMs = Date.UTC(2020, 0, 1);
/** A status sampled this long before an act may still arrive after it. */
const staleMs = 60_000;

export function createDevices({
  attaching,
  attachments,
  clock,
  conditions,
  doors,
  driver,
  easyOffice,
  leaf,
  presence,
  presentations,
  recorder,
  repeaters,
  tables,
  onChanged,
  onFailure,
  onHubButton,
  onHubChanged,
}: {
  readonly attaching: Attaching;
  readonly attachments: Attachments;
  readonly clock: HubClock;
  readonly conditions: Conditions;
  readonly doors: ReadonlyMap<string, Door>;
  readonly driver: Driver;
  readonly easyOffice: EasyOffice;
  readonly leaf: Leaf;
  readonly presence: Presence;
  readonly presentations: Presentations;
  readonly recorder: Recorder;
  readonly repeaters: ReadonlyMap<string, SeenRepeater>;
  readonly tables: TableStore;
  readonly onChanged: () => void;
  readonly onFailure: (error: unknown) => void;
  readonly onHubButton: (heldMs: number) => Promise<void>;
  readonly onHubChanged: () => Promise<void>;
}): Devices {
  async function lockSaid(event: LockEvent): Promise<void> {
    const attached = attachments.findByMac(event.mac);
    const door = attached ? doors.get(attached.id) : undefined;
    if (!attached || !door) throw new NotAttachedError('the device is not attached to this hub');
    // Before anything else: a door that is heard is there.
    const isBack = await presence.heard(door);
    // Before what it remembers: that happened earlier.
    if (isBack) await conditions.look(door);
    await handle(event, door, attached);
    const isBattery = event.kind === 'battery';
    const said = isBattery ? { at: whenOf(event).at, battery: event.battery } : undefined;
    await conditions.look(door, said);
    if (isBack) cameBack(door);
    onChanged();
  }

  function cameBack(door: Door): void {
    easyOffice.look(door);
    syncLockMemory(door, { attachments, driver, tables, onChanged }).catch(onFailure);
  }

  async function handle(event: LockEvent, door: Door, attached: Attached): Promise<void> {
    const when = whenOf(event);
    switch (event.kind) {
      case 'presented':
        return presentations.present(door, event.presentation);
      case 'phone_presented':
        return presentations.presentPhone(door, event.phone);
      case 'presented_offline':
        return presentations.presentOffline(door, { ...event, at: when.at });
      case 'lock_heartbeat':
        return takeStatus(door, event, attached);
      case 'door':
        return event.door === 'open' ? leaf.opened(door, when) : leaf.closed(door, when);
      case 'bolt':
        return takeBolt(door, event.bolt, event.at);
      case 'privacy':
        return takePrivacy(door, event.privacy, when);
      case 'tamper':
        return takeTamper(door, event.tampered, when);
      case 'battery':
        change(door, { battery: event.battery });
        return warnOfBattery(door, attached, when);
      case 'clock_lost':
        change(door, { clock: 'lost' });
        return setClock(door, when);
      case 'ppd_connected':
        return recorder.incident('lock_ppd_connected', { lockId: door.id }, when);
      case 'lock_reset':
        await attachments.note({ ...attached, was_reset: true });
        return recorder.incident('lock_reset', { lockId: door.id }, when);
      case 'other':
        return recorder.incident('unknown', { lockId: door.id, detail: event.said }, when);
      default:
        return assertNever(event);
    }
  }

  function change(door: Door, changes: Partial<LockStatus>): void {
    if (door.status) door.status = { ...door.status, ...changes };
  }

  async function takeStatus(
    door: Door,
    { at, status, mac }: Extract<LockEvent, { kind: 'lock_heartbeat' }>,
    attached: Attached,
  ): Promise<void> {
    const former = door.status;
    // While a memory is being written, the lock's own word about it is already old.
    const memoryVersion = door.isMemoryOnTheWay
      ? (former?.memoryVersion ?? null)
      : status.memoryVersion;
    door.status = { ...status, memoryVersion, bolt: former?.bolt ?? status.bolt };
    if (status.signal !== undefined && status.signal !== door.signal?.strength)
      door.signal = { strength: status.signal, at: clock.now() };
    const when: When = { at: clock.now(), source: null };
    // The word that it closed may have been lost on the air.
    if (status.door === 'closed') await leaf.closed(door, when);
    takeBolt(door, status.bolt, at);
    if (former && former.tampered !== status.tampered) {
      await recordTamper(door, status.tampered, when);
    }
    await warnOfBattery(door, attachments.findByMac(mac) ?? attached, when);
    if (status.clock === 'lost') await setClock(door, former?.clock === 'lost' ? null : when);
    syncLockMemory(door, { attachments, driver, tables, onChanged }).catch(onFailure);
  }

  /** The bolt's own word ends every doubt and corrects what the hub believed, unless an act is on its way. */
  function takeBolt(door: Door, bolt: LockStatus['bolt'], at: Date): void {
    const sinceActMs = door.lastActAt ? door.lastActAt.getTime() - at.getTime() : -1;
    if (door.actsWaiting > 0 || (sinceActMs >= 0 && sinceActMs < staleMs)) return;
    change(door, { bolt });
    if (bolt === 'uncertain' || door.isEndFailureRecorded) return;
    door.isUncertain = false;
    const former = door.officeMode;
    if (bolt === 'locked') door.officeMode = 'none';
    else if (former === 'none') door.officeMode = 'manual';
    if (door.officeMode === former) return;
    leaf.officeModeChanged(door);
    attachmentsKeep(door);
  }

  function attachmentsKeep(door: Door): void {
    const attached = attachments.find(door.id);
    if (attached) {
      void attachments.note({ ...attached, office_mode: door.officeMode });
    }
  }

  async function takePrivacy(door: Door, privacy: boolean, when: When): Promise<void> {
    change(door, { privacy });
    const detail = privacy ? 'start' : 'end';
    await recorder.entry(
      { lock_id: door.id, category: 'privacy_mode', detail, access_by: 'inside_handle' },
      when,
    );
  }

  async function takeTamper(door: Door, tampered: boolean, when: When): Promise<void> {
    change(door, { tampered });
    await recordTamper(door, tampered, when);
  }

  function recordTamper(door: Door, tampered: boolean, when: When): Promise<void> {
    const category = tampered ? 'tamper_alarm_start' : 'tamper_alarm_end';
    return recorder.incident(category, { lockId: door.id }, when);
  }

  async function warnOfBattery(door: Door, attached: Attached, when: When): Promise<void> {
    const level = door.status?.battery;
    if (level !== 'low' && level !== 'critical') {
      if (attached.battery_warned !== null && (level === 'good' || level === 'fresh')) {
        await attachments.note({ ...attached, battery_warned: null });
      }
      return;
    }
    const isWarned = attached.battery_warned === level || attached.battery_warned === 'critical';
    if (isWarned) return;
    await attachments.note({ ...attached, battery_warned: level });
    await recorder.incident('low_battery_warning', { lockId: door.id, detail: level }, when);
  }

  /** Gives the lock the time again; `when` null = its loss is already written down. */
  async function setClock(door: Door, when: When | null): Promise<void> {
    if (when) await recorder.incident('lock_clock_failure', { lockId: door.id }, when);
    const outcome = await driver.setTime(door.mac, clock.now());
    if (outcome.result !== 'confirmed') return;
    change(door, { clock: 'set' });
    await recorder.incident('lock_time_set', { lockId: door.id });
  }

  function whenOf(event: LockEvent): When {
    const record = 'record' in event ? event.record : null;
    // What happens now happens at the hub's time. So does, for want of a better one, what a lock without its time remembers:
    // with the year 2000 it would be past its retention and never be seen.
    if (record === null) return { at: clock.now(), source: null };
    const at = event.at.getTime() < earliestMs ? clock.now() : event.at;
    return { at, source: { mac: event.mac, record } };
  }

  /** Whoever let it go must hear that it was reset; a hub without content has nobody to tell. */
  async function heardReset({
    mac,
    at,
  }: Extract<LockEvent, { kind: 'lock_reset' }>): Promise<void> {
    if (!tables.table?.settings) throw new NotAttachedError('the hub belongs to nobody');
    await recorder.record({ kind: 'hardware_reset', mac }, { at, source: null });
  }

  function heardRepeater({
    mac,
    status,
  }: Extract<DriverEvent, { kind: 'repeater_heartbeat' }>): void {
    const attached = attachments.findByMac(mac);
    const repeater = attached ? repeaters.get(attached.id) : undefined;
    if (repeater) presence.heardRepeater(repeater, status);
  }

  return {
    async raise(event) {
      switch (event.kind) {
        case 'hub_button':
          return onHubButton(event.heldMs);
        case 'hub_changed':
          return onHubChanged();
        case 'maintenance_card':
          await attaching.cardShown(event.mac, tables.table);
          return onChanged();
        case 'repeater_button':
          await attaching.buttonPressed(event.mac, tables.table);
          return onChanged();
        case 'repeater_heartbeat':
          return heardRepeater(event);
        case 'lock_reset':
          return attachments.findByMac(event.mac) === null ? heardReset(event) : lockSaid(event);
        default:
          return lockSaid(event);
      }
    },
  };
}
