/**
 * The floors of requests: the web server with one named statement behind it and nothing else, and a bare statement over
 * `pg` with its rows read.
 */
import Fastify from 'fastify';
import { Pool } from 'pg';
import { offer } from './programs.ts';

type Statement = { readonly text: string; readonly values: readonly unknown[] };

let pool: Pool | undefined;

function database(): Pool {
  if (pool === undefined) throw new Error('the floor has not been started');
  return pool;
}

/** Serves `/locks/:id` with the row of a statement whose values are the tenant, the id and the time. */
async function start(given: {
  readonly databaseUrl: string;
  readonly connections: number;
  readonly port: number;
  readonly tenantId: string;
  readonly text: string;
}): Promise<void> {
  pool = new Pool({ connectionString: given.databaseUrl, max: given.connections });
  pool.on('error', () => undefined);
  const app = Fastify({ logger: false });
  app.get('/locks/:id', async (request) => {
    const { id } = request.params as { id: string };
    const values = [given.tenantId, id, new Date()];
    const { rows } = await database().query({ name: 'floor', text: given.text, values });
    return rows[0];
  });
  await app.listen({ host: '127.0.0.1', port: given.port });
}

/** Milliseconds of each run of a statement, one after the other, its rows read. */
async function list({
  statement,
  times,
}: {
  readonly statement: Statement;
  readonly times: number;
}): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const began = performance.now();
    await database().query(statement.text, [...statement.values]);
    took.push(performance.now() - began);
  }
  return took;
}

offer({ start, list });
