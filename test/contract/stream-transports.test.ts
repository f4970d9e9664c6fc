import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ManualClock } from '#server/runtime/clock';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { eventsIn, joinByEvents, joinByPolls, negotiateHub } from '#test/kit/hub-requests';
import { joinHub } from '#test/kit/hub-socket';
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
let colleague: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer({
    clock: new Date('2026-11-22T08:00:00Z'),
    settings: { CARDEA_CORS_ORIGINS: 'https://app.example.com' },
  });
  if (cardea.clock === undefined) throw new Error('the server has a clock of its own');
  clock = cardea.clock;
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
  colleague = await addPerson(cardea, { siteId, role: 'site_admin' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

const address = () => ({ siteId, token: admin.token });
const patience = { timeoutMs: 60_000 };
/** Behind everything stored so far: what is stored from here on is heard, whenever the listener joins. */
const fromNow = async () => {
  const token = admin.token;
  const hub = await joinByPolls(cardea, { siteId, token, query: 'cursor=latest' });
  const id = await heardMark(hub);
  return { hub, id };
};

/** Stores entries until one arrives at a poll: the listener has joined its events. */
async function heardMark(hub: Awaited<ReturnType<typeof joinByPolls>>): Promise<string> {
  let id = '';
  const polled = hub.poll();
  let answer: Awaited<typeof polled> | undefined;
  void polled.then((found) => (answer = found));
  await until(
    async () => {
      id = await store();
      return answer;
    },
    { ...patience, what: 'an entry arrives' },
  );
  const heard = eventsIn((await polled).messages).map((event) => event.id);
  while (!heard.includes(id)) heard.push(...eventsIn((await hub.poll()).messages).map((e) => e.id));
  return id;
}

async function store(): Promise<string> {
  const id = await storeEntry(cardea.database, place);
  other.wake(cardea.tenant.tenantId);
  return id;
}

describe('long polling (streaming.md 4)', () => {
  it('the first poll is answered at once and empty, later ones with everything that waits', async () => {
    const hub = await negotiateHub(cardea, address());
    const first = await hub.poll();
    expect([first.status, first.text]).toEqual([200, '']);
    expect(first.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('x-accel-buffering')).toBe('no');
    expect(await hub.send('{"protocol":"json",')).toMatchObject({ status: 200, text: '' });
    await hub.send('"version":1}\u001e{"type":1,"target":"A","invocationId":"1"}\u001e');
    await hub.send({ type: 1, target: 'B', invocationId: '2' });
    const answers: unknown[] = [];
    while (answers.length < 3) answers.push(...(await hub.poll()).messages);
    expect(answers).toEqual([
      {},
      { type: 3, invocationId: '1', error: "Unknown hub method 'A'" },
      { type: 3, invocationId: '2', error: "Unknown hub method 'B'" },
    ]);
    expect((await hub.request('DELETE')).status).toBe(202);
  });

  it('a poll waits for events, and is answered empty after 90 s', async () => {
    const { hub } = await fromNow();
    const [polled, id] = await Promise.all([hub.poll(), store()]);
    expect(eventsIn(polled.messages).map((event) => event.id)).toEqual([id]);
    let answer: { status: number; text: string } | undefined;
    void hub.poll().then((found) => (answer = found));
    // Nothing else is sent on a connection that shows by its polls that it lives.
    await until(
      () => {
        clock.advance(1_000);
        return answer;
      },
      { ...patience, what: 'the poll is answered' },
    );
    expect(answer).toMatchObject({ status: 200, text: '' });
    await hub.request('DELETE');
  });

  it('a second poll ends the first with 204 and is the one that is answered', async () => {
    const { hub } = await fromNow();
    // Either may reach the server first.
    const polls = [hub.poll(), hub.poll()];
    await Promise.race(polls);
    const id = await store();
    const both = await Promise.all(polls);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 204]));
    const heard = both.flatMap(({ messages }) => eventsIn(messages));
    expect(heard.map((event) => event.id)).toEqual([id]);
    await hub.request('DELETE');
  });

  it('ends without a poll for 30 s, not while one waits', async () => {
    const hub = await joinByPolls(cardea, address());
    clock.advance(29_999);
    expect((await hub.send({ type: 6 })).status).toBe(200);
    clock.advance(1);
    for (const method of ['GET', 'POST', 'DELETE'])
      expect((await hub.request(method)).status).toBe(404);
  });

  it('DELETE ends it with 202, a poll that waits with 204, and the id is unknown from then on', async () => {
    const { hub } = await fromNow();
    const waiting = hub.poll();
    expect((await hub.request('DELETE')).status).toBe(202);
    expect([204, 404]).toContain((await waiting).status);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await hub.request(method);
      expect(answer.status).toBe(404);
      expect(JSON.parse(answer.text)).toMatchObject({ ErrorCode: '1100' });
    }
  });

  it('an end by the server is a close message, then 204 to a poll, then 404', async () => {
    const hub = await joinByPolls(cardea, address());
    await hub.send('nonsense\u001e');
    const close = { type: 7, error: 'A message could not be read', allowReconnect: false };
    expect((await hub.poll()).messages).toEqual([close]);
    expect((await hub.send({ type: 6 })).status).toBe(404);
    expect((await hub.poll()).status).toBe(204);
    expect((await hub.poll()).status).toBe(404);
  });

  it('a reader too slow is sent away with leave to come back; what waited is still there for it', async () => {
    const { hub } = await fromNow();
    const large = { ...place, detail: 'x'.repeat(5_000) };
    await storeEntries(cardea.database, [large, ...Array.from({ length: 300 }, () => large)]);
    other.wake(cardea.tenant.tenantId);
    const messages: Record<string, unknown>[] = [];
    await until(
      async () => {
        if (messages.length === 0 && (await hub.send({ type: 6 })).status === 200) return false;
        const answer = await hub.poll();
        messages.push(...answer.messages);
        return answer.status === 204;
      },
      { ...patience, what: 'it has ended' },
    );
    expect(messages.at(-1)).toEqual({
      type: 7,
      error: 'The connection reads too slowly',
      allowReconnect: true,
    });
    expect(eventsIn(messages).length).toBeGreaterThan(100);
    expect(eventsIn(messages).length).toBeLessThan(301);
  });
});

describe('server-sent events (streaming.md 4)', () => {
  it('a comment at once, then messages as data lines; the client sends by POST', async () => {
    const hub = await negotiateHub(cardea, address());
    const events = await hub.listen();
    expect(events.status).toBe(200);
    expect(events.headers['content-type']).toBe('text/event-stream');
    expect(events.headers['cache-control']).toBe('no-store');
    expect(events.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    await until(() => events.text === ':\r\n\r\n', {
      ...patience,
      what: 'the first line is there',
    });
    expect(await hub.send({ protocol: 'json', version: 1 })).toMatchObject({
      status: 200,
      text: '',
    });
    await until(() => events.text.includes('{}'), { ...patience, what: 'the answer is there' });
    expect(events.text).toBe(':\r\n\r\ndata: {}\u001e\r\n\r\n');
    events.end();
    await until(async () => (await hub.send({ type: 6 })).status === 404, {
      ...patience,
      what: 'the dropped stream has ended',
    });
  });

  it('hears entries, pings after 15 s and ends a client silent for 30 s', async () => {
    const { hub, events } = await joinByEvents(cardea, { ...address(), query: 'cursor=latest' });
    await until(
      async () => {
        await store();
        return eventsIn(events.messages).length > 0;
      },
      { ...patience, what: 'an entry arrives' },
    );
    clock.advance(29_999);
    expect((await hub.send({ type: 6 })).status).toBe(200);
    clock.advance(29_999);
    await until(() => events.messages.some((message) => message['type'] === 6), {
      ...patience,
      what: 'a ping arrives',
    });
    clock.advance(1);
    await until(() => events.isEnded, { ...patience, what: 'the stream has ended' });
    const close = { type: 7, error: 'No message for 30 seconds', allowReconnect: true };
    expect(events.messages.at(-1)).toEqual(close);
    expect((await hub.send({ type: 6 })).status).toBe(404);
  });

  it('carries text only: a handshake for MessagePack is refused and the stream ends', async () => {
    const hub = await negotiateHub(cardea, address());
    const events = await hub.listen();
    await hub.send({ protocol: 'messagepack', version: 1 });
    await until(() => events.isEnded, { ...patience, what: 'the stream has ended' });
    expect(events.messages).toEqual([{ error: expect.any(String) as string }]);
  });

  it('a message over 32 KiB ends the connection', async () => {
    const { hub, events } = await joinByEvents(cardea, address());
    const text = 'x'.repeat(33 * 1024);
    expect((await hub.send({ type: 6, text })).status).toBe(200);
    await until(() => events.isEnded, { ...patience, what: 'the stream has ended' });
    expect(events.messages.at(-1)).toMatchObject({ type: 7, allowReconnect: false });
  });
});

describe('requests of a connection', () => {
  it('a transport that is not the one of the connection: 409 with code 1100', async () => {
    const polled = await joinByPolls(cardea, address());
    const streamed = await joinByEvents(cardea, address());
    const answers = [
      await polled.request('GET', { headers: { accept: 'text/event-stream' } }),
      await streamed.hub.poll(),
      await streamed.hub.request('GET', { headers: { accept: 'text/event-stream' } }),
      await streamed.hub.request('DELETE'),
    ];
    const socketed = await negotiateHub(cardea, address());
    const url = `${cardea.url}/v1/hub/entries?id=${socketed.id}&access_token=${admin.token}`;
    const socket = await joinHub(url);
    for (const method of ['GET', 'POST', 'DELETE']) answers.push(await socketed.request(method));
    for (const { status, text } of answers) {
      expect(status).toBe(409);
      expect(JSON.parse(text)).toMatchObject({ ErrorCode: '1100' });
    }
    socket.end();
    streamed.events.end();
    await polled.request('DELETE');
  });

  it('of another person: 403; without a token: 401; of another hub or unknown: 404', async () => {
    const hub = await joinByPolls(cardea, address());
    for (const method of ['GET', 'POST', 'DELETE']) {
      const foreign = await hub.request(method, { token: colleague.token });
      expect([foreign.status, foreign.text]).toEqual([403, '']);
      const nobody = await hub.request(method, { token: 'a.b.c' });
      expect([nobody.status, nobody.text]).toEqual([401, '']);
      const headers = { authorization: `Bearer ${admin.token}` };
      const elsewhere = `${cardea.url}/v1/hub/incidents?id=${hub.id}`;
      expect((await fetch(elsewhere, { method, headers })).status).toBe(404);
      const unknown = `${cardea.url}/v1/hub/entries?id=nothing`;
      expect((await fetch(unknown, { method, headers })).status).toBe(404);
      const unnamed = `${cardea.url}/v1/hub/entries?site_id=${siteId}`;
      expect((await fetch(unnamed, { method, headers })).status).toBe(400);
    }
    expect((await hub.request('DELETE')).status).toBe(202);
  });

  it('take the token of the query, and the letters of a browser on another origin', async () => {
    const hub = await joinByPolls(cardea, address());
    const origin = 'https://app.example.com';
    const url = `${cardea.url}/v1/hub/entries?id=${hub.id}&access_token=${admin.token}&_=1`;
    const answer = await fetch(url, { method: 'POST', headers: { origin }, body: '' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    const streamed = await negotiateHub(cardea, address());
    const stream = await streamed.listen({ origin, authorization: `Bearer ${admin.token}` });
    expect(stream.headers['access-control-allow-origin']).toBe(origin);
    expect(stream.headers['access-control-allow-credentials']).toBe('true');
    stream.end();
    await hub.request('DELETE');
  });
});

describe('limits of the operator', () => {
  it('connections and negotiations over them are refused with 429 and Retry-After', async () => {
    const server = await startTestServer({
      settings: { CARDEA_STREAM_CONNECTIONS: '1', CARDEA_STREAM_NEGOTIATIONS: '3' },
    });
    const site = await addSite(server);
    const { token } = await addPerson(server, { siteId: site, role: 'site_admin' });
    const first = await joinByPolls(server, { siteId: site, token });
    const refused = () => negotiateHub(server, { siteId: site, token });
    await expect(refused()).rejects.toThrow(/^429 .*1 listeners are connected/);
    const url = `${server.url}/v1/hub/entries?site_id=${site}&access_token=${token}`;
    await expect(joinHub(url)).rejects.toThrow('429');
    await first.request('DELETE');
    await refused();
    await expect(refused()).rejects.toThrow(/^429 .*3 requests a minute/);
    await server.stop();
  });
});
