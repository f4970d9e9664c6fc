import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMovableClock } from '#simulator/clock';
import type { SimulatedHub } from '#simulator/hub';
import {
  connectBuilding,
  partOf,
  readBuilding,
  readObject,
  startTestBuilding,
  tag,
  untilCalledHome,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, refusal } from '#test/kit/core';
import { until } from '#test/kit/wait';

/** behaviour.md 2: how long a hub command is waited for. */
const commandTimeoutMs = 10_000;

/** Time of the server and of the building; it runs, and is moved past deadlines. */
const clock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let hub: SimulatedHub;
let iq: string;

beforeAll(async () => {
  cardea = await startTestServer({ clock });
  const building = partOf(await readBuilding('harbour'), {
    hubs: ['Ground floor hub'],
    locks: ['Front door', 'Meeting room', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock });
  hub = house.simulated.hub('Ground floor hub');
  iq = house.iqId('Ground floor hub');
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

beforeEach(async () => {
  hub.setLink('up');
  await until(() => hub.view()?.link === 'ready', { what: 'the hub is linked' });
  await until(async () => (await readObject(cardea, `/iqs/${iq}`))['online'] === true, {
    what: 'the hub is shown online',
  });
  for (const name of ['Front door', 'Meeting room', 'Storage'])
    await until(async () => (await lock(name))['online'] === true, { what: `${name} is online` });
});

function ask(name: string, wanted = 'unlocked'): Promise<Answer> {
  return cardea.ask('PATCH', `/locks/${house.lockId(name)}/locking`, {
    body: { locked_state: wanted },
    headers: { accept: 'application/problem+json' },
  });
}

function lock(name: string): Promise<Record<string, unknown>> {
  return readObject(cardea, `/locks/${house.lockId(name)}`);
}

function untilShown(name: string, state: string): Promise<unknown> {
  return until(async () => (await lock(name))['locked_state'] === state, {
    what: `${name} is shown as ${state}`,
  });
}

/** What a caller can act on: status, code, word of 3102, advice and effect. */
function told({ status, json }: Answer) {
  const { code, detail, retry, effect } = json as Record<string, string>;
  const word = /code: (\w+)/.exec(detail ?? '')?.[1] ?? null;
  return { status, code, word, retry, effect };
}

/** The hub has just been heard, so that the server waits its 15 s from here. */
async function hearFromHub(): Promise<void> {
  const before = await entryCount();
  await house.simulated.lock('Storage').pressHandle();
  await until(async () => (await entryCount()) > before, { what: 'the hub has been heard' });
}

async function entryCount(): Promise<number> {
  return Number((await readObject(cardea, '/entries?$top=0&$count=true'))['count']);
}

function remoteEntries(name: string): Promise<readonly object[]> {
  const filter = `lock_id eq ${house.lockId(name)} and access_by eq 'remote'`;
  return itemsOf(cardea, `/entries?$top=1000&$filter=${encodeURIComponent(filter)}`);
}

describe('a command that the lock confirms', () => {
  it('answers 200 after the bolt has moved, and leaves an entry', async () => {
    const before = (await remoteEntries('Front door')).length;
    const answer = await ask('Front door');
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ locked_state: 'locked', online: true });
    expect(house.simulated.lock('Front door').isReleased).toBe(true);
    await until(async () => (await remoteEntries('Front door')).length === before + 1, {
      what: 'the entry can be read',
    });
  });

  it('shows office mode as soon as the lock has it, and its end', async () => {
    expect((await ask('Front door', 'office_mode')).json).toMatchObject({
      locked_state: 'office_mode',
    });
    expect(await lock('Front door')).toMatchObject({ locked_state: 'office_mode' });
    expect((await ask('Front door', 'locked')).json).toMatchObject({ locked_state: 'locked' });
    const filter = encodeURIComponent("event_category eq 'office_mode'");
    const details = await until(
      async () => {
        const items = await itemsOf(cardea, `/entries?$filter=${filter}`);
        return items.length >= 2 && items.map((entry) => entry['event_detail']);
      },
      { what: 'both entries can be read' },
    );
    expect(details).toEqual(['end', 'start']);
  });
});

describe('a command that is refused', () => {
  it('names a jammed bolt with 500, effect unknown, and an incident', async () => {
    const storage = house.simulated.lock('Storage');
    storage.jam();
    expect(told(await ask('Storage'))).toEqual({
      status: 500,
      code: '3102',
      word: 'jammed',
      retry: 'later',
      effect: 'unknown',
    });
    await storage.unjam();
    const incident = await until(
      async () =>
        (await itemsOf(cardea, '/incidents?$top=1000')).find(
          (found) => found['event_category'] === 'operation_not_completed',
        ),
      { what: 'the incident can be read' },
    );
    expect(incident).toMatchObject({ event_detail: 'jammed', lock_id: house.lockId('Storage') });
    expect((await ask('Storage')).status).toBe(200);
  });

  it('respects privacy mode with 403, effect none', async () => {
    const meetingRoom = house.simulated.lock('Meeting room');
    await meetingRoom.turnPrivacy(true);
    await until(async () => (await lock('Meeting room'))['privacy_mode'] === true, {
      what: 'privacy mode is shown',
    });
    expect(told(await ask('Meeting room'))).toMatchObject({
      status: 403,
      code: '3102',
      word: 'privacy_mode',
      effect: 'none',
    });
    await meetingRoom.turnPrivacy(false);
    await until(async () => (await lock('Meeting room'))['privacy_mode'] === false, {
      what: 'privacy mode has ended',
    });
  });

  it('says that the lock is offline with 400', async () => {
    const storage = house.simulated.lock('Storage');
    storage.outOfRange();
    await clock.move(61_000);
    await until(async () => (await lock('Storage'))['online'] === false, {
      what: 'the lock is shown offline',
    });
    await until(async () => told(await ask('Storage')).word === 'lock_offline', {
      what: 'the lock is missed by a hub that is there',
    });
    expect(told(await ask('Storage'))).toMatchObject({
      status: 400,
      code: '3102',
      effect: 'none',
    });
    await storage.backInRange();
  });

  it('says that a lock was never attached with 400', async () => {
    const { json } = await cardea.ask('POST', '/locks', {
      body: { activation_code: '014FCA0A00009901' },
    });
    const { id } = json as { id: string };
    const answer = await cardea.ask('PATCH', `/locks/${id}/locking`, {
      body: { locked_state: 'unlocked' },
      headers: { accept: 'application/problem+json' },
    });
    expect(told(answer)).toMatchObject({ status: 400, code: '3102', word: 'not_attached' });
  });
});

describe('a command that nobody answers', () => {
  it('ends with 408 after 10 s, the state uncertain until the lock reports again', async () => {
    const frontDoor = house.simulated.lock('Front door');
    await clock.move(10_000);
    await hearFromHub();
    frontDoor.goSilent();
    const asked = ask('Front door');
    await until(() => frontDoor.isReleased, { what: 'the silent lock acts all the same' });
    await clock.move(commandTimeoutMs);
    expect(told(await asked)).toEqual({
      status: 408,
      code: '3102',
      word: 'timeout',
      retry: 'later',
      effect: 'unknown',
    });
    expect(await lock('Front door')).toMatchObject({ locked_state: 'uncertain' });
    await frontDoor.speakAgain();
    await untilShown('Front door', 'locked');
  });

  it('shows office mode as pending after 2 s, and as uncertain after 10 s', async () => {
    const frontDoor = house.simulated.lock('Front door');
    await hearFromHub();
    frontDoor.goSilent();
    const asked = ask('Front door', 'office_mode');
    await until(() => frontDoor.isReleased, { what: 'the silent lock acts all the same' });
    await clock.move(2_000);
    expect(await asked).toMatchObject({
      status: 200,
      json: { locked_state: 'office_mode_pending' },
    });
    await clock.move(8_000);
    await untilShown('Front door', 'uncertain');
    await frontDoor.speakAgain();
    await untilShown('Front door', 'office_mode');
    expect((await ask('Front door', 'locked')).json).toMatchObject({ locked_state: 'locked' });
  });

  it('records the truth when the outcome comes after the deadline', async () => {
    // Once it is heard of again, what came of the commands before is stored.
    await hearFromHub();
    const before = (await remoteEntries('Front door')).length;
    hub.goSilent();
    const asked = ask('Front door');
    await until(() => house.simulated.lock('Front door').isReleased, { what: 'the door opens' });
    await clock.move(commandTimeoutMs);
    expect(told(await asked)).toMatchObject({ status: 408, word: 'timeout', effect: 'unknown' });
    expect(await lock('Front door')).toMatchObject({ locked_state: 'uncertain' });
    hub.speakAgain();
    await untilShown('Front door', 'locked');
    await until(async () => (await remoteEntries('Front door')).length === before + 1, {
      what: 'the entry says that it opened',
    });
    const found = await until(
      async () => {
        const { rows } = await cardea.database.pool.query<{ late_result: string | null }>(
          `select state, word, late_result from commands where lock_id = $1 order by queued_at desc limit 1`,
          [house.lockId('Front door')],
        );
        return rows[0]?.late_result !== null && rows;
      },
      { what: 'the late outcome is noted' },
    );
    expect(found).toEqual([{ state: 'unknown', word: 'timeout', late_result: 'confirmed' }]);
  });

  it('is known to have had no effect when the line is cut: 3105 at once', async () => {
    hub.setLink('cut');
    await until(() => hub.view()?.link === 'down', { what: 'the hub has noticed' });
    // Nobody waits out the 10 s of a command: that would be told as 3102 timeout.
    const answer = await until(
      async () => {
        const given = await ask('Front door');
        return given.status !== 200 && given;
      },
      { what: 'the server has noticed' },
    );
    expect(told(answer)).toEqual({
      status: 400,
      code: '3105',
      word: null,
      retry: 'later',
      effect: 'none',
    });
    expect(await lock('Front door')).toMatchObject({ locked_state: 'locked' });
  });
});

describe('a command that the device cloud does not send', () => {
  it('is 3103 while the IQ is not subscribed, and its doors go on', async () => {
    await house.admit({ tagNumber: '00002001', locks: ['Front door'] });
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { subscribed: false } });
    expect(told(await ask('Front door'))).toEqual({
      status: 403,
      code: '3103',
      word: null,
      retry: 'later',
      effect: 'none',
    });
    // Rights still reach a hub that was subscribed once.
    const frontDoor = house.simulated.lock('Front door');
    await until(async () => (await frontDoor.present(tag('00002001'))).did === 'opened', {
      what: 'the door opens for its people',
    });
    await cardea.ask('PATCH', `/iqs/${iq}`, { body: { subscribed: true } });
    expect((await ask('Front door')).status).toBe(200);
  });

  it('is 3103 from a factory reset to the restore', async () => {
    await hub.pressButton(12_000);
    await until(async () => (await readObject(cardea, `/iqs/${iq}`))['restore_required'] === true, {
      what: 'the reset is shown',
    });
    const refused = await until(
      async () => {
        const answer = told(await ask('Front door'));
        return answer.code === '3103' && answer;
      },
      { what: 'the hub is back on the line' },
    );
    expect(refused).toMatchObject({ status: 403, effect: 'none' });
    expect(await lock('Front door')).toMatchObject({ online: false, iq_link_state: 'attached' });
    expect((await cardea.ask('POST', `/iqs/${iq}/restore`)).status).toBe(200);
    await until(
      async () => (await readObject(cardea, `/iqs/${iq}`))['restore_required'] === false,
      { what: 'the hub has its table again' },
    );
    await until(async () => (await lock('Front door'))['online'] === true, {
      what: 'the locks rejoin without a card',
    });
    expect((await ask('Front door')).status).toBe(200);
  });

  it('is 3103 when more than 100 wait for the hub', async () => {
    await hearFromHub();
    hub.goSilent();
    const asked = Array.from({ length: 100 }, () => ask('Front door'));
    await until(async () => (await waitingCommands()) === 100, { what: 'all of them wait' });
    expect(told(await ask('Front door'))).toMatchObject({ status: 403, code: '3103' });
    await clock.move(commandTimeoutMs);
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([408]));
  });

  it('is 3101 when the store of commands is broken', async () => {
    await cardea.database.pool.query('alter table commands rename to commands_lost');
    const answer = await ask('Front door');
    await cardea.database.pool.query('alter table commands_lost rename to commands');
    expect(told(answer)).toEqual({
      status: 500,
      code: '3101',
      word: null,
      retry: 'later',
      effect: 'unknown',
    });
    expect((await ask('Front door')).status).toBe(200);
  });
});

describe('an IQ whose hub has not confirmed', () => {
  it('is 3104 to every command, until it confirms', async () => {
    const building = partOf(await readBuilding('harbour'), { hubs: ['Upstairs hub'], locks: [] });
    const simulated = await connectBuilding(cardea, { building, clock });
    const unheard = simulated.hub('Upstairs hub');
    await untilCalledHome(cardea, unheard.code);
    unheard.goSilent();
    const registering = create(cardea, '/iqs', { activation_code: unheard.code });
    await until(async () => (await itemsOf(cardea, '/iqs')).length === 2, {
      what: 'the IQ is registered',
    });
    await clock.move(3_000);
    const { id, state } = await registering;
    expect(state).toBe('initialized');
    for (const [method, path, body] of [
      ['POST', `/iqs/${id}/reset`, undefined],
      ['POST', `/iqs/${id}/restore`, undefined],
      ['GET', `/iqs/${id}/signal_strength?force_refresh=true`, undefined],
      ['PUT', `/iqs/${id}/tree`, { iq_tree_items: [] }],
    ] as const)
      expect([path, refusal(await cardea.ask(method, path, { body }))]).toEqual([path, '404 3104']);
    unheard.speakAgain();
    await until(async () => (await readObject(cardea, `/iqs/${id}`))['state'] === 'active', {
      what: 'the hub confirms',
    });
    await simulated.stop();
  });
});

async function waitingCommands(): Promise<number> {
  const { rows } = await cardea.database.pool.query<{ waiting: string }>(
    `select count(*) as waiting from commands where state in ('queued', 'sent')`,
  );
  return Number(rows[0]?.waiting);
}
