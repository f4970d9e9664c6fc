import { afterAll, beforeAll, expect, it } from 'vitest';
import { createManualClock, createSystemClock, type Clock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { createBus } from '#server/store/bus';
import { silentLog } from '#test/kit/database';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { until } from '#test/kit/wait';
import { createEndTeller } from './tell-subscription-ends.ts';

let server: TestServer;
let siteId: string;
let owner: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  await addPerson(server, { siteId, role: 'site_admin' });
});
afterAll(() => server.stop());

async function mails(site: string): Promise<unknown[]> {
  const { rows } = await server.database.pool.query(
    `select user_id, subject from messages where collection_id = $1 and word = 'subscription_ends' order by created_at`,
    [site],
  );
  return rows;
}

const endAt = (site: string, at: Date) =>
  server.database.pool.query('update collections set subscription_ends_at = $2 where id = $1', [
    site,
    at,
  ]);

it('the owner is told 4 weeks, 1 week and 1 day before the plan ends, once each', async () => {
  const log = silentLog();
  const clock = createManualClock(new Date('2026-11-22T08:00:00Z'));
  const database = server.serverDatabase;
  const ids = createRandomIds();
  const bus = createBus({ database, clock: createSystemClock(), log });
  let waits = 0;
  const watched: Clock = {
    now: () => clock.now(),
    setTimeout(act, delayMs) {
      waits += 1;
      return clock.setTimeout(act, delayMs);
    },
  };
  const teller = createEndTeller({ database, bus, clock: watched, ids, log });
  /** A move of the clock past the beginning of a round; whoever waits for the next has ended this one. */
  const roundPasses = async (move: () => void): Promise<void> => {
    const before = waits;
    move();
    await until(() => waits > before, { what: 'a round has passed' });
  };
  await endAt(siteId, new Date('2027-01-21T08:00:00Z'));
  const mail = {
    user_id: owner.userId,
    subject: 'The subscription of Harbour ends on 21 Jan 2027',
  };
  teller.start();
  for (const [day, count] of [
    ['2026-12-23', 0],
    ['2026-12-25', 1],
    ['2027-01-10', 1],
    ['2027-01-15', 2],
    ['2027-01-20', 3],
    ['2027-02-01', 3],
  ] as const) {
    // The first begins on the way there, the second in the hour after.
    await roundPasses(() => clock.set(new Date(`${day}T09:00:00Z`)));
    await roundPasses(() => clock.advance(3_600_000));
    expect([day, await mails(siteId)]).toEqual([day, Array.from({ length: count }, () => mail)]);
  }
  await teller.stop();
});
