/** How long retention takes: a month of events that nobody keeps any more, and one of which half is still kept. */
import { createManualClock } from '#server/runtime/clock';
import { createEventEraser } from '#server/jobs/erase-events';
import { openEventMonths } from '#server/store/event-months';
import type { Database } from '#server/store/pool';
import { log } from './bed.ts';
import type { Measure } from './measure.ts';
import { idOf, seedTenant, tenantId } from './seed.ts';

const month = new Date('2025-03-01T00:00:00Z');
/** Two years on: nobody keeps the month by then who does not keep it for good. */
const later = new Date('2027-03-15T00:00:00Z');
const shortSeconds = 90 * 86_400;
const longSeconds = 3_650 * 86_400;

export const eventErasure: Measure = {
  name: 'event-erasure',
  async run({ bed }) {
    const { database } = await bed.createDatabase('erasure');
    await seedTenant(database);
    const events = bed.isQuick ? 20_000 : 500_000;
    const eraser = createEventEraser({ database, clock: createManualClock(later), log });
    const measure = async (keeps: 'nothing' | 'half'): Promise<number> => {
      await seedMonth(database, { events, keeps });
      const began = performance.now();
      const { months, events: rows } = await eraser.run();
      const tookMs = performance.now() - began;
      const isRight = keeps === 'nothing' ? months.includes('entries_2025_03') : rows >= events / 2;
      if (!isRight) throw new Error(`erased ${String(rows)} events and ${months.join(', ')}`);
      return tookMs;
    };
    const what = `of ${events.toLocaleString('en')} events`;
    const figure = { unit: 'ms', floor: null, budget: { kind: 'none' } } as const;
    return [
      { ...figure, what: `a month ${what} that nobody keeps`, ours: await measure('nothing') },
      { ...figure, what: `a month ${what} of which half is kept`, ours: await measure('half') },
    ];
  },
};

async function seedMonth(
  database: Database,
  { events, keeps }: { readonly events: number; readonly keeps: 'nothing' | 'half' },
): Promise<void> {
  await openEventMonths(database, month);
  const sites = [0, 1].map((site) => idOf(`erasure ${keeps}`, site));
  for (const [index, id] of sites.entries())
    await database.pool.query(
      `insert into collections (tenant_id, id, store_events_ttl_seconds, created_at) values ($1, $2, $3, now())`,
      [tenantId, id, index === 1 && keeps === 'half' ? longSeconds : shortSeconds],
    );
  await database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, exit_requested, stored_at)
     select $1, gen_random_uuid(), nextval('event_numbers'), $2, 1, n, ($3::uuid[])[1 + n % 2], 'lock_opened', at, at, false, at
     from generate_series(1, $4::int) n, lateral (select $5::timestamptz + n * interval '1 second' as at) t`,
    [tenantId, idOf('iq', 0), sites, events, month],
  );
  await database.pool.query('analyze');
}
