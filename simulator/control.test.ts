import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBuilding } from '#test/kit/building';
import { freePort } from '#test/kit/ports';
import { startFurnished, type FurnishedBuilding } from '#test/kit/furnished-building';
import { until } from '#test/kit/wait';
import { createControl } from './control.ts';

// A Wednesday, 10:00 in Amsterdam.
const start = new Date('2026-03-18T09:00:00.000Z');

let building: FurnishedBuilding;
let control: ReturnType<typeof createControl>;
let url: string;

beforeAll(async () => {
  building = await startFurnished(await readBuilding('harbour'), { start });
  // A lock is online before it has been given what it keeps.
  await until(() => building.lock('Flat 1').offlineKeys === 2, {
    what: 'the lock holds its offline keys',
  });
  control = createControl(building);
  url = await control.listen({ port: await freePort(), host: '127.0.0.1' });
});

afterAll(async () => {
  await control.close();
  await building.stop();
});

async function call(method: 'GET' | 'POST', path: string, body?: unknown) {
  const answer = await fetch(`${url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const post = (path: string, body?: unknown) => call('POST', path, body);

test('the building shows the live state of everything in it', async () => {
  const { status, body } = await call('GET', '/building');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    name: 'Harbour House',
    hubs: [
      { name: 'Ground floor hub', mac: '03.E4.AD', plugged_in: true, restore_required: false },
      { name: 'Upstairs hub', mac: '03.E4.B2', plugged_in: true },
    ],
    repeaters: [{ name: 'Stairwell repeater', hub: 'Upstairs hub', powered: true }],
  });
  expect(body['locks']).toHaveLength(7);
  expect(body['locks']).toContainEqual(
    expect.objectContaining({
      name: 'Flat 1',
      mac: '014FCA0A000075',
      hub: 'Upstairs hub',
      bolt: 'locked',
      door: 'closed',
      battery: 'good',
      offline_keys: 2,
    }),
  );
});

test.each(['Front door', 'front DOOR', '014FCA0A000071', '01:4f:ca:0a:00:00:71'])(
  'a lock is found as %s, and a tag there answers what the door did and the entry the hub wrote',
  async (name) => {
    const { status, body } = await post(`/locks/${encodeURIComponent(name)}/tag`, {
      tag_number: '00007502',
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      did: 'opened',
      decided_by: 'hub',
      events: [
        expect.objectContaining({
          kind: 'entry',
          lock_id: building.lock('Front door').id,
          category: 'lock_opened',
          access_by: 'tag',
          access_detail: '00007502',
        }),
      ],
      lock: expect.objectContaining({ name: 'Front door', released: true }),
    });
  },
);

test('a card held by its uid is the same card', async () => {
  const card = building.cards.find((candidate) => candidate.tag_number === '00007502');
  const { body } = await post('/locks/Office/tag', { rfid_uid: card?.rfid_uid });
  expect(body).toMatchObject({ did: 'opened' });
});

test('a PIN, the handle, the leaf and the knob do what hands do', async () => {
  expect((await post('/locks/Office/pin', { pin: '730641' })).body).toMatchObject({
    did: 'opened',
  });
  expect((await post('/locks/Office/handle')).body).toMatchObject({
    did: 'opened',
    decided_by: 'mechanics',
    events: [expect.objectContaining({ access_by: 'inside_handle', exit_requested: true })],
  });
  expect((await post('/locks/Office/door', { open: true })).body).toMatchObject({
    lock: { door: 'open' },
  });
  expect((await post('/locks/Office/door', { open: false })).body).toMatchObject({
    lock: { door: 'closed' },
  });
  expect((await post('/locks/Meeting room/privacy', { on: true })).body).toMatchObject({
    lock: { privacy: true },
  });
  expect((await post('/locks/Meeting room/privacy', { on: false })).body).toMatchObject({
    events: [expect.objectContaining({ category: 'privacy_mode', detail: 'end' })],
    lock: { privacy: false },
  });
});

test('a jam, a drained battery, silence and distance are shown and can be ended', async () => {
  expect((await post('/locks/Storage/jam')).body).toMatchObject({ lock: { jammed: true } });
  expect((await post('/locks/Storage/tag', { tag_number: '00007501' })).body).toMatchObject({
    did: 'nothing',
    events: [{ category: 'operation_not_completed', detail: 'jammed' }],
  });
  expect((await post('/locks/Storage/unjam')).body).toMatchObject({ lock: { jammed: false } });
  expect((await post('/locks/Storage/battery', { level: 'critical' })).body).toMatchObject({
    events: [
      { category: 'low_battery_warning', detail: 'critical' },
      { kind: 'lock_condition', battery_level: 'critical' },
    ],
    lock: { battery: 'critical' },
  });
  expect((await post('/locks/Storage/signal', { strength: 3 })).body).toMatchObject({
    events: [{ kind: 'lock_condition', signal_strength: 3 }],
    lock: { signal_strength: 3 },
  });
  for (const act of ['silent', 'out_of_range']) {
    expect((await post(`/locks/Storage/${act}`, { on: true })).body).toMatchObject({
      lock: { [act]: true },
    });
    expect((await post('/locks/Storage/tag', { tag_number: '00007501' })).body).toMatchObject({
      did: 'opened',
      decided_by: 'lock',
      events: [],
    });
    expect((await post(`/locks/Storage/${act}`, { on: false })).body).toMatchObject({
      events: [{ detail: 'offline', category: 'lock_opened' }],
      lock: { [act]: false, records_waiting: 0 },
    });
  }
});

test('the maintenance card at an attached lock shows the link', async () => {
  expect((await post('/locks/Office/maintenance_card')).body).toMatchObject({ light: 'online' });
});

test('a hub without power leaves its doors to their offline keys, and a dead repeater does too', async () => {
  expect((await post('/hubs/03.E4.AD/plug', { in: false })).body).toMatchObject({
    hub: { plugged_in: false, session: null },
  });
  expect((await post('/locks/Storage/tag', { tag_number: '00007505' })).body).toMatchObject({
    did: 'opened',
    decided_by: 'lock',
    lock: { records_waiting: 1 },
  });
  expect((await post('/hubs/03.E4.AD/plug', { in: true })).body).toMatchObject({
    hub: { plugged_in: true },
  });
  expect((await post('/repeaters/Stairwell repeater/power', { on: false })).body).toMatchObject({
    repeater: { powered: false },
  });
  expect((await post('/locks/Flat 1/tag', { tag_number: '00007507' })).body).toMatchObject({
    decided_by: 'lock',
  });
  await post('/repeaters/Stairwell repeater/power', { on: true });
});

test('a factory reset empties a hub, and its doors open to handles and offline keys only', async () => {
  expect((await post('/hubs/Upstairs hub/factory_reset')).body).toMatchObject({
    hub: { restore_required: true, iq_id: null },
  });
  expect((await post('/locks/Flat 2/tag', { tag_number: '00007509' })).body).toMatchObject({
    did: 'opened',
    decided_by: 'lock',
  });
  expect((await post('/locks/Roof terrace/tag', { tag_number: '00007508' })).body).toMatchObject({
    did: 'refused',
    decided_by: 'lock',
  });
});

test('the clock moves and what falls due happens', async () => {
  await post('/locks/Office/tag', { tag_number: '00007502' });
  const before = building.clock.now().getTime();
  const { body } = await post('/clock', { move_ms: 60_000 });
  expect(Date.parse(String(body['now'])) - before).toBeGreaterThanOrEqual(60_000);
  expect(building.lock('Office').isReleased).toBe(false);
  const { body: set } = await post('/clock', { set: '2026-03-18T20:00:00+01:00' });
  expect(String(set['now'])).toMatch(/^2026-03-18T19:00:0/);
  expect((await post('/locks/Office/tag', { tag_number: '00007502' })).body).toMatchObject({
    did: 'refused',
    events: [{ reject_reason: 'outside_schedule' }],
  });
});

test.each([
  ['/locks/Cellar/tag', ['Front door', 'Office', 'Meeting room', 'Storage']],
  ['/hubs/Cellar/plug', ['Ground floor hub', 'Upstairs hub']],
  ['/repeaters/Cellar/power', ['Stairwell repeater']],
])('%s is 404 and says what there is', async (path, known) => {
  const { status, body } = await post(path, {});
  expect(status).toBe(404);
  expect(body['error']).toContain('"Cellar"');
  expect(body['known']).toEqual(expect.arrayContaining(known));
});

test('an unknown act is 404', async () => {
  expect(await post('/locks/Office/kick')).toMatchObject({
    status: 404,
    body: { error: 'there is no POST /locks/Office/kick' },
  });
});

test.each([
  ['/locks/Office/pin', { pin: 'four' }, '/pin'],
  ['/locks/Office/door', {}, 'open'],
  ['/locks/Office/battery', { level: 'empty' }, '/level'],
  ['/locks/Office/tag', { tag_number: '00007502', hold_ms: -1 }, '/hold_ms'],
  ['/locks/Office/jam', { on: true }, 'on'],
  ['/hubs/03.E4.AD/link', { state: 'broken' }, '/state'],
  ['/clock', {}, 'move_ms or set'],
  ['/clock', { set: 'tomorrow' }, '/set'],
])('%s with %j is 400 and names the fault', async (path, sent, fault) => {
  const { status, body } = await post(path, sent);
  expect(status).toBe(400);
  expect(JSON.stringify(body['faults'])).toContain(fault);
});

test('a body that is not JSON is 400', async () => {
  const answer = await fetch(`${url}/locks/Office/pin`, { method: 'POST', body: '{pin' });
  expect(answer.status).toBe(400);
});

test('a part that is not there is 400', async () => {
  expect(await post('/locks/Storage/pin', { pin: '123456' })).toEqual({
    status: 400,
    body: { error: 'this lock has no keypad' },
  });
  expect(await post('/locks/Office/privacy', { on: true })).toMatchObject({ status: 400 });
  expect(await post('/hubs/03.E4.AD/link', { state: 'cut' })).toEqual({
    status: 400,
    body: { error: 'this hub dials the server directly, its line cannot be broken' },
  });
});
