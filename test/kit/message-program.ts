import { makeMessages } from '#server/messages/make-messages';
import { deliverMessages } from '#server/messages/deliver-messages';
import { createSenders } from '#server/messages/senders';
import { createSystemClock } from '#server/runtime/clock';
import { createRandomIds } from '#server/runtime/ids';
import { listTenantsToTell } from '#server/store/message-events';
import { createDatabase } from '#server/store/pool';
import { mailSettings } from './mail-server.ts';
import { silentLog } from './database.ts';

/** Makes and sends messages in a process of its own, to be killed: `<database url> <mail server>`. */
const [url = '', smtpUrl = ''] = process.argv.slice(2);
const log = silentLog();
const database = createDatabase({ config: { connectionString: url }, log });
const senders = createSenders(mailSettings(smtpUrl));
const clock = createSystemClock();
for (const tenantId of await listTenantsToTell(database))
  await makeMessages(tenantId, { database, ids: createRandomIds(), now: clock.now() });
process.stdout.write('made\n');
await deliverMessages({ database, senders, clock, log });
process.stdout.write('sent\n');
