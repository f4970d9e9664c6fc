import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManualClock } from '#server/runtime/clock';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { joinHub, openHub, type HubSocket } from '#test/kit/hub-socket';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { addEventPlace, storeEntries, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let clock: ManualClock;
let other: OtherProcess;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer({ clock: new Date('2026-11-22T08:00:00Z') });
  if (cardea.clock === undefined) throw new Error('the server has a clock of its own');
  clock = cardea.clock;
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

const address = (token = admin.token): string =>
  `${cardea.url}/v1/hub/entries?site_id=${siteId}&access_token=${token}`;

/** Waits until the server has read everything sent so far. */
async function isRead(hub: HubSocket): Promise<void> {
  const invocationId = randomUUID();
  hub.send({ type: 1, target: 'Mark', invocationId });
  await until(() => hub.messages.some((message) => message['invocationId'] === invocationId), {
    what: 'the mark comes back',
  });
}

/** The id of the entry that a message carries. */
function eventOf(message: Record<string, unknown> | undefined): string | undefined {
  if (message?.['type'] !== 1) return undefined;
  const [text] = message['arguments'] as [string];
  return (JSON.parse(text) as { id: string }).id;
}

const events = (hub: HubSocket): string[] =>
  hub.messages.map((message) => eventOf(message)).filter((id) => id !== undefined);

const lastEvent = (hub: HubSocket): string | undefined => eventOf(hub.messages.at(-1));

const store = (): Promise<string> => storeEntry(cardea.database, place);

/** A listener that has joined the events: from here on it is given each one. */
async function hearing(token?: string): Promise<HubSocket> {
  const hub = await joinHub(address(token));
  let last = '';
  await until(
    async () => {
      last = await store();
      other.wake(cardea.tenant.tenantId);
      return events(hub).length > 0;
    },
    { what: 'the listener hears' },
  );
  await until(() => events(hub).includes(last), { what: 'it has heard all so far' });
  return hub;
}

describe('a connection', () => {
  it('without a handshake ends after 15 s', async () => {
    const hub = await openHub(address());
    clock.advance(14_999);
    expect(hub.closeCode).toBeUndefined();
    clock.advance(1);
    expect(await hub.ended()).toBe(1000);
    expect(hub.messages).toEqual([]);
  });

  it('hears a ping after 15 s without other traffic', async () => {
    const hub = await joinHub(address());
    clock.advance(14_999);
    await isRead(hub);
    expect(hub.pings).toBe(0);
    clock.advance(14_999);
    await isRead(hub);
    expect(hub.pings).toBe(0);
    clock.advance(15_000);
    await until(() => hub.pings === 1, { what: 'a ping arrives' });
    hub.end();
  });

  it('silent for 30 s ends with leave to come back; a ping is no silence', async () => {
    const hub = await joinHub(address());
    for (let turn = 0; turn < 3; turn += 1) {
      clock.advance(29_999);
      hub.send({ type: 6 });
      await isRead(hub);
    }
    clock.advance(30_000);
    expect(await hub.ended()).toBe(1000);
    expect(hub.messages.at(-1)).toEqual({
      type: 7,
      error: 'No message for 30 seconds',
      allowReconnect: true,
    });
  });

  it('not made within 15 s after its negotiation is forgotten', async () => {
    const negotiated = async (): Promise<string> => {
      const path = `//v1/hub/entries/negotiate?site_id=${siteId}&negotiateVersion=1`;
      const { json } = await cardea.ask('POST', path, { token: admin.token });
      return `${address()}&id=${(json as { connectionToken: string }).connectionToken}`;
    };
    const inTime = await negotiated();
    clock.advance(14_999);
    (await joinHub(inTime)).end();
    const late = await negotiated();
    clock.advance(15_000);
    await expect(openHub(late)).rejects.toThrow('404');
  });
});

describe('rights', () => {
  /** Lets 60 s pass with a client that keeps its connection. */
  async function aMinute(hub: HubSocket): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      clock.advance(20_000);
      if (turn < 2) await isRead(hub);
    }
  }
  /** Changes a row without the word of the database about it, as if it had been lost. */
  async function silently(text: string, id: string | null): Promise<void> {
    const client = await cardea.database.pool.connect();
    await client.query('begin');
    await client.query('set local session_replication_role = replica');
    await client.query(text, [id]);
    await client.query('commit');
    client.release();
  }
  const farewell = { type: 7, error: 'The session has ended', allowReconnect: false };

  it('a connection outlives its token', async () => {
    const hub = await joinHub(address());
    for (let minute = 0; minute < 62; minute += 1) {
      await aMinute(hub);
      await isRead(hub);
    }
    await expect(openHub(address())).rejects.toThrow('401');
    expect(hub.closeCode).toBeUndefined();
    hub.end();
    admin = await addPerson(cardea, { siteId, role: 'site_admin' });
  });

  it('a role taken away ends the connection at once', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_super_user' });
    const hub = await hearing(person.token);
    await cardea.database.pool.query(
      "update accessors set role_ids = '{8f6081a3-80fb-11e8-a892-000d3a221c5b}' where id = $1",
      [person.accessorId],
    );
    await hub.ended();
    expect(hub.messages.at(-1)).toEqual(farewell);
  });

  it('a person removed from the site, and an owner no longer one, are sent away at once', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_admin' });
    const hub = await joinHub(address(person.token));
    await cardea.database.pool.query('delete from accessors where id = $1', [person.accessorId]);
    await hub.ended();
    expect(hub.messages.at(-1)).toEqual(farewell);

    const owned = await addSite(cardea);
    const owner = await addPerson(cardea, { siteId: owned, role: 'owner' });
    await cardea.database.pool.query('delete from accessors where id = $1', [owner.accessorId]);
    const url = `${cardea.url}/v1/hub/incidents?site_id=${owned}&access_token=${owner.token}`;
    const owning = await joinHub(url);
    await cardea.database.pool.query('update collections set owner_user_id = null where id = $1', [
      owned,
    ]);
    await owning.ended();
    expect(owning.messages.at(-1)).toEqual(farewell);
  });

  it('is asked again within 60 s, when nobody said that it is gone', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_admin' });
    const hub = await joinHub(address(person.token));
    await silently('delete from accessors where id = $1', person.accessorId);
    await aMinute(hub);
    await hub.ended();
    expect(hub.messages.at(-1)).toEqual(farewell);
  });

  it('is asked again before an event is delivered: one that nobody may hear is not sent', async () => {
    const person = await addPerson(cardea, { siteId, role: 'site_admin' });
    const hub = await hearing(person.token);
    await isRead(hub);
    const before = events(hub);
    await silently('delete from accessors where id = $1', person.accessorId);
    // The answer of the last second is none any more.
    clock.advance(1_000);
    await store();
    other.wake(cardea.tenant.tenantId);
    await hub.ended();
    expect(hub.messages.at(-1)).toEqual(farewell);
    expect(events(hub)).toEqual(before);
  });

  it('a disabled login is sent away within 60 s', async () => {
    const person = await addPerson(cardea, { siteId, role: 'owner' });
    const hub = await joinHub(address(person.token));
    await cardea.cardea.identity.logins.disable(person.loginId);
    await aMinute(hub);
    await hub.ended();
    expect(hub.messages.at(-1)).toEqual(farewell);
  });
});

describe('events', () => {
  it('arrive by a wake-up of another process, and by the poll when it is lost', async () => {
    const hub = await hearing();
    const woken = await store();
    other.wake(cardea.tenant.tenantId);
    await until(() => events(hub).at(-1) === woken, { what: 'the entry arrives' });
    // Wake-ups of before may still be looked after: one that none of them brings.
    let unheard = '';
    await until(
      async () => {
        unheard = await store();
        await isRead(hub);
        return !events(hub).includes(unheard);
      },
      { what: 'an entry waits for the poll' },
    );
    clock.advance(1_000);
    await until(() => events(hub).at(-1) === unheard, { what: 'the entry arrives' });
    hub.end();
  });

  it('a wake-up lost with its connection to the database is healed when that is back', async () => {
    const hub = await hearing();
    await cardea.database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query = 'listen cardea_bus'`,
    );
    const id = await store();
    await until(
      () => {
        clock.advance(100);
        return events(hub).includes(id);
      },
      { what: 'the entry arrives' },
    );
    hub.end();
  });

  it('a reader too slow is sent away with leave to come back, others hear on', async () => {
    const slow = await hearing();
    const quick = await hearing();
    slow.pause();
    const large = { ...place, detail: 'x'.repeat(5_000) };
    // Far more than the operating system keeps for a reader, in portions that a reader who reads can take.
    for (let portion = 0; portion < 30; portion += 1) {
      const ids = await storeEntries(cardea.database, [
        large,
        ...Array.from({ length: 150 }, () => large),
      ]);
      const last = ids.at(-1);
      other.wake(cardea.tenant.tenantId);
      await until(() => lastEvent(quick) === last, { what: 'the other one hears all' });
    }
    slow.resume();
    expect(await slow.ended()).toBe(1000);
    expect(slow.messages.at(-1)).toEqual({
      type: 7,
      error: 'The connection reads too slowly',
      allowReconnect: true,
    });
    const all = events(quick);
    const some = events(slow).filter((id) => all.includes(id));
    expect(some.length).toBeLessThan(all.length);
    expect(some).toEqual(all.slice(0, some.length));
    quick.end();
  });
});

describe('shutdown', () => {
  it('says goodbye to everybody one after the other, with leave to come back', async () => {
    const server = await startTestServer({ clock: new Date('2026-11-22T08:00:00Z') });
    const site = await addSite(server);
    const { token } = await addPerson(server, { siteId: site, role: 'site_admin' });
    const url = `${server.url}/v1/hub/entries?site_id=${site}&access_token=${token}`;
    const hubs = [await joinHub(url), await joinHub(url), await joinHub(url)];
    const deaf = await joinHub(url);
    deaf.pause();
    const stopping = server.stop();
    await until(() => hubs.some((hub) => hub.closeCode !== undefined), { what: 'one has ended' });
    expect(hubs.filter((hub) => hub.closeCode !== undefined)).toHaveLength(1);

    const path = `//v1/hub/entries/negotiate?site_id=${site}`;
    const refused = await server.ask('POST', path, { token });
    expect(refused.status).toBe(503);
    expect(refused.json).toMatchObject({ ErrorCode: '1100' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await expect(openHub(url)).rejects.toThrow('503');

    let isStopped = false;
    const done = stopping.then(() => {
      isStopped = true;
    });
    await until(
      () => {
        server.clock?.advance(100);
        return isStopped;
      },
      { what: 'the server has stopped' },
    );
    await done;
    for (const hub of hubs) {
      expect(await hub.ended()).toBe(1001);
      expect(hub.messages.at(-1)).toEqual({ type: 7, allowReconnect: true });
    }
    deaf.end();
  });
});
