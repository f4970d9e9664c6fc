import { randomUUID } from 'node:crypto';
import {
  HttpTransportType,
  HubConnectionBuilder,
  LogLevel,
  type HubConnection,
} from '@microsoft/signalr';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMovableClock } from '#simulator/clock';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { joinHub } from '#test/kit/hub-socket';
import { startOtherProcess, type OtherProcess } from '#test/kit/other-process';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { requestText, sendRaw, type RawAnswer } from '#test/kit/raw-http';
import {
  addEventPlace,
  storeEntries,
  storeEntry,
  storeIncident,
  type EventPlace,
} from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

let cardea: TestServer;
let other: OtherProcess;
let siteId: string;
let otherSite: string;
let place: EventPlace;
let otherPlace: EventPlace;
let admin: TestPerson;
let owner: TestPerson;
let superUser: TestPerson;
let user: TestPerson;
let stranger: TestPerson;
beforeAll(async () => {
  cardea = await startTestServer({
    // Soon after what is stored here, so that nothing of it is past its retention, whenever this runs.
    clock: createMovableClock({ start: new Date('2026-11-22T08:16:00Z') }),
    settings: { CARDEA_CORS_ORIGINS: 'https://app.example.com' },
  });
  other = await startOtherProcess(cardea);
  siteId = await addSite(cardea);
  otherSite = await addSite(cardea);
  const { tenantId } = cardea.tenant;
  place = await addEventPlace(cardea.database, { tenantId, siteId });
  otherPlace = await addEventPlace(cardea.database, { tenantId, siteId: otherSite });
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  admin = await addPerson(cardea, { siteId, role: 'site_admin' });
  superUser = await addPerson(cardea, { siteId, role: 'site_super_user' });
  user = await addPerson(cardea, { siteId, role: 'site_user' });
  stranger = await addPerson(cardea, { siteId: otherSite, role: 'site_user' });
});
afterAll(async () => {
  await other.stop();
  await cardea.stop();
});

const open: HubConnection[] = [];
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.stop();
});

type Message = Record<string, unknown> & { readonly id: string };
/** What the list of the API shows of an event. */
async function listed(kind: 'entries' | 'incidents', id: string): Promise<unknown> {
  const path = `//v1.1/sites/${siteId}/${kind}?$filter=id eq ${id}`;
  return ((await cardea.ask('GET', path, { token: owner.token })).json as { items: unknown }).items;
}

type Ear = { readonly heard: Message[]; readonly connection: HubConnection };

/** The official client, listening. */
async function listen(
  query: string,
  { token, hub = 'entries', skip = false }: { token: string; hub?: string; skip?: boolean },
): Promise<Ear> {
  const connection = new HubConnectionBuilder()
    .withUrl(`${cardea.url}/v1/hub/${hub}?${query}`, {
      accessTokenFactory: () => token,
      ...(skip ? { skipNegotiation: true, transport: HttpTransportType.WebSockets } : {}),
    })
    .configureLogging(LogLevel.None)
    .build();
  const heard: Message[] = [];
  connection.on('ReceiveMessage', (text: string) => heard.push(JSON.parse(text) as Message));
  await connection.start();
  open.push(connection);
  await isHearing(hub, heard);
  return { heard, connection };
}

/** Stores events until one is heard: from then on the listener has joined, and nothing is left out. */
async function isHearing(hub: string, heard: Message[]): Promise<void> {
  const marks = new Set<string>();
  await until(
    async () => {
      marks.add(
        hub === 'entries'
          ? await storeEntry(cardea.database, { ...place, accessorId: user.accessorId })
          : await storeIncident(cardea.database, { ...place, category: 'intrusion_alarm_start' }),
      );
      other.wake(place.tenantId);
      return heard.some(({ id }) => marks.has(id));
    },
    { what: 'the listener hears' },
  );
  const last = [...marks].at(-1);
  await until(() => heard.some(({ id }) => id === last), { what: 'all marks are heard' });
  heard.length = 0;
}

const entry = (accessorId: string | null = null, at = place): Promise<string> =>
  storeEntry(cardea.database, { ...at, accessorId });

describe('what listeners hear', () => {
  it('the entries of the site, as the message of streaming.md 6', async () => {
    const { heard } = await listen(`site_id=${siteId}`, { token: admin.token });
    await entry(null, otherPlace);
    const id = await entry(user.accessorId);
    await until(() => heard.length > 0, { what: 'the entry arrives' });
    expect(heard).toEqual([
      {
        id,
        event_category: 'lock_opened',
        event_detail: null,
        utc_date_time: '2026-11-22T08:15:30Z',
        local_date_time: '2026-11-22T09:15:30',
        lock_id: null,
        lock_mac_address: null,
        lock_customer_reference: null,
        user_id: user.userId,
        user_first_name: 'Ada',
        user_last_name: 'Visser',
        user_image_url: null,
        user_alias: '',
        iq_id: place.iqId,
        iq_customer_reference: 'IQ ground floor',
        iq_mac_address: expect.stringMatching(/^[0-9A-F]{2}(\.[0-9A-F]{2}){2}$/) as string,
        iq_revision: null,
        exit_requested: false,
        access_by: 'tag',
        access_detail: '09990001',
        reject_reason: null,
        ttl_in_seconds: 7_776_000,
        expiration_date_time: '2027-02-20T08:15:30Z',
      },
    ]);
    expect(await listed('entries', id)).toEqual(heard);
  });

  it('the entries of one person only, by user_id in any letter case', async () => {
    const query = `site_id=${siteId.toUpperCase()}&user_id=${user.userId.toUpperCase()}`;
    const { heard } = await listen(query, { token: owner.token });
    await entry();
    await entry(admin.accessorId);
    const id = await entry(user.accessorId);
    await until(() => heard.length > 0, { what: 'the entry arrives' });
    expect(heard.map((message) => message.id)).toEqual([id]);
  });

  it('a user of the site hears the own entries', async () => {
    const query = `site_id=${siteId}&user_id=${user.userId}`;
    const { heard } = await listen(query, { token: user.token });
    await entry(admin.accessorId);
    const id = await entry(user.accessorId);
    await until(() => heard.length > 0, { what: 'the entry arrives' });
    expect(heard.map((message) => message.id)).toEqual([id]);
  });

  it('incidents of the site, without the members of a person', async () => {
    const { heard } = await listen(`site_id=${siteId}&user_id=not-read-here`, {
      token: superUser.token,
      hub: 'incidents',
    });
    const id = await storeIncident(cardea.database, {
      ...place,
      category: 'intrusion_alarm_start',
    });
    await until(() => heard.length > 0, { what: 'the incident arrives' });
    expect(heard[0]).toMatchObject({ id, event_category: 'intrusion_alarm_start' });
    expect(Object.keys(heard[0] ?? {})).not.toContain('user_id');
    expect(Object.keys(heard[0] ?? {})).toHaveLength(12);
    expect(await listed('incidents', id)).toEqual(heard);
  });

  it('the same without negotiation, the token in the query', async () => {
    const { heard } = await listen(`site_id=${siteId}`, { token: admin.token, skip: true });
    const id = await entry();
    await until(() => heard.length > 0, { what: 'the entry arrives' });
    expect(heard.map((message) => message.id)).toEqual([id]);
  });

  it('the official client sees the call of an unknown method fail', async () => {
    const { connection } = await listen(`site_id=${siteId}`, { token: admin.token });
    await expect(connection.invoke('Subscribe', 1)).rejects.toThrow(
      "Unknown hub method 'Subscribe'",
    );
  });

  it('every entry once and in the order of storing, while many write at once and listeners come', async () => {
    const ears = [await listen(`site_id=${siteId}`, { token: admin.token })];
    const write = async (): Promise<readonly string[]> => {
      const ids: string[] = [];
      for (let batch = 0; batch < 10; batch += 1) {
        ids.push(...(await storeEntries(cardea.database, [place, place, place, place])));
        other.wake(place.tenantId);
      }
      return ids;
    };
    const writing = [write(), write(), write(), write()];
    for (let more = 0; more < 3; more += 1)
      ears.push(await listen(`site_id=${siteId}`, { token: owner.token }));
    const written = new Set((await Promise.all(writing)).flat());
    const last = await entry();
    const { rows } = await cardea.database.pool.query<{ id: string }>(
      'select id from entries where collection_id = $1 order by number',
      [siteId],
    );
    const stored = rows.map(({ id }) => id);
    for (const [index, { heard }] of ears.entries()) {
      await until(() => heard.at(-1)?.id === last, { what: 'the last entry arrives' });
      const ids = heard.map(({ id }) => id);
      const from = stored.indexOf(ids[0] ?? '');
      expect(ids).toEqual(stored.slice(from));
      if (index === 0) expect(ids.filter((id) => written.has(id))).toHaveLength(160);
    }
  });
});

const negotiate = (
  query: string,
  token: string | null,
  more: { hub?: string; headers?: Record<string, string> } = {},
): Promise<Answer> =>
  cardea.ask('POST', `//v1/hub/${more.hub ?? 'entries'}/negotiate?${query}`, {
    token,
    headers: more.headers ?? {},
  });

/** An upgrade without negotiation. */
const upgrade = (query: string, token: string | null, hub = 'entries'): Promise<RawAnswer> =>
  sendRaw(
    cardea.url,
    requestText(`GET /v1/hub/${hub}?${query}`, [
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
    ]).replace('Connection: close', 'Connection: Upgrade'),
  );

describe('negotiation', () => {
  const transports = [
    { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
    { transport: 'ServerSentEvents', transferFormats: ['Text'] },
    { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
  ];

  it('gives a secret token beside the name of the connection', async () => {
    const { status, json, headers } = await negotiate(
      `site_id=${siteId}&negotiateVersion=1&useStatefulReconnect=true`,
      admin.token,
    );
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json).toEqual({
      negotiateVersion: 1,
      connectionId: expect.stringMatching(/^[\w-]{16,}$/) as string,
      connectionToken: expect.stringMatching(/^[\w-]{22,}$/) as string,
      availableTransports: transports,
    });
  });

  it('answers a later version with the one it knows', async () => {
    const { json } = await negotiate(`site_id=${siteId}&negotiateVersion=2`, admin.token);
    expect(json).toMatchObject({ negotiateVersion: 1, connectionToken: expect.any(String) });
  });

  it.each(['', '&negotiateVersion=0'])('in version 0 (%j) the id is the token', async (version) => {
    const { json } = await negotiate(`site_id=${siteId}${version}`, admin.token);
    expect(json).toEqual({
      negotiateVersion: 0,
      connectionId: expect.stringMatching(/^[\w-]{22,}$/) as string,
      availableTransports: transports,
    });
    const { connectionId } = json as { connectionId: string };
    const hub = await joinHub(
      `${cardea.url}/v1/hub/entries?id=${connectionId}&access_token=${admin.token}`,
    );
    expect(hub.messages).toEqual([{}]);
    hub.end();
  });

  it('takes a trailing slash, other letter case and unknown parameters', async () => {
    const path = `//V1//Hub/Entries/Negotiate/?a=1&&site_id=${siteId}&negotiateVersion=1`;
    expect((await cardea.ask('POST', path, { token: admin.token })).status).toBe(200);
    const hub = await joinHub(
      `${cardea.url}/v1/hub/entries/?x=1&site_id=${siteId}&access_token=${admin.token}`,
    );
    hub.end();
  });

  it('the token of a connection is for the person who negotiated, and for one use', async () => {
    const answer = await negotiate(`site_id=${siteId}&negotiateVersion=1`, admin.token);
    const { connectionToken: id } = answer.json as { connectionToken: string };
    expect((await upgrade(`id=${id}`, owner.token)).status).toBe(403);
    expect((await upgrade(`id=${id}`, admin.token, 'incidents')).status).toBe(404);
    expect((await upgrade(`id=${id}`, null)).status).toBe(401);
    const hub = await joinHub(`${cardea.url}/v1/hub/entries?id=${id}&access_token=${admin.token}`);
    const again = await upgrade(`id=${id}`, admin.token);
    expect(again.status).toBe(409);
    expect(JSON.parse(again.body)).toMatchObject({ ErrorCode: '1100' });
    hub.end();
    await until(async () => (await upgrade(`id=${id}`, admin.token)).status === 404, {
      what: 'the id of an ended connection is unknown',
    });
  });

  it('an unknown id is 404', async () => {
    expect((await upgrade(`id=${randomUUID()}&site_id=${siteId}`, admin.token)).status).toBe(404);
  });

  it('a preflight of a browser with credentials passes', async () => {
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers':
        'authorization,content-type,x-requested-with,x-signalr-user-agent',
    };
    const path = `//v1/hub/entries/negotiate?site_id=${siteId}`;
    const answer = await cardea.ask('OPTIONS', path, { headers, token: null });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(headers.origin);
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
    expect(answer.headers.get('access-control-allow-headers')).toBe(
      headers['access-control-request-headers'],
    );
    const real = await negotiate(`site_id=${siteId}`, admin.token, { headers });
    expect(real.headers.get('access-control-allow-credentials')).toBe('true');
  });
});

describe('refusals (streaming.md 2), at negotiation and at a connect without one', () => {
  const both = async (query: string, token: string | null, hub = 'entries') => [
    await negotiate(query, token, { hub }).then(({ status, text, headers }) => ({
      status,
      body: text,
      challenge: headers.get('www-authenticate') ?? undefined,
    })),
    await upgrade(query, token, hub).then(({ status, body, headers }) => ({
      status,
      body,
      challenge: headers.get('www-authenticate'),
    })),
  ];

  it('no token: an empty 401', async () => {
    for (const answer of await both(`site_id=${siteId}`, null))
      expect(answer).toEqual({ status: 401, body: '', challenge: 'Bearer' });
  });

  it('a wrong token: an empty 401 with the reason, by header and by query', async () => {
    const challenge = 'Bearer error="invalid_token", error_description="The signature is invalid"';
    const wrong = `${admin.token.slice(0, -8)}AAAAAAAA`;
    for (const answer of await both(`site_id=${siteId}`, wrong))
      expect(answer).toEqual({ status: 401, body: '', challenge });
    for (const answer of await both(`site_id=${siteId}&access_token=${wrong}`, null))
      expect(answer).toEqual({ status: 401, body: '', challenge });
  });

  it('the token of the query works, and the header counts when both are sent', async () => {
    const query = `site_id=${siteId}&access_token=${admin.token}`;
    expect((await negotiate(query, null)).status).toBe(200);
    expect((await negotiate(query, 'a.b.c')).status).toBe(401);
  });

  it('a token of the Core API: an empty 401 that names the audience', async () => {
    for (const answer of await both(`site_id=${siteId}`, await cardea.token('core_api.full')))
      expect(answer).toMatchObject({
        status: 401,
        body: '',
        challenge: expect.stringContaining("The audience 'core_api' is invalid") as string,
      });
  });

  it('the right missing: an empty 403 without a challenge', async () => {
    const query = `site_id=${siteId}`;
    for (const answers of [
      await both(query, user.token),
      await both(`${query}&user_id=${admin.userId}`, user.token),
      await both(query, user.token, 'incidents'),
    ])
      for (const answer of answers)
        expect(answer).toEqual({ status: 403, body: '', challenge: undefined });
  });

  it.each(['', 'site_id=', 'site_id=7', `user_id=${randomUUID()}`])(
    'site_id missing or no UUID (%j): 400 with code 1100',
    async (query) => {
      for (const answer of await both(query, admin.token)) {
        expect(answer.status).toBe(400);
        expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
      }
    },
  );

  it('user_id no UUID: 400 with code 1100', async () => {
    for (const answer of await both(`site_id=${siteId}&user_id=me`, admin.token)) {
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
    }
  });

  it('a site unknown to the caller: 404 with code 2202', async () => {
    const second = await cardea.addTenant('Other');
    const foreign = await addSite(cardea, second);
    for (const [site, token] of [
      [randomUUID(), admin.token],
      [foreign, admin.token],
      [siteId, stranger.token],
    ] as const)
      for (const answer of await both(`site_id=${site}`, token)) {
        expect(answer.status).toBe(404);
        expect(JSON.parse(answer.body)).toEqual({ ErrorCode: '2202', Message: 'Site not found' });
      }
  });

  it('a refused upgrade carries the headers of every answer', async () => {
    const answer = await upgrade(`site_id=${siteId}`, null);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('strict-transport-security')).toBeDefined();
    expect(answer.headers.get('content-length')).toBe('0');
  });

  it('an upgrade elsewhere is 404, one without a key is 400, both with code 1100', async () => {
    expect((await upgrade('', admin.token, 'nothing')).status).toBe(404);
    const headers = ['Upgrade: websocket', `Authorization: Bearer ${admin.token}`];
    const text = requestText(`GET /v1/hub/entries?site_id=${siteId}`, headers);
    const answer = await sendRaw(
      cardea.url,
      text.replace('Connection: close', 'Connection: Upgrade'),
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ ErrorCode: '1100' });
  });

  it('the official client tells its user', async () => {
    await expect(listen(`site_id=${siteId}`, { token: user.token })).rejects.toThrow(/403/);
  });
});
