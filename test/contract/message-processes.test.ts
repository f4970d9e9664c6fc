/** Messages made and sent by several processes at once, and by one that is killed (behaviour.md 18). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deliverMessages } from '#server/messages/deliver-messages';
import { makeMessages } from '#server/messages/make-messages';
import { createSenders } from '#server/messages/senders';
import { createRandomIds } from '#server/runtime/ids';
import { createLog } from '#server/runtime/log';
import type { Senders } from '#server/runtime/sender';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { silentLog } from '#test/kit/database';
import { mailSettings, startMailServer, type TestMailServer } from '#test/kit/mail-server';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertLock } from '#test/kit/rows';
import { addEventPlace, storeEntries, type EventPlace } from '#test/kit/stored-events';
import { until } from '#test/kit/wait';

const program = fileURLToPath(new URL('../kit/message-program.ts', import.meta.url));
const doors = 30;

let server: TestServer;
let mail: TestMailServer;
let senders: Senders;
let siteId: string;
let place: EventPlace;
let owner: TestPerson;
beforeAll(async () => {
  mail = await startMailServer();
  senders = createSenders(mailSettings(mail.url));
  server = await startTestServer();
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  const answer = await server.ask('POST', `//v1.1/sites/${siteId}/entry_message_rule`, {
    token: owner.token,
    body: { customer_reference: 'Openings', mail: true },
  });
  expect(answer.status).toBe(200);
  place = await addEventPlace(server.database, { tenantId: server.tenant.tenantId, siteId });
  // From here on the processes of the test do the work.
  await server.pause();
});
afterAll(async () => {
  senders.mail?.close();
  await server.stop();
  await mail.stop();
});

/** Openings of so many doors, each of which is told by a message of its own. */
async function openDoors(count: number): Promise<void> {
  const entries = [];
  for (let n = 0; n < count; n += 1)
    entries.push({ ...place, lockId: await insertLock(server, { collection_id: siteId }) });
  const [first, ...rest] = entries;
  if (first === undefined) throw new Error('no door was opened');
  await storeEntries(server.database, [first, ...rest]);
  await server.database.pool.query('update entries set utc_date_time = now()');
}

const make = () =>
  makeMessages(server.tenant.tenantId, {
    database: server.database,
    ids: createRandomIds(),
    now: new Date(),
  });

/** Sends what is due at an instant, until nothing is. */
async function deliver(at = new Date()): Promise<void> {
  const clock = { now: () => at };
  while (await deliverMessages({ database: server.database, senders, clock, log: silentLog() }));
}

async function states(): Promise<readonly string[]> {
  const { rows } = await server.database.pool.query<{ state: string }>(
    'select state from messages order by created_at',
  );
  return rows.map(({ state }) => state);
}

it('processes that work at once tell each event once', async () => {
  await openDoors(doors);
  const made = await Promise.all([make(), make(), make(), make()]);
  expect(made.map((one) => one.made).filter((count) => count > 0)).toEqual([doors]);
  await Promise.all([deliver(), deliver(), deliver()]);
  expect(await states()).toEqual(Array.from({ length: doors }, () => 'delivered'));
  expect(mail.mails).toHaveLength(doors);
  expect(new Set(mail.mails.map(({ messageId }) => messageId)).size).toBe(doors);
  expect(mail.mails.every(({ envelopeTo }) => envelopeTo.includes(owner.email))).toBe(true);
});

it('what a process that was killed had in its hands is sent by another', async () => {
  const before = mail.mails.length;
  await openDoors(1);
  let release = (): void => {};
  mail.holdUntil(
    new Promise((resolve) => {
      release = resolve;
    }),
  );
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, server.databaseUrl, mail.url],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(
    async () => {
      const { rows } = await server.database.pool.query(
        `select 1 from messages where state = 'waiting' and claimed_until is not null`,
      );
      return rows.length > 0;
    },
    { what: 'the process is sending', timeoutMs: 60_000 },
  );
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(said).toBe('made\n');
  release();
  expect(await make()).toMatchObject({ made: 0 });
  const now = Date.now();
  await deliver(new Date(now + 60_000));
  expect(await states()).toContain('waiting');
  await deliver(new Date(now + 4 * 60_000));
  expect(await states()).not.toContain('waiting');
  const ids = mail.mails.slice(before).map(({ messageId }) => messageId);
  // At least once: the killed process may have handed it over as well, and then under the same name.
  expect(new Set(ids).size).toBe(1);
});

it('of a message that was not taken the log holds the id, and nothing of what is in it', async () => {
  await openDoors(1);
  expect(await make()).toMatchObject({ made: 1 });
  mail.refuse(550);
  const lines: string[] = [];
  const log = createLog({
    level: 'trace',
    format: 'json',
    target: { write: (line) => lines.push(line) },
  });
  await deliverMessages({
    database: server.database,
    senders,
    clock: { now: () => new Date() },
    log,
  });
  const { rows } = await server.database.pool.query<{ id: string }>(
    `select id from messages where state = 'waiting' and last_error = 'smtp 550'`,
  );
  expect(rows).toHaveLength(1);
  const logged = lines.join('');
  expect(logged).toContain(rows[0]?.id);
  expect(logged).toContain('smtp 550');
  expect(logged).not.toMatch(/@|Ada|Harbour|door/);
});
