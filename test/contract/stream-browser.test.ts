/** The official script client in a real browser, on a page of another origin. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPage, type BrowserPage } from '#test/kit/browser';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { freePort } from '#test/kit/ports';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let other: OtherProcess;
let browser: BrowserPage;
let siteId: string;
let place: EventPlace;
let admin: TestPerson;
beforeAll(async () => {
  const port = await freePort();
  cardea = await startTestServer({
    settings: { CARDEA_CORS_ORIGINS: `http://127.0.0.1:${String(port)}` },
  });
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
  browser = await openPage(port, [
    '@microsoft/signalr/dist/browser/signalr.js',
    '@microsoft/signalr-protocol-msgpack/dist/browser/signalr-protocol-msgpack.js',
  ]);
}, 150_000);
afterAll(async () => {
  await browser.stop();
  await other.stop();
  await cardea.stop();
}, 120_000);

/** Of the script client: HttpTransportType. */
const ways = [
  ['WebSockets, JSON', 1, false],
  ['WebSockets, MessagePack', 1, true],
  ['server-sent events, JSON', 2, false],
  ['long polling, JSON', 4, false],
  ['long polling, MessagePack', 4, true],
] as const;

it.each(ways)(
  'hears entries over %s',
  async (_name, transport, isBinary) => {
    const url = `${cardea.url}/v1/hub/entries?site_id=${siteId}&cursor=latest`;
    // A text: what runs in the page is no part of this program.
    await browser.page.evaluate(`(async () => {
    globalThis.heard = [];
    let builder = new signalR.HubConnectionBuilder()
      .withUrl(${JSON.stringify(url)}, {
        transport: ${String(transport)},
        accessTokenFactory: () => ${JSON.stringify(admin.token)},
      })
      .configureLogging(signalR.LogLevel.None);
    if (${String(isBinary)})
      builder = builder.withHubProtocol(new signalR.protocols.msgpack.MessagePackHubProtocol());
    globalThis.connection = builder.build();
    connection.on('ReceiveMessage', (text) => heard.push(JSON.parse(text).id));
    await connection.start();
  })()`);
    const heard = (): Promise<string[]> => browser.page.evaluate('heard');
    const stored: string[] = [];
    const store = async (): Promise<void> => {
      stored.push(await storeEntry(cardea.database, place));
      other.wake(place.tenantId);
    };
    await until(
      async () => {
        await store();
        return (await heard()).length > 0;
      },
      { what: 'the page hears', timeoutMs: 60_000 },
    );
    for (let more = 0; more < 5; more += 1) await store();
    await until(async () => (await heard()).at(-1) === stored.at(-1), {
      what: 'all is heard',
      timeoutMs: 60_000,
    });
    const ids = await heard();
    expect(ids).toEqual(stored.slice(-ids.length));
    const call = `connection.invoke('Subscribe').catch((error) => error.message)`;
    expect(await browser.page.evaluate(call)).toContain("Unknown hub method 'Subscribe'");
    await browser.page.evaluate('connection.stop()');
  },
  120_000,
);
