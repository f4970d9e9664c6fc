/**
 * Every operation of the published description with wrong inputs (errors.md rule 3): no undeclared code, no server fault, and
 * a refused call changes no row.
 */
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorNames, errorRow } from '#contract/errors';
import { startTestServer, type Answer, type AskOptions, type TestServer } from '#test/kit/cardea';
import { makeFixture, pathIds, pathWith, type Fixture } from '#test/kit/fixture';
import { publishedOperations, type FaceName, type Operation } from '#test/kit/operations';
import { addPerson } from '#test/kit/people';
import { hostileValue, likelyBody } from '#test/kit/wrong-bodies';

// Some thousand calls a test, with a look at every row after each.
vi.setConfig({ testTimeout: 600_000 });

let cardea: TestServer;
let operations: readonly Operation[];
let own: Fixture;
let foreign: Fixture;
/** Of somebody who may do everything there. */
let tokens: Readonly<Record<FaceName, string>>;
let stateText: string;
beforeAll(async () => {
  // Without what works by itself: it would change rows between two looks at them.
  cardea = await startTestServer({ settings: { ROLES: 'http,gateway,stream' } });
  operations = withoutTwins(await publishedOperations(cardea));
  own = await makeFixture(cardea, cardea.tenant);
  const owner = await addPerson(cardea, { siteId: own['collections'] ?? '', role: 'owner' });
  await cardea.database.pool.query('update devices set user_id = $2 where id = $1', [
    own['own_devices'],
    owner.userId,
  ]);
  await cardea.database.pool.query('update logins set is_operator = true where id = $1', [
    owner.loginId,
  ]);
  tokens = { core: await cardea.token('hardware_api'), site: owner.token };
  foreign = await makeFixture(cardea, await cardea.addTenant('Other'));
  const { rows } = await cardea.database.pool.query<{ name: string }>(
    `select table_name as name from information_schema.columns
     join pg_class on oid = format('%I.%I', table_schema, table_name)::regclass and not relispartition
     where table_schema = 'public' and column_name = 'tenant_id'
       and table_name not in ('clients', 'audit_log', 'audit_heads', 'audit_changes') order by 1`,
  );
  const parts = rows.map(
    ({ name }) =>
      `select '${name}' as name, md5(string_agg(t::text, ',' order by t::text)) as hash from ${name} t`,
  );
  stateText = `select coalesce(jsonb_object_agg(name, hash), '{}')::text as state from (${parts.join(' union all ')}) s`;
});
afterAll(async () => {
  await cardea.stop();
});

/** The one call of tokens for access codes: whoever else asks is refused before the body is read (identity.md 4). */
const forAccessCodes = '/pods/guests';

/** Both versions of the Connect face run the same handlers (connect-api.md 1.1): what both have is tried at one of them. */
function withoutTwins(all: readonly Operation[]): readonly Operation[] {
  const known = new Set(all.map(({ method, path }) => `${method} ${path}`));
  return all.filter(
    ({ method, path }) =>
      !path.startsWith('/v1.1/') || !known.has(`${method} ${path.replace('/v1.1/', '/v1.2/')}`),
  );
}

let known: { readonly transaction: string; readonly digest: string } | undefined;

/** A digest of every row of every tenant, made anew only when something was written at all: every writer changes the snapshot. */
async function state(): Promise<string> {
  const { pool } = cardea.database;
  const {
    rows: [now],
  } = await pool.query<{ transaction: string }>(
    'select pg_current_snapshot()::text as transaction',
  );
  const transaction = now?.transaction ?? '';
  if (known?.transaction === transaction) return known.digest;
  const { rows } = await pool.query<{ state: string }>(stateText);
  known = { transaction, digest: rows[0]?.state ?? '' };
  return known.digest;
}

type Wrong = { readonly what: string; readonly path: string; readonly options?: AskOptions };

/** What is wrong with an answer, by the description and the catalogue; nothing = null. */
function faultOf({ codes, responses }: Operation, { status, json, text }: Answer): string | null {
  const told = `${status} ${text.slice(0, 300)}`;
  if (status >= 500) return `server fault ${told}`;
  if (responses[status] === undefined) return `undeclared status ${told}`;
  if (status < 400) return null;
  if (status === 401 || (status === 403 && text === '')) return text === '' ? null : told;
  const body = (json ?? {}) as Record<string, unknown>;
  if (Object.keys(body).join() !== 'ErrorCode,Message') return `no error body ${told}`;
  const code = String(body['ErrorCode']);
  if (!codes.includes(code)) return `undeclared code ${told}`;
  const row = errorNames.map(errorRow).find((candidate) => String(candidate.code) === code);
  if (row?.statuses.includes(status) !== true) return `status not of the code ${told}`;
  return null;
}

/** Makes wrong calls of every operation and gives what was wrong with the answers. */
async function faults(
  wrongOf: (operation: Operation) => readonly Wrong[],
  expected: (answer: Answer, operation: Operation) => boolean = () => true,
): Promise<string[]> {
  const found: string[] = [];
  let before = await state();
  let calls = 0;
  for (const operation of operations) {
    for (const { what, path, options } of wrongOf(operation)) {
      calls += 1;
      const headers = { ...collectionHeader(path), ...options?.headers };
      const token = operation.isForPrograms ? tokens.core : tokens.site;
      const answer = await cardea.ask(operation.method, path, { token, ...options, headers });
      const name = `${operation.method} ${operation.path}: ${what}`;
      const fault = faultOf(operation, answer);
      if (fault !== null) found.push(`${name} → ${fault}`);
      else if (!expected(answer, operation))
        found.push(`${name} → ${answer.status} ${answer.text.slice(0, 200)}`);
      if (operation.method === 'GET') continue;
      const after = await state();
      if (answer.status >= 400 && after !== before && !isCounted(answer))
        found.push(`${name} → ${answer.text.slice(0, 200)} refused, yet rows changed`);
      if (answer.status < 400 && after !== before && !(await isAudited(answer)))
        found.push(`${name} → ${answer.status} changed rows without an audit record`);
      before = after;
    }
    const after = await state();
    if (after !== before)
      found.push(`${operation.method} ${operation.path}: rows changed by reading`);
  }
  expect(calls).toBeGreaterThan(0);
  return found;
}

/** Every write is in the audit log under the id of its request (errors.md). */
async function isAudited({ headers }: Answer): Promise<boolean> {
  const { rowCount } = await cardea.database.pool.query(
    'select 1 from audit_log where request_id = $1 limit 1',
    [headers.get('x-request-id')],
  );
  return rowCount === 1;
}

/** A wrong one-time code is counted, so that the fifth blocks (behaviour.md 6). */
function isCounted({ text }: Answer): boolean {
  // A move that was named by an id is told as aborted.
  return /Request execution failed with code: otp_invalid|"ErrorCode":"2223"/.test(text);
}

/** Some operations ask for the collection of the path once more, all others ignore it (core-api.md 1). */
function collectionHeader(path: string): Record<string, string> {
  const [, id] = /\/collections\/([^/?]+)/.exec(path) ?? [];
  return id === undefined ? {} : { 'clp-collection-id': decodeURIComponent(id) };
}

const isCode =
  (code: string, ...statuses: number[]) =>
  (answer: Answer): boolean =>
    statuses.includes(answer.status) && (answer.json as { ErrorCode?: string }).ErrorCode === code;

/** A path id that names nothing: each face has its own number for it. */
const isMissing = (answer: Answer, { face }: Operation): boolean =>
  isCode(face === 'core' ? '1101' : '2202', 404)(answer);

const valid = (operation: Operation): string => pathWith(operation, pathIds(operation, own));
const nothing = { body: undefined, headers: {} };
const garbage = { body: '{broken', headers: { 'content-type': 'application/json' } };

describe('every operation', () => {
  it('is in the description with its codes and ids for a test of it', () => {
    expect(operations.length).toBeGreaterThan(50);
    for (const operation of operations) {
      expect(operation.codes, operation.path).toEqual(
        expect.arrayContaining(['1100', '1101', '2201']),
      );
      expect(operation.responses).toHaveProperty('401');
      expect(operation.responses).toHaveProperty('403');
      pathIds(operation, own);
    }
  });

  it('refuses a call without a token with an empty 401', async () => {
    const wrong = (operation: Operation) => [
      { what: 'no token', path: valid(operation), options: { token: null } },
      { what: 'wrong token', path: valid(operation), options: { token: 'a.b.c' } },
    ];
    expect(await faults(wrong, ({ status, text }) => status === 401 && text === '')).toEqual([]);
  });

  it('refuses a scope that does not allow it with an empty 403', async () => {
    const narrow = [
      await cardea.token('core_api.full'),
      await cardea.token('core_api.license_plate'),
    ];
    for (const operation of operations.filter(({ face }) => face === 'core')) {
      const path = pathWith(operation, { ...own, ...badIds(operation, 'no-id') });
      const statuses = [];
      for (const sent of narrow) {
        const { body, headers } = operation.body === undefined ? nothing : garbage;
        const answer = await cardea.ask(operation.method, path, {
          token: sent,
          headers: { ...headers, ...collectionHeader(path) },
          ...(body === undefined ? {} : { body }),
        });
        statuses.push(answer.status);
        if (answer.status === 403) {
          expect(answer.text).toBe('');
          expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
        }
      }
      const refused = statuses.filter((status) => status === 403);
      expect(refused, `${operation.method} ${operation.path} ${statuses.join()}`).toHaveLength(1);
    }
  });

  // People without the right: role-matrix.test.ts.
  it('refuses programs where people are asked for', async () => {
    const program = await cardea.token('core_api.full');
    for (const operation of operations.filter((each) => !each.isForPrograms)) {
      const answer = await cardea.ask(operation.method, valid(operation), { token: program });
      const name = `${operation.method} ${operation.path}`;
      expect(answer, name).toMatchObject({ status: 401, text: '' });
    }
  });

  const badIds = (operation: Operation, id: string): Record<string, string> =>
    Object.fromEntries(operation.pathParameters.map((name) => [name, id]));
  const eachIdAs = (operation: Operation, ids: readonly string[]): Wrong[] =>
    operation.pathParameters
      .filter((name) => !operation.textParameters.includes(name))
      .flatMap((name) =>
        ids.map((id) => ({
          what: `${name} = ${id}`,
          path: pathWith(operation, { ...pathIds(operation, own), [name]: id }),
          // A body that is wrong as well must not be looked at before.
          ...(operation.body === undefined ? {} : { options: garbage }),
        })),
      );

  it('refuses path ids of a wrong form with 1100', async () => {
    const wrong = (operation: Operation) => eachIdAs(operation, ['7', 'x'.repeat(300), '%2f', "'"]);
    expect(await faults(wrong, isCode('1100', 400))).toEqual([]);
  });

  it('refuses texts in its path that name nothing', async () => {
    const wrong = (operation: Operation) =>
      operation.textParameters.flatMap((name) =>
        ['7', 'x'.repeat(300), '%00', "'", '%f0%9f%94%91'].map((text) => ({
          what: `${name} = ${text}`,
          path: pathWith(operation, { ...pathIds(operation, own), [name]: text }),
        })),
      );
    expect(await faults(wrong, ({ status }) => status === 400 || status === 404)).toEqual([]);
  });

  it('refuses path ids that name nothing with 404', async () => {
    const wrong = (operation: Operation) =>
      eachIdAs(operation, [randomUUID(), '00000000-0000-0000-0000-000000000000']);
    expect(await faults(wrong, isMissing)).toEqual([]);
  });

  it("refuses another tenant's path ids with 404", async () => {
    const wrong = (operation: Operation) => {
      // Operators look after the vouchers and programs of every tenant.
      if (/^\/ext\/v1\/(vouchers|clients)\//.test(operation.path)) return [];
      const theirs = pathIds(operation, foreign);
      return operation.pathParameters
        .filter(
          (name) => theirs[name] !== own['vendors'] && !operation.textParameters.includes(name),
        )
        .flatMap((name) => [
          ...eachIdAs(operation, [theirs[name] ?? '']).filter(({ what }) => what.startsWith(name)),
          { what: 'all ids of another tenant', path: pathWith(operation, theirs) },
        ]);
    };
    expect(await faults(wrong, isMissing)).toEqual([]);
  });

  it('refuses list options it cannot read with 1102', async () => {
    const options = [
      '$top=-1',
      '$top=x',
      '$skip=1.5',
      '$filter=nothing eq 1',
      '$filter=id eq',
      '$filter=id gt true',
      `$filter=${'('.repeat(40)}id eq null${')'.repeat(40)}`,
      `$filter=id in ('${'x'.repeat(4100)}')`,
      '$orderby=nothing',
      '$orderby=id sideways',
      '$count=perhaps',
    ];
    const wrong = (operation: Operation) =>
      operation.isList
        ? options.map((option) => ({ what: option, path: `${valid(operation)}?${option}` }))
        : [];
    expect(await faults(wrong, isCode('1102', 400))).toEqual([]);
  });

  it('answers hostile filters without a server fault', async () => {
    const fields = ['id', 'customer_reference', 'collection_id', 'blocked', 'created_at', 'mac'];
    const values = ["''", "'%00'", "'%'", '1e999', '-0', 'null', 'true', '9999-12-31', "'x''y'"];
    const wrong = (operation: Operation) =>
      operation.isList
        ? fields.flatMap((field) =>
            values.map((value) => ({
              what: `${field} eq ${value}`,
              path: `${valid(operation)}?$top=1&$count=true&$filter=${field} eq ${value}`,
            })),
          )
        : [];
    expect(await faults(wrong)).toEqual([]);
  });

  it('refuses parameters of a wrong type with 1100', async () => {
    const wrong = (operation: Operation) =>
      operation.queryParameters
        .filter(({ schema }) => schema.type === 'boolean' || schema.format === 'uuid')
        .map(({ name }) => ({ what: name, path: `${valid(operation)}?${name}=perhaps` }));
    expect(await faults(wrong, isCode('1100', 400))).toEqual([]);
  });

  it('refuses bodies it cannot read with 1100', async () => {
    const bodies = ['{broken', '"text"', '7', '[1]', '[{}]', `{"a":${'['.repeat(5_000)}`];
    const wrong = (operation: Operation) =>
      operation.body === undefined
        ? []
        : bodies.map((body) => ({
            what: body.slice(0, 20),
            path: valid(operation),
            options: { body, headers: { 'content-type': 'application/json' } },
          }));
    const isRight = (answer: Answer, { path }: Operation): boolean =>
      path.endsWith(forAccessCodes) ? answer.status === 403 : isCode('1100', 400)(answer);
    expect(await faults(wrong, isRight)).toEqual([]);
  });

  it('answers members of any wrong kind as declared', async () => {
    const values = fc.sample(hostileValue([foreign, own].flatMap((ids) => Object.values(ids))), {
      seed: 7,
      numRuns: 12,
    });
    const wrong = (operation: Operation) =>
      Object.keys(operation.body?.properties ?? {}).flatMap((name) =>
        values.map((value) => ({
          what: JSON.stringify({ [name]: value }).slice(0, 120),
          path: valid(operation),
          options: { body: { [name]: value } },
        })),
      );
    expect(await faults(wrong)).toEqual([]);
  });

  it('answers bodies that look right as declared', async () => {
    const ids = [...Object.values(own), ...Object.values(foreign)];
    const wrong = (operation: Operation) => {
      const { body } = operation;
      if (body === undefined) return [];
      return fc.sample(likelyBody(body, ids), { seed: 11, numRuns: 15 }).map((sent) => ({
        what: JSON.stringify(sent).slice(0, 400),
        path: valid(operation),
        options: { body: sent as object },
      }));
    };
    expect(await faults(wrong)).toEqual([]);
  });

  it('answers a call with nothing but its ids as declared', async () => {
    const wrong = (operation: Operation) =>
      operation.method === 'DELETE' ? [] : [{ what: 'no body', path: valid(operation) }];
    expect(await faults(wrong)).toEqual([]);
  });

  it('deletes, or refuses to, as declared', async () => {
    const fresh = await makeFixture(cardea, cardea.tenant);
    const wrong = (operation: Operation) =>
      operation.method !== 'DELETE'
        ? []
        : ['[]', undefined].map((body) => ({
            what: `body ${String(body)}`,
            path: pathWith(operation, pathIds(operation, fresh)),
            ...(body === undefined ? {} : { options: { body } }),
          }));
    expect(await faults(wrong)).toEqual([]);
  });
});
