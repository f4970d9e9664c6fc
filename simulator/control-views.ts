/** What the control API shows of a building: the physical truth, whatever the cloud believes. */
import type { SimulatedLock } from '#iq/drivers/simulated-lock';
import type { SimulatedRepeater } from '#iq/drivers/simulated-repeater';
import type { SimulatedBuilding } from './building.ts';
import type { SimulatedHub } from './hub.ts';

export function viewBuilding(building: SimulatedBuilding) {
  const { clock, hubs, repeaters, locks, cards } = building;
  return {
    name: building.name,
    now: clock.now().toISOString(),
    clock_moved_ms: clock.movedMs,
    hubs: hubs.map(viewHub),
    repeaters: repeaters.map((repeater) => viewRepeater(repeater, hubs)),
    locks: locks.map((lock) => viewLock(lock, hubs)),
    cards,
  };
}

export function viewHub(hub: SimulatedHub) {
  const view = hub.view();
  return {
    id: hub.id,
    name: hub.name,
    mac: hub.mac,
    plugged_in: hub.isPluggedIn,
    line: hub.linkState,
    session: view?.link ?? null,
    iq_id: view?.iqId ?? null,
    table_version: view?.tableVersion ?? null,
    restore_required: view?.restoreRequired ?? null,
    light: hub.light,
  };
}

export function viewLock(lock: SimulatedLock, hubs: readonly SimulatedHub[]) {
  const status = lock.status();
  return {
    id: lock.id,
    name: lock.name,
    mac: lock.mac,
    hub: hubNameOf(lock, hubs),
    repeater_mac: lock.attachment?.parentMac ?? null,
    lock_type: status.traits.lockType,
    communication_type: status.traits.communicationType,
    bolt: status.bolt,
    released: lock.isReleased,
    door: lock.isDoorOpen ? 'open' : 'closed',
    privacy: status.privacy,
    tampered: status.tampered,
    battery: status.battery,
    signal_strength: lock.signal,
    clock: status.clock,
    learning_tags: lock.isLearning,
    jammed: lock.isJammed,
    silent: lock.isSilent,
    out_of_range: lock.isOutOfRange,
    offline_keys: lock.offlineKeys,
    records_waiting: lock.waitingRecords,
  };
}

export function viewRepeater(repeater: SimulatedRepeater, hubs: readonly SimulatedHub[]) {
  return {
    id: repeater.id,
    name: repeater.name,
    mac: repeater.mac,
    hub: hubNameOf(repeater, hubs),
    repeater_mac: repeater.attachment?.parentMac ?? null,
    powered: repeater.isAlive,
  };
}

function hubNameOf(
  device: SimulatedLock | SimulatedRepeater,
  hubs: readonly SimulatedHub[],
): string | null {
  const hubCode = device.attachment?.hub;
  return hubs.find((hub) => hub.code === hubCode)?.name ?? null;
}
