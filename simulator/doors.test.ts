import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HubEvent } from '#contract/events';
import type { DoorAnswer } from '#iq/drivers/simulated-lock';
import { deviceOfflineAfterMs } from '#iq/drivers/driver';
import { startFurnished, type FurnishedBuilding } from '#test/kit/furnished-building';
import { readBuilding } from '#test/kit/building';
import { until } from '#test/kit/wait';

// A Wednesday, 10:00 in Amsterdam.
const start = new Date('2026-03-18T09:00:00.000Z');
const groundFloor = 'Ground floor hub';
const cards = {
  nora: '00007501',
  daan: '00007502',
  mila: '00007503',
  sem: '00007504',
  ines: '00007505',
  lotte: '00007507',
  found: '00009999',
};

let building: FurnishedBuilding;

beforeAll(async () => {
  building = await startFurnished(await readBuilding('harbour'), { start });
});

afterAll(async () => {
  await building.stop();
});

beforeEach(async () => {
  // Each test begins at ten in the morning.
  await building.clock.set(start);
});

function present(lock: string, tagNumber: string, heldMs = 0): Promise<DoorAnswer> {
  return building.lock(lock).present({ what: { type: 'tag', tagNumber, rfidUid: null }, heldMs });
}

/** What hubs wrote about a lock while `act` ran, without numbers and times. */
async function writtenBy(lock: string, act: () => Promise<unknown>) {
  const written = building.listenAt(building.lock(lock));
  await act();
  written.stop();
  return written.events().map(gist);
}

function gist(event: HubEvent): string {
  switch (event.kind) {
    case 'entry':
      return [event.category, event.access_by, event.detail, event.reject_reason]
        .filter((word) => word !== null)
        .join(' ');
    case 'incident':
      return [event.category, event.detail].filter((word) => word !== null).join(' ');
    default:
      return event.kind;
  }
}

function reportOf(lock: string) {
  const { id } = building.lock(lock);
  return building.hubs.flatMap((hub) => hub.view()?.locks ?? []).find((report) => report.id === id);
}

describe('a door whose hub is there', () => {
  test('opens for staff in the schedule, closes its bolt again, and the hub has written the entry', async () => {
    const events = await writtenBy('Front door', async () => {
      expect(await present('Front door', cards.daan)).toEqual({ did: 'opened', decidedBy: 'hub' });
    });
    expect(events).toEqual(['lock_opened tag']);
    const lock = building.lock('Front door');
    expect(lock.isReleased).toBe(true);
    await building.clock.move(6_000);
    expect(lock.isReleased).toBe(false);
  });

  test('refuses for the reason that fits', async () => {
    await building.clock.set(new Date('2026-03-18T20:00:00.000Z'));
    expect(
      await writtenBy('Front door', async () => {
        expect(await present('Front door', cards.mila)).toEqual({
          did: 'refused',
          decidedBy: 'hub',
        });
        await present('Front door', cards.sem);
        await present('Front door', cards.found);
      }),
    ).toEqual([
      'lock_rejected tag out_of_schedule outside_schedule',
      'lock_rejected tag blocked accessor_blocked',
      'lock_rejected tag no_access unknown_credential',
    ]);
  });

  test('opens for a right PIN and not for a wrong one', async () => {
    const typed = (code: string) =>
      building.lock('Office').present({ what: { type: 'pin', code }, heldMs: 0 });
    expect((await typed('730641')).did).toBe('opened');
    expect((await typed('730642')).did).toBe('refused');
    await expect(
      building.lock('Storage').present({ what: { type: 'pin', code: '730641' }, heldMs: 0 }),
    ).rejects.toThrow('no keypad');
  });

  test('is opened from the inside by its handle', async () => {
    const events = await writtenBy('Office', async () => {
      expect(await building.lock('Office').pressHandle()).toEqual({
        did: 'opened',
        decidedBy: 'mechanics',
      });
      await building.lock('Office').openDoor();
      await building.lock('Office').closeDoor();
    });
    expect(events).toEqual(['lock_opened inside_handle']);
  });

  test('stays shut when its bolt is jammed, and no entry says it opened', async () => {
    building.lock('Storage').jam();
    const events = await writtenBy('Storage', async () => {
      expect((await present('Storage', cards.nora)).did).toBe('nothing');
    });
    expect(events).toEqual(['operation_not_completed jammed']);
    await building.lock('Storage').unjam();
    expect((await present('Storage', cards.nora)).did).toBe('opened');
  });

  test('has an uncertain bolt when it jams while open, until it is freed', async () => {
    const lock = building.lock('Storage');
    await present('Storage', cards.nora);
    lock.jam();
    await building.clock.move(6_000);
    await until(() => reportOf('Storage')?.locked_state === 'uncertain', {
      what: 'the hub knows that the bolt is stuck',
    });
    await lock.unjam();
    expect(reportOf('Storage')?.locked_state).toBe('locked');
  });

  test('held open raises the alarm after 30 s and ends it when it closes', async () => {
    const lock = building.lock('Meeting room');
    const events = await writtenBy('Meeting room', async () => {
      await lock.holdDoorOpen();
      // The clock goes on by itself meanwhile.
      await building.clock.move(20_000);
      expect(reportOf('Meeting room')?.left_open_alarm).toBe(false);
      await building.clock.move(11_000);
      await until(() => reportOf('Meeting room')?.left_open_alarm, { what: 'the alarm begins' });
      await lock.closeDoor();
    });
    expect(events).toEqual([
      'lock_opened inside_handle',
      'door_left_open_alarm_start',
      'door_left_open_alarm_end',
    ]);
  });

  test('forced open is an intrusion until it is closed', async () => {
    const lock = building.lock('Meeting room');
    await building.clock.move(60_000);
    const events = await writtenBy('Meeting room', async () => {
      await lock.openDoor();
      expect(reportOf('Meeting room')?.intrusion_alarm).toBe(true);
      await lock.closeDoor();
    });
    expect(events).toEqual(['intrusion_alarm_start', 'intrusion_alarm_end']);
  });

  test('with privacy on refuses all but those who may override it, and the handle ends it', async () => {
    // Before nine: in its easy-office-mode hours Nora's card would start that.
    await building.clock.set(new Date('2026-03-18T07:30:00.000Z'));
    const lock = building.lock('Meeting room');
    const events = await writtenBy('Meeting room', async () => {
      await lock.turnPrivacy(true);
      expect((await present('Meeting room', cards.mila)).did).toBe('refused');
      expect((await present('Meeting room', cards.nora)).did).toBe('opened');
      await lock.pressHandle();
      expect((await present('Meeting room', cards.mila)).did).toBe('opened');
    });
    expect(events).toEqual([
      'privacy_mode inside_handle start',
      'lock_rejected tag privacy_mode',
      'lock_opened tag',
      'privacy_mode inside_handle end',
      'lock_opened inside_handle',
      'lock_opened tag',
    ]);
    await expect(building.lock('Front door').turnPrivacy(true)).rejects.toThrow('no privacy knob');
  });

  test('goes to office mode and back when a manager holds her card for more than five seconds', async () => {
    const events = await writtenBy('Storage', async () => {
      expect((await present('Storage', cards.nora, 6_000)).did).toBe('office_mode_started');
      expect(building.lock('Storage').isReleased).toBe(true);
      expect((await present('Storage', cards.nora)).did).toBe('opened');
      expect((await present('Storage', cards.nora, 6_000)).did).toBe('office_mode_ended');
    });
    expect(events).toEqual(['office_mode tag start', 'lock_opened tag', 'office_mode tag end']);
  });

  test('warns of a battery when it falls to low and again when critical', async () => {
    const lock = building.lock('Office');
    const events = await writtenBy('Office', async () => {
      await lock.drainBattery('low');
      await lock.drainBattery('low');
      await lock.drainBattery('critical');
      await lock.drainBattery('fresh');
    });
    expect(events).toEqual([
      'low_battery_warning low',
      'lock_condition',
      'low_battery_warning critical',
      'lock_condition',
      'lock_condition',
    ]);
  });

  test('gets its time back from the hub', async () => {
    const lock = building.lock('Office');
    const events = await writtenBy('Office', () => lock.loseClock());
    expect(events).toEqual(['lock_clock_failure', 'lock_time_set']);
    expect(lock.status().clock).toBe('set');
    expect(Math.abs(lock.now().getTime() - building.clock.now().getTime())).toBeLessThan(1_000);
  });

  test('reports tampering, a programming device, and what it has no word for', async () => {
    const lock = building.lock('Office');
    const events = await writtenBy('Office', async () => {
      await lock.tamper(true);
      await lock.tamper(false);
      await lock.connectProgrammer();
      await lock.say('coil warm');
    });
    expect(events).toEqual([
      'tamper_alarm_start',
      'tamper_alarm_end',
      'lock_ppd_connected',
      'unknown coil warm',
    ]);
  });
});

describe('a lock whose hub cannot hear it', () => {
  test('opens for offline keys only, and tells everything later, once, with the times of the door', async () => {
    const hub = building.hub(groundFloor);
    await hub.pullPlug();
    const lock = building.lock('Storage');
    const at = building.clock.now();
    expect(await present('Storage', cards.nora)).toEqual({ did: 'opened', decidedBy: 'lock' });
    expect(await present('Storage', cards.found)).toEqual({ did: 'refused', decidedBy: 'lock' });
    expect(await lock.pressHandle()).toEqual({ did: 'opened', decidedBy: 'mechanics' });
    expect(lock.waitingRecords).toBe(3);

    await building.clock.move(3_600_000);
    const from = building.written.length;
    await hub.plugIn();
    await until(() => lock.waitingRecords === 0, { what: 'the lock has told everything' });
    await present('Storage', cards.nora);

    const told = building.written
      .slice(from)
      .filter((event) => event.kind === 'entry' && event.lock_id === lock.id);
    expect(told.map(gist)).toEqual([
      'lock_opened tag offline',
      'lock_rejected tag offline unknown_credential',
      'lock_opened inside_handle offline',
      'lock_opened tag',
    ]);
    const first = told[0];
    expect(Math.abs(Date.parse(first?.at ?? '') - at.getTime())).toBeLessThan(60_000);
  });

  test('applies schedules offline where it holds them, and none where it cannot', async () => {
    await building.hub(groundFloor).pullPlug();
    // Ines cleans from six to nine; the storage lock holds no schedules.
    expect((await present('Storage', cards.ines)).did).toBe('opened');
    // Lotte lives here: the front door holds schedules and hers covers always.
    expect((await present('Front door', cards.lotte)).did).toBe('opened');
    expect((await present('Front door', cards.daan)).did).toBe('refused');
    await building.hub(groundFloor).plugIn();
  });

  test('without its time opens only for keys that need none', async () => {
    await building.hub(groundFloor).pullPlug();
    await building.lock('Front door').loseClock();
    await building.lock('Storage').loseClock();
    expect((await present('Front door', cards.lotte)).did).toBe('refused');
    expect((await present('Storage', cards.nora)).did).toBe('opened');
    await building.hub(groundFloor).plugIn();
    await until(() => building.lock('Front door').status().clock === 'set', {
      what: 'the front door knows the time',
    });
    await until(() => building.lock('Storage').status().clock === 'set', {
      what: 'the storage lock knows the time',
    });
  });

  test('is lost after five missed heartbeats and restored with the next one, once', async () => {
    const lock = building.lock('Office');
    const events = await writtenBy('Office', async () => {
      lock.outOfRange();
      await building.clock.move(deviceOfflineAfterMs + 11_000);
      await until(() => reportOf('Office')?.online === false, { what: 'the office lock is lost' });
      expect(await present('Office', cards.daan)).toEqual({ did: 'refused', decidedBy: 'lock' });
      await lock.backInRange();
    });
    expect(reportOf('Office')?.online).toBe(true);
    expect(events).toContain('lock_connection_lost');
    expect(events.filter((gist) => gist.startsWith('lock_connection'))).toEqual([
      'lock_connection_lost',
      'lock_connection_restored',
    ]);
    expect(events).toContain('lock_rejected tag offline lock_offline');
  });

  test('is cut off with the repeater it hangs on', async () => {
    const repeater = building.repeater('Stairwell repeater');
    repeater.die();
    expect(await present('Flat 1', cards.lotte)).toEqual({ did: 'opened', decidedBy: 'lock' });
    await repeater.revive();
    expect(await present('Flat 1', cards.lotte)).toEqual({ did: 'opened', decidedBy: 'hub' });
  });
});

test('a clock moved by hours loses no lock', async () => {
  const from = building.written.length;
  await building.clock.move(4 * 3_600_000);
  // Battery and radio are told as hours go by.
  const news = building.written.slice(from).filter(({ kind }) => kind !== 'lock_condition');
  expect(news.map(gist)).toEqual([]);
  const reports = building.hubs.flatMap((hub) => hub.view()?.locks ?? []);
  expect(reports.map((report) => report.online)).toEqual(Array(7).fill(true));
});

test('a lock reset by hand knows nobody until the card is shown, and then its keys again', async () => {
  const lock = building.lock('Storage');
  expect(await writtenBy('Storage', () => lock.resetByHand())).toEqual(['lock_reset']);
  expect(lock.attachment).toBeNull();
  expect(lock.offlineKeys).toBe(0);
  expect((await present('Storage', cards.nora)).did).toBe('refused');

  expect(await lock.showMaintenanceCard()).toBe('attached');
  expect((await present('Storage', cards.nora)).did).toBe('opened');
  await until(() => lock.offlineKeys === 2, { what: 'the offline keys are back' });
  expect(await lock.showMaintenanceCard()).toBe('online');
});
