import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LockId } from '#contract/ids';
import { createManualClock, createSystemClock, type ManualClock } from '#server/runtime/clock';
import { createBus } from '#server/store/bus';
import type { CommandBody } from '#server/store/commands';
import { inTransaction } from '#server/store/scope';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { makeIq, startGateway, type TestGateway, type TestIq } from '#test/kit/gateway';
import { freePort } from '#test/kit/ports';
import { connectStranger, type StrangerHub } from '#test/kit/stranger-hub';
import { until } from '#test/kit/wait';
import {
  commandFailure,
  createCommandQueue,
  type CommandRequest,
  type CommandResult,
} from './commands.ts';

let test: TestDatabase;
let cloud: TestGateway;
let clock: ManualClock;
let iq: TestIq & { readonly credential: string };
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
  iq = await makeIq(test.database, cloud.ids);
});
afterEach(async () => {
  for (const stranger of strangers) stranger.leave();
  strangers = [];
  await cloud.stop();
});

async function welcomed(): Promise<StrangerHub> {
  const before = cloud.domain.said.length;
  const hub = await connectStranger({
    port: cloud.port,
    caPath: cloud.caPath,
    hubId: iq.hubId,
    password: iq.credential,
  });
  strangers.push(hub);
  hub.hello({ iq_id: iq.iqId });
  await hub.hears('welcome');
  await until(() => cloud.domain.said.slice(before).some(({ said }) => said === 'online'), {
    what: 'the IQ is online',
  });
  return hub;
}

function opening(): CommandRequest {
  const lockId = cloud.ids.next<LockId>();
  const body: CommandBody = {
    kind: 'open',
    lock_id: lockId,
    accessor_id: null,
    override_privacy_mode: false,
    access_by: 'remote',
    access_detail: '',
  };
  return { tenantId: iq.tenantId, iqId: iq.iqId, lockId, body, requestId: 'request-1' };
}

type Row = {
  id: string;
  state: string;
  word: string | null;
  late_result: string | null;
  late_word: string | null;
  sent_at: Date | null;
};

async function rows(): Promise<Row[]> {
  const result = await test.database.pool.query<Row>(
    `select id, state, word, late_result, late_word, sent_at from commands where iq_id = $1 order by queued_at`,
    [iq.iqId],
  );
  return result.rows;
}

function outcome(id: string, result: 'confirmed' | 'refused', word: string | null = null) {
  return { id, result, word, at: clock.now().toISOString() };
}

describe('the outcomes of a command', () => {
  it('confirmed: the caller hears it once the end is stored', async () => {
    const hub = await welcomed();
    const request = opening();
    const running = cloud.queue.run(request);
    const command = await hub.hears('command');
    expect(command).toEqual({
      ...request.body,
      id: command.id,
      deadline: new Date(clock.now().getTime() + 10_000).toISOString(),
    });
    hub.say('outcome', outcome(command.id, 'confirmed'));
    const result = await running;
    expect(result).toMatchObject({ id: command.id, state: 'confirmed' });
    expect(commandFailure(result)).toBeUndefined();
    expect(await rows()).toMatchObject([
      { id: command.id, state: 'confirmed', word: null, sent_at: clock.now() },
    ]);
  });

  it('refused: the hub says why, and the word becomes the answer', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    hub.say('outcome', outcome(id, 'refused', 'jammed'));
    const result = await running;
    expect(commandFailure(result)).toMatchObject({
      error: 'CCC_COMMAND_FAILED',
      status: 500,
      effect: 'unknown',
    });
    expect(await rows()).toMatchObject([{ state: 'refused', word: 'jammed' }]);
  });

  it('silent: unknown after 10 s, and the row says sent before that', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    await hub.hears('command');
    clock.advance(50);
    await until(async () => (await rows())[0]?.state === 'sent', { what: 'sent is noted' });
    clock.advance(9_900);
    expect(cloud.queue.waitingCommands()).toBe(1);
    clock.advance(50);
    const result = await running;
    expect(result).toMatchObject({ state: 'unknown' });
    expect(commandFailure(result)).toMatchObject({ error: 'CCC_COMMAND_FAILED', status: 408 });
    expect(await rows()).toMatchObject([{ state: 'unknown', word: 'timeout' }]);
  });

  it('offline: refused at once, and no row is left behind', async () => {
    await expect(cloud.queue.run(opening())).rejects.toMatchObject({ error: 'IQ_OFFLINE' });
    const hub = await welcomed();
    hub.leave();
    await until(() => !cloud.gateway.link.isConnected(iq.iqId), { what: 'the link is gone' });
    await expect(cloud.queue.run(opening())).rejects.toMatchObject({ error: 'IQ_OFFLINE' });
    expect(await rows()).toEqual([]);
  });

  it('late: what the hub says after the deadline is kept beside the unknown that was told', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    clock.advance(10_000);
    expect(await running).toMatchObject({ state: 'unknown' });
    const back = await welcomed();
    back.say('outcome', outcome(id, 'confirmed'));
    await until(async () => (await rows())[0]?.late_result, { what: 'the late truth is stored' });
    back.say('outcome', outcome(id, 'refused', 'jammed'));
    back.say('heartbeat', { clock: 'x' });
    await back.hears('beat');
    expect(await rows()).toMatchObject([
      { state: 'unknown', word: 'timeout', late_result: 'confirmed', late_word: null },
    ]);
  });

  it('counts the first outcome only', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    hub.say('outcome', outcome(id, 'confirmed'));
    hub.say('outcome', outcome(id, 'refused', 'jammed'));
    expect(await running).toMatchObject({ state: 'confirmed' });
    hub.say('heartbeat', { clock: 'x' });
    await hub.hears('beat');
    expect(await rows()).toMatchObject([{ state: 'confirmed', late_result: null }]);
  });

  it('takes no outcome from another IQ', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    const mine = iq;
    iq = await makeIq(test.database, cloud.ids);
    const thief = await welcomed();
    thief.say('outcome', outcome(id, 'confirmed'));
    thief.say('heartbeat', { clock: 'x' });
    await thief.hears('beat');
    iq = mine;
    hub.say('outcome', outcome(id, 'refused', 'access_denied'));
    expect(await running).toMatchObject({ state: 'refused', word: 'access_denied' });
  });

  it('hands the state of the lock to the domain', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    const lock = {
      id: cloud.ids.next<LockId>(),
      online: true,
      locked_state: 'locked',
      lock_type: 'cylinder',
      communication_type: 'blue_net',
      battery_level: 'good',
      left_open_alarm: false,
      intrusion_alarm: false,
      privacy_mode: false,
      tag_registration_until: null,
      signal_strength: 20,
      signal_strength_at: null,
      offline_key_limit: 360,
    };
    hub.say('outcome', { ...outcome(id, 'confirmed'), lock });
    expect(await running).toMatchObject({ outcome: { lock } });
    await until(() => cloud.domain.said.find(({ said }) => said === 'lock'), { what: 'told' });
  });

  it('of a state are told when what the hub said before is written; of an opening at once', async () => {
    const hub = await welcomed();
    const wanted = opening();
    const office = { ...wanted.body, kind: 'office_mode_start' } as CommandBody;
    const answered: string[] = [];
    const started = cloud.queue
      .run({ ...wanted, body: office })
      .then(() => void answered.push('office_mode'));
    const start = await hub.hears('command');
    const running = cloud.queue.run(wanted).then(() => void answered.push('open'));
    const open = await hub.hears('command', 2);
    const before = cloud.domain.said.length;
    const release = cloud.domain.holdReports();
    hub.say('report', { locks: [], repeaters: [] });
    hub.say('outcome', outcome(start.id, 'confirmed'));
    hub.say('outcome', outcome(open.id, 'confirmed'));
    await running;
    expect(answered).toEqual(['open']);
    release();
    await started;
    expect(answered).toEqual(['open', 'office_mode']);
    expect(cloud.domain.said.slice(before).map(({ said }) => said)).toEqual(['report']);
  });
});

describe('the queue', () => {
  it('sends a command again when the hub comes back before its deadline', async () => {
    const hub = await welcomed();
    const running = cloud.queue.run(opening());
    const { id } = await hub.hears('command');
    hub.leave();
    const back = await welcomed();
    expect(await back.hears('command')).toMatchObject({ id });
    back.say('outcome', outcome(id, 'confirmed'));
    expect(await running).toMatchObject({ state: 'confirmed' });
  });

  it('refuses the 101st waiting command of an IQ', async () => {
    await welcomed();
    const running = Array.from({ length: 100 }, () => cloud.queue.run(opening()));
    // Written is not enough: each must be followed before its time is over.
    await until(() => cloud.queue.waitingCommands() === 100, { what: 'all are followed' });
    await expect(cloud.queue.run(opening())).rejects.toMatchObject({
      error: 'CCC_OPERATION_NOT_ALLOWED',
      status: 403,
    });
    clock.advance(10_000);
    await Promise.all(running);
    const more = cloud.queue.run(opening());
    await until(() => cloud.queue.waitingCommands() === 1, { what: 'another is taken' });
    clock.advance(10_000);
    await more;
  });

  it('answers CCC_FAILED when the broker does not run', async () => {
    const queue = createCommandQueue({
      database: test.database,
      link: { ...cloud.gateway.link, isRunning: () => false },
      bus: cloud.bus,
      clock,
      ids: cloud.ids,
      log: silentLog(),
    });
    await expect(queue.run(opening())).rejects.toMatchObject({ error: 'CCC_FAILED', status: 500 });
  });

  it('writes the command in the transaction of its caller or not at all', async () => {
    const hub = await welcomed();
    const { tenantId } = iq;
    const attempt = inTransaction({ database: test.database, tenantId }, async (scope) => {
      await cloud.queue.enqueue(scope, opening());
      throw new Error('the use-case failed');
    });
    await expect(attempt).rejects.toThrow('the use-case failed');
    expect(await rows()).toEqual([]);
    const queued = await inTransaction({ database: test.database, tenantId }, (scope) =>
      cloud.queue.enqueue(scope, opening()),
    );
    const running = queued.start();
    const { id } = await hub.hears('command');
    expect(id).toBe(queued.id);
    hub.say('outcome', outcome(id, 'confirmed'));
    expect(await running).toMatchObject({ state: 'confirmed' });
  });

  it('writes a command alone together with what is given alongside, or not at all', async () => {
    const hub = await welcomed();
    const lay = (divisor: number) =>
      cloud.queue.enqueueAlone(opening(), {
        call: ({ tenant, value }) => `${tenant}::text || (1 / ${value}::int)`,
        value: String(divisor),
      });
    await expect(lay(0)).rejects.toMatchObject({ error: 'CCC_FAILED' });
    expect(await rows()).toEqual([]);
    const running = (await lay(1)).start();
    const { id } = await hub.hears('command');
    hub.say('outcome', outcome(id, 'confirmed'));
    expect(await running).toMatchObject({ id, state: 'confirmed' });
    expect(await rows()).toMatchObject([{ state: 'confirmed' }]);
  });

  it('says that the end is heard before it is stored', async () => {
    const hub = await welcomed();
    const queued = await inTransaction(
      { database: test.database, tenantId: iq.tenantId },
      (scope) => cloud.queue.enqueue(scope, opening()),
    );
    const heard: string[] = [];
    const running = queued.start({ heard: () => heard.push('heard') });
    const ended = running.then(({ state }) => heard.push(state));
    const { id } = await hub.hears('command');
    hub.say('outcome', outcome(id, 'confirmed'));
    await ended;
    expect(heard).toEqual(['heard', 'confirmed']);
  });

  it('ends the commands of a process that died: queued ones expired, sent ones unknown', async () => {
    const insert = `insert into commands (tenant_id, id, iq_id, kind, body, state, queued_at, deadline)
      values ($1, gen_random_uuid(), $2, 'restart', '{}', $3, $4, $4)`;
    const longAgo = new Date(clock.now().getTime() - 60_000);
    await test.database.pool.query(insert, [iq.tenantId, iq.iqId, 'queued', longAgo]);
    await test.database.pool.query(insert, [
      iq.tenantId,
      iq.iqId,
      'sent',
      new Date(longAgo.getTime() + 1),
    ]);
    clock.advance(3_000);
    await until(async () => (await rows()).every(({ state }) => state !== 'sent'), {
      what: 'ended',
    });
    expect(await rows()).toMatchObject([
      { state: 'expired', word: null },
      { state: 'unknown', word: 'timeout' },
    ]);
  });
});

describe('several processes', () => {
  async function elsewhere() {
    const bus = createBus({
      database: test.database,
      clock: createSystemClock(),
      log: silentLog(),
    });
    await bus.start();
    const queue = createCommandQueue({
      database: test.database,
      link: null,
      bus,
      clock,
      ids: cloud.ids,
      log: silentLog(),
    });
    await queue.start();
    return {
      queue,
      async stop() {
        await queue.stop();
        await bus.stop();
      },
    };
  }

  it('a command of a process without gateway is sent by the gateway that holds the IQ', async () => {
    const hub = await welcomed();
    const other = await elsewhere();
    try {
      const running = other.queue.run(opening());
      const { id } = await hub.hears('command');
      hub.say('outcome', outcome(id, 'refused', 'lock_offline'));
      const result = await running;
      expect(result).toMatchObject({ id, state: 'refused', word: 'lock_offline' });
      expect(await rows()).toMatchObject([{ state: 'refused', word: 'lock_offline' }]);
    } finally {
      await other.stop();
    }
  });

  it('answers IQ_OFFLINE when no gateway holds the IQ and CCC_FAILED when no gateway lives', async () => {
    const other = await elsewhere();
    try {
      await expect(other.queue.run(opening())).rejects.toMatchObject({ error: 'IQ_OFFLINE' });
      await test.database.pool.query(`update gateways set seen_at = now() - interval '1 minute'`);
      await expect(other.queue.run(opening())).rejects.toMatchObject({ error: 'CCC_FAILED' });
    } finally {
      await other.stop();
    }
  });

  it('ends a command that no gateway took as expired: nothing happened', async () => {
    const dead = cloud.ids.next();
    await test.database.pool.query('insert into gateways (id) values ($1)', [dead]);
    await test.database.pool.query('update iqs set online = true, gateway_id = $2 where id = $1', [
      iq.iqId,
      dead,
    ]);
    const other = await elsewhere();
    try {
      let ended: CommandResult | undefined;
      const running = other.queue.run(opening()).then((result) => (ended = result));
      await until(async () => (await rows()).length === 1, { what: 'it is written' });
      // A moment after it is written it is waited for.
      await until(
        () => {
          clock.advance(11_000);
          return ended;
        },
        { what: 'it has ended' },
      );
      expect(await running).toMatchObject({ state: 'expired' });
      expect(await rows()).toMatchObject([{ state: 'expired' }]);
    } finally {
      await other.stop();
    }
  });
});
