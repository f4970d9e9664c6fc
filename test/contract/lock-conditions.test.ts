/** Battery and radio of a lock over time: told in the ledgers of hubs, read by people of a site (docs/decisions/0292). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HubEvent, LockConditionEvent } from '#contract/events';
import type { HubId } from '#contract/ids';
import { conditionsKept } from '#contract/lock-conditions';
import { createHubHandlers } from '#server/domain/hub-handlers';
import { createDesiredState } from '#server/domain/desired-state';
import { createAudit } from '#server/events/audit';
import type { ConnectedIq, GatewayHandlers } from '#server/gateway/handlers';
import { createManualClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createSeal } from '#server/runtime/seal';
import { createUpdateCatalogue } from '#server/runtime/update-catalogue';
import { createBus, type Bus } from '#server/store/bus';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { refusal } from '#test/kit/core';
import { silentLog } from '#test/kit/database';
import { addPerson, addSite } from '#test/kit/people';
import { insertIq, insertLock } from '#test/kit/rows';
import { atSite, type AtTestSite } from '#test/kit/site';

const clock = createManualClock(new Date('2026-11-22T12:00:00Z'));
let server: TestServer;
let bus: Bus;
let handlers: GatewayHandlers;
let siteId: string;
let owner: AtTestSite;
let iq: ConnectedIq;

beforeAll(async () => {
  server = await startTestServer({ clock, settings: { ROLES: 'http' } });
  const { database } = server;
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
  siteId = await addSite(server);
  owner = atSite(server, { siteId, person: await addPerson(server, { siteId, role: 'owner' }) });
  iq = {
    tenantId: server.tenant.tenantId,
    iqId: await insertIq(server, { collection_id: siteId }),
    hubId: randomUUID() as string as HubId,
    gatewayId: randomUUID(),
  };
});
afterAll(async () => {
  await bus.stop();
  await server.stop();
});

const newLock = (more: object = {}): Promise<string> =>
  insertLock(server, {
    collection_id: siteId,
    iq_id: iq.iqId,
    iq_link_state: 'attached',
    ...more,
  });

let sequence = 0;
type Said = Pick<LockConditionEvent, 'battery_level' | 'online' | 'signal_strength'>;
const said = (lockId: string, at: string, changes: Said): HubEvent => ({
  kind: 'lock_condition',
  sequence: (sequence += 1),
  id: randomUUID(),
  at,
  local: at.slice(0, 19),
  lock_id: lockId,
  ...changes,
});
const told = (events: readonly HubEvent[]) => handlers.events([{ iq, boot: 1, events }]);

type Item = {
  readonly utc_date_time: string;
  readonly battery_level: string | null;
  readonly online: boolean | null;
  readonly signal_strength: number | null;
};
const ask = (lockId: string, query = '') =>
  owner.askAt('ext', 'GET', `/locks/${lockId}/condition_history${query}`);
async function history(lockId: string, query = ''): Promise<unknown[][]> {
  const answer = await ask(lockId, query);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return (answer.json as { items: Item[] }).items.map((item) => [
    item.utc_date_time,
    item.battery_level,
    item.online,
    item.signal_strength,
  ]);
}

describe('the history of a lock', () => {
  it('says how it was from each change on, in the order of the door, each once', async () => {
    const id = await newLock();
    expect(await history(id)).toEqual([]);
    const first = said(id, '2026-11-22T08:00:00.250Z', { battery_level: 'good', online: true });
    const events = [
      first,
      said(id, '2026-11-22T08:10:00.000Z', { signal_strength: 21 }),
      said(id, '2026-11-22T09:00:00.000Z', { online: false }),
      said(id, '2026-11-22T11:00:00.000Z', { online: true }),
      // A battery that fell while the hub was out of reach is told behind the return.
      said(id, '2026-11-22T10:00:00.000Z', { battery_level: 'low' }),
    ];
    const expected = [
      ['2026-11-22T08:00:00Z', 'good', true, null],
      ['2026-11-22T08:10:00Z', 'good', true, 21],
      ['2026-11-22T09:00:00Z', 'good', false, 21],
      ['2026-11-22T10:00:00Z', 'low', false, 21],
      ['2026-11-22T11:00:00Z', 'low', true, 21],
    ];
    await told(events.slice(0, 2));
    // The acknowledgement was lost: the hub says everything again.
    await told(events);
    await told(events);
    expect(await history(id)).toEqual(expected);
    // As of an instant, and since.
    const since = '?from=2026-11-22T10:30:00Z';
    expect(await history(id, since)).toEqual(expected.slice(3));
    expect(await history(id, '?from=2026-11-22T09:00:00Z&to=2026-11-22T10:00:00Z')).toEqual(
      expected.slice(2, 4),
    );
    expect(await history(id, '?from=2026-11-01T00:00:00Z')).toEqual(expected);
    expect(await history(id, '?to=2026-11-01')).toEqual([]);
  });

  it('is a list like others: pages, filters, orders', async () => {
    const id = await newLock();
    const levels = ['fresh', 'good', 'low', 'critical', 'fresh'] as const;
    await told(
      levels.map((level, hour) =>
        said(id, `2026-11-22T0${hour}:00:00.000Z`, { battery_level: level }),
      ),
    );
    const answer = await ask(id, '?$top=2&$count=true&from=2026-11-22T01:30:00Z');
    expect(answer.json).toMatchObject({
      count: 4,
      items: [{ battery_level: 'good' }, { battery_level: 'low' }],
    });
    const link = new URL((answer.json as { next_page_link: string }).next_page_link);
    expect(await history(id, link.search)).toEqual([
      ['2026-11-22T03:00:00Z', 'critical', null, null],
      ['2026-11-22T04:00:00Z', 'fresh', null, null],
    ]);
    expect(await history(id, "?$filter=battery_level eq 'low'")).toEqual([
      ['2026-11-22T02:00:00Z', 'low', null, null],
    ]);
    expect(await history(id, '?$orderby=utc_date_time desc&$top=1')).toEqual([
      ['2026-11-22T04:00:00Z', 'fresh', null, null],
    ]);
  });

  it('takes no change from the future, of a stranger or of nobody, and loses none beside them', async () => {
    const id = await newLock();
    const other = await server.addTenant('Other');
    const foreign = await insertLock({ database: server.database, tenant: other });
    await told([
      said(foreign, '2026-11-22T07:00:00.000Z', { online: false }),
      said(randomUUID(), '2026-11-22T07:00:00.000Z', { online: false }),
      said('no id', '2026-11-22T07:00:00.000Z', { online: false }),
      said(id, '2027-01-01T00:00:00.000Z', { online: true }),
    ]);
    // What a clock that is ahead dates, happened now.
    expect(await history(id)).toEqual([['2026-11-22T12:00:00Z', null, true, null]]);
    const { rows } = await server.database.pool.query(
      'select 1 from lock_conditions where lock_id = $1',
      [foreign],
    );
    expect(rows).toEqual([]);
  });

  it('keeps 400 days and what was known when they began, and the newest 3,000 changes', async () => {
    const id = await newLock();
    await told([
      said(id, '2025-01-01T00:00:00.000Z', {
        battery_level: 'fresh',
        online: true,
        signal_strength: 9,
      }),
      said(id, '2025-02-01T00:00:00.000Z', { battery_level: 'good', signal_strength: 20 }),
      said(id, '2025-03-01T00:00:00.000Z', { online: false }),
    ]);
    // 400 days before today is 18 October 2025: nothing later says how its contact was in January but March does.
    expect(await history(id)).toEqual([
      ['2025-02-01T00:00:00Z', 'good', null, 20],
      ['2025-03-01T00:00:00Z', 'good', false, 20],
    ]);
    await server.database.pool.query(
      `insert into lock_conditions (tenant_id, lock_id, at, id, online)
       select $1, $2, timestamptz '2026-01-01' + n * interval '1 minute', gen_random_uuid(), n % 2 = 0
         from generate_series(1, 4000) n`,
      [server.tenant.tenantId, id],
    );
    await told([said(id, '2026-11-22T11:00:00.000Z', { battery_level: 'low' })]);
    const answer = await ask(id, '?$count=true&$orderby=utc_date_time desc&$top=1');
    expect(answer.json).toMatchObject({
      count: conditionsKept.ofALock,
      items: [{ utc_date_time: '2026-11-22T11:00:00Z', battery_level: 'low' }],
    });
  });

  it('ends when the lock leaves its hub, by its word or by force, and goes with the lock', async () => {
    const detaching = await newLock({ iq_link_state: 'detached_pending' });
    const common = { at: '2026-11-22T11:30:00.000Z', local: '2026-11-22T11:30:00' };
    await told([
      said(detaching, '2026-11-22T11:00:00.000Z', { online: true }),
      {
        ...common,
        kind: 'lock_detached',
        id: randomUUID(),
        sequence: (sequence += 1),
        hardware_id: detaching,
      },
    ]);
    expect(await history(detaching)).toEqual([
      ['2026-11-22T11:00:00Z', null, true, null],
      ['2026-11-22T12:00:00Z', null, false, null],
    ]);
    expect((await server.ask('DELETE', `/locks/${detaching}`)).status).toBe(204);
    expect(refusal(await ask(detaching))).toBe('404 2202');
    const forced = await newLock();
    const body = { iq_link_state: 'detached_pending', force: true };
    expect((await server.ask('PATCH', `/locks/${forced}/detach`, { body })).status).toBe(200);
    expect(await history(forced)).toEqual([['2026-11-22T12:00:00Z', null, false, null]]);
  });

  it('is for whoever sees everything of the site, and says what is wrong with a request', async () => {
    const id = await newLock();
    const path = `/locks/${id}/condition_history`;
    const user = await addPerson(server, { siteId, role: 'site_user' });
    const at = (token: string, site = siteId) =>
      server.ask('GET', `//ext/v1/sites/${site}${path}`, { token });
    expect((await at(user.token)).status).toBe(403);
    const otherSite = await addSite(server);
    const stranger = await addPerson(server, { siteId: otherSite, role: 'owner' });
    expect(refusal(await at(stranger.token))).toBe('404 2202');
    // A lock of another site is none.
    expect(refusal(await at(stranger.token, otherSite))).toBe('404 2202');
    expect((await server.ask('GET', `//ext/v1/sites/${siteId}${path}`, { token: '' })).status).toBe(
      401,
    );
    for (const [query, code] of [
      ['?from=yesterday', '400 1101'],
      ['?to=2026-13-01', '400 1101'],
      ['?$filter=charge eq 1', '400 1102'],
      ['?$top=some', '400 1102'],
    ])
      expect([query, refusal(await ask(id, query))]).toEqual([query, code]);
  });
});
