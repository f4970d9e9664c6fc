/**
 * The log of a site with a million entries: a page of it, and all of it as a CSV file, beside the bare statements over `pg`; and what
 * the server's memory grows by meanwhile.
 */
import { request } from 'node:http';
import { compileSql } from '#server/store/list';
import {
  readExportBatch,
  type ExportPosition,
  type ExportRange,
} from '#server/store/event-exports';
import { eventsFrom } from '#server/store/incidents';
import { readScope } from '#server/store/scope';
import type { CollectionId } from '#contract/ids';
import { sql } from 'kysely';
import { signInOwner } from './event-latency.ts';
import type { Measure } from './measure.ts';
import type { Memory } from './memory.ts';
import { idOf, tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { inTurns, median } from './statistics.ts';

const siteId = idOf('export site', 0) as CollectionId;
const pageSize = 100;
const batchRows = 1_000;
const megabyte = 1024 * 1024;

export const eventExport: Measure = {
  name: 'event-export',
  async run({ bed, stage }) {
    const found = await stage();
    const events = bed.isQuick ? 100_000 : 1_000_000;
    await seedLog(found, events);
    const fetchToken = await signInOwner(found, { name: 'exporter', siteIds: [siteId] });
    const token = await fetchToken();
    const rounds = bed.isQuick ? 1 : 3;
    const page = await inTurns(rounds, {
      floor: () => readPages(found),
      ours: () => listPages(found, token),
    });
    const file = await inTurns(1, {
      floor: async () => perSecond(events, () => readAll(found)),
      ours: async () => perSecond(events, () => download(found, { token, events })),
    });
    const { program } = found.server;
    const before = await program.call<Memory>('memory');
    const taken = download(found, { token, events });
    const during = await program.call<Memory>('memory');
    await taken;
    const many = events.toLocaleString('en');
    return [
      {
        what: `a page of ${String(pageSize)} of ${many} entries of a site`,
        unit: 'ms',
        ...page,
        budget: { kind: 'none' },
      },
      {
        what: `${many} entries of a site as CSV, rows a second`,
        unit: '/s',
        ...file,
        budget: { kind: 'none' },
      },
      {
        what: 'memory of the server while it makes that file, beyond what it held before',
        unit: 'MB',
        floor: null,
        ours: Math.max(0, during.rssBytes - before.rssBytes) / megabyte,
        budget: { kind: 'at_most', limit: 32 },
      },
    ];
  },
};

async function seedLog({ place: { database } }: Stage, events: number): Promise<void> {
  await database.pool.query(
    `insert into collections (tenant_id, id, customer_reference, store_events_ttl_seconds, created_at)
     values ($1, $2, 'Log', 315360000, now())`,
    [tenantId, siteId],
  );
  await database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, lock_customer_reference, lock_mac_address, iq_customer_reference, iq_mac_address, accessor_id,
       exit_requested, access_by, access_detail, stored_at)
     select $1, gen_random_uuid(), nextval('event_numbers'), $2, 1, n, $3, 'lock_opened', at, at, 'Door ' || n % 100,
       lpad(to_hex(n % 100), 14, '0'), 'Hub', '0A.1B.2C', $4, false, 'tag', lpad((n % 1000)::text, 8, '0'), at
     from generate_series(1, $5::int) n, lateral (select now() - n * interval '1 second' as at) t`,
    [tenantId, idOf('iq', 0), siteId, idOf('accessor', 0), events],
  );
  await database.pool.query('vacuum analyze entries');
}

const times = 20;

async function listPages({ server }: Stage, token: string): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const path = `/v1.1/sites/${siteId}/entries?$top=${String(pageSize)}`;
    took.push((await server.requests.timed('GET', path, { token })).tookMs);
  }
  return median(took);
}

async function readPages({ place: { database } }: Stage): Promise<number> {
  const query = compileSql(
    sql`select e.* from ${eventsFrom('entries')} where e.tenant_id = ${tenantId}::uuid
      and e.collection_id = ${siteId}::uuid order by e.utc_date_time desc, e.id desc limit ${pageSize + 1}`,
  );
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await database.pool.query({ text: query.text, values: [...query.values] });
    took.push(performance.now() - began);
  }
  return median(took);
}

async function perSecond(events: number, act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return events / ((performance.now() - began) / 1_000);
}

/** The same batches, their rows read and thrown away. */
async function readAll({ place: { database } }: Stage): Promise<void> {
  const now = new Date();
  const none = null;
  const range: ExportRange = {
    kind: 'entries',
    siteId,
    from: new Date(0),
    to: now,
    now,
    filters: {
      username: none,
      lock_name: none,
      event_category: none,
      event_detail: none,
      access_by: none,
      access_detail: none,
    },
  };
  const scope = readScope(database, tenantId);
  for (let after: ExportPosition | null = null; ;) {
    const rows = await readExportBatch(scope, range, { after, limit: batchRows });
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchRows) return;
    after = { at: last.at, id: last.id };
  }
}

/** Takes the file and counts its lines, keeping none of it. */
function download(
  { server }: Stage,
  { token, events }: { readonly token: string; readonly events: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}/v1.1/sites/${siteId}/entries/export`,
      { headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        let lines = 0;
        answer.on('data', (part: Buffer) => {
          for (const byte of part) if (byte === 0x0a) lines += 1;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          // One is the heading.
          if (answer.statusCode === 200 && lines === events + 1) resolve();
          else reject(new Error(`${String(answer.statusCode)} and ${String(lines)} lines`));
        });
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
