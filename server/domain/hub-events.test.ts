import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EntryEvent, HubEvent, IncidentEvent } from '#contract/events';
import type { HubId, IqId, TenantId } from '#contract/ids';
import { createAudit } from '#server/events/audit';
import type { ConnectedIq, GatewayHandlers } from '#server/gateway/handlers';
import { createManualClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createSeal } from '#server/runtime/seal';
import { createBus, type Bus } from '#server/store/bus';
import { eventsTopic } from '#server/store/events';
import { createTestDatabase, silentLog, type TestDatabase } from '#test/kit/database';
import { insertIq, insertLock } from '#test/kit/rows';
import { createDesiredState } from './desired-state.ts';
import { createUpdateCatalogue } from '#server/runtime/update-catalogue';
import { createHubHandlers } from './hub-handlers.ts';
import { createUntoldLosses } from './untold-losses.ts';

const clock = createManualClock(new Date('2026-11-22T08:00:00Z'));
let test: TestDatabase;
let bus: Bus;
let handlers: GatewayHandlers;
let tenantId: TenantId;

beforeAll(async () => {
  test = await createTestDatabase();
  const { database } = test;
  const ids = createRandomIds();
  bus = createBus({ database, clock, log: silentLog() });
  handlers = createHubHandlers({
    catalogue: createUpdateCatalogue({ folder: 'none', keyPath: undefined, isNamed: false }),
    database,
    bus,
    clock,
    ids,
    log: silentLog(),
    audit: createAudit({ clock, ids }),
    seal: createSeal(ids.bytes(32)),
    desiredState: createDesiredState({ bus, clock }),
  });
  tenantId = await newTenant();
});
afterAll(async () => {
  await bus.stop();
  await test.drop();
});

async function newTenant(): Promise<TenantId> {
  const id = randomUUID() as string as TenantId;
  await test.database.pool.query(`insert into tenants (id, name) values ($1, 'T')`, [id]);
  return id;
}

async function newIq(of: TenantId = tenantId, collectionId: string | null = null) {
  const place = { database: test.database, tenant: { tenantId: of } };
  const iqId = await insertIq(place, { collection_id: collectionId });
  const lockId = await insertLock(place, { iq_id: iqId, iq_link_state: 'attached' });
  const iq: ConnectedIq = {
    tenantId: of,
    iqId,
    hubId: randomUUID() as string as HubId,
    gatewayId: randomUUID(),
  };
  return { iq, lockId };
}

const common = (sequence: number) => ({
  sequence,
  id: randomUUID() as string,
  at: '2026-11-22T07:59:00.250Z',
  local: '2026-11-22T08:59:00',
});

function entry(sequence: number, lockId: string, more: Partial<EntryEvent> = {}): EntryEvent {
  return {
    ...common(sequence),
    kind: 'entry',
    lock_id: lockId,
    category: 'lock_opened',
    detail: null,
    accessor_id: null,
    access_by: 'tag',
    access_detail: '00007527',
    exit_requested: false,
    reject_reason: null,
    ...more,
  };
}

function incident(sequence: number, lockId: string | null): IncidentEvent {
  const kind = 'incident' as const;
  return { ...common(sequence), kind, lock_id: lockId, category: 'lock_reset', detail: null };
}

type Stored = {
  readonly boot: string;
  readonly sequence: string;
  readonly number: string;
  readonly event_category: string;
  readonly event_detail: string | null;
  readonly is_readable: boolean;
  readonly utc_date_time: Date;
};

async function stored(table: 'entries' | 'incidents', iqId: IqId): Promise<readonly Stored[]> {
  const { rows } = await test.database.pool.query<Stored>(
    `select * from ${table} where iq_id = $1 order by number`,
    [iqId],
  );
  return rows;
}

const places = (rows: readonly Stored[]) => rows.map(({ boot, sequence }) => `${boot}/${sequence}`);

it('entries and incidents are stored in the order of the ledger, with the names of their time', async () => {
  const { iq, lockId } = await newIq();
  await test.database.pool.query(
    `update locks set customer_reference = 'Front door' where id = $1`,
    [lockId],
  );
  const events = [entry(1, lockId), incident(2, lockId), entry(3, lockId)];
  const positions = await handlers.events([{ iq, boot: 1, events }]);
  expect([...positions]).toEqual([[iq.iqId, { boot: 1, sequence: 3 }]]);
  expect(places(await stored('entries', iq.iqId))).toEqual(['1/1', '1/3']);
  expect(places(await stored('incidents', iq.iqId))).toEqual(['1/2']);
  const numbered = [...(await stored('entries', iq.iqId)), ...(await stored('incidents', iq.iqId))]
    .sort((one, other) => Number(one.number) - Number(other.number))
    .map(({ sequence }) => sequence);
  expect(numbered).toEqual(['1', '2', '3']);
  await test.database.pool.query(`update locks set customer_reference = 'Back' where id = $1`, [
    lockId,
  ]);
  expect((await stored('entries', iq.iqId))[0]).toMatchObject({
    lock_customer_reference: 'Front door',
    local_date_time: '2026-11-22 08:59:00',
    utc_date_time: new Date('2026-11-22T07:59:00.250Z'),
    is_readable: true,
  });
});

it('what is told again is stored once, in one batch and in several at the same time', async () => {
  const { iq, lockId } = await newIq();
  const events = Array.from({ length: 20 }, (_, index) => entry(index + 1, lockId));
  const upload = { iq, boot: 1, events };
  await handlers.events([upload, { ...upload, events: events.slice(0, 7) }]);
  const answers = await Promise.all([handlers.events([upload]), handlers.events([upload])]);
  for (const answer of answers) expect(answer.get(iq.iqId)).toEqual({ boot: 1, sequence: 20 });
  await handlers.events([{ iq, boot: 2, events: [entry(21, lockId)] }]);
  await handlers.events([upload]);
  expect(await stored('entries', iq.iqId)).toHaveLength(21);
  expect(await stored('incidents', iq.iqId)).toEqual([]);
});

it('a clock that jumps back and forth changes neither the order of storing nor what is stored', async () => {
  const { iq, lockId } = await newIq();
  const times = [
    '2026-11-22T08:00:00Z',
    '2026-11-22T07:00:00Z',
    '2031-01-01T00:00:00Z',
    '2000-01-01T00:00:05Z',
  ];
  const events = times.map((at, index) => ({ ...entry(index + 1, lockId), at }));
  await handlers.events([{ iq, boot: 1, events }]);
  await handlers.events([{ iq, boot: 1, events }]);
  const rows = await stored('entries', iq.iqId);
  expect(places(rows)).toEqual(['1/1', '1/2', '1/3', '1/4']);
  expect(rows.map((row) => row.utc_date_time)).toEqual(times.map((at) => new Date(at)));
});

it('a gap in the ledger is an incident, and what follows it is stored', async () => {
  const { iq, lockId } = await newIq();
  await handlers.events([{ iq, boot: 1, events: [entry(1, lockId), entry(4, lockId)] }]);
  await handlers.events([{ iq, boot: 2, events: [entry(9, lockId)] }]);
  expect(places(await stored('entries', iq.iqId))).toEqual(['1/1', '1/4', '2/9']);
  const gaps = await stored('incidents', iq.iqId);
  expect(gaps.map((row) => [row.event_category, row.event_detail, row.sequence])).toEqual([
    ['unknown', 'event_gap', '-1'],
    ['unknown', 'event_gap', '-2'],
  ]);
});

it('numbers of a tenant become visible in order, however many hubs tell at once', async () => {
  const own = await newTenant();
  const hubs = await Promise.all(Array.from({ length: 8 }, () => newIq(own)));
  const writing = { isOver: false };
  const seen: number[] = [];
  const watching = (async () => {
    // A reader that goes on from the last number must not miss one.
    for (;;) {
      const { isOver } = writing;
      const { rows } = await test.database.pool.query<{ number: string }>(
        'select number from entries where tenant_id = $1 and number > $2 order by number',
        [own, seen.at(-1) ?? 0],
      );
      seen.push(...rows.map(({ number }) => Number(number)));
      if (isOver && rows.length === 0) return;
    }
  })();
  await Promise.all(
    hubs.map(async ({ iq, lockId }) => {
      for (let sequence = 1; sequence <= 50; sequence += 1)
        await handlers.events([{ iq, boot: 1, events: [entry(sequence, lockId)] }]);
    }),
  );
  writing.isOver = true;
  await watching;
  expect(seen).toHaveLength(400);
});

it('streams are woken after the commit, once a batch and tenant', async () => {
  const other = await newTenant();
  const [one, two, three] = [await newIq(), await newIq(), await newIq(other)];
  const woken: string[] = [];
  for (const tenant of [tenantId, other])
    bus.subscribe(eventsTopic(tenant), () => woken.push(tenant));
  await handlers.events(
    [one, two, three].map(({ iq, lockId }) => ({ iq, boot: 1, events: [entry(1, lockId)] })),
  );
  expect(woken.toSorted()).toEqual([tenantId, other].toSorted());
});

it('where the collection stores none, events are kept hidden', async () => {
  const collection = randomUUID();
  await test.database.pool.query(
    `insert into collections (tenant_id, id, store_entry_events, store_incident_events, created_at)
     values ($1, $2, false, true, now())`,
    [tenantId, collection],
  );
  const { iq, lockId } = await newIq(tenantId, collection);
  await handlers.events([{ iq, boot: 1, events: [entry(1, lockId), incident(2, lockId)] }]);
  expect((await stored('entries', iq.iqId)).map((row) => row.is_readable)).toEqual([false]);
  expect((await stored('incidents', iq.iqId)).map((row) => row.is_readable)).toEqual([true]);
});

it('what no database can hold in an event does not keep the others from being stored', async () => {
  const { iq, lockId } = await newIq();
  const odd: HubEvent[] = [
    entry(1, 'no uuid', { id: 'no uuid either', accessor_id: 'x', access_detail: 'a\u0000b' }),
    entry(2, lockId, { at: 'yesterday', local: 'noon' }),
    { ...incident(3, null), detail: 'x'.repeat(5_000) },
  ];
  await handlers.events([{ iq, boot: 1, events: odd }]);
  const [first, second] = await stored('entries', iq.iqId);
  expect(first).toMatchObject({ lock_id: null, accessor_id: null, access_detail: 'ab' });
  expect(second).toMatchObject({
    utc_date_time: clock.now(),
    local_date_time: '2026-11-22 09:00:00',
  });
  expect((await stored('incidents', iq.iqId))[0]?.event_detail).toHaveLength(500);
});

it('an IQ that flickers is told of once a minute, one that stays away is told of then', async () => {
  const { iq } = await newIq();
  const words = async () => (await stored('incidents', iq.iqId)).map((row) => row.event_category);
  const lose = () => handlers.offline(iq, { reason: 'silence', heardAt: clock.now() });
  await handlers.online(iq);
  expect(await words()).toEqual([]);
  await lose();
  clock.advance(5_000);
  await handlers.online(iq);
  clock.advance(5_000);
  await lose();
  clock.advance(5_000);
  await handlers.online(iq);
  expect(await words()).toEqual(['iq_connection_lost', 'iq_connection_restored']);
  clock.advance(1_000);
  await lose();
  expect(await words()).toHaveLength(2);
  // Whoever noticed it may be gone by then.
  const losses = createUntoldLosses({
    database: test.database,
    bus,
    clock,
    ids: createRandomIds(),
    log: silentLog(),
  });
  clock.advance(48_000);
  expect(await losses.tell()).toBe(0);
  clock.advance(1_000);
  expect(new Set(await Promise.all([losses.tell(), losses.tell()]))).toEqual(new Set([0, 1]));
  expect(await losses.tell()).toBe(0);
  expect(await words()).toEqual([
    'iq_connection_lost',
    'iq_connection_restored',
    'iq_connection_lost',
  ]);
});

it('a pending office mode is not ended by a report that was on its way, but by the lock itself', async () => {
  const { iq, lockId } = await newIq();
  const report = {
    id: lockId,
    online: true,
    locked_state: 'locked',
    lock_type: 'escutcheon',
    communication_type: 'blue_net',
    battery_level: 'good',
    left_open_alarm: false,
    intrusion_alarm: false,
    privacy_mode: false,
    tag_registration_until: null,
    signal_strength: 20,
    signal_strength_at: '2026-11-22T08:00:00Z',
    offline_key_limit: 360,
  } as const;
  const state = async () => {
    const { rows } = await test.database.pool.query<{ locked_state: string }>(
      'select locked_state from locks where id = $1',
      [lockId],
    );
    return rows[0]?.locked_state;
  };
  const pend = () =>
    test.database.pool.query(
      `update locks set locked_state = 'office_mode_pending', locked_state_at = $2 where id = $1`,
      [lockId, clock.now()],
    );
  const say = (locked_state: 'locked' | 'office_mode') =>
    handlers.report(iq, { locks: [{ ...report, locked_state }], repeaters: [] });
  await pend();
  await say('locked');
  expect(await state()).toBe('office_mode_pending');
  await say('office_mode');
  expect(await state()).toBe('office_mode');
  await pend();
  await handlers.outcomeLock(iq, report);
  expect(await state()).toBe('locked');
  await pend();
  clock.advance(10_000);
  await say('locked');
  expect(await state()).toBe('locked');
});
