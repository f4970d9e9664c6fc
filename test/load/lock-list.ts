/** A page of 100 out of all locks, with filter and order, beside the bare statement over `pg`, its rows read. */
import { sql } from 'kysely';
import { compileSql } from '#server/store/list';
import type { Sql } from '#server/store/odata-filter';
import { lockFrom, lockSelect } from '#server/store/locks';
import { freePort } from '#test/kit/ports';
import type { Measure } from './measure.ts';
import { idOf, tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { inTurns, median } from './statistics.ts';

type Shape = {
  readonly what: string;
  readonly query: Readonly<Record<string, string>>;
  readonly where: Sql;
  readonly orderBy: Sql;
};

const pageSize = 100;

const ofOneSite: Shape = {
  what: 'of one site, by name',
  query: {
    $filter: `collection_id eq ${idOf('collection', 0)} and startswith(customer_reference,'Door')`,
    $orderby: 'customer_reference',
  },
  where: sql`l.collection_id = ${idOf('collection', 0)}::uuid and starts_with(l.customer_reference, 'Door')`,
  orderBy: sql`l.customer_reference, l.id`,
};
const ofAllSites: Shape = {
  what: 'with low battery, newest first',
  query: { $filter: `battery_level eq 'low'`, $orderby: 'mac desc' },
  where: sql`l.battery_level = 'low'`,
  orderBy: sql`l.mac desc, l.id desc`,
};

export const lockList: Measure = {
  name: 'lock-list',
  async run({ bed, stage }) {
    const found = await stage();
    const program = bed.startProgram('./floor-http');
    await program.call('start', {
      databaseUrl: found.place.url,
      connections: 1,
      port: await freePort(),
      tenantId,
      text: '',
    });
    const figures = [];
    for (const shape of [ofOneSite, ofAllSites]) {
      const times = bed.isQuick ? 5 : 20;
      const floor = async (): Promise<number> =>
        median(await program.call<number[]>('list', { statement: statementOf(shape), times }));
      await floor();
      await listOnce(found, { shape, times });
      const ours = (): Promise<number> => listOnce(found, { shape, times });
      figures.push({
        what: `list ${String(pageSize)} of ${found.size.locks.toLocaleString('en')} locks ${shape.what}`,
        unit: 'ms',
        ...(await inTurns(bed.isQuick ? 1 : 5, { floor, ours })),
        budget: { kind: 'ratio_at_most', limit: 1.5 },
      } as const);
    }
    await program.stop();
    return figures;
  },
};

/** The median milliseconds of a page of one site's locks. */
export function listSite(stage: Stage, times: number): Promise<number> {
  return listOnce(stage, { shape: ofOneSite, times });
}

async function listOnce(
  { server, token }: Stage,
  { shape, times }: { readonly shape: Shape; readonly times: number },
): Promise<number> {
  const query = new URLSearchParams({ ...shape.query, $top: String(pageSize) }).toString();
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const answer = await server.requests.timed('GET', `/v1.2/locks?${query}`, { token });
    const { items } = JSON.parse(answer.text) as { items: unknown[] };
    if (items.length !== pageSize) throw new Error(`the list has ${String(items.length)} locks`);
    took.push(answer.tookMs);
  }
  return median(took);
}

function statementOf({ where, orderBy }: Shape) {
  const now = new Date().toISOString();
  return compileSql(
    sql`select ${lockSelect} from ${lockFrom(now)} where l.tenant_id = ${tenantId}::uuid and ${where} order by ${orderBy} limit ${pageSize + 1}`,
  );
}
