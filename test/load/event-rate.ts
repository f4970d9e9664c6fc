/**
 * Durable events a second through one process: hubs send prebuilt frames as fast as they are acknowledged. Beside it the very
 * rows that were stored, written again into the same tables by one batched INSERT after another.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Pool } from 'pg';
import { timeOrderedUuid } from '#contract/ids';
import type { Frame } from '#contract/iq-link';
import { until } from '#test/kit/wait';
import { insertRows, readColumns, type Columns } from './entry-rows.ts';
import { connectSpeakers, entryEvent, leaveAll, type Speaker } from './hub-speaker.ts';
import type { Measure } from './measure.ts';
import { tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { inTurns } from './statistics.ts';

const hubCount = 20;
const eventsPerFrame = 200;
/** As many frames on the way as the hub software keeps. */
const framesOnTheWay = 4;
const floorBatch = 2_000;

export const eventRate: Measure = {
  name: 'event-rate',
  async run({ bed, stage }) {
    const found = await stage();
    const source = await openEvents(found);
    const framesPerHub = bed.isQuick ? 5 : 15;
    const ours = (): Promise<number> => source.send(framesPerHub);
    await source.send(2);
    const pool = new Pool({ connectionString: found.place.url, max: 1 });
    const columns = await readColumns(pool, 'entries');
    let copied = 0;
    const floor = async (): Promise<number> => {
      const events = hubCount * eventsPerFrame * framesPerHub;
      const rows = await readStored(pool, { columns, events });
      copied += 1;
      return writeAgain(pool, { columns, rows: asNew(rows, copied) });
    };
    await ours();
    const result = await inTurns(bed.isQuick ? 1 : 3, { floor, ours });
    await pool.end();
    await source.close();
    return [
      {
        what: 'durable events through one process',
        unit: 'events/s',
        ...result,
        budget: { kind: 'ratio_at_least', limit: 0.4 },
      },
    ];
  },
};

export type EventSource = {
  /** Sends so many frames from each hub and gives the events a second, from the first frame to the last acknowledgement. */
  send(framesPerHub: number): Promise<number>;
  close(): Promise<void>;
};

/** Connects hubs of a stage that are ready to send. Their ledgers go on where the stage's database says. */
export async function openEvents({ server, hubs, place }: Stage): Promise<EventSource> {
  const address = { port: server.mqttPort, ca: await readFile(server.caPath) };
  const speakers = await connectSpeakers(address, hubs.slice(0, hubCount));
  const ledgers = await place.database.pool.query<{ iq_id: string; sequence: string }>(
    'select iq_id, sequence from iq_ledgers where tenant_id = $1',
    [tenantId],
  );
  const stored = new Map(ledgers.rows.map(({ iq_id: iqId, sequence }) => [iqId, Number(sequence)]));
  const senders = speakers.map((speaker) =>
    createSender(speaker, stored.get(speaker.hub.iqId) ?? 0),
  );
  for (const speaker of speakers) await speaker.greet();
  return {
    async send(framesPerHub) {
      const loads = senders.map((sender) => sender.prepare(framesPerHub));
      const began = performance.now();
      await Promise.all(loads.map((go) => go()));
      const seconds = (performance.now() - began) / 1_000;
      return (senders.length * framesPerHub * eventsPerFrame) / seconds;
    },
    close: () => leaveAll(speakers),
  };
}

function createSender(speaker: Speaker, lastSequence: number) {
  let sequence = lastSequence;
  let acknowledged = lastSequence;
  let wake: () => void = () => undefined;
  speaker.onFrame((frame, payload) => {
    if (frame !== 'ack') return;
    const position = JSON.parse(payload.toString('utf8')) as Frame<'ack'>;
    acknowledged = Math.max(acknowledged, position.sequence);
    wake();
  });

  return {
    /** Builds the frames; the result sends them and resolves when all are acknowledged. */
    prepare(frames: number): () => Promise<void> {
      const waiting = Array.from({ length: frames }, () => {
        const events = Array.from({ length: eventsPerFrame }, () => {
          sequence += 1;
          return entryEvent(speaker.hub, sequence);
        });
        return { last: sequence, payload: Buffer.from(JSON.stringify({ boot: 1, events })) };
      });
      const onTheWay: number[] = [];
      return async () => {
        wake = () => {
          while (onTheWay[0] !== undefined && onTheWay[0] <= acknowledged) onTheWay.shift();
          while (onTheWay.length < framesOnTheWay) {
            const next = waiting.shift();
            if (next === undefined) return;
            onTheWay.push(next.last);
            speaker.tell('events', next.payload);
          }
        };
        wake();
        await until(() => acknowledged >= sequence, {
          timeoutMs: 120_000,
          what: 'every event is acknowledged',
        });
      };
    },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** The newest rows, every value as the text PostgreSQL gives. */
async function readStored(
  pool: Pool,
  { columns, events }: { readonly columns: Columns; readonly events: number },
): Promise<readonly Row[]> {
  const names = columns.map(({ name }) => `${name}::text as ${name}`).join(', ');
  const { rows } = await pool.query<Row>(
    `select ${names} from entries where tenant_id = $1 order by entries.number desc limit $2`,
    [tenantId, events],
  );
  if (rows.length < events) throw new Error(`only ${String(rows.length)} events are stored`);
  return rows;
}

/** The same rows under ids and places of their own, below all that hubs use. */
function asNew(rows: readonly Row[], copy: number): readonly Row[] {
  return rows.map((row, index) => ({
    ...row,
    id: timeOrderedUuid(Date.now(), randomBytes(10)),
    boot: String(-copy),
    sequence: String(index),
    number: String(-1_000_000_000 * copy - index),
  }));
}

async function writeAgain(
  pool: Pool,
  { columns, rows }: { readonly columns: Columns; readonly rows: readonly Row[] },
): Promise<number> {
  const began = performance.now();
  for (let first = 0; first < rows.length; first += floorBatch) {
    const some = rows.slice(first, first + floorBatch);
    await insertRows(pool, { table: 'entries', columns, rows: some });
  }
  return rows.length / ((performance.now() - began) / 1_000);
}
