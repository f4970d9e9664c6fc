import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '#contract/ids';
import { isSecretRight } from '#server/identity/clients';
import { createRandomIds } from '#server/runtime/ids';
import { createTestDatabase, type TestDatabase } from '#test/kit/database';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const ids = createRandomIds();
const patienceMs = 120_000;
const tenantId = ids.next<TenantId>();

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  const { pool } = test.database;
  await pool.query(`insert into tenants (id, name) values ($1, 'Harbour')`, [tenantId]);
});
afterAll(() => test.drop());

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

function cardea(...args: readonly string[]): Promise<Ended> {
  const child = spawn(
    process.execPath,
    ['--conditions=development', '--import', 'tsx', program, ...args, '--database', test.url],
    { env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, out, err }));
  });
}

async function hashesOf(id: string): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ secret_hash: string }>(
    'select secret_hash from client_secrets where client_id = $1 order by created_at desc',
    [id],
  );
  return rows.map((row) => row.secret_hash);
}

describe('cardea client', () => {
  it(
    'makes a program, gives it another secret, lists it and ends it',
    async () => {
      const grants = ['--grant', 'client_credentials', '--grant', 'password'];
      const scopes = ['--scope', 'core_api.full', '--scope', 'user_api.full_access'];
      const made = await cardea(
        'client',
        'create',
        '--name',
        'Desk',
        ...grants,
        ...scopes,
        '--json',
      );
      expect([made.code, made.err]).toEqual([0, '']);
      const client = JSON.parse(made.out) as { id: string; secret: string };
      expect(client).toMatchObject({
        tenant_id: tenantId,
        kind: 'confidential',
        grants: ['client_credentials', 'password'],
        scopes: ['core_api.full', 'user_api.full_access'],
      });
      const added = await cardea('client', 'secret', '--id', client.id, '--json');
      const { secret } = JSON.parse(added.out) as { secret: string };
      const hashes = await hashesOf(client.id);
      expect([client.secret, secret].map((one) => isSecretRight(one, hashes))).toEqual([
        true,
        true,
      ]);
      const ended = await cardea('client', 'disable', '--id', client.id);
      expect([ended.code, ended.out]).toEqual([0, `${client.id} was ended.\n`]);
      const listed = await cardea('client', 'list');
      expect(listed.out).toContain(`${client.id}  ended         Desk`);
    },
    patienceMs,
  );

  it(
    'says what was asked wrongly',
    async () => {
      const order = ['client', 'create', '--name', 'X', '--grant'];
      const word = await cardea(...order, 'dance', '--scope', 'core_api.full');
      expect([word.code, word.err.split('\n')[0]]).toEqual([
        2,
        'cardea client create: --grant must be one of access_code, authorization_code, client_credentials, password, refresh_token.',
      ]);
      const rule = await cardea(...order, 'client_credentials', '--scope', 'user_api.full_access');
      expect([rule.code, rule.err.split('\n')[0]]).toEqual([
        2,
        "cardea client create: Value of 'scopes' is invalid. Without a person there are only scopes of the Core face.",
      ]);
    },
    patienceMs,
  );
});
