/** How much work waits in the tables, of all tenants together: figures for operators. */
import type { Database } from './pool.ts';

export const workQueues = ['webhooks', 'messages', 'account_mails', 'commands'] as const;
export type WorkQueue = (typeof workQueues)[number];

export type WaitingWork = {
  readonly queue: WorkQueue;
  /** At most 100,000: more is not counted. */
  readonly waiting: number;
  /** For how long the oldest has been due; 0 = nothing is due. */
  readonly lateSeconds: number;
};

const mostCounted = 100_000;

/** Counts what waits and how late it is; each part by an index that holds only what waits. */
export async function readWaitingWork(database: Database, now: Date): Promise<WaitingWork[]> {
  const part = (queue: WorkQueue, { table, due, where }: Part): string =>
    `select '${queue}' as queue, count(*)::int as waiting,
            greatest(0, extract(epoch from $1::timestamptz - min(due)))::float8 as "lateSeconds"
       from (select ${due} as due from ${table} where ${where} order by ${due} limit ${String(mostCounted)}) as found`;
  const { rows } = await database.pool.query<WaitingWork>({
    name: 'waiting-work',
    text: workQueues.map((queue) => part(queue, parts[queue])).join(' union all '),
    values: [now],
  });
  return rows.map((row) => ({ ...row, lateSeconds: row.lateSeconds ?? 0 }));
}

type Part = { readonly table: string; readonly due: string; readonly where: string };

const parts: Readonly<Record<WorkQueue, Part>> = {
  // A lane is what is sent one after the other, and the unit that waits.
  webhooks: { table: 'webhook_lanes', due: 'next_at', where: 'next_at is not null' },
  messages: { table: 'messages', due: 'next_attempt_at', where: `state = 'waiting'` },
  account_mails: { table: 'account_mails', due: 'next_attempt_at', where: `state = 'waiting'` },
  commands: { table: 'commands', due: 'deadline', where: `state in ('queued', 'sent')` },
};
