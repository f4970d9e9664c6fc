/** A server on a database of a known size, with one tenant and a token for each face. */
import type { Bed, BedDatabase, Server } from './bed.ts';
import {
  idOf,
  seedEntries,
  seedHubs,
  seedKeys,
  seedLocks,
  seedTenant,
  type Client,
  type SeededHub,
} from './seed.ts';

export type Size = {
  readonly locks: number;
  readonly keys: number;
  readonly entries: number;
  readonly hubs: number;
};

export type Stage = {
  readonly size: Size;
  readonly place: BedDatabase;
  readonly server: Server;
  readonly client: Client;
  /** Of the Core face. */
  readonly token: string;
  readonly hubs: readonly SeededHub[];
  /** The collection of the seeded hubs. */
  readonly hubCollectionId: string;
};

export function sizeOf({ isQuick }: { readonly isQuick: boolean }): Size {
  return isQuick
    ? { locks: 10_000, keys: 1_000, entries: 10_000, hubs: 200 }
    : { locks: 100_000, keys: 10_000, entries: 100_000, hubs: 1_000 };
}

export async function openStage(
  bed: Bed,
  { name, size }: { readonly name: string; readonly size: Size },
): Promise<Stage> {
  const place = await bed.createDatabase(name);
  const { database } = place;
  const client = await seedTenant(database);
  await seedLocks(database, size.locks);
  await seedKeys(database, size.keys);
  await seedEntries(database, size.entries);
  const hubCollectionId = idOf('hub collection', 0);
  const hubs = await seedHubs(database, { hubs: size.hubs, collectionId: hubCollectionId });
  await database.pool.query('vacuum analyze');
  const server = await bed.startServer(place);
  const token = await server.requests.token({
    ...client,
    grant_type: 'client_credentials',
    scope: 'core_api.full',
  });
  return { size, place, server, client, token, hubs, hubCollectionId };
}
