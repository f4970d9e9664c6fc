/** The typed client against the whole server: its types, calls, failures, lists and events. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMovableClock } from '#simulator/clock';
import { startTestServer, type TestServer } from '#test/kit/cardea';
import { clientTypes, type Description } from '#test/kit/client-types';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';
import { addEventPlace, storeEntry, type EventPlace } from '#test/kit/stored-events';
import { createClient, type Client, type ClientOptions } from './client.ts';
import { isCardeaError, type CardeaError } from './errors.ts';
import { createToken } from './token.ts';

const perMinute = 300;
const clock = createMovableClock();
let cardea: TestServer;
let siteId: string;
let owner: TestPerson;
let place: EventPlace;
/** A program of the tenant, and the owner of the site. */
let core: Client;
let site: Client;
beforeAll(async () => {
  cardea = await startTestServer({ clock, settings: { CARDEA_RATE_LIMIT: String(perMinute) } });
  siteId = await addSite(cardea);
  owner = await addPerson(cardea, { siteId, role: 'owner' });
  place = await addEventPlace(cardea.database, { tenantId: cardea.tenant.tenantId, siteId });
  core = clientOf({ token: createToken(credentials('core_api.full')) });
  site = clientOf({ token: async () => owner.token });
});
afterAll(async () => {
  await cardea.stop();
});

function clientOf(options: Omit<ClientOptions, 'baseUrl'>): Client {
  return createClient({ baseUrl: `${cardea.url}/`, ...options });
}

function credentials(scope: string, { clientId, clientSecret } = cardea.tenant) {
  return { baseUrl: cardea.url, clientId, clientSecret, scope };
}

/** What a call fails with; a call that does not fail, fails the test. */
async function failureOf(call: Promise<unknown>): Promise<CardeaError> {
  const caught = await call.then(
    (value: unknown) => expect.unreachable(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (isCardeaError(caught)) return caught;
  throw caught;
}

const somewhere = '00000000-1111-4222-8333-444444444444';

it('has the types of the published description', async () => {
  const { json } = await cardea.ask('GET', '//openapi.json', { token: null });
  const files = await clientTypes(json as Description);
  expect([...files.keys()]).toEqual(['core', 'connect-v1-1', 'connect-v1-2', 'ext']);
  for (const [name, text] of files)
    await expect(text).toMatchFileSnapshot(`generated/${name}.ts`);
});

describe('a call', () => {
  it('takes path, query and body where they are typed, and gives the typed answer', async () => {
    const made = await core.post('/v1.2/collections', { body: { customer_reference: 'Pier' } });
    const { customer_reference } = await core.get('/v1.2/collections/{id}', {
      path: { id: made.id },
    });
    expect(customer_reference).toBe('Pier');
    const path = { id: made.id };
    const changed = await core.request('PATCH', '/v1.2/collections/{id}', {
      path,
      body: { customer_reference: 'Quay & co' },
    });
    expect(changed).toMatchObject({ warnings: [], requestId: expect.any(String) });
    const found = await core.get('/v1.2/collections', {
      query: { $filter: "customer_reference eq 'Quay & co'", $top: 5, $count: true },
    });
    expect([found.count, found.items.map(({ id }) => id)]).toEqual([1, [made.id]]);
    expect(await core.delete('/v1.2/collections/{id}', { path })).toBeUndefined();
    await expect(core.get('/v1.2/collections/{id}', { path: { id: '' } })).rejects.toThrow(
      'needs its id',
    );
  });
});
