import {
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  type HubConnection,
} from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { addEventPlace, storeEntry, storeIncident, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let other: OtherProcess;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer();
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

type Way = { readonly transport: HttpTransportType; readonly isBinary: boolean };
type Message = { readonly id: string; readonly cursor?: string };

function build({ transport, isBinary }: Way, query = '', hub = 'entries'): HubConnection {
  const builder = new HubConnectionBuilder()
    .withUrl(`${cardea.url}/v1/hub/${hub}?site_id=${siteId}${query}`, {
      transport,
      accessTokenFactory: () => admin.token,
    })
    .configureLogging(LogLevel.None);
  return (isBinary ? builder.withHubProtocol(new MessagePackHubProtocol()) : builder).build();
}

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;

describe.each([
  ['WebSockets, JSON', { transport: WebSockets, isBinary: false }],
  ['WebSockets, MessagePack', { transport: WebSockets, isBinary: true }],
  ['server-sent events, JSON', { transport: ServerSentEvents, isBinary: false }],
  ['long polling, JSON', { transport: LongPolling, isBinary: false }],
  ['long polling, MessagePack', { transport: LongPolling, isBinary: true }],
])('the official client over %s', (_name, way) => {
  it('hears entries in their order, sees an unknown method fail, and stops', async () => {
    const connection = build(way, '&cursor=latest');
    const heard: Message[] = [];
    connection.on('ReceiveMessage', (text: string) => heard.push(JSON.parse(text) as Message));
    await connection.start();
    const stored: string[] = [];
    const store = async (): Promise<void> => {
      stored.push(await storeEntry(cardea.database, place));
      other.wake(place.tenantId);
    };
    await until(
      async () => {
        await store();
        return heard.length > 0;
      },
      { what: 'the listener hears', timeoutMs: 60_000 },
    );
    for (let more = 0; more < 20; more += 1) await store();
    await until(() => heard.at(-1)?.id === stored.at(-1), {
      what: 'all is heard',
      timeoutMs: 60_000,
    });
    const ids = heard.map(({ id }) => id);
    expect(ids).toEqual(stored.slice(-ids.length));
    expect(ids.length).toBeGreaterThanOrEqual(20);
    await expect(connection.invoke('Subscribe', 1)).rejects.toThrow(
      "Unknown hub method 'Subscribe'",
    );
    await expect(connection.invoke('Ack', heard[0]?.cursor)).rejects.toThrow('resume');
    await connection.stop();
    const held = 'select 1 from stream_connections where process_id is not null';
    await until(async () => (await cardea.database.pool.query(held)).rowCount === 0, {
      what: 'the server knows of nobody',
      timeoutMs: 60_000,
    });
  }, 120_000);

  it('hears incidents, and goes on behind what it acknowledged under a name', async () => {
    const query = `&resume=${way.isBinary ? 'b' : 'j'}-${String(way.transport)}`;
    const hear = async (): Promise<{ connection: HubConnection; heard: Message[] }> => {
      const connection = build(way, query, 'incidents');
      const heard: Message[] = [];
      connection.on('ReceiveMessage', (text: string) => heard.push(JSON.parse(text) as Message));
      await connection.start();
      return { connection, heard };
    };
    const store = async (): Promise<string> => {
      const id = await storeIncident(cardea.database, {
        ...place,
        category: 'intrusion_alarm_start',
      });
      other.wake(place.tenantId);
      return id;
    };
    const first = await hear();
    await until(
      async () => {
        await store();
        return first.heard.length > 0;
      },
      { what: 'the listener hears', timeoutMs: 60_000 },
    );
    const known = await store();
    const cursor = await until(() => first.heard.find(({ id }) => id === known)?.cursor, {
      what: 'the incident arrives',
      timeoutMs: 60_000,
    });
    expect(await first.connection.invoke('Ack', cursor)).toBe(true);
    await expect(first.connection.invoke('Ack', 'nonsense')).rejects.toThrow('cursor');
    await first.connection.stop();
    const missed = [await store(), await store()];
    const second = await hear();
    missed.push(await store());
    await until(() => second.heard.length >= missed.length, {
      what: 'what was missed arrives',
      timeoutMs: 60_000,
    });
    expect(second.heard.map(({ id }) => id)).toEqual(missed);
    await second.connection.stop();
  }, 120_000);
});
