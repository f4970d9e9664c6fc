/** What people are told of their own keys, read in the outbox of a server without any provider (behaviour.md 18). */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccessorId } from '#contract/ids';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { insertActivePin, insertIq, insertTag } from '#test/kit/rows';
import { until } from '#test/kit/wait';

type Message = Readonly<Record<'word' | 'user_id' | 'subject' | 'text' | 'state', string>>;

let server: TestServer;
let siteId: string;
let owner: TestPerson;
let user: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
  siteId = await addSite(server);
  owner = await addPerson(server, { siteId, role: 'owner' });
  user = await addPerson(server, { siteId, role: 'site_user' });
});
afterAll(() => server.stop());

async function outbox(): Promise<readonly Message[]> {
  const answer = await server.ask('GET', `//ext/v1/sites/${siteId}/outbox?$top=100`, {
    token: owner.token,
  });
  expect(answer.status).toBe(200);
  return (answer.json as { items: Message[] }).items;
}

/** What came into the outbox through an act, once nothing of it waits. */
async function toldBy(act: () => Promise<unknown>): Promise<readonly Message[]> {
  const before = (await outbox()).length;
  await act();
  return until(
    async () => {
      const told = (await outbox()).slice(before);
      return told.length > 0 && told.every(({ state }) => state === 'outbox') ? told : undefined;
    },
    { what: 'the message is in the outbox', timeoutMs: 60_000 },
  );
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await server.ask(method, path, body === undefined ? {} : { body });
  expect([answer.status < 300, answer.text]).toEqual([true, expect.any(String)]);
  return answer.json;
}

const own = () => `/accessors/${user.accessorId ?? ''}`;

it('a tag that is given, or takes the place of another, is told to the person', async () => {
  const place = { collection_id: siteId };
  const first = await insertTag(server, { ...place, tag_number: '00007527' });
  const second = await insertTag(server, { ...place, tag_number: '00007528' });
  let keyId = '';
  const given = await toldBy(async () => {
    ({ id: keyId } = (await ask('POST', `${own()}/keys`, { tag_id: first.id })) as { id: string });
  });
  expect(given).toMatchObject([
    { word: 'tag_given', user_id: user.userId, subject: 'A tag was given to you' },
  ]);
  expect(given[0]?.text).toContain('00007527');
  const swapped = await toldBy(() => ask('PATCH', `${own()}/keys/${keyId}`, { key_id: second.id }));
  expect(swapped).toMatchObject([{ word: 'tag_given', user_id: user.userId }]);
  expect(swapped[0]?.text).toContain('00007528');
  const before = await outbox();
  await ask('PATCH', `${own()}/keys/${keyId}`, { blocked: true });
  await ask('POST', `${own()}/keys`, { tag_id: second.id });
  expect(await outbox()).toEqual(before);
});

it('a changed PIN is told, and never what it is', async () => {
  let pin = '';
  const rotated = await toldBy(async () => {
    pin = (await ask('PUT', `${own()}/pin`, {})) as string;
  });
  expect(rotated).toMatchObject([{ word: 'pin_changed', subject: 'Your PIN was changed' }]);
  expect(pin).toMatch(/^\d{6,7}$/);
  const chosen = await toldBy(() => ask('PUT', `${own()}/pin/custom`, { pin: '48392057' }));
  expect(chosen).toMatchObject([{ word: 'pin_changed', user_id: user.userId }]);
  // Digits of an id or an instant may be those of a PIN.
  const said = (name: string, value: unknown) => (/(^|_)(id|at)$/.test(name) ? null : value);
  expect(JSON.stringify([rotated, chosen], said)).not.toMatch(new RegExp(`${pin}|48392057`));
  const removed = await toldBy(() => ask('DELETE', `${own()}/pin/custom`));
  expect(removed).toMatchObject([{ subject: 'Your PIN was removed' }]);
});

it('each is told in their own language', async () => {
  const german = await addPerson(server, { siteId, role: 'site_user', language: 'de' });
  const path = `/accessors/${german.accessorId ?? ''}`;
  const { id: tagId } = await insertTag(server, { collection_id: siteId, tag_number: '00007531' });
  const given = await toldBy(() => ask('POST', `${path}/keys`, { tag_id: tagId }));
  expect(given).toMatchObject([
    {
      subject: 'Sie haben einen Transponder bekommen',
      text: expect.stringContaining('Der Transponder 00007531 öffnet Türen') as string,
    },
  ]);
  const rotated = await toldBy(() => ask('PUT', `${path}/pin`, {}));
  expect(rotated).toMatchObject([{ subject: 'Ihre PIN wurde geändert' }]);
});

it('a reset of one-time codes is told to the person whose they are', async () => {
  const iqId = await insertIq(server, { collection_id: siteId, online: true });
  const accessorId = (user.accessorId ?? '') as AccessorId;
  await insertActivePin(server, { accessor_id: accessorId, iq_id: iqId });
  const { rows } = await server.database.pool.query<{ id: string }>(
    'select id from iq_pins where iq_id = $1',
    [iqId],
  );
  const told = await toldBy(() =>
    ask('DELETE', `/iqs/${iqId}/pins/${rows[0]?.id ?? ''}`, { accessor_id: owner.accessorId }),
  );
  expect(told).toMatchObject([{ word: 'otp_reset', user_id: user.userId }]);
});

it('an accessor that is nobody is told nothing', async () => {
  const before = await outbox();
  const made = (await ask('POST', '/accessors', { collection_id: siteId })) as { id: string };
  await ask('PUT', `/accessors/${made.id}/pin`, {});
  expect(await outbox()).toEqual(before);
});
