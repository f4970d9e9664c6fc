import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '#server/store/scope';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { create, createOpenGroup } from '#test/kit/core';
import { addPerson } from '#test/kit/people';
import { insertIq, insertLock, insertTag } from '#test/kit/rows';
import { check } from './check.ts';
import { exitCodes, type Command, type CommandAnswer, type OptionValues } from './command.ts';
import { why } from './why.ts';

let cardea: TestServer;
let folder: string;
let signIn: string;
let site: string;
let lock: string;
let tag: string;

beforeAll(async () => {
  cardea = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'cardea-test-'));
  site = (await create(cardea, '/collections', { time_zone: 'Europe/Amsterdam' })).id;
  const inside = { collection_id: site };
  const owner = await addPerson(cardea, { siteId: site, role: 'owner' });
  const iqId = await insertIq(cardea, inside);
  const place = { ...inside, iq_id: iqId, iq_link_state: 'attached' };
  const lockId = await insertLock(cardea, place);
  const { id: tagId, tag_number: number } = await insertTag(cardea, inside);
  const { id: accessorId } = await create(cardea, '/accessors', inside);
  await create(cardea, `/accessors/${accessorId}/keys`, { tag_id: tagId });
  await createOpenGroup(cardea, { accessors: [accessorId], locks: [lockId] });
  const { database, tenant } = cardea;
  await inTransaction({ database, tenantId: tenant.tenantId }, (scope) =>
    cardea.cardea.domain.desiredState.refresh(scope, { iqIds: [iqId], lockIds: [lockId] }),
  );
  [lock, tag] = [lockId, number];
  signIn = join(folder, 'sign-in.json');
  await writeFile(
    signIn,
    JSON.stringify({
      base_url: cardea.url,
      connect_client: { id: tenant.clientId, secret: tenant.clientSecret },
      user: { username: owner.email, password: owner.password },
      site_id: site,
    }),
  );
  await writeFile(join(folder, 'token'), `${owner.token}\n`);
}, 120_000);
afterAll(async () => {
  await cardea.stop();
  await rm(folder, { recursive: true, force: true });
});

function run(command: Command, values: OptionValues): Promise<CommandAnswer> {
  return command.run({
    values,
    environment: { CARDEA_DATA_DIR: folder },
    signal: new AbortController().signal,
    progress: () => undefined,
  });
}

it('why tells the rule in words and as JSON, signed in by a file or a token', async () => {
  const opens = await run(why, { 'sign-in': signIn, lock, tag });
  expect(opens).toMatchObject({ code: exitCodes.fine, json: { rule: 'granted', check: 18 } });
  expect(opens.text).toContain('open: The door opens.');
  const byToken = { 'token-file': join(folder, 'token'), url: cardea.url, site };
  const refused = await run(why, { ...byToken, lock, tag, privacy: true });
  expect(refused).toMatchObject({ code: exitCodes.found, json: { rule: 'privacy_mode' } });
  expect(refused.text).toContain('check 15, privacy_mode');
});

it('check tells what leads nowhere', async () => {
  const whole = await run(check, { 'sign-in': signIn });
  expect(whole.json).toMatchObject({ findings: expect.any(Array), fine: expect.any(Array) });
  expect(whole.text).toContain('checks found nothing.');
  const { json } = await run(check, { 'sign-in': signIn, word: 'lock_without_group' });
  expect(json).toMatchObject({ findings: [], fine: ['lock_without_group'] });
});

it.each([
  ['usage', {}, 'Name the lock'],
  ['usage', { lock: 'L' }, 'Say which key'],
  ['usage', { lock: 'L', tag: '1', pin: '2' }, 'Say which key'],
  ['usage', { lock: 'L', tag: '1' }, 'Say who asks'],
  ['usage', { lock: 'L', tag: '1', 'sign-in': '/nowhere/at/all' }, 'cannot be read'],
] as const)('asked wrongly (%s), it says what is missing', async (kind, values, says) => {
  await expect(run(why, values)).rejects.toMatchObject({
    code: exitCodes[kind],
    message: expect.stringContaining(says),
  });
});

it('a refusal of the server is told in its own words', async () => {
  const asked = { 'sign-in': signIn, lock: crypto.randomUUID(), tag };
  await expect(run(why, asked)).rejects.toMatchObject({
    code: exitCodes.failed,
    message: 'Lock not found (2202)',
  });
});
