import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { joinHub, openHub } from '#test/kit/hub-socket';
import { addPerson, addSite } from '#test/kit/people';

let cardea: TestServer;
let siteId: string;
let token: string;
beforeAll(async () => {
  cardea = await startTestServer();
  siteId = await addSite(cardea);
  ({ token } = await addPerson(cardea, { siteId, role: 'site_admin' }));
});
afterAll(async () => {
  await cardea.stop();
});

describe('the hub protocol (streaming.md 5)', () => {
  const address = () => `${cardea.url}/v1/hub/entries?site_id=${siteId}&access_token=${token}`;

  it.each([
    ['{"protocol":"json","version":1}', {}],
    ['{"version":2,"protocol":"json","extra":true}', {}],
    ['{"protocol":"cbor","version":1}', { error: expect.any(String) as string }],
    ['{"protocol":"messagepack","version":0}', { error: expect.any(String) as string }],
    ['{"protocol":"json","version":3}', { error: expect.any(String) as string }],
    ['{"protocol":"json"}', { error: expect.any(String) as string }],
    ['nonsense', { error: expect.any(String) as string }],
    ['null', { error: expect.any(String) as string }],
    ['[]', { error: expect.any(String) as string }],
  ])('the handshake %s is answered with %j', async (sent, answer) => {
    const hub = await openHub(address());
    hub.send(`${sent}\u001e`);
    expect(await hub.message(0)).toEqual(answer);
    if ('error' in answer) expect(await hub.ended()).toBe(1000);
    hub.end();
  });

  it('a handshake in pieces, followed by messages in the same frame', async () => {
    const hub = await openHub(address());
    hub.send('{"protocol":"js');
    hub.send(
      'on","version":1}\u001e{"type":1,"invocationId":"a","target":"Nothing","arguments":[]}\u001e',
    );
    expect(await hub.message(0)).toEqual({});
    expect(await hub.message(1)).toEqual({
      type: 3,
      invocationId: 'a',
      error: "Unknown hub method 'Nothing'",
    });
    hub.end();
  });

  it('unknown methods and streams are answered when somebody waits, else dropped', async () => {
    const hub = await joinHub(address());
    for (const type of [2, 3, 5, 8, 9, 99]) hub.send({ type, invocationId: 'x' });
    hub.send({ type: 1, target: 'Quiet', arguments: [] });
    hub.send({ type: 6 });
    hub.send({ type: 4, invocationId: '1', target: 'Stream', arguments: [], headers: { a: 'b' } });
    hub.send({ arguments: [1], target: 'Call', type: 1, unknown: {}, invocationId: '2' });
    await hub.message(2);
    expect(hub.messages.slice(1)).toEqual([
      { type: 3, invocationId: '1', error: "Unknown hub method 'Stream'" },
      { type: 3, invocationId: '2', error: "Unknown hub method 'Call'" },
    ]);
    hub.end();
  });

  it('a close of the client is obeyed', async () => {
    const hub = await joinHub(address());
    hub.send({ type: 7 });
    expect(await hub.ended()).toBe(1000);
    expect(hub.messages).toHaveLength(1);
  });

  it.each(['nonsense', '[]', '{}', '{"type":"1"}', '{"type":1}', ''])(
    'the unreadable message %j ends the connection with a close message',
    async (sent) => {
      const hub = await joinHub(address());
      hub.send(`${sent}\u001e`);
      await hub.ended();
      expect(hub.messages[1]).toEqual({
        type: 7,
        error: 'A message could not be read',
        allowReconnect: false,
      });
    },
  );

  it('a message over 32 KiB ends the connection, in one frame or several', async () => {
    const text = 'x'.repeat(20 * 1024);
    const large = await joinHub(address());
    large.send({ type: 6, text: text + text });
    await large.ended();
    const split = await joinHub(address());
    split.send(`{"type":6,"text":"${text}`);
    split.send(`${text}"}\u001e`);
    await split.ended();
    const fitting = await joinHub(address());
    fitting.send({ type: 6, text });
    fitting.send({ type: 1, target: 'Still', invocationId: '1' });
    expect(await fitting.message(1)).toMatchObject({ type: 3 });
    fitting.end();
  });
});
