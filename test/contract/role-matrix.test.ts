/**
 * Every operation of a site against every role (connect-api.md 2.3, behaviour.md 16). role-matrix.json says who is let in; whoever
 * is not gets an empty 403, and a stranger to the site `Site not found`.
 *
 * Ids that name nothing are asked about, so what somebody may do to the own things alone counts as refused here: blocking own keys,
 * hearing own events. `PUT …/owner` takes tokens of the Core face only, and only its installer releases a site.
 * `POST /pods/guests` is for tokens of access codes, which nobody here has.
 *
 * Letters: O owner, A admin, P super user, U user, m user with site_mobile_user, r user with site_remote_office_mode_user,
 * M pod member, G guest, X signed in without a place in the site, B operator of the installation without a place there.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltInRoleCode } from '#contract/roles';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { publishedOperations, type Operation } from '#test/kit/operations';
import { addPerson, addSite, type TestPerson } from '#test/kit/people';

const table = JSON.parse(
  readFileSync(new URL('role-matrix.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;

const roles: Readonly<Record<string, readonly BuiltInRoleCode[] | 'owner' | null>> = {
  O: 'owner',
  A: ['site_admin'],
  P: ['site_super_user'],
  U: ['site_user'],
  m: ['site_user', 'site_mobile_user'],
  r: ['site_user', 'site_remote_office_mode_user'],
  M: ['site_user', 'site_mobile_user', 'site_pod_member'],
  G: ['site_guest'],
  X: null,
  B: null,
};
const letters = Object.keys(roles);

let server: TestServer;
let siteId: string;
let operations: ReadonlyMap<string, Operation>;
const people = new Map<string, TestPerson>();
beforeAll(async () => {
  server = await startTestServer({ settings: { ROLES: 'http' } });
  siteId = await addSite(server);
  for (const [letter, role] of Object.entries(roles))
    people.set(letter, await addPerson(server, { siteId, role }));
  await server.database.pool.query('update logins set is_operator = true where id = $1', [
    people.get('B')?.loginId,
  ]);
  const published = (await publishedOperations(server)).filter(({ face }) => face === 'site');
  // Where both versions have it, the later one stands for both: they run the same handlers.
  operations = new Map(published.map((operation) => [nameOf(operation), operation]));
});
afterAll(async () => {
  await server.stop();
});

function nameOf({ method, path }: Operation): string {
  return `${method} ${path.replace(/^\/v1\.[12]/, '')}`;
}

/** Asks with ids that name nothing and a body that cannot be read: what is answered before them is the right. */
async function ask(operation: Operation, letter: string): Promise<Answer> {
  const { method, path } = operation;
  const isOfSite = path.includes('/sites/{') || path.includes('/me/{site_id}');
  let parameters = operation.pathParameters;
  let url = path;
  if (isOfSite) {
    url = url.replace(`{${parameters[0]}}`, siteId);
    parameters = parameters.slice(1);
  }
  for (const name of parameters) url = url.replace(`{${name}}`, randomUUID());
  if (url.endsWith('/users/search')) url += `?search_for=nobody@example.test&for_site_id=${siteId}`;
  const token = people.get(letter)?.token ?? '';
  const isWriting = operation.body !== undefined;
  return server.ask(method, `/${url}`, {
    token,
    ...(isWriting ? { body: '{', headers: { 'content-type': 'application/json' } } : {}),
  });
}

function outcomeOf({ status, text }: Answer): 'in' | 'refused' | 'no site' {
  if ((status === 403 || status === 401) && text === '') return 'refused';
  return status === 404 && text.includes('Site not found') ? 'no site' : 'in';
}

it('the table names every operation of a site, and nothing else', () => {
  expect(Object.keys(table).sort()).toEqual([...operations.keys()].sort());
});

describe('who is let in', () => {
  // What would end the site comes last.
  const names = Object.keys(table).sort(
    (a, b) => Number(a === 'DELETE /sites/{id}') - Number(b === 'DELETE /sites/{id}'),
  );
  it.each(names)('%s', async (name) => {
    const operation = operations.get(name);
    if (operation === undefined) throw new Error(`${name} is not described`);
    const isOfSite =
      name.includes('/sites/{') || name.includes('site_id') || name.endsWith('/search');
    const expected: Record<string, string> = {};
    const found: Record<string, string> = {};
    for (const letter of letters) {
      const isIn = table[name]?.includes(letter) === true;
      const isStranger = letter === 'X' || letter === 'B';
      const isForPeople = name !== 'PUT /ext/v1/sites/{site_id}/owner';
      expected[letter] = isIn
        ? 'in'
        : isStranger && isOfSite && isForPeople
          ? 'no site'
          : 'refused';
    }
    // The owner comes last: the site may be gone then.
    for (const asking of [letters.filter((letter) => letter !== 'O'), ['O']])
      await Promise.all(
        asking.map(async (letter) => {
          found[letter] = outcomeOf(await ask(operation, letter));
        }),
      );
    expect(found).toEqual(expected);
  });

  it(`asked ${letters.length} people about each of ${names.length} operations`, () => {
    expect(names.length * letters.length).toBeGreaterThan(1_500);
  });
});
