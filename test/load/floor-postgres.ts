/** The floor of starting: the embedded PostgreSQL alone. Says `ready` when it answers, and stops at SIGTERM. */
import { createEmbeddedPostgres } from '#server/runtime/embedded-postgres';
import { createLog } from '#server/runtime/log';
import { offer } from './programs.ts';

const [dataDir = ''] = process.argv.slice(2);
const log = createLog({ level: 'error', format: 'lines', target: process.stderr });
const postgres = createEmbeddedPostgres({ dataDir, log });

const starting = postgres.start();
offer({
  ready: async () => {
    await starting;
  },
});
process.once('SIGTERM', () => {
  void postgres.stop().then(() => process.exit(0));
});
