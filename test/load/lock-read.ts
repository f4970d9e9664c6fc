/** GET one lock (token, rights, row) beside the web server with the same statement and nothing else. */
import autocannon from 'autocannon';
import { sql } from 'kysely';
import { compileSql } from '#server/store/list';
import { lockFrom, lockSelect } from '#server/store/locks';
import { freePort } from '#test/kit/ports';
import type { Bed } from './bed.ts';
import type { Measure } from './measure.ts';
import type { Program } from './programs.ts';
import { idOf, tenantId } from './seed.ts';
import type { Stage } from './stage.ts';
import { inTurns } from './statistics.ts';

const connections = 32;
const poolSize = 20;
/** Locks asked for in turn, spread over all. */
const asked = 500;

export const lockRead: Measure = {
  name: 'lock-read',
  async run({ bed, stage }) {
    const found = await stage();
    const floor = await startFloor(bed, found);
    const seconds = secondsOf(bed);
    await floor.shoot(1);
    await readLocks(found, 1);
    const result = await inTurns(bed.isQuick ? 1 : 3, {
      floor: () => floor.shoot(seconds),
      ours: () => readLocks(found, seconds),
    });
    await floor.program.stop();
    return [
      {
        what: 'GET one lock',
        unit: 'req/s',
        ...result,
        budget: { kind: 'ratio_at_least', limit: 0.6 },
      },
    ];
  },
};

export function secondsOf({ isQuick }: Pick<Bed, 'isQuick'>): number {
  return isQuick ? 1 : 3;
}

/** Requests a second for single locks of a stage. */
export function readLocks({ server, size, token }: Stage, seconds: number): Promise<number> {
  return shoot({
    url: server.url,
    paths: lockIds(size.locks).map((id) => `/v1.2/locks/${id}`),
    headers: { authorization: `Bearer ${token}` },
    seconds,
  });
}

function lockIds(locks: number): string[] {
  return Array.from({ length: asked }, (_, index) => idOf('lock', (index * 7_919) % locks));
}

type Floor = { readonly program: Program; shoot(seconds: number): Promise<number> };

async function startFloor(bed: Bed, { place, size }: Stage): Promise<Floor> {
  const program = bed.startProgram('./floor-http');
  const port = await freePort();
  await program.call('start', {
    databaseUrl: place.url,
    connections: poolSize,
    port,
    tenantId,
    text: lockStatement(),
  });
  const paths = lockIds(size.locks).map((id) => `/locks/${id}`);
  const url = `http://127.0.0.1:${String(port)}`;
  return { program, shoot: (seconds) => shoot({ url, paths, headers: {}, seconds }) };
}

/** One lock with all its columns; the values are tenant, id and time. */
function lockStatement(): string {
  const { text } = compileSql(sql`select ${lockSelect} from ${lockFrom('')}`);
  // The source of locks takes the time as its only parameter.
  return `${text.replace('$1', '$3')} where l.tenant_id = $1 and l.id = $2`;
}

async function shoot(given: {
  readonly url: string;
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
}): Promise<number> {
  const { url, paths, headers, seconds } = given;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers: { ...headers },
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  });
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] === 0)
    throw new Error(`${url}: ${String(result.non2xx)} refusals, ${String(result.errors)} errors`);
  return result['2xx'] / result.duration;
}
