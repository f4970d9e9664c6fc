/**
 * Each code that an operation of the description can raise, raised through HTTP with a real cause (errors.md rule 2). What
 * only hardware or time could bring about is a row as they leave it; no switch throws anything.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorNames, errorRow } from '#contract/errors';
import { raisedBy, type Description } from '#server/http/error-reference';
import { startTestServer, type Answer, type TestServer } from '#test/kit/cardea';
import { makeFixture, type Fixture } from '#test/kit/fixture';
import { addPerson } from '#test/kit/people';
import { podRefusals } from '#test/kit/pod-refusals';

let cardea: TestServer;
beforeAll(async () => {
  cardea = await startTestServer();
});
afterAll(async () => {
  await cardea.stop();
});

type Scene = {
  readonly ids: Fixture;
  /** Runs SQL with the ids of the scene in place of `$iqs`, `$locks`, …. */
  readonly sql: (text: string) => Promise<unknown>;
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>;
};

/** Things of their own for one provocation. */
async function scene(): Promise<Scene> {
  const ids = await makeFixture(cardea, cardea.tenant);
  const filled = (text: string) =>
    text.replaceAll(/\$(\w+)/g, (_all, noun: string) => ids[noun] ?? noun);
  return {
    ids,
    sql: (text) => cardea.database.pool.query(filled(text)),
    ask: (method, path, body) =>
      cardea.ask(method, filled(path), body === undefined ? {} : { body }),
  };
}

/** Asks while a table is out of reach under its name. */
async function without(table: string, act: () => Promise<Answer>): Promise<Answer> {
  const { pool } = cardea.database;
  await pool.query(`alter table ${table} rename to ${table}_away`);
  try {
    return await act();
  } finally {
    await pool.query(`alter table ${table}_away rename to ${table}`);
  }
}

const open = { locked_state: 'unlocked' };

const causes: Readonly<Record<string, (scene: Scene) => Promise<Answer>>> = {
  '1100': ({ ask }) => ask('GET', '/locks/7'),
  '1101': ({ ask }) => ask('GET', `/locks/${randomUUID()}`),
  '1102': ({ ask }) => ask('GET', '/locks?$filter=nothing eq 1'),
  '1500': () => cardea.ask('GET', '/locks', { token: null }),
  '1501': ({ ask }) => ask('POST', '/iqs', { activation_code: '03E4AD00112233445566778899' }),
  '2201': ({ ask }) => without('vendors', () => ask('GET', '/vendors')),
  '2202': async ({ ask, ids, sql }) => {
    await sql("update iqs set otp_enabled = true where id = '$iqs'");
    await sql("update accessors set remote_access = true where id = '$accessors'");
    return ask('PATCH', '/locks/$locks/locking', { ...open, accessor_id: ids['accessors'] });
  },
  '2203': ({ ask }) => ask('DELETE', '/collections/$collections'),
  '2204': ({ ask }) =>
    ask('PUT', '/iqs/$iqs/tree', { iq_tree_items: [{ id: randomUUID(), hardware_type: 'lock' }] }),
  '2205': ({ ask }) => ask('PUT', '/locks/$locks/offline_keys', { ids: [randomUUID()] }),
  '2206': async ({ ask, sql }) => {
    const code = randomBytes(13).toString('hex').toUpperCase();
    await sql(
      `insert into factory_hubs (hub_id, code_hash, mac, vendor_reference, first_contact_at)
       values (gen_random_uuid(), encode(sha256('${code}'), 'hex'), '03.E4.AE', 'other', now())`,
    );
    return ask('POST', '/iqs/$iqs/replace', { activation_code: code });
  },
  // The hardware of the scene is offline.
  '2207': ({ ask }) => ask('POST', '/updates/$updates/apply'),
  '2208': async ({ ask, ids, sql }) => {
    await sql("update collection_settings set suspended = true where accessor_id = '$accessors'");
    return ask('PUT', '/iqs/$iqs/pins', { accessor_id: ids['accessors'], otp: '123456' });
  },
  '2209': ({ ask }) => ask('DELETE', '/iqs/$iqs'),
  '2210': async ({ ids, sql }) => {
    const siteId = ids['collections'] ?? '';
    const installer = await addPerson(cardea, { siteId, role: null });
    const admin = await addPerson(cardea, { siteId, role: 'site_admin' });
    await sql(
      `update collections set installation_state = 'installation', installer_user_id = '${installer.userId}' where id = '$collections'`,
    );
    return cardea.ask('GET', `//v1.2/sites/${siteId}`, { token: admin.token });
  },
  '2212': async ({ ask, sql }) => {
    await ask('PATCH', '/collections/$collections/options', { custom_pin_enabled: false });
    await sql("update accessors set collection_id = '$collections' where id = '$accessors'");
    return ask('PUT', '/accessors/$accessors/pin/custom', { pin: '4711' });
  },
  ...podRefusals(() => cardea),
  '2223': ({ ask }) => ask('POST', '/migrations', { kind: 'site_import', export: { version: 1 } }),
  '3010': ({ ask }) =>
    without('time_schedules', () => ask('GET', '/collections/$collections/export')),
  '3101': async ({ ask, sql }) => {
    // Held by a gateway that lives for long without a sign, or the server would find out that nobody holds it.
    await sql(
      `with held as (insert into gateways (id, seen_at) values (gen_random_uuid(), now() + interval '1 day') returning id)
       update iqs set online = true, gateway_id = held.id from held where iqs.id = '$iqs'`,
    );
    return without('commands', () => ask('POST', '/iqs/$iqs/reset'));
  },
  '3102': async ({ ask, sql }) => {
    await sql("update locks set iq_link_state = 'detached', iq_id = null where id = '$locks'");
    return ask('PATCH', '/locks/$locks/locking', open);
  },
  '3103': async ({ ask, sql }) => {
    await sql("update iqs set subscribed = false where id = '$iqs'");
    return ask('PATCH', '/locks/$locks/locking', open);
  },
  '3104': async ({ ask, sql }) => {
    await sql("update iqs set state = 'initialized' where id = '$iqs'");
    return ask('POST', '/iqs/$iqs/reset');
  },
  '3105': ({ ask }) => ask('PATCH', '/locks/$locks/locking', open),
  '4101': async ({ ids }) => {
    const owner = await addPerson(cardea, { siteId: ids['collections'] ?? '', role: 'owner' });
    return cardea.ask('POST', `//v1.1/sites/${ids['collections'] ?? ''}/entry_message_rule`, {
      token: owner.token,
      body: { customer_reference: 'Night', type: 'entered' },
    });
  },
  '4201': async ({ ids }) => {
    const owner = await addPerson(cardea, { siteId: ids['collections'] ?? '', role: 'owner' });
    return cardea.ask('POST', `//v1.1/sites/${ids['collections'] ?? ''}/users`, {
      token: owner.token,
      body: { first_name: 'Grace', last_name: 'Hopper', email: 'no mailbox' },
    });
  },
  '3201': ({ ask }) => without('entries', () => ask('GET', '/entries')),
};

it('every code that an operation can raise has a cause here', async () => {
  const { json } = await cardea.ask('GET', '//openapi.json', { token: null });
  const { operations } = raisedBy(json as Description);
  expect([...operations.keys()].sort()).toEqual(Object.keys(causes).sort());
});

it.each(Object.entries(causes))('%s is raised', async (code, cause) => {
  const answer = await cause(await scene());
  const row = errorNames.map((name) => errorRow(name)).find((one) => String(one.code) === code);
  expect(row?.statuses, answer.text).toContain(answer.status);
  if (code === '1500') {
    expect(answer.text).toBe('');
    return;
  }
  expect(answer.json, answer.text).toMatchObject({ ErrorCode: code });
  if (code !== '2202') {
    const { Message: message } = answer.json as { Message: string };
    expect(message.startsWith((row?.message ?? '').split('{')[0] ?? '')).toBe(true);
  }
});
