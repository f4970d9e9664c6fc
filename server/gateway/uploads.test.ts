import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IqId } from '#contract/ids';
import { createRandomIds } from '#server/runtime/ids';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { makeIq, startGateway, type TestIq } from '#test/kit/gateway';
import { freePort } from '#test/kit/ports';
import { connectStranger, type StrangerHub } from '#test/kit/stranger-hub';
import { until } from '#test/kit/wait';
import type { ConnectedIq, LedgerPosition, LedgerUpload } from './handlers.ts';
import { createUploads, type Uploader } from './uploads.ts';

const ids = createRandomIds();
let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await test.drop();
});

function events(from: number, to: number) {
  return {
    boot: 1,
    events: Array.from({ length: to - from + 1 }, (_, index) => ({
      kind: 'incident' as const,
      sequence: from + index,
      id: ids.next<string & {}>(),
      at: '2026-01-01T12:00:00.000Z',
      local: '2026-01-01T13:00:00',
      lock_id: null,
      category: 'unknown' as const,
      detail: null,
    })),
  };
}

async function stored(iq: TestIq): Promise<number[]> {
  const { rows } = await test.database.pool.query<{ sequence: string }>(
    'select sequence from test_events where iq_id = $1 order by sequence',
    [iq.iqId],
  );
  return rows.map(({ sequence }) => Number(sequence));
}

type Place = { readonly port: number; readonly caPath: string };

async function welcomed(
  iq: TestIq & { readonly credential: string },
  { port, caPath }: Place,
): Promise<StrangerHub> {
  const hub = await connectStranger({ port, caPath, hubId: iq.hubId, password: iq.credential });
  hub.hello({ iq_id: iq.iqId });
  await hub.hears('welcome');
  return hub;
}

describe('events of a hub', () => {
  it('are acknowledged after the commit and never before', async () => {
    const cloud = await startGateway({ database: test.database, port: await freePort() });
    const iq = await makeIq(test.database, ids);
    const hub = await welcomed(iq, cloud);
    try {
      const release = cloud.domain.holdEvents();
      hub.say('events', events(1, 3));
      hub.say('heartbeat', { clock: 'x' });
      await hub.hears('beat');
      expect(hub.received.filter(({ frame }) => frame === 'ack')).toEqual([]);
      expect(await stored(iq)).toEqual([]);
      release();
      expect(await hub.hears('ack')).toEqual({ boot: 1, sequence: 3 });
      expect(await stored(iq)).toEqual([1, 2, 3]);
    } finally {
      hub.leave();
      await cloud.stop();
    }
  });

  it('end the connection when they cannot be stored, so that the hub says them again', async () => {
    let isBroken = true;
    const cloud = await startGateway({
      database: test.database,
      port: await freePort(),
      handlers: {
        events: (batch) =>
          isBroken ? Promise.reject(new Error('disk full')) : cloud.domain.handlers.events(batch),
      },
    });
    const iq = await makeIq(test.database, ids);
    const hub = await welcomed(iq, cloud);
    hub.say('events', events(1, 2));
    hub.say('events', events(3, 4));
    await hub.hasClosed();
    expect(hub.received.filter(({ frame }) => frame === 'ack')).toEqual([]);
    isBroken = false;
    const back = await welcomed(iq, cloud);
    try {
      expect(await back.hears('welcome')).toMatchObject({ acknowledged: null });
      back.say('events', events(1, 4));
      expect(await back.hears('ack')).toEqual({ boot: 1, sequence: 4 });
    } finally {
      back.leave();
      await cloud.stop();
    }
  });

  it('survive kill -9 of the gateway at any moment: none acknowledged is lost, none is doubled', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'cardea-killed-gateway-'));
    const port = await freePort();
    const hubs = await Promise.all([1, 2, 3].map(() => makeIq(test.database, ids)));
    const heard = new Map<IqId, number>();
    let running: ChildProcess | undefined;
    try {
      for (let round = 0; round < 4; round += 1) {
        const { child, caPath } = await launch(dataDir, port);
        running = child;
        const connected = await Promise.all(hubs.map((iq) => welcomed(iq, { port, caPath })));
        for (const [index, hub] of connected.entries()) {
          const iq = hubs[index];
          if (iq === undefined) throw new Error('no such hub');
          const { acknowledged } = await hub.hears('welcome');
          // What was acknowledged in an earlier life is still there in this one.
          expect(acknowledged?.sequence ?? 0).toBeGreaterThanOrEqual(heard.get(iq.iqId) ?? 0);
          const next = (acknowledged?.sequence ?? 0) + 1;
          for (let at = 0; at < 40; at += 1)
            hub.say('events', events(next + at * 5, next + at * 5 + 4));
        }
        const acks = (): number =>
          connected.reduce(
            (sum, hub) => sum + hub.received.filter(({ frame }) => frame === 'ack').length,
            0,
          );
        await until(() => acks() > round % 3, { what: 'some events are acknowledged' });
        child.kill('SIGKILL');
        await once(child, 'exit');
        for (const [index, hub] of connected.entries()) {
          await hub.hasClosed();
          const last = hub.received.findLast(({ frame }) => frame === 'ack')?.body;
          const iq = hubs[index];
          if (last !== undefined && iq !== undefined) {
            heard.set(iq.iqId, (last as LedgerPosition).sequence);
          }
        }
      }
      for (const iq of hubs) {
        const sequences = await stored(iq);
        expect(sequences.length).toBeGreaterThanOrEqual(heard.get(iq.iqId) ?? 0);
        expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      }
    } finally {
      running?.kill('SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});

const program = fileURLToPath(new URL('../../test/kit/gateway-program.ts', import.meta.url));

async function launch(
  dataDir: string,
  port: number,
): Promise<{ child: ChildProcess; caPath: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, test.url, dataDir, String(port)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface(child.stdout);
  const [caPath] = (await once(lines, 'line')) as [string];
  return { child, caPath };
}

describe('the way of events into the store', () => {
  function iqOf(iqId: string): ConnectedIq {
    return { tenantId: ids.next(), iqId: iqId as IqId, hubId: ids.next(), gatewayId: ids.next() };
  }

  function uploader() {
    const heard: unknown[] = [];
    const from: Uploader = {
      acknowledge: (position) => heard.push(position.sequence),
      failed: () => heard.push('failed'),
    };
    return { from, heard };
  }

  function positions(batch: readonly LedgerUpload[]): Map<IqId, LedgerPosition> {
    return new Map(
      batch.map(({ iq, boot, events }) => [
        iq.iqId,
        { boot, sequence: events.at(-1)?.sequence ?? 0 },
      ]),
    );
  }

  it('gathers what comes during a commit into one batch', async () => {
    const batches: number[] = [];
    const commits: (() => void)[] = [];
    const uploads = createUploads({
      log: silentLog(),
      store: async (batch) => {
        batches.push(batch.length);
        await new Promise<void>((resolve) => commits.push(resolve));
        return positions(batch);
      },
    });
    const { from, heard } = uploader();
    for (const at of [1, 2, 3, 4]) void uploads.offer(iqOf('a'), events(at, at), from);
    commits[0]?.();
    await until(() => commits.length === 2, { what: 'the second batch is stored' });
    commits[1]?.();
    await uploads.drain();
    expect(batches).toEqual([1, 3]);
    expect(heard).toEqual([1, 4]);
  });

  it('stores the uploads of the others when those of one hub fail, and none after the failed one', async () => {
    const kept: string[] = [];
    const uploads = createUploads({
      log: silentLog(),
      store: (batch) => {
        if (batch.some(({ iq }) => iq.iqId === 'bad')) return Promise.reject(new Error('no'));
        kept.push(...batch.map(({ iq }) => iq.iqId));
        return Promise.resolve(positions(batch));
      },
    });
    const [good, bad] = [uploader(), uploader()];
    for (const at of [1, 2]) {
      void uploads.offer(iqOf('good'), events(at, at), good.from);
      void uploads.offer(iqOf('bad'), events(at, at), bad.from);
    }
    await uploads.drain();
    void uploads.offer(iqOf('bad'), events(3, 3), bad.from);
    await uploads.drain();
    expect(kept).toEqual(['good', 'good']);
    expect(good.heard.at(-1)).toBe(2);
    expect(bad.heard).toEqual(['failed']);
  });

  it('holds back reading while too much waits, and goes on when it has been stored', async () => {
    let commit: () => void = () => undefined;
    const uploads = createUploads({
      log: silentLog(),
      store: async (batch) => {
        await new Promise<void>((resolve) => {
          commit = resolve;
        });
        return positions(batch);
      },
    });
    const { from } = uploader();
    let held: Promise<void> | undefined;
    for (let at = 0; held === undefined; at += 1) {
      held = uploads.offer(iqOf('a'), events(at * 1_000 + 1, at * 1_000 + 1_000), from);
    }
    expect(uploads.waitingEvents()).toBeGreaterThan(10_000);
    let isReleased = false;
    void held.then(() => {
      isReleased = true;
    });
    await until(
      () => {
        commit();
        return isReleased;
      },
      { what: 'reading goes on' },
    );
    expect(uploads.waitingEvents()).toBeLessThanOrEqual(5_000);
  });
});
