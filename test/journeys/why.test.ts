import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RejectReason } from '#contract/events';
import type { EntryWhyResponse, WhyResponse } from '#contract/why';
import type { Presentation } from '#access/presentation';
import { createMovableClock } from '#simulator/clock';
import {
  always,
  partOf,
  readBuilding,
  startTestBuilding,
  tag,
  untilSynced,
  type Admitted,
  type TestBuilding,
} from '#test/kit/building';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, itemsOf, type CoreObject } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';

const groundFloor = 'Ground floor hub';
const patient = { timeoutMs: 60_000 };
const doorClock = createMovableClock();
let cardea: TestServer;
let house: TestBuilding;
let token: string;

beforeAll(async () => {
  cardea = await startTestServer();
  const building = partOf(await readBuilding('harbour'), {
    hubs: [groundFloor],
    locks: ['Front door', 'Office', 'Meeting room', 'Storage'],
  });
  house = await startTestBuilding(cardea, { building, clock: doorClock });
  const siteId = house.collectionId;
  ({ token } = await addPerson(cardea, { siteId, role: 'site_admin' }));
  await write('PATCH', `/collections/${siteId}/options`, {
    tags_from_other_sites: false,
    offline_validity_hours: 1,
  });
}, 120_000);

afterAll(async () => {
  await house.stop();
  await cardea.stop();
});

async function write(method: string, path: string, body?: object): Promise<unknown> {
  const answer = await cardea.ask(method, path, { body });
  expect([path, answer.status, answer.text]).toEqual([
    path,
    expect.toBeOneOf([200, 204]),
    answer.text,
  ]);
  return answer.json;
}

async function atSite<T>(method: string, path: string, body?: object): Promise<T> {
  const address = `//ext/v1/sites/${house.collectionId}${path}`;
  const answer = await cardea.ask(method, address, { token, ...(body ? { body } : {}) });
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.json as T;
}

/** The newest refusal at a door for this reason, once it has been told. */
function refusalAt(door: string, reason: RejectReason, since: number): Promise<CoreObject> {
  const lock = house.lockId(door);
  const filter = encodeURIComponent(`lock_id eq ${lock} and reject_reason eq '${reason}'`);
  return until(
    async () => {
      const [entry] = await itemsOf(cardea, `/entries?$top=1&$filter=${filter}`);
      // Entries are told in whole seconds.
      return (
        entry !== undefined && Date.parse(String(entry['utc_date_time'])) > since - 1_000 && entry
      );
    },
    { what: `the refusal by ${reason} can be read`, ...patient },
  );
}

type Scene = {
  readonly door: string;
  readonly show: Presentation;
  /** The same, as `why` is asked; null = only the hub can know. */
  readonly asked: object | null;
  /** Whether today's rules can be certain of it. */
  readonly isCertain?: false;
  readonly before?: () => Promise<unknown>;
  readonly after?: () => Promise<unknown>;
};

let people = 0;
async function admit(locks = ['Front door'], schedule: object = {}): Promise<Admitted & Shown> {
  people += 1;
  const tagNumber = String(5_000 + people).padStart(8, '0');
  const admitted = await house.admit({ tagNumber, locks, schedule: { ...always, ...schedule } });
  return { ...admitted, show: tag(tagNumber), asked: { tag_number: tagNumber } };
}
type Shown = { readonly show: Presentation; readonly asked: object };

/** A person at the front door, and one write that takes the right away. */
async function without(
  change: (person: Admitted) => readonly [method: string, path: string, body?: object],
): Promise<Scene> {
  const person = await admit();
  await write(...change(person));
  return { ...person, door: 'Front door' };
}

function typed(code: string): Presentation {
  return { what: { type: 'pin', code }, heldMs: 0 };
}

const hub = () => house.simulated.hub(groundFloor);

async function unplugged(act: (folder: string) => Promise<void>): Promise<void> {
  await hub().pullPlug();
  await act(join(cardea.dataDir, hub().id, hub().id, 'table'));
  hub().setLink('cut');
  await hub().plugIn();
  await until(
    () =>
      hub()
        .view()
        ?.locks.every(({ online }) => online),
    {
      what: 'the locks are heard',
      ...patient,
    },
  );
}

/** Turns one bit in the middle of each file of the hub's table, as a worn flash memory would. */
async function flipBits(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    const bytes = await readFile(join(folder, file));
    const middle = Math.floor(bytes.length / 2);
    if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x04, middle);
    await writeFile(join(folder, file), bytes);
  }
}

const scenes: Readonly<Record<RejectReason, () => Promise<Scene>>> = {
  unknown_credential: () =>
    Promise.resolve({
      door: 'Front door',
      show: tag('00009999'),
      asked: { tag_number: '00009999' },
    }),
  async foreign_tag() {
    const elsewhere = (await create(cardea, '/collections')).id;
    const { id: tagId, tag_number: number } = await insertTag(cardea, {
      collection_id: elsewhere,
    });
    const { accessorId } = await admit();
    await write('POST', `/accessors/${accessorId}/keys`, { tag_id: tagId });
    return { door: 'Front door', show: tag(number), asked: { tag_number: number } };
  },
  key_expired: () =>
    without(({ tagId }) => ['PATCH', `/tags/${tagId}`, { expiry_date: '2026-01-01T00:00:00Z' }]),
  key_blocked: () =>
    without(({ accessorId, keyId }) => [
      'PATCH',
      `/accessors/${accessorId}/keys/${keyId}`,
      { blocked: true },
    ]),
  accessor_blocked: () =>
    without(({ accessorId }) => ['PATCH', `/accessors/${accessorId}`, { blocked: true }]),
  suspended: () =>
    without(({ accessorId }) => [
      'POST',
      `/accessors/${accessorId}/collection_settings`,
      { collection_id: house.collectionId, suspended: true },
    ]),
  async credential_not_allowed() {
    const { accessorId } = await admit();
    const pin = String(await write('PUT', `/accessors/${accessorId}/pin`));
    const setting = { collection_id: house.collectionId, use_pin: false };
    await write('POST', `/accessors/${accessorId}/collection_settings`, setting);
    return { door: 'Front door', show: typed(pin), asked: { pin } };
  },
  async not_in_group() {
    return { ...(await admit(['Storage'])), door: 'Front door' };
  },
  async no_schedule() {
    const person = await admit();
    const schedules = `/access_groups/${person.groupId}/time_schedules`;
    const [schedule] = await itemsOf(cardea, schedules);
    await write('DELETE', `${schedules}/${schedule?.id ?? ''}`);
    return { ...person, door: 'Front door' };
  },
  async outside_schedule() {
    const person = await admit(['Front door'], { end_date: '2026-01-01T00:00:00' });
    return { ...person, door: 'Front door' };
  },
  async privacy_mode() {
    const lock = house.simulated.lock('Meeting room');
    const { show, asked } = await admit(['Meeting room']);
    return {
      door: 'Meeting room',
      show,
      asked: { ...asked, privacy_mode: true },
      before: () => lock.turnPrivacy(true),
      after: () => lock.turnPrivacy(false),
    };
  },
  async lock_offline() {
    const lock = house.simulated.lock('Storage');
    const { show, asked } = await admit(['Storage']);
    return {
      door: 'Storage',
      show,
      asked: { ...asked, is_lock_alone: true },
      before: () => Promise.resolve(lock.outOfRange()),
      after: () => lock.backInRange(),
    };
  },
  async keypad_locked() {
    const { accessorId } = await admit(['Office']);
    const pin = String(await write('PUT', `/accessors/${accessorId}/pin`));
    return {
      door: 'Office',
      // The right one does not help.
      show: typed(pin),
      asked: null,
      isCertain: false,
      async before() {
        const lock = house.simulated.lock('Office');
        for (let guess = 0; guess < 5; guess += 1) await lock.present(typed('000000'));
      },
    };
  },
  async hub_table_damaged() {
    const { show } = await admit();
    return {
      door: 'Front door',
      show,
      asked: null,
      before: () => unplugged(flipBits),
      after: async () => {
        const lock = house.simulated.lock('Front door');
        expect((await lock.pressHandle()).did).toBe('opened');
        hub().setLink('up');
      },
    };
  },
  // Last, as the clock of the doors is ahead from then on.
  async offline_validity_over() {
    const { show, asked } = await admit();
    const since = { iq_offline_since: new Date(doorClock.now().getTime() - 1_000).toISOString() };
    return {
      door: 'Front door',
      show,
      asked: { ...asked, ...since },
      async before() {
        hub().setLink('cut');
        await until(() => hub().view()?.link !== 'ready', {
          what: 'the hub misses the server',
          ...patient,
        });
        await doorClock.move(62 * 60_000);
      },
      after: () => Promise.resolve(hub().setLink('up')),
    };
  },
};

it.each(Object.entries(scenes))(
  'the door and the why agree on %s',
  async (word, prepare) => {
    const reason = word as RejectReason;
    const { door, show, asked, isCertain = true, before, after } = await prepare();
    await untilSynced(cardea);
    await before?.();
    const at = doorClock.now();
    expect((await house.simulated.lock(door).present(show)).did).toBe('refused');
    await after?.();
    const entry = await refusalAt(door, reason, at.getTime());

    const told = await atSite<EntryWhyResponse>('GET', `/entries/${entry.id}/why`);
    expect(told.recorded).toMatchObject({
      rule: reason,
      reject_reason: reason,
      accessor_id: entry['accessor_id'],
    });
    expect([told.is_certain, told.changed_since]).toEqual([isCertain, []]);
    if (isCertain) expect(told.today).toMatchObject({ rule: reason, outcome: 'refuse' });

    if (asked === null) return;
    const question = { lock_id: house.lockId(door), at: at.toISOString(), ...asked };
    const answer = await atSite<WhyResponse>('POST', '/why', question);
    expect(answer).toMatchObject({
      rule: reason,
      event_detail: entry['event_detail'],
      accessor_id: entry['accessor_id'],
      door: { is_in_hub: true, decides: { rule: reason } },
    });
  },
  120_000,
);

it('a hub whose table was damaged is sent all of it anew, and opens again', async () => {
  const { show } = await admit();
  await untilSynced(cardea);
  await unplugged(flipBits);
  const lock = house.simulated.lock('Front door');
  expect((await lock.present(show)).did).toBe('refused');
  expect((await lock.pressHandle()).did).toBe('opened');
  hub().setLink('up');
  await until(async () => (await lock.present(show)).did === 'opened', {
    what: 'the table is whole again',
    ...patient,
  });
}, 120_000);
