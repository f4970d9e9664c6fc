import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HubId, IqId } from '#contract/ids';
import { createManualClock, type ManualClock } from '#server/runtime/clock';
import { registerStatements, findFactoryHub, requestWipe } from '#server/store/factory-hubs';
import { inTransaction } from '#server/store/scope';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';
import {
  makeClaimedIq,
  makeIq,
  startGateway,
  type TestGateway,
  type TestIq,
} from '#test/kit/gateway';
import { freePort } from '#test/kit/ports';
import { connectStranger, type StrangerHub, type StrangerOptions } from '#test/kit/stranger-hub';
import { until } from '#test/kit/wait';

let test: TestDatabase;
let cloud: TestGateway;
let clock: ManualClock;
let strangers: StrangerHub[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});
beforeEach(async () => {
  clock = createManualClock(new Date());
  cloud = await startGateway({ database: test.database, port: await freePort(), clock });
});
afterEach(async () => {
  for (const stranger of strangers) stranger.leave();
  strangers = [];
  await cloud.stop();
});

async function connect(
  who: Pick<StrangerOptions, 'hubId' | 'password'> & Partial<StrangerOptions>,
): Promise<StrangerHub> {
  const stranger = await connectStranger({ port: cloud.port, caPath: cloud.caPath, ...who });
  strangers.push(stranger);
  return stranger;
}

async function connectIq(iq: TestIq & { readonly credential: string }): Promise<StrangerHub> {
  return connect({ hubId: iq.hubId, password: iq.credential });
}

async function welcomed(iq: TestIq & { readonly credential: string }): Promise<StrangerHub> {
  const hub = await connectIq(iq);
  hub.hello({ iq_id: iq.iqId });
  await hub.hears('welcome');
  await wasTold('online', iq);
  return hub;
}

function wasTold(said: 'online' | 'offline', iq: TestIq, count = 1): Promise<unknown> {
  return until(
    () =>
      cloud.domain.said.filter((one) => one.said === said && one.iq.iqId === iq.iqId)[count - 1],
    { what: `the domain is told ${said}` },
  );
}

/** How often the domain was told so of this IQ: those of former tests have lost their gateway, which is told in time. */
function toldOffline({ iqId }: TestIq): unknown[] {
  return cloud.domain.said.filter((one) => one.said === 'offline' && one.iq.iqId === iqId);
}

/** The reasons with which sessions of a hub ended, from the log. */
function endings(hubId: string): unknown[] {
  return cloud.logged
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['hubId'] === hubId && line['msg'] === 'the session of a hub ended')
    .map((line) => line['reason']);
}

async function endsWith(hub: StrangerHub, hubId: string, reason: string): Promise<void> {
  await hub.hasClosed();
  await until(() => endings(hubId).length > 0, { what: 'the end is logged' });
  expect(endings(hubId)).toEqual([reason]);
}

async function rowOf(iq: TestIq): Promise<{ online: boolean; gateway_id: string | null }> {
  const { rows } = await test.database.pool.query<{ online: boolean; gateway_id: string | null }>(
    'select online, gateway_id from iqs where id = $1',
    [iq.iqId],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the IQ has no row');
  return row;
}

describe('letting hubs in', () => {
  it('refuses a wrong credential, a wrong code and a client id that is not the user name', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    await expect(connect({ hubId: iq.hubId, password: 'guess' })).rejects.toThrow(/Not authorized/);
    await expect(connect({ hubId: iq.hubId, password: 'F'.repeat(26) })).rejects.toThrow(
      /Not authorized/,
    );
    await expect(
      connect({ ...iq, password: iq.credential, mqtt: { clientId: cloud.ids.next() } }),
    ).rejects.toThrow();
    expect(cloud.gateway.figures().refusedConnections).toBe(3);
  });

  it('speaks MQTT 3.1.1 only', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const credentials = { hubId: iq.hubId, password: iq.credential };
    await expect(connect({ ...credentials, mqtt: { protocolVersion: 5 } })).rejects.toThrow(
      /protocol version/i,
    );
    await expect(
      connect({ ...credentials, mqtt: { protocolVersion: 3, protocolId: 'MQIsdp' } }),
    ).rejects.toThrow(/protocol version/i);
  });

  it('speaks TLS 1.3 only', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    await expect(
      connect({ ...iq, password: iq.credential, mqtt: { maxVersion: 'TLSv1.2' } }),
    ).rejects.toThrow(/version/);
  });

  it('enters an unknown hub in the factory register by its code and welcomes it as nobody', async () => {
    const hubId = cloud.ids.next<HubId>();
    const code = '03e4ad0102030405060708090a';
    const hub = await connect({ hubId, password: '03:E4:AD-0102.0304 0506070809 0a' });
    hub.hello();
    expect(await hub.hears('welcome')).toEqual({
      protocol: 1,
      session: 'session-of-the-test',
      iq_id: null,
      server_time: clock.now().toISOString(),
      heartbeat_ms: 5_000,
      offline_after_ms: 15_000,
      acknowledged: null,
    });
    const entry = await findFactoryHub(registerStatements(test.database), hubId);
    expect(entry).toMatchObject({ mac: '03.E4.AD', model: 'stranger', claim: null });
    expect(entry?.lastContactAt).toEqual(clock.now());

    const other = await connect({ hubId: cloud.ids.next(), password: code });
    other.hello();
    await other.hears('welcome');
    expect(await findFactoryHub(registerStatements(test.database), hubId)).toBeUndefined();
  });

  it('hears nothing before hello and ends a connection without one after 10 s', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connectIq(iq);
    hub.say('report', { locks: [], repeaters: [] });
    hub.say('heartbeat', { clock: 'now' });
    clock.advance(9_000);
    expect(hub.isOpen()).toBe(true);
    clock.advance(1_250);
    await endsWith(hub, iq.hubId, 'hello_missing');
    expect(cloud.domain.said).toEqual([]);
    expect(hub.received).toEqual([]);
  });

  it('refuses an unknown version of the protocol and says which one is spoken', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connectIq(iq);
    hub.hello({ protocol: 2 });
    expect(await hub.hears('refused')).toEqual({
      protocol: 1,
      reason: 'protocol 1 is spoken here',
    });
    await endsWith(hub, iq.hubId, 'protocol_version');
  });

  it('tells even a hello of another shape which version is spoken', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connectIq(iq);
    hub.say('hello', { protocol: 9, greeting: 'hi' });
    expect(await hub.hears('refused')).toMatchObject({ reason: 'protocol 1 is spoken here' });
    await endsWith(hub, iq.hubId, 'protocol_version');
  });

  it('ignores members it does not know', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connectIq(iq);
    hub.hello(Object.assign({ iq_id: iq.iqId }, { mood: 'good' }));
    expect(await hub.hears('welcome')).toMatchObject({ iq_id: iq.iqId });
  });
});

describe('keeping hubs apart', () => {
  it('ends a hub that publishes or subscribes on topics of another', async () => {
    const [iq, victim] = [
      await makeIq(test.database, cloud.ids),
      await makeIq(test.database, cloud.ids),
    ];
    const topics = [
      `iq/${victim.hubId}/up/report`,
      `iq/${iq.hubId}/down/claim`,
      'other',
      `iq/${iq.hubId}/up/nonsense`,
    ];
    for (const topic of topics) {
      const hub = await connectIq(iq);
      hub.publish(topic, '{}');
      await hub.hasClosed();
    }
    for (const topic of [`iq/${victim.hubId}/down/#`, '#', 'iq/+/down/#', '$SYS/#']) {
      const hub = await connectIq(iq);
      hub.client.subscribe(topic, { qos: 1 }, () => undefined);
      await hub.hasClosed();
    }
    await until(() => endings(iq.hubId).length === 8, { what: 'eight ends are logged' });
    expect(new Set(endings(iq.hubId))).toEqual(new Set(['forbidden_topic']));
  });

  it('lets a hub subscribe to its own topics one by one', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connectIq(iq);
    await hub.client.unsubscribeAsync(`iq/${iq.hubId}/down/#`);
    const granted = await hub.client.subscribeAsync(`iq/${iq.hubId}/down/welcome`, { qos: 1 });
    expect(granted).toMatchObject([{ qos: 1 }]);
    hub.hello({ iq_id: iq.iqId });
    await hub.hears('welcome');
  });

  it('ends a hub that retains a message or publishes at QoS 2', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const retaining = await connectIq(iq);
    retaining.publish(`iq/${iq.hubId}/up/heartbeat`, '{"clock":"x"}', { retain: true });
    await retaining.hasClosed();
    const exact = await connectIq(iq);
    exact.publish(`iq/${iq.hubId}/up/heartbeat`, '{"clock":"x"}', { qos: 2 });
    await exact.hasClosed();
  });

  it('ends a hub that sends a frame above the limit before the frame is in memory', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    hub.publish(`iq/${iq.hubId}/up/report`, Buffer.alloc(600 * 1024, 32));
    await endsWith(hub, iq.hubId, 'too_large');
    expect(cloud.gateway.figures().bytesIn).toBeLessThan(300 * 1024);
  });

  it('ends a hub that takes nothing of what it is sent', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    hub.client.stream.pause();
    const deadline = clock.now().toISOString();
    for (let count = 0; count <= 512; count += 1) {
      cloud.gateway.link.send(iq.iqId, { id: cloud.ids.next(), kind: 'restart', deadline });
    }
    await until(() => endings(iq.hubId).length > 0, { what: 'the end is logged' });
    expect(endings(iq.hubId)).toEqual(['overflow']);
    expect(cloud.gateway.link.isConnected(iq.iqId)).toBe(false);
  });

  it('ends a hub whose frame does not fit the schema', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    hub.say('applied', { version: -1, refused: null });
    await endsWith(hub, iq.hubId, 'malformed_frame');
  });

  it('takes a will and a kept session for what they are here: nothing', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connect({
      ...iq,
      password: iq.credential,
      mqtt: {
        clean: false,
        will: {
          topic: `iq/${iq.hubId}/up/report`,
          payload: Buffer.from('{}'),
          qos: 1,
          retain: true,
        },
      },
    });
    hub.hello({ iq_id: iq.iqId });
    await hub.hears('welcome');
    hub.client.stream.destroy();
    await hub.hasClosed();
    const again = await welcomed(iq);
    expect(again.received.map(({ frame }) => frame)).toEqual(['welcome']);
    expect(cloud.domain.said.filter(({ said }) => said === 'report')).toEqual([]);
  });

  it('ends the first connection when the same hub connects again, without calling it offline', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const first = await welcomed(iq);
    const second = await connectIq(iq);
    await endsWith(first, iq.hubId, 'replaced');
    second.hello({ iq_id: iq.iqId });
    await second.hears('welcome');
    await wasTold('online', iq, 2);
    second.say('heartbeat', { clock: 'x' });
    await second.hears('beat');
    expect(toldOffline(iq)).toEqual([]);
    expect(cloud.gateway.link.isConnected(iq.iqId)).toBe(true);
    expect(cloud.gateway.figures()).toMatchObject({ connections: 1, iqs: 1 });
  });
});

describe('presence', () => {
  it('answers each heartbeat with a beat that tells the time', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    hub.say('heartbeat', { clock: 'x' });
    expect(await hub.hears('beat')).toEqual({ server_time: clock.now().toISOString() });
  });

  it('calls an IQ offline 15 s after its last frame though its connection stays open', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    expect(await rowOf(iq)).toEqual({ online: true, gateway_id: cloud.gateway.gatewayId });
    clock.advance(14_000);
    hub.say('heartbeat', { clock: 'x' });
    await hub.hears('beat');
    clock.advance(14_750);
    expect(hub.isOpen()).toBe(true);
    clock.advance(250);
    await wasTold('offline', iq);
    await endsWith(hub, iq.hubId, 'silence');
    expect(await rowOf(iq)).toEqual({ online: false, gateway_id: null });
  });

  it('does not call a hub offline that comes back within 15 s, and calls one that does not', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    hub.leave();
    await until(() => !cloud.gateway.link.isConnected(iq.iqId), { what: 'the link is gone' });
    clock.advance(10_000);
    const back = await welcomed(iq);
    clock.advance(10_000);
    back.say('heartbeat', { clock: 'x' });
    await back.hears('beat');
    expect(toldOffline(iq)).toEqual([]);
    back.leave();
    await until(() => !cloud.gateway.link.isConnected(iq.iqId), { what: 'the link is gone' });
    clock.advance(15_000);
    expect(await wasTold('offline', iq)).toMatchObject({ body: { reason: 'closed' } });
  });

  it('corrects the presence left behind by a gateway that died', async () => {
    const [mine, dead] = [
      await makeIq(test.database, cloud.ids),
      await makeIq(test.database, cloud.ids),
    ];
    const gone = cloud.ids.next();
    const { pool } = test.database;
    await pool.query(
      'insert into gateways (id, seen_at) values ($1, now() - interval $$16 seconds$$)',
      [gone],
    );
    const place = 'update iqs set online = true, gateway_id = $2 where id = $1';
    await pool.query(place, [dead.iqId, gone]);
    await pool.query(place, [mine.iqId, cloud.gateway.gatewayId]);
    clock.advance(5_000);
    expect(await wasTold('offline', dead)).toMatchObject({ body: { reason: 'gateway_lost' } });
    expect(await rowOf(mine)).toMatchObject({ online: true });
    clock.advance(10_000);
    expect(await wasTold('offline', mine)).toMatchObject({ body: { reason: 'gateway_lost' } });
  });
});

describe('claims', () => {
  async function isWelcomeWith(
    iq: { readonly hubId: HubId; readonly iqId: IqId },
    credential: string,
  ): Promise<void> {
    const back = await connect({ hubId: iq.hubId, password: credential });
    back.hello({ iq_id: iq.iqId });
    expect(await back.hears('welcome')).toMatchObject({ iq_id: iq.iqId });
  }

  it('sends a claim at each connection with another credential until it is confirmed', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    const first = await hub.hears('claim');
    expect(first).toMatchObject({ claim_id: iq.claimId, iq_id: iq.iqId });
    hub.leave();
    const again = await connect({ hubId: iq.hubId, password: iq.code });
    again.hello();
    const second = await again.hears('claim');
    expect(second).toMatchObject({ claim_id: iq.claimId, iq_id: iq.iqId });
    expect(second.credential).not.toBe(first.credential);
    again.say('claimed', { claim_id: iq.claimId, result: 'accepted', reason: null });
    await until(() => cloud.domain.said.length === 1, { what: 'the domain is told' });
    expect(cloud.domain.said).toMatchObject([
      { said: 'claimed', hubId: iq.hubId, body: { result: 'accepted' } },
    ]);

    await isWelcomeWith(iq, second.credential);
    await expect(connect({ hubId: iq.hubId, password: first.credential })).rejects.toThrow();
  });

  it('sends a claim that was made while it greeted the hub twice alike, and the hub may take either', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    const first = await hub.hears('claim');
    const answer = cloud.claims.claim(iq.hubId, iq.claimId);
    expect(await hub.hears('claim', 2)).toEqual(first);
    hub.say('claimed', { claim_id: iq.claimId, result: 'accepted', reason: null });
    expect(await answer).toBe('accepted');
    await isWelcomeWith(iq, first.credential);
  });

  it('lets the credential count that the hub has, whatever another gateway sent it last', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    const { credential } = await hub.hears('claim');
    // A gateway that does not know yet that the hub has left it has sent the claim into the void.
    await test.database.pool.query(
      `update factory_hubs set credential_hash = $2 where hub_id = $1`,
      [iq.hubId, '0'.repeat(64)],
    );
    hub.say('claimed', { claim_id: iq.claimId, result: 'accepted', reason: null });
    await until(() => cloud.domain.said.length === 1, { what: 'the domain is told' });
    await isWelcomeWith(iq, credential);
  });

  it('sends away a claimed hub that stays, so that it comes back with its credential', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    await hub.hears('claim');
    hub.say('claimed', { claim_id: iq.claimId, result: 'accepted', reason: null });
    await until(() => cloud.domain.said.length === 1, { what: 'the domain is told' });
    await until(
      () => {
        clock.advance(500);
        return !hub.isOpen();
      },
      { what: 'the hub is sent away' },
    );
    expect(endings(iq.hubId)).toEqual(['claimed']);
  });

  it('takes the credential of an open claim for its acceptance', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    const { credential } = await hub.hears('claim');
    hub.leave();
    await isWelcomeWith(iq, credential);
    expect(cloud.domain.said[0]).toMatchObject({ said: 'claimed', body: { result: 'accepted' } });
  });

  it('tells of a refused claim and of a hub that does not answer', async () => {
    const iq = await makeClaimedIq(test.database, cloud.ids);
    const silent = cloud.claims.claim(iq.hubId, iq.claimId);
    clock.advance(3_000);
    expect(await silent).toBe('silent');
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    await hub.hears('claim');
    const answer = cloud.claims.claim(iq.hubId, iq.claimId);
    hub.say('claimed', { claim_id: iq.claimId, result: 'refused', reason: 'busy' });
    expect(await answer).toBe('refused');
  });

  it('refuses a claimed hub that comes with its code', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await connect({ hubId: iq.hubId, password: iq.code });
    hub.hello();
    expect(await hub.hears('refused')).toEqual({
      protocol: 1,
      reason: 'this hub is claimed: its credential is needed',
    });
    await endsWith(hub, iq.hubId, 'refused');
  });

  it('tells the hub of a deleted IQ to wipe itself, and frees it when it comes back with its code', async () => {
    const iq = await makeIq(test.database, cloud.ids);
    const hub = await welcomed(iq);
    await inTransaction({ database: test.database, tenantId: iq.tenantId }, (scope) =>
      requestWipe(scope, iq.iqId, clock.now()),
    );
    cloud.claims.wipe(iq.hubId);
    expect(await hub.hears('command')).toMatchObject({ kind: 'wipe' });
    hub.leave();

    const late = await connectIq(iq);
    late.hello({ iq_id: iq.iqId });
    expect(await late.hears('welcome')).toMatchObject({ iq_id: iq.iqId });
    expect(await late.hears('command')).toMatchObject({ kind: 'wipe' });

    const wiped = await connect({ hubId: iq.hubId, password: iq.code });
    wiped.hello();
    expect(await wiped.hears('welcome')).toMatchObject({ iq_id: null });
    const entry = await findFactoryHub(registerStatements(test.database), iq.hubId);
    expect(entry).toMatchObject({ claim: null, wipeRequestedAt: null, credentialHash: null });
  });
});
