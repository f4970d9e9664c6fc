/** Two processes on one database: any may receive any request of a connection (streaming.md 4). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { eventsIn, joinByPolls, negotiateHub, type HubRequests } from '#test/kit/hub-requests';
import { joinHub } from '#test/kit/hub-socket';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { startSecondProcess, type SecondProcess } from '#test/kit/second-process';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let second: SecondProcess;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
const patience = { timeoutMs: 60_000 };

beforeAll(async () => {
  cardea = await startTestServer();
  second = await startSecondProcess(cardea, { roles: 'stream' });
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
});
afterAll(async () => {
  await second.stop();
  await cardea.stop();
});

const address = () => ({ siteId, token: admin.token, query: 'cursor=earliest' });

/** Polls the processes in turn until so many events have come; their ids. */
async function pollInTurn(hub: HubRequests, wanted: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let turn = 0;
  await until(
    async () => {
      turn += 1;
      const { status, messages } = await hub.poll(turn % 2 === 0 ? {} : { at: second.url });
      expect(status).toBe(200);
      ids.push(...eventsIn(messages).map(({ id }) => id));
      return ids.length >= wanted;
    },
    { ...patience, what: 'all events have come' },
  );
  return ids;
}

it('a connection negotiated with one process is made with another, once', async () => {
  const negotiated = await negotiateHub(cardea, address());
  const of = (base: string) =>
    `${base}/v1/hub/entries?id=${negotiated.id}&access_token=${admin.token}`;
  const hub = await joinHub(of(second.url));
  await expect(joinHub(of(cardea.url))).rejects.toThrow('409');
  for (const at of [cardea.url, second.url]) {
    expect((await negotiated.poll({ at })).status).toBe(409);
    expect((await negotiated.send({ type: 6 }, { at })).status).toBe(409);
  }
  hub.end();
  await until(async () => (await negotiated.poll()).status === 404, {
    ...patience,
    what: 'both know that it has ended',
  });
});

it('polls, messages and the end of a long poll may go to any process', async () => {
  const hub = await joinByPolls(cardea, address());
  const stored: string[] = [];
  for (let count = 0; count < 20; count += 1) stored.push(await storeEntry(cardea.database, place));
  expect(await pollInTurn(hub, stored.length)).toEqual(stored);
  const asked = { type: 1, target: 'Nothing', invocationId: '1' };
  expect(await hub.send(asked, { at: second.url })).toMatchObject({ status: 200, text: '' });
  expect((await hub.poll({ at: second.url })).messages).toMatchObject([{ invocationId: '1' }]);
  const waiting = hub.poll({ at: second.url });
  const late = await storeEntry(cardea.database, place);
  expect(eventsIn((await waiting).messages).map(({ id }) => id)).toEqual([late]);
  const colleague = await addPerson(cardea, { siteId, role: 'site_admin' });
  expect((await hub.poll({ at: second.url, token: colleague.token })).status).toBe(403);
  expect((await hub.request('DELETE', { at: second.url })).status).toBe(202);
  for (const at of [cardea.url, second.url]) expect((await hub.poll({ at })).status).toBe(404);
});

it('a poll given up at another process loses nothing', async () => {
  const hub = await joinByPolls(cardea, { ...address(), query: 'cursor=latest' });
  // Until one poll has brought an event, the listener has not joined for certain.
  const marks: string[] = [];
  let first: string[] = [];
  const polled = hub.poll();
  void polled.then(({ messages }) => (first = eventsIn(messages).map(({ id }) => id)));
  await until(
    async () => {
      marks.push(await storeEntry(cardea.database, place));
      return first.length > 0;
    },
    { ...patience, what: 'the listener hears' },
  );
  while (first.at(-1) !== marks.at(-1))
    first.push(...eventsIn((await hub.poll()).messages).map(({ id }) => id));
  const giveUp = new AbortController();
  const passed = async (): Promise<number> => {
    const { rows } = await cardea.database.pool.query<{ last: number }>(
      `select last_value::int as last from pg_sequences where sequencename = 'stream_mail_number_seq'`,
    );
    return rows[0]?.last ?? 0;
  };
  const before = await passed();
  const given = hub.poll({ at: second.url, signal: giveUp.signal });
  await until(
    async () =>
      (await passed()) > before &&
      (await cardea.database.pool.query('select 1 from stream_mail')).rowCount === 0,
    { ...patience, what: 'the poll is with the process that holds the connection' },
  );
  giveUp.abort();
  await expect(given).rejects.toThrow(/abort/i);
  // A second poll ends the first wherever it waits.
  const next = hub.poll();
  const id = await storeEntry(cardea.database, place);
  const heard = [...eventsIn((await next).messages)];
  if (heard.length === 0) heard.push(...eventsIn((await hub.poll()).messages));
  expect(heard.map((event) => event.id)).toEqual([id]);
  await hub.request('DELETE');
});

it('roles that change wake the connections of every process', async () => {
  const person = await addPerson(cardea, { siteId, role: 'site_super_user' });
  const url = (base: string) =>
    `${base}/v1/hub/entries?site_id=${siteId}&access_token=${person.token}`;
  const hubs = [await joinHub(url(cardea.url)), await joinHub(url(second.url))];
  await cardea.database.pool.query(
    "update accessors set role_ids = '{8f6081a3-80fb-11e8-a892-000d3a221c5b}' where id = $1",
    [person.accessorId],
  );
  for (const hub of hubs) {
    await until(() => hub.closeCode !== undefined, { ...patience, what: 'it has ended' });
    expect(hub.messages.at(-1)).toMatchObject({ error: 'The session has ended' });
  }
});

it('what a process held is unknown to the others when it has stopped', async () => {
  const third = await startSecondProcess(cardea, { roles: 'stream' });
  const stopped = await joinByPolls(cardea, { ...address(), url: third.url });
  expect((await stopped.send({ type: 6 }, { at: second.url })).status).toBe(200);
  await third.stop();
  expect((await stopped.poll({ at: second.url })).status).toBe(404);

  const lost = await joinByPolls(cardea, { ...address(), url: second.url });
  // A process that is killed says nothing; the others know it by its silence.
  const silence = `update stream_processes set seen_at = now() - interval '16 s'`;
  await until(
    async () => {
      await cardea.database.pool.query(silence);
      return (await lost.send({ type: 6 })).status === 404;
    },
    { ...patience, what: 'a silent process counts as gone' },
  );
}, 120_000);
