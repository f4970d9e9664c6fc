import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { openSeal } from '#server/runtime/seal';
import type { TestServer, TestTenant } from './cardea.ts';
import type { Operation } from './operations.ts';
import { insertIq, insertLock, insertTag } from './rows.ts';

/** One of everything in a tenant, by the noun as paths write it. */
export type Fixture = Readonly<Record<string, string>>;

/** Makes one of each noun for a tenant: over HTTP where there is an operation, as rows where only hardware makes it. */
export async function makeFixture(server: TestServer, tenant: TestTenant): Promise<Fixture> {
  const token = await server.token('hardware_api', tenant);
  const create = async (path: string, body: unknown, method = 'POST'): Promise<string> => {
    const answer = await server.ask(method, path, { body, token });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return (answer.json as { id: string }).id;
  };
  const place = { database: server.database, tenant };
  const collections = await create('/collections', { customer_reference: 'Harbour' });
  const inside = { collection_id: collections };
  const iqs = await insertIq(place, inside);
  const locks = await insertLock(place, { ...inside, iq_id: iqs, iq_link_state: 'attached' });
  const { id: tags } = await insertTag(place, inside);
  const repeaters = randomUUID();
  await server.database.pool.query(
    `insert into repeaters (tenant_id, id, mac, code, collection_id, vendor_reference, created_at)
     values ($1, $2, $3, $3, $4, 'sallis', now())`,
    [tenant.tenantId, repeaters, randomBytes(7).toString('hex').toUpperCase(), collections],
  );
  const accessors = await create('/accessors', { customer_reference: 'Ada' });
  const keys = await create(`/accessors/${accessors}/keys`, { tag_id: tags });
  const groups = await create('/access_groups', { ...inside, customer_reference: 'Staff' });
  const week = { start_time: '08:00', end_time: '18:00', monday: true };
  const schedules = await create(`/access_groups/${groups}/time_schedules`, week);
  const settings = await create(`/accessors/${accessors}/collection_settings`, inside);
  const keySettings = await create(
    `/accessors/${accessors}/collection_settings/${collections}/key_settings`,
    { accessor_key_id: keys },
  );
  const floors = await create(`/collections/${collections}/floors`, { number: 1 });
  await server.database.pool.query(
    `insert into floor_plans (tenant_id, floor_id, media_type, width, height, image, digest, created_at)
     values ($1, $2, 'image/png', 1, 1, '\\x00', '00', now())`,
    [tenant.tenantId, floors],
  );
  await server.database.pool.query(
    'update locks set floor_id = $3 where tenant_id = $1 and id = $2',
    [tenant.tenantId, locks, floors],
  );
  const plates = await create(`/accessors/${accessors}/license_plates`, { license_plate: 'AB12' });
  const devices = await create(`/accessors/${accessors}/devices`, { customer_reference: 'Phone' });
  const pins = randomUUID();
  await server.database.pool.query(
    `insert into iq_pins (tenant_id, id, iq_id, accessor_id, secret_sealed, pin_sealed, activation_state, created_at)
     values ($1, $2, $3, $4, '\\x00', '\\x00', 'active', now())`,
    [tenant.tenantId, pins, iqs, accessors],
  );
  const updates = randomUUID();
  await server.database.pool.query(
    `insert into firmware_updates (tenant_id, id, lock_id, component, model, current_version, version, published_at, firmware, file)
     values ($1, $2, $3, 'firmware', 'Lock A', '1.0.0', '1.1.0', now(), '{}', 'absent')`,
    [tenant.tenantId, updates, locks],
  );
  const entries = randomUUID();
  await server.database.pool.query(
    `insert into entries (tenant_id, id, number, iq_id, boot, sequence, collection_id, event_category, utc_date_time,
       local_date_time, lock_id, accessor_id, exit_requested, access_by, access_detail, reject_reason, stored_at)
     values ($1, $2, nextval('event_numbers'), $3, 1, 1, $4, 'lock_rejected', now(), now(), $5, $6, false, 'tag', '4711',
       'not_in_group', now())`,
    [tenant.tenantId, entries, iqs, collections, locks, accessors],
  );
  const lockers = await insertLockers(server, { tenant, collections });
  const webhooks = await insertWebhook(server, { tenant, collections });
  const messaging = await insertMessaging(server, { tenant, collections });
  const pods = await insertPod(server, { tenant, collections, guests: messaging['site_users'] });
  const plans = await insertPlans(server, { tenant, collections });
  const signingIn = await insertSignIn(server, tenant);
  const empty = await create('/collections', {});
  const exported = await server.ask('GET', `/collections/${empty}/export`, { token });
  const migrations = await create('/migrations', {
    kind: 'site_import',
    export: exported.json,
    dry_run: true,
  });
  return {
    collections,
    migrations,
    updates,
    iqs,
    locks,
    tags,
    repeaters,
    accessors,
    keys,
    access_groups: groups,
    time_schedules: schedules,
    collection_settings: settings,
    key_settings: keySettings,
    floors,
    license_plates: plates,
    pins,
    devices,
    entries,
    ...messaging,
    ...lockers,
    ...webhooks,
    ...pods,
    ...plans,
    ...signingIn,
    vendors: '5a111500-0000-4000-8000-000000000001',
  };
}

/** A program with a secret, and a provider through which people sign in: both are the operator's, of no site. */
async function insertSignIn({ database }: TestServer, tenant: TestTenant): Promise<Fixture> {
  const [clients, secrets, identityProviders] = [randomUUID(), randomUUID(), `p${randomInt(1e9)}`];
  await database.pool.query(
    `insert into clients (id, tenant_id, name, kind, grants, scopes, created_at)
     values ($1, $2, 'Front desk', 'confidential', '{client_credentials}', '{core_api.full}', now())`,
    [clients, tenant.tenantId],
  );
  await database.pool.query(
    `insert into client_secrets (id, client_id, secret_hash, created_at) values ($1, $2, 'x', now()), ($3, $2, 'y', now())`,
    [secrets, clients, randomUUID()],
  );
  await database.pool.query(
    `insert into identity_providers (id, name, issuer, client_id, client_secret, created_at)
     values ($1, 'Works', 'https://id.example.test', 'cardea', '\\x00', now())`,
    [identityProviders],
  );
  return { clients, secrets, identity_providers: identityProviders };
}

/** A role that the site has made, and a voucher that nobody has redeemed. */
async function insertPlans(
  { database }: TestServer,
  { tenant, collections }: { readonly tenant: TestTenant; readonly collections: string },
): Promise<Fixture> {
  const [roles, vouchers] = [randomUUID(), randomUUID()];
  await database.pool.query(
    `insert into site_roles (tenant_id, id, collection_id, code, parent_id, depth, rights, created_at)
     values ($1, $2, $3, 'janitor', '8f6081a3-80fb-11e8-a892-000d3a221c5b', 3, '{}', now())`,
    [tenant.tenantId, roles, collections],
  );
  await database.pool.query(
    `insert into vouchers (tenant_id, id, code, type, created_at)
     values ($1, $2::uuid, upper(substr(replace($2::uuid::text, '-', ''), 1, 12)), 'standard', now())`,
    [tenant.tenantId, vouchers],
  );
  return { roles, vouchers };
}

/** A webhook that is off, and a delivery that was lost. */
async function insertWebhook(
  { database, dataDir }: TestServer,
  { tenant, collections }: { readonly tenant: TestTenant; readonly collections: string },
): Promise<Fixture> {
  const [webhooks, deliveries] = [randomUUID(), randomUUID()];
  const seal = await openSeal(dataDir);
  await database.pool.query(
    `insert into webhooks (tenant_id, id, collection_id, url, events, lock_ids, active, secret_sealed, after_number, created_at)
     values ($1, $2, $3, 'https://10.0.0.1/', '{entry}', '{}', false, $4, 0, now())`,
    [tenant.tenantId, webhooks, collections, seal.seal(randomBytes(32))],
  );
  await database.pool.query(
    `insert into webhook_deliveries (tenant_id, id, webhook_id, lane_id, type, number, event_at, is_readable, state, attempts,
       created_at)
     values ($1, $2, $3, $3, 'ping', 0, now(), true, 'failed', 13, now())`,
    [tenant.tenantId, deliveries, webhooks],
  );
  return { webhooks, deliveries };
}

/** A locker in a bank, assigned to nobody yet. */
async function insertLockers(
  server: TestServer,
  { tenant, collections }: { readonly tenant: TestTenant; readonly collections: string },
): Promise<Fixture> {
  const lockers = await insertLock(
    { database: server.database, tenant },
    { collection_id: collections },
  );
  const [groups, own] = [randomUUID(), randomUUID()];
  const { pool } = server.database;
  await pool.query(
    `insert into locker_groups (tenant_id, id, collection_id, customer_reference, created_at)
     values ($1, $2, $3, 'Hall', now())`,
    [tenant.tenantId, groups, collections],
  );
  await pool.query(
    `update locks set lock_type = 'locker_lock', locker_group_id = $2 where id = $1`,
    [lockers, groups],
  );
  await pool.query(
    `insert into access_groups (tenant_id, id, collection_id, locker_id, created_at) values ($1, $2, $3, $4, now())`,
    [tenant.tenantId, own, collections, lockers],
  );
  return { lockers, locker_groups: groups, locker_access_groups: own };
}

/** A pod without locks, open at all times, with a guest. */
async function insertPod(
  { database }: TestServer,
  {
    tenant,
    collections,
    guests = '',
  }: {
    readonly tenant: TestTenant;
    readonly collections: string;
    readonly guests: string | undefined;
  },
): Promise<Fixture> {
  const [pods, group] = [randomUUID(), randomUUID()];
  await database.pool.query(
    `insert into pods (tenant_id, id, collection_id, customer_reference, max_guest_amount, access_rule_type, created_at)
     values ($1, $2, $3, 'Flat', 2, 'always', now())`,
    [tenant.tenantId, pods, collections],
  );
  await database.pool.query(
    `insert into access_groups (tenant_id, id, collection_id, pod_id, created_at) values ($1, $2, $3, $4, now())`,
    [tenant.tenantId, group, collections, pods],
  );
  await database.pool.query(
    `insert into pod_users (tenant_id, pod_id, accessor_id, pod_user_type, created_at) values ($1, $2, $3, 'guest', now())`,
    [tenant.tenantId, pods, guests],
  );
  await database.pool.query(
    'insert into access_group_accessors (tenant_id, access_group_id, accessor_id) values ($1, $2, $3)',
    [tenant.tenantId, group, guests],
  );
  return { pods, guests };
}

/** Somebody of the site, and rules that make messages there. */
async function insertMessaging(
  { database }: TestServer,
  { tenant, collections }: { readonly tenant: TestTenant; readonly collections: string },
): Promise<Fixture> {
  const [users, rule, schedule] = [randomUUID(), randomUUID(), randomUUID()];
  const [siteUsers, siteUserKeys, phones] = [randomUUID(), randomUUID(), randomUUID()];
  const removal = randomUUID();
  const own = [tenant.tenantId, collections];
  await database.pool.query(
    'insert into users (tenant_id, id, created_at) values ($1, $2, now())',
    [tenant.tenantId, users],
  );
  await database.pool.query(
    `insert into accessors (tenant_id, collection_id, id, user_id, role_ids, created_at)
     values ($1, $2, $4, $3, '{8f6081a3-80fb-11e8-a892-000d3a221c5b}', now())`,
    [...own, users, siteUsers],
  );
  await database.pool.query(
    `insert into keys (tenant_id, id, accessor_id, key_type, credential_id, created_at) values ($1, $2, $3, 'mkey', $2, now())`,
    [tenant.tenantId, siteUserKeys, siteUsers],
  );
  await database.pool.query(
    `insert into devices (tenant_id, id, user_id, device_uid, certificate, certificate_id, certificate_version, public_key,
       expires_at, mkey_id, mkey_uid, created_at)
     values ($1, $2, $3, 'phone', '\\x00', $2, 1, '\\x00', now(), $2, '00', now())`,
    [tenant.tenantId, phones, users],
  );
  await database.pool.query(
    `insert into data_removals (tenant_id, collection_id, id, accessor_id, user_id, reason, state, created_at, expires_at)
     select $1, $2, $3, id, user_id, 'I moved', 'waiting', now(), now() + interval '7 days' from accessors
     where user_id = $4`,
    [...own, removal, users],
  );
  await database.pool.query(
    `insert into message_rules (tenant_id, collection_id, id, kind, word, customer_reference, send_mail, created_at)
     values ($1, $2, $3, 'entry', 'rejected', 'Refusals', true, now())`,
    [...own, rule],
  );
  await database.pool.query(
    `insert into message_rule_schedules (tenant_id, rule_id, id, start_time, end_time, monday, tuesday, wednesday, thursday,
       friday, saturday, sunday, created_at)
     values ($1, $2, $3, '08:00', '18:00', true, true, true, true, true, true, true, now())`,
    [tenant.tenantId, rule, schedule],
  );
  const { rows } = await database.pool.query<{ id: string }>(
    `select id from message_rules where tenant_id = $1 and collection_id = $2 and word = 'lock_reset'`,
    own,
  );
  return {
    users,
    site_users: siteUsers,
    site_user_keys: siteUserKeys,
    own_devices: phones,
    data_removals: removal,
    entry_message_rule: rule,
    incident_message_rule: rows[0]?.id ?? '',
    message_schedules: schedule,
  };
}

/** Names of path parameters that say more than the segment before them. */
const nouns: Readonly<Record<string, string>> = {
  accessor_id: 'accessors',
  client_id: 'clients',
  collection_id: 'collections',
  iq_id: 'iqs',
  lock_id: 'locks',
  pod_id: 'pods',
  provider_id: 'identity_providers',
  site_id: 'collections',
  site_user_id: 'site_users',
  user_id: 'users',
};

/** The id of each path parameter of an operation. Throws for a noun the fixture has none of. */
export function pathIds(operation: Operation, fixture: Fixture): Record<string, string> {
  const segments = operation.path.split('/');
  return Object.fromEntries(
    operation.pathParameters.map((name) => {
      const before = segments[segments.indexOf(`{${name}}`) - 1] ?? '';
      const id = fixture[nounOf(name, { before, segments })];
      if (id === undefined)
        throw new Error(`The fixture has nothing for ${name} of ${operation.path}.`);
      return [name, id];
    }),
  );
}

function nounOf(
  name: string,
  { before, segments }: { readonly before: string; readonly segments: readonly string[] },
): string {
  // Schedules belong to access groups, or to rules of messages.
  if (name === 'time_schedule_id' && segments.includes('entry_message_rule'))
    return 'message_schedules';
  // Lockers have access groups of their own.
  if (name === 'access_group_id' && segments.includes('eloxx')) return 'locker_access_groups';
  // One's own phones are other ones than those that programs give to accessors.
  if (before === 'devices' && segments.includes('me')) return 'own_devices';
  if (name === 'id' && before === 'sites') return 'collections';
  const isInSite = segments.includes('sites');
  // A path of a site names the place of a person there, and keys of it.
  if (isInSite && name === 'id' && before === 'users') return 'site_users';
  if (isInSite && name === 'id' && before === 'keys') return 'site_user_keys';
  return nouns[name] ?? before;
}

/** The path of an operation with ids in place of its parameters, from the root as `ask` takes it. */
export function pathWith(operation: Operation, ids: Readonly<Record<string, string>>): string {
  return `/${operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? '')}`;
}
