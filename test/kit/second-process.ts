/** Another process of a server under test: database connections of its own; what it knows of the first it has read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '#server/runtime/clock';
import { readConfig } from '#server/runtime/config';
import { createRandomIds } from '#server/runtime/ids';
import { createDatabase } from '#server/store/pool';
import { createCardea } from '#server/wire';
import type { TestServer } from './cardea.ts';
import { silentLog } from './database.ts';
import { freePort } from './ports.ts';

export type SecondProcess = { readonly url: string; stop(): Promise<void> };

/** `roles` as in the setting ROLES. */
export async function startSecondProcess(
  first: TestServer,
  { roles }: { readonly roles: string },
): Promise<SecondProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cardea-second-'));
  const port = await freePort();
  const database = createDatabase({
    config: { connectionString: first.databaseUrl },
    log: silentLog(),
  });
  const made = await createCardea({
    config: readConfig({
      ROLES: roles,
      CARDEA_HTTP_PORT: String(port),
      CARDEA_PUBLIC_URL: first.url,
      CARDEA_DATA_DIR: dataDir,
      CARDEA_DEMO: 'none',
      LOG_LEVEL: 'silent',
    }),
    database,
    ownerDatabase: database,
    clock: createSystemClock(),
    log: silentLog(),
    ids: createRandomIds(),
  });
  await made.start();
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async stop() {
      await made.stop();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
