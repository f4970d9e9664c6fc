/** Pages of entries and incidents while hubs go on telling (core-api.md 5.3): whatever the order, nothing is skipped or repeated. */
import { randomUUID } from 'node:crypto';
import { array, assert, asyncProperty, integer, oneof, record } from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { IqId } from '#contract/ids';
import { insertEvents, type NewEntry, type NewIncident } from '#server/store/events';
import { inTransaction } from '#server/store/scope';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { insertIq } from '#test/kit/rows';

const now = new Date('2026-11-22T12:00:00Z');
let cardea: TestServer;

beforeAll(async () => {
  cardea = await startTestServer({ clock: now });
});
afterAll(async () => {
  await cardea.stop();
});

type Table = 'entries' | 'incidents';
/** Minutes before now, few enough that many events share an instant; above 31,000 lie in the month before. */
const minutesAgo = oneof(integer({ min: 0, max: 6 }), integer({ min: 31_000, max: 33_000 }));

let sequence = 0;

/** Stores events in one transaction, as uploads are, and gives their ids. */
async function tell(table: Table, iqId: IqId, times: readonly number[]): Promise<string[]> {
  const events = times.map((minutes) => {
    sequence += 1;
    const at = new Date(now.getTime() - minutes * 60_000);
    const place = { boot: 1, sequence };
    // Wall clocks of two zones: the order of the local time is another one.
    const local = new Date(at.getTime() + (sequence % 2) * 3_600_000).toISOString().slice(0, 19);
    return { id: randomUUID(), iqId, at, local, detail: null, lockId: null, place };
  });
  const entries: NewEntry[] = events.map(({ place, ...event }) => ({
    ...event,
    ...place,
    category: 'lock_opened',
    accessorId: null,
    accessBy: 'tag',
    accessDetail: '',
    exitRequested: false,
    rejectReason: null,
  }));
  const incidents: NewIncident[] = events.map((event) => ({ ...event, category: 'lock_reset' }));
  const scope = { database: cardea.database, tenantId: cardea.tenant.tenantId };
  await inTransaction(scope, (write) =>
    insertEvents(write, {
      entries: table === 'entries' ? entries : [],
      incidents: table === 'incidents' ? incidents : [],
      ledgers: new Map(),
      now,
    }),
  );
  return events.map(({ id }) => id);
}

type Page = {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly continuation_token: string | null;
};

it.each([
  ['entries', 'utc_date_time', 'desc'],
  ['entries', 'utc_date_time', 'asc'],
  ['incidents', 'local_date_time', 'desc'],
  ['incidents', 'local_date_time', 'asc'],
] as const)(
  '%s by %s %s come each once and in order, however many arrive between two pages',
  async (table, field, direction) => {
    await assert(
      asyncProperty(
        array(minutesAgo, { minLength: 1, maxLength: 40 }),
        array(
          record({
            top: integer({ min: 1, max: 7 }),
            more: array(minutesAgo, { maxLength: 8 }),
          }),
          {
            minLength: 1,
            maxLength: 10,
          },
        ),
        async (first, steps) => {
          const iqId = await insertIq(cardea, {});
          const before = await tell(table, iqId, first);
          const told = new Set(before);
          const seen: Readonly<Record<string, unknown>>[] = [];
          let token: string | null = null;
          for (let turn = 0; ; turn += 1) {
            const { top = 7, more = [] } = steps[turn % steps.length] ?? {};
            // One upload lands while the page is read, one before the next.
            const landing = tell(table, iqId, turn < 20 ? more : []);
            // The size of a page is no part of what a token is bound to.
            const page = await read({ table, iqId, order: `${field} ${direction}`, top, token });
            for (const id of await landing) told.add(id);
            expect(page.items.length).toBeLessThanOrEqual(top);
            expect(page.items.length > 0 || page.continuation_token === null).toBe(true);
            seen.push(...page.items);
            token = page.continuation_token;
            if (token === null) break;
          }
          const ids = seen.map((item) => String(item['id']));
          expect(new Set(ids).size).toBe(ids.length);
          expect(before.filter((id) => !ids.includes(id))).toEqual([]);
          expect(ids.filter((id) => !told.has(id))).toEqual([]);
          const times = seen.map((item) => String(item[field]));
          const sorted = [...times].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
          expect(times).toEqual(direction === 'asc' ? sorted : sorted.reverse());
        },
      ),
      { numRuns: 12 },
    );
  },
  120_000,
);

async function read({
  table,
  iqId,
  order,
  top,
  token,
}: {
  readonly table: Table;
  readonly iqId: IqId;
  readonly order: string;
  readonly top: number;
  readonly token: string | null;
}): Promise<Page> {
  const query = `$filter=iq_id eq ${iqId}&$orderby=${order}&$top=${String(top)}`;
  const headers = token === null ? {} : { 'CLP-Continuation-Token': token };
  const answer = await cardea.ask('GET', `/${table}?${query}`, { headers });
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
  return answer.json as Page;
}
