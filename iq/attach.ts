/**
 * Devices join by card or button and leave by card, button or word of the server (behaviour.md 3.2, 4.5, 4.6).
 *
 * A lock joins when its item waits (`attached_pending`) and the card is shown; it leaves when its item is `detached_pending` and the
 * card is shown. A new parent or slot needs no card. An item that vanishes, changes its hardware or turns pending again after it
 * was attached drops the device at once. An item that says `attached` without the hub knowing the device is a restore: it rejoins.
 */
import type { LockItem, RepeaterItem } from '#contract/access-table';
import type { AccessTable } from '#access/table';
import type { Attached, Attachments } from './attachments.ts';
import type { Attachment, Driver } from './drivers/driver.ts';
import type { Recorder } from './recorder.ts';

type Item = { readonly kind: Attached['kind']; readonly value: LockItem | RepeaterItem };

export type Attaching = {
  /** Brings the devices in line with the table after each change of it. */
  reconcile(table: AccessTable): Promise<void>;
  /** The maintenance card at a lock. */
  cardShown(mac: string, table: AccessTable | null): Promise<void>;
  /** The reset button of a repeater. */
  buttonPressed(mac: string, table: AccessTable | null): Promise<void>;
};

export function createAttaching({
  attachments,
  driver,
  recorder,
  onJoined,
  onLeft,
  isOnline,
}: {
  readonly attachments: Attachments;
  readonly driver: Driver;
  readonly recorder: Recorder;
  readonly onJoined: (attached: Attached) => void;
  readonly onLeft: (attached: Attached) => void;
  readonly isOnline: (id: string) => boolean;
}): Attaching {
  const gone = new Set<string>();

  async function join(item: Item, table: AccessTable): Promise<void> {
    const attached = attachedOf(item, table);
    const outcome = await driver.attach(attachmentOf(attached));
    if (outcome.result !== 'confirmed') return;
    await attachments.put(attached);
    gone.delete(attached.id);
    onJoined(attached);
    await recordLink(attached, 'attached');
  }

  async function joinAgain(attached: Attached): Promise<void> {
    const outcome = await driver.attach(attachmentOf(attached));
    if (outcome.result === 'confirmed') await attachments.put({ ...attached, was_reset: false });
  }

  async function rejoin(item: Item, table: AccessTable): Promise<void> {
    const attached = attachedOf(item, table);
    driver.adopt([attachmentOf(attached)]);
    await attachments.put(attached);
    onJoined(attached);
  }

  async function leave(attached: Attached): Promise<void> {
    const outcome = await driver.detach(attached.mac);
    if (outcome.result !== 'confirmed') return;
    await forget(attached);
    await recordLink(attached, 'detached');
  }

  /** Without the device's word: it is broken, replaced or was taken away by force, and is reset by hand. */
  async function drop(attached: Attached): Promise<void> {
    await forget(attached);
    // It was reset while nobody knew that it had been let go.
    if (attached.was_reset) await recorder.record({ kind: 'hardware_reset', mac: attached.mac });
    void driver.detach(attached.mac);
  }

  async function forget(attached: Attached): Promise<void> {
    await attachments.remove(attached.id);
    onLeft(attached);
  }

  async function move(attached: Attached, item: Item, table: AccessTable): Promise<void> {
    const moved = { ...attached, ...placeOf(item, table) };
    if (moved.slot === attached.slot && moved.parent_mac === attached.parent_mac) return;
    await attachments.put(moved);
    // A device out of reach hears of its new parent when it is adopted at the next start.
    await driver.attach(attachmentOf(moved));
  }

  /** Once: the item stays in the table until the server has read it. */
  async function tellGone(attached: Attached): Promise<void> {
    if (gone.has(attached.id)) return;
    gone.add(attached.id);
    await recordLink(attached, 'detached');
  }

  function recordLink(attached: Attached, what: 'attached' | 'detached'): Promise<void> {
    return recorder.record({ kind: `${attached.kind}_${what}`, hardware_id: attached.id });
  }

  async function reconcileOne(item: Item, table: AccessTable): Promise<void> {
    const attached = attachments.find(item.value.id);
    const { link } = item.value;
    if (!attached) {
      const isLeavingRepeater = item.kind === 'repeater' && link === 'detached_pending';
      if (isLeavingRepeater) await tellGone(attachedOf(item, table));
      else if (link !== 'attached_pending') await rejoin(item, table);
      return;
    }
    if (item.kind === 'repeater' && link === 'detached_pending') {
      // It has no card: the hub's word is enough.
      await drop(attached);
      await tellGone(attached);
      return;
    }
    await move(attached, item, table);
    if (link === 'attached' && !attached.is_confirmed) {
      await attachments.put({ ...(attachments.find(attached.id) ?? attached), is_confirmed: true });
    }
  }

  return {
    async reconcile(table) {
      for (const attached of attachments.all()) {
        const item = itemOf(table, attached.kind, attached.id);
        const isStranger = item?.value.mac !== attached.mac;
        const isAskedAgain = attached.is_confirmed && item?.value.link === 'attached_pending';
        if (isStranger || isAskedAgain) await drop(attached);
      }
      for (const value of table.repeaters.values()) {
        await reconcileOne({ kind: 'repeater', value }, table);
      }
      for (const { item } of table.locks.values()) {
        await reconcileOne({ kind: 'lock', value: item }, table);
      }
    },

    async cardShown(mac, table) {
      const item = findByMac(table, 'lock', mac);
      const attached = attachments.findByMac(mac);
      if (attached && item?.value.link === 'detached_pending') await leave(attached);
      else if (attached?.was_reset === true) await joinAgain(attached);
      else if (attached) driver.showLink(mac, isOnline(attached.id) ? 'online' : 'offline');
      else if (item?.value.link === 'attached_pending' && table) await join(item, table);
    },

    async buttonPressed(mac, table) {
      const item = findByMac(table, 'repeater', mac);
      const isKnown = attachments.findByMac(mac) !== null;
      if (!isKnown && item?.value.link === 'attached_pending' && table) await join(item, table);
    },
  };
}

function itemOf(table: AccessTable, kind: Attached['kind'], id: string): Item | null {
  const value = kind === 'lock' ? table.locks.get(id)?.item : table.repeaters.get(id);
  return value ? { kind, value } : null;
}

function findByMac(table: AccessTable | null, kind: Attached['kind'], mac: string): Item | null {
  if (!table) return null;
  const values =
    kind === 'lock'
      ? [...table.locks.values()].map(({ item }) => item)
      : [...table.repeaters.values()];
  const value = values.find((candidate) => candidate.mac === mac);
  return value ? { kind, value } : null;
}

function placeOf({ value }: Item, table: AccessTable): Pick<Attached, 'slot' | 'parent_mac'> {
  const parent = value.repeater_id === null ? null : table.repeaters.get(value.repeater_id);
  return { slot: value.slot, parent_mac: parent?.mac ?? null };
}

function attachedOf(item: Item, table: AccessTable): Attached {
  return {
    kind: item.kind,
    id: item.value.id,
    mac: item.value.mac,
    ...placeOf(item, table),
    is_confirmed: item.value.link !== 'attached_pending',
    office_mode: 'none',
    window_done: null,
    battery_warned: null,
    was_reset: false,
  };
}

/** A device as the driver knows it. */
export function attachmentOf(attached: Attached): Attachment {
  return { mac: attached.mac, slot: attached.slot, parentMac: attached.parent_mac };
}
