import { afterEach, expect, test } from 'vitest';
import type { EasyOfficeModeSchedule } from '#contract/access-table';
import { accessor, ids, lock, schedule, tagNumber } from '#test/kit/access-table';
import { mac, startHubRig, type HubRig } from '#test/kit/hub-rig';
import { until } from '#test/kit/wait';

let rig: HubRig | null = null;
afterEach(async () => {
  await rig?.stop();
  rig = null;
});

const nine = { start_time: '09:00:00', end_time: '16:59:59' };
const hour = 3_600_000;

async function start(easy: Partial<EasyOfficeModeSchedule>, at: string): Promise<HubRig> {
  const easyMode = { ...schedule(nine), eom_auto_start: false, ...easy };
  rig = await startHubRig({
    start: new Date(at),
    world: {
      locks: [lock({ easy_office_mode: easyMode })],
      accessors: [accessor({ toggle_easy_office_mode: true })],
    },
  });
  return rig;
}

const bySchedule = (detail: 'start' | 'end') => ({
  kind: 'entry',
  lock_id: ids.lock,
  category: 'easy_office_mode',
  detail,
  accessor_id: null,
  access_by: 'schedule',
  access_detail: '',
  exit_requested: false,
  reject_reason: null,
});
const byTag = (detail: 'start' | 'end') => ({
  ...bySchedule(detail),
  accessor_id: ids.accessor,
  access_by: 'tag',
  access_detail: tagNumber,
});
const officeActs = (hub: HubRig) =>
  hub.hardware.acts.filter((act) => act.includes('OfficeMode')).map((act) => act.split(' ')[0]);

/** Monday 1 June 2026, 09:00 in Amsterdam is 07:00Z. */
const beforeStart = '2026-06-01T06:59:30Z';

test('an automatic window opens at its start and locks at its end', async () => {
  const hub = await start({ eom_auto_start: true }, beforeStart);
  await hub.pass(40_000);
  expect(await hub.events(1)).toEqual([bySchedule('start')]);
  expect(hub.recorded[0]).toMatchObject({ local: '2026-06-01T09:00:00' });
  expect(hub.report().locked_state).toBe('office_mode');
  await hub.pass(8 * hour);
  expect(await hub.events(2)).toEqual([bySchedule('start'), bySchedule('end')]);
  expect(hub.recorded[1]).toMatchObject({ local: '2026-06-01T17:00:00' });
  expect(officeActs(hub)).toEqual(['startOfficeMode', 'endOfficeMode']);
});

test('a hub that starts inside an automatic window opens, and does not open twice', async () => {
  const hub = await start({ eom_auto_start: true }, '2026-06-01T09:00:00Z');
  await hub.events(1);
  await hub.hub.halt();
  await hub.hub.start();
  await hub.beat();
  await hub.pass(120_000);
  expect(officeActs(hub)).toEqual(['startOfficeMode']);
  await hub.pass(8 * hour);
  expect((await hub.events(2))[1]).toEqual(bySchedule('end'));
});

test('a window that is not automatic is switched on and off by a credential with the right', async () => {
  const hub = await start({}, '2026-06-01T09:00:00Z');
  await hub.tag();
  await hub.tag();
  await hub.tag();
  expect(await hub.events(3)).toEqual([byTag('start'), byTag('end'), byTag('start')]);
  await hub.pass(8 * hour);
  expect((await hub.events(4))[3]).toEqual(bySchedule('end'));
});

test('the day an hour is skipped ends a window when the clock passes its end', async () => {
  const hub = await start(
    { start_time: '01:00:00', end_time: '02:29:59', eom_auto_start: true },
    '2026-03-29T00:30:00Z',
  );
  await hub.events(1);
  await hub.pass(29 * 60_000);
  expect(hub.recorded).toHaveLength(1);
  await hub.pass(2 * 60_000);
  expect(await hub.events(2)).toEqual([bySchedule('start'), bySchedule('end')]);
  expect(hub.recorded[1]).toMatchObject({ at: '2026-03-29T01:00:00.000Z' });
});

test('an end the lock does not confirm is an incident after 60 s and is tried each 60 s until it works', async () => {
  const hub = await start({ eom_auto_start: true }, '2026-06-01T14:59:00Z');
  await hub.events(1);
  hub.hardware.answer('endOfficeMode', { result: 'silent' });
  await hub.pass(70_000);
  expect(hub.recorded).toHaveLength(1);
  await hub.pass(60_000);
  expect((await hub.events(2))[1]).toMatchObject({ category: 'easy_office_mode_end_failed' });
  expect(hub.report().locked_state).toBe('uncertain');
  hub.hardware.answer('endOfficeMode', { result: 'confirmed' });
  await hub.pass(60_000);
  expect((await hub.events(3))[2]).toEqual(bySchedule('end'));
  expect(hub.report().locked_state).toBe('locked');
});

test('manual office mode outlives the window', async () => {
  const hub = await start({}, '2026-06-01T09:00:00Z');
  hub.hardware.bolt = 'office_mode';
  await hub.beat();
  await until(() => hub.report().locked_state === 'office_mode', {
    timeoutMs: 60_000,
    what: 'the hub has heard of it',
  });
  await hub.pass(8 * hour);
  expect(officeActs(hub)).toEqual([]);
  expect(hub.hardware.acts).not.toContain(`endOfficeMode ${mac}`);
});
