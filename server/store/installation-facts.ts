import type { Database } from './pool.ts';

/** A fact of the whole installation that is made once: of two processes that make it together both get the same. */
export async function keepInstallationFact(
  database: Database,
  name: string,
  make: () => unknown,
): Promise<unknown> {
  const found = await findInstallationFact(database, name);
  if (found !== undefined) return found;
  await database.pool.query(
    'insert into installation_facts (name, value) values ($1, $2) on conflict (name) do nothing',
    [name, JSON.stringify(make())],
  );
  return findInstallationFact(database, name);
}

async function findInstallationFact(database: Database, name: string): Promise<unknown> {
  const { rows } = await database.pool.query<{ value: unknown }>(
    'select value from installation_facts where name = $1',
    [name],
  );
  return rows[0]?.value;
}
