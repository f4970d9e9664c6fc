import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CollectionId } from '#contract/ids';
import type { ManualClock } from '#server/runtime/clock';
import { cursorOf } from '#server/domain/event-cursors';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { eventsIn, negotiateHub } from '#test/kit/hub-requests';
import { joinHub, type HubSocket } from '#test/kit/hub-socket';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import {
  addEventPlace,
  storeEntries,
  storeEntry,
  storeIncident,
  type EventPlace,
} from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let clock: ManualClock;
let other: OtherProcess;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer({ clock: new Date() });
  if (cardea.clock === undefined) throw new Error('the server has a clock of its own');
  clock = cardea.clock;
  other = await startOtherProcess(cardea);
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});
beforeEach(async () => {
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
});

const patience = { timeoutMs: 60_000 };
const join = (query: string, token = admin.token): Promise<HubSocket> =>
  joinHub(`${cardea.url}/v1/hub/entries?site_id=${siteId}&access_token=${token}&${query}`);

async function store(at = place): Promise<string> {
  const id = await storeEntry(cardea.database, at);
  other.wake(at.tenantId);
  return id;
}

async function storeMany(count: number): Promise<readonly string[]> {
  const ids = await storeEntries(cardea.database, [
    place,
    ...Array.from({ length: count - 1 }, () => place),
  ]);
  other.wake(place.tenantId);
  return ids;
}

const idsOf = (hub: HubSocket): string[] => eventsIn(hub.messages).map(({ id }) => id);

async function hears(hub: HubSocket, ids: readonly string[]): Promise<void> {
  await until(() => idsOf(hub).length >= ids.length, { ...patience, what: 'all has arrived' });
  expect(idsOf(hub)).toEqual(ids);
}

describe('a cursor (streaming.md 7)', () => {
  it('earliest: from the oldest kept event, with the cursor of each; without it none has one', async () => {
    const stored = await storeMany(3);
    const hub = await join('cursor=earliest');
    await hears(hub, stored);
    const cursors = eventsIn(hub.messages).map(({ cursor }) => cursor ?? '');
    expect(new Set(cursors).size).toBe(3);
    expect(cursors.toSorted((one, next) => (one < next ? -1 : 1))).toEqual(cursors);
    for (const cursor of cursors) expect(cursor).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
    const plain = await join('');
    await until(
      async () => {
        await store();
        return idsOf(plain).length > 0;
      },
      { ...patience, what: 'the plain listener hears' },
    );
    expect(eventsIn(plain.messages)[0]).not.toHaveProperty('cursor');
    plain.end();
    hub.end();
  });

  it('a value: everything after it, in order, then live, without gap or double at the seam', async () => {
    const before = await storeMany(1_200);
    const reading = await join('cursor=earliest');
    await hears(reading, before);
    const cursor = eventsIn(reading.messages)[99]?.cursor ?? '';
    reading.end();
    const stop = new AbortController();
    const stored = [...before];
    const writing = (async () => {
      while (!stop.signal.aborted) stored.push(await store());
    })();
    const hub = await join(`cursor=${cursor}`);
    await until(() => idsOf(hub).length > 1_150, { ...patience, what: 'live events arrive' });
    stop.abort();
    await writing;
    stored.push(await store());
    await until(() => idsOf(hub).at(-1) === stored.at(-1), { ...patience, what: 'all is there' });
    expect(idsOf(hub)).toEqual(stored.slice(100));
    hub.end();
  });

  it('of one site begins nowhere else, and hears of no other site or person', async () => {
    const user = await addPerson(cardea, { siteId, role: 'site_user' });
    const elsewhere = await addSite(cardea);
    const otherPlace = await addEventPlace(cardea.database, {
      tenantId: cardea.tenant.tenantId,
      siteId: elsewhere,
    });
    await store(otherPlace);
    await store();
    const own = await storeEntry(cardea.database, { ...place, accessorId: user.accessorId });
    await store();
    const hub = await join(`cursor=earliest&user_id=${user.userId}`, user.token);
    await hears(hub, [own]);
    const next = await storeEntry(cardea.database, { ...place, accessorId: user.accessorId });
    other.wake(place.tenantId);
    await hears(hub, [own, next]);
    hub.end();
  });

  it('is one order for entries and incidents of a site', async () => {
    await store();
    const hub = await join('cursor=earliest');
    await until(() => idsOf(hub).length === 1, { ...patience, what: 'the entry arrives' });
    const cursor = eventsIn(hub.messages)[0]?.cursor ?? '';
    const id = await storeIncident(cardea.database, { ...place, category: 'unknown' });
    const incidents = await joinHub(
      `${cardea.url}/v1/hub/incidents?site_id=${siteId}&access_token=${admin.token}&cursor=${cursor}`,
    );
    await hears(incidents, [id]);
    incidents.end();
    hub.end();
  });

  it('damaged, foreign, or older than what is kept: 400 with code 1101', async () => {
    const number = 7;
    const at = clock.now();
    const ownSite = siteId as CollectionId;
    const refused = (cursor: string) =>
      negotiateHub(cardea, { siteId, token: admin.token, query: `cursor=${cursor}` });
    await refused(cursorOf(ownSite, { number, at }));
    const foreign = cursorOf(randomUUID() as CollectionId, { number, at });
    const old = cursorOf(ownSite, { number, at: new Date(at.getTime() - 90 * 86_400_000) });
    const damaged = cursorOf(ownSite, { number, at }).replace(/^0/, '1');
    for (const cursor of [foreign, old, damaged, 'first', '%00']) {
      await expect(refused(cursor)).rejects.toThrow(/^400 .*"1101".*'cursor'/);
      await expect(join(`cursor=${cursor}`)).rejects.toThrow('400');
    }
    await expect(
      negotiateHub(cardea, { siteId, token: admin.token, query: 'resume=a%20b' }),
    ).rejects.toThrow(/^400 .*"1101".*'resume'/);
    // Events the site does not store are kept for a day only.
    const dayOld = cursorOf(ownSite, { number, at: new Date(at.getTime() - 86_400_000) });
    await refused(dayOld);
    await cardea.database.pool.query(
      'update collections set store_entry_events = false where id = $1',
      [siteId],
    );
    await expect(refused(dayOld)).rejects.toThrow(/^400/);
  });

  it('a replay goes at the pace of its reader, however slow', async () => {
    const large = { ...place, detail: 'x'.repeat(5_000) };
    const ids: string[] = [];
    for (let portion = 0; portion < 6; portion += 1)
      ids.push(
        ...(await storeEntries(cardea.database, [
          large,
          ...Array.from({ length: 499 }, () => large),
        ])),
      );
    const hub = await join('cursor=earliest');
    hub.pause();
    // What a live reader would have been sent away for lies in front of it many times over.
    clock.advance(20_000);
    hub.send({ type: 6 });
    hub.resume();
    await hears(hub, ids);
    expect(hub.closeCode).toBeUndefined();
    hub.end();
  });
});

describe('a name (streaming.md 7)', () => {
  async function acknowledge(hub: HubSocket, cursor: unknown): Promise<unknown> {
    const invocationId = randomUUID();
    hub.send({ type: 1, target: 'Ack', invocationId, arguments: [cursor] });
    return await until(
      () => hub.messages.find((message) => message['invocationId'] === invocationId),
      { ...patience, what: 'the acknowledgement is answered' },
    );
  }

  /** A listener that has joined its events, and the cursor of the last. */
  async function begin(name: string): Promise<{ hub: HubSocket; cursor: string }> {
    const hub = await join(`resume=${name}`);
    await until(
      async () => {
        await store();
        return idsOf(hub).length > 0;
      },
      { ...patience, what: 'the listener hears' },
    );
    const last = await store();
    await until(() => idsOf(hub).at(-1) === last, { ...patience, what: 'all is heard' });
    return { hub, cursor: eventsIn(hub.messages).at(-1)?.cursor ?? '' };
  }

  it('goes on behind the last acknowledged event, as often as it takes', async () => {
    const { hub, cursor } = await begin('printer');
    const more = [await store(), await store()];
    await until(() => idsOf(hub).at(-1) === more[1], { ...patience, what: 'all is heard' });
    expect(await acknowledge(hub, cursor)).toMatchObject({ type: 3, result: true });
    hub.end();
    for (let turn = 0; turn < 2; turn += 1) {
      const again = await join('resume=printer');
      await hears(again, more);
      again.end();
    }
    const late = await join('resume=printer');
    await hears(late, more);
    const known = eventsIn(late.messages).at(-1)?.cursor;
    expect(await acknowledge(late, known)).toMatchObject({ result: true });
    // One that crossed on another connection moves nothing back.
    expect(await acknowledge(late, cursor)).toMatchObject({ result: true });
    late.end();
    const next = await store();
    const last = await join('resume=printer');
    await hears(last, [next]);
    last.end();
  });

  it('belongs to one person: another begins with the next event', async () => {
    const { hub, cursor } = await begin('mine');
    await acknowledge(hub, cursor);
    hub.end();
    await store();
    const colleague = await addPerson(cardea, { siteId, role: 'site_admin' });
    const theirs = await join('resume=mine', colleague.token);
    const ids: string[] = [];
    await until(
      async () => {
        ids.push(await store());
        return idsOf(theirs).length > 0;
      },
      { ...patience, what: 'the colleague hears' },
    );
    expect(ids).toContain(idsOf(theirs)[0]);
    theirs.end();
  });

  it('a bad cursor is an error of the call and changes nothing', async () => {
    const { hub } = await begin('careful');
    for (const bad of [
      'nonsense',
      7,
      null,
      cursorOf(randomUUID() as CollectionId, { number: 1, at: new Date() }),
    ])
      expect(await acknowledge(hub, bad)).toMatchObject({ error: expect.any(String) as string });
    hub.end();
    const again = await join('resume=careful');
    await until(() => idsOf(again).length > 0, { ...patience, what: 'nothing was acknowledged' });
    again.end();
  });

  it('unused for 90 days is dropped: it begins anew', async () => {
    const { hub, cursor } = await begin('forgotten');
    await acknowledge(hub, cursor);
    hub.end();
    const missed = await store();
    await cardea.database.pool.query(
      `update stream_places set used_at = used_at - interval '91 days' where name = 'forgotten'`,
    );
    const again = await join('resume=forgotten');
    await until(
      async () => {
        await store();
        return idsOf(again).length > 0;
      },
      { ...patience, what: 'it hears' },
    );
    expect(idsOf(again)).not.toContain(missed);
    again.end();
  });
});
