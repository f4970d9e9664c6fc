/**
 * Every operation of both faces by one tenant, with ids of another's things in every place that takes one: it is refused as if they
 * did not exist, nothing of the other tenant changes, and no answer tells of it (core-api.md 1, connect-api.md 1.7). On the Connect
 * face another site of the same tenant is as foreign.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUuid } from '#contract/ids';
import { startTestServer, type Answer, type AskOptions, type TestServer } from '#test/kit/cardea';
import { makeFixture, pathIds, pathWith, type Fixture } from '#test/kit/fixture';
import { idPlacesOf } from '#test/kit/id-places';
import {
  publishedOperations,
  type FaceName,
  type Operation,
  type Schema,
} from '#test/kit/operations';
import { addPerson } from '#test/kit/people';

/** What the other tenant's things are called. */
const marker = 'Confidential of the other';

let cardea: TestServer;
let published: readonly Operation[];
let tokens: Readonly<Record<FaceName, string>>;
let own: Fixture;
/** Of the other tenant, and of another site of the same one. */
let strangers: Readonly<Record<'tenant' | 'site', Fixture>>;
let stateText: string;
let before: Readonly<Record<string, string>>;

/** What the operator looks after is of every tenant. */
const ofTheOperator = /^\/ext\/v1\/(clients|tenants|vouchers|identity_providers|outbox)\b/;

beforeAll(async () => {
  // Without jobs: what they write down for a tenant comes at its own time.
  cardea = await startTestServer({ settings: { ROLES: 'http,gateway' } });
  published = await publishedOperations(cardea);
  own = await makeFixture(cardea, cardea.tenant);
  const siteId = own['collections'] ?? '';
  const owner = await addPerson(cardea, { siteId, role: 'owner' });
  tokens = { core: await cardea.token('hardware_api'), site: owner.token };
  const other = await cardea.addTenant(marker);
  strangers = {
    tenant: await makeFixture(cardea, other),
    site: await makeFixture(cardea, cardea.tenant),
  };
  const { pool } = cardea.database;
  await pool.query('update devices set user_id = $2 where id = $1', [
    own['own_devices'],
    owner.userId,
  ]);
  const tables = async (column: string): Promise<string[]> => {
    const { rows } = await pool.query<{ name: string }>(
      `select c.table_name as name from information_schema.columns c
       join information_schema.tables t on t.table_name = c.table_name and t.table_type = 'BASE TABLE'
       where c.table_schema = 'public' and c.column_name = $1 order by 1`,
      [column],
    );
    return rows.map(({ name }) => name);
  };
  for (const table of await tables('customer_reference'))
    await pool.query(`update ${table} set customer_reference = $2 where tenant_id = $1`, [
      other.tenantId,
      marker,
    ]);
  const parts = (await tables('tenant_id'))
    .filter((name) => name !== 'clients')
    .map(
      (name) =>
        `select '${name}' as name, md5(string_agg(t::text, ',' order by t::text)) as hash from ${name} t
         where tenant_id = '${other.tenantId}'`,
    );
  stateText = `select coalesce(jsonb_object_agg(name, hash), '{}') as state from (${parts.join(' union all ')}) s`;
  before = await stateOfTheirs();
}, 120_000);
afterAll(async () => {
  await cardea.stop();
});

/** A digest of the other tenant's rows by table. */
async function stateOfTheirs(): Promise<Record<string, string>> {
  const { rows } = await cardea.database.pool.query<{ state: Record<string, string> }>(stateText);
  return rows[0]?.state ?? {};
}

type Call = { readonly what: string; readonly path: string; readonly options?: AskOptions };

/** Who asks, and whose things are named. */
type Side = { readonly face: FaceName; readonly stranger: 'tenant' | 'site' };

function operationsOf({ face, stranger }: Side): readonly Operation[] {
  return published.filter(
    (operation) =>
      (operation.isForPrograms ? 'core' : 'site') === face &&
      !ofTheOperator.test(operation.path) &&
      // People of the tenant may be added to further sites, and phones are of no site.
      !(stranger === 'site' && /\/(users\/existing|me\/devices.*)$/.test(operation.path)),
  );
}

/** Vendors are everybody's. */
function idsOf({ stranger }: Side): readonly string[] {
  return Object.entries(strangers[stranger])
    .filter(([noun, id]) => noun !== 'vendors' && isUuid(id))
    .map(([, id]) => id);
}

/** Makes the calls of each operation and gives what was wrong with their answers. */
async function faults(
  side: Side,
  callsOf: (operation: Operation) => readonly Call[],
  isRight: (answer: Answer, call: Call) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  const theirIds = idsOf(side);
  let calls = 0;
  for (const operation of operationsOf(side)) {
    for (const call of callsOf(operation)) {
      calls += 1;
      const answer = await ask(operation, call, side);
      const name = `${operation.method} ${operation.path}: ${call.what}`;
      const told = `${answer.status} ${answer.text.slice(0, 200)}`;
      if (!isRight(answer, call)) found.push(`${name} → ${told}`);
      if (tellsOfThem(answer, call, theirIds)) found.push(`${name} leaks → ${told}`);
    }
    const after = await stateOfTheirs();
    for (const [table, hash] of Object.entries(after))
      if (hash !== before[table])
        found.push(`${operation.method} ${operation.path} changed ${table} of the other tenant`);
    before = after;
  }
  expect(calls).toBeGreaterThan(4);
  return found;
}

function ask({ method }: Operation, { path, options }: Call, { face }: Side): Promise<Answer> {
  const [, collectionId = ''] = /\/collections\/([^/?]+)/.exec(path) ?? [];
  const headers = collectionId === '' ? {} : { 'clp-collection-id': collectionId };
  return cardea.ask(method, path, { token: tokens[face], headers, ...options });
}

/** An id that was not in the question, or a name. */
function tellsOfThem(
  { text }: Answer,
  { path, options }: Call,
  theirIds: readonly string[],
): boolean {
  const asked = `${path} ${JSON.stringify(options?.body ?? '')}`;
  return text.includes(marker) || theirIds.some((id) => text.includes(id) && !asked.includes(id));
}

const isRefused = ({ status }: Answer): boolean => status >= 400 && status < 500;
const isMissing = ({ status, json }: Answer): boolean =>
  status === 404 && ['1101', '2202'].includes((json as { ErrorCode?: string }).ErrorCode ?? '');
/** An installer's company is any id: nothing more is known of it (core-api.md 7.5). */
const placesOf = (body: Schema) =>
  idPlacesOf(body).filter(({ name }) => name !== 'installer_company_id');
/** The noun of what a POST makes. */
const madeBy = ({ path }: Pick<Operation, 'path'>): string => path.split('/').at(-1) ?? '';
const ownPath = (operation: Operation): string => pathWith(operation, pathIds(operation, own));

const sides: readonly (readonly [string, Side])[] = [
  ["another tenant's ids on the Core face", { face: 'core', stranger: 'tenant' }],
  ["another tenant's ids on the Connect face", { face: 'site', stranger: 'tenant' }],
  ["another site's ids on the Connect face", { face: 'site', stranger: 'site' }],
];

describe.each(sides)('%s', (_name, side) => {
  it('name nothing in any place of a path, of whatever kind they are', async () => {
    const theirs = strangers[side.stranger];
    const kinds = ['collections', 'accessors', 'locks', 'tags'].map((noun) => theirs[noun] ?? '');
    const calls = (operation: Operation): Call[] => {
      const matching = pathIds(operation, theirs);
      return operation.pathParameters
        .filter((name) => !operation.textParameters.includes(name))
        .filter((name) => matching[name] !== own['vendors'])
        .flatMap((name) =>
          [...new Set([matching[name] ?? '', ...kinds])].map((id) => ({
            what: `${name} = ${id}`,
            path: pathWith(operation, { ...pathIds(operation, own), [name]: id }),
          })),
        );
    };
    expect(await faults(side, calls, isMissing)).toEqual([]);
  }, 300_000);

  it('name nothing in any place of a body, of whatever kind they are', async () => {
    const theirs = strangers[side.stranger];
    const calls = ({ body, ...operation }: Operation): Call[] =>
      body === undefined
        ? []
        : placesOf(body).flatMap(({ name, bodyWith }) =>
            // A thing may be made under the id of another kind of thing.
            (name === 'id' && side.face === 'core'
              ? [theirs[madeBy(operation)] ?? '']
              : idsOf(side)
            ).map((id) => ({
              what: `${name} = ${id}`,
              path: ownPath({ ...operation, body }),
              options: { body: bodyWith(id) },
            })),
          );
    const isRight = (answer: Answer, { what }: Call): boolean => {
      const [place = ''] = what.split(' ');
      return isRefused(answer) || (mayBeAnything.has(place) && answer.status < 300);
    };
    expect(await faults(side, calls, isRight)).toEqual([]);
  }, 300_000);

  it('name nothing in a query', async () => {
    const calls = (operation: Operation): Call[] =>
      operation.queryParameters
        .filter(({ schema }) => schema.format === 'uuid')
        .flatMap(({ name }) =>
          idsOf(side).map((id) => ({
            what: `${name} = ${id}`,
            path: `${ownPath(operation)}?${name}=${id}`,
          })),
        );
    expect(await faults(side, calls, isRefused)).toEqual([]);
  }, 120_000);

  it('find nothing in a list', async () => {
    const calls = (operation: Operation): Call[] =>
      operation.isList
        ? ['', ...idsOf(side).map((id) => `&$filter=id eq ${id}`)].map((filter) => ({
            what: filter,
            path: `${ownPath(operation)}?$top=1000${filter}`,
          }))
        : [];
    const isRight = ({ status, json }: Answer, { what }: Call): boolean => {
      // Not every list can be asked for an id.
      if (what !== '' && status === 400) return true;
      const { items } = json as { items?: readonly unknown[] };
      return status === 200 && (what === '' || items?.length === 0);
    };
    expect(await faults(side, calls, isRight)).toEqual([]);
  }, 300_000);
});

/** Places of a body where an id that names nothing is no fault: what is to be removed is not there (core-api.md 7.4). */
const mayBeAnything: ReadonlySet<string> = new Set([
  'remove_ids',
  'lock_to_remove_ids',
  'lockers_to_remove',
  'locks_to_remove',
  'remove_member_ids',
  'remove_guests_ids',
]);
