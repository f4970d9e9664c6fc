/** A site that is moved: what it holds, and export files signed by a stranger's key. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, FlattenedSign } from 'jose';
import { hashPin } from '#access/pins';
import { canonicalJson } from '#server/domain/export-signature';
import type { TestServer } from './cardea.ts';
import { pngOf } from './pictures.ts';

export type Json = Record<string, unknown>;

const signing = generateKeyPairSync('ed25519');

const planPng = pngOf({ width: 2, height: 1 });

export const seededCounts = { locks: 12, people: 40, groups: 10 };
const uuid = (kind: string, n: string | number): string =>
  `md5('${kind}' || ${String(n)} || '$c')::uuid`;

/** Two IQs, their locks, people with tags, codes and plates, groups of all kinds. */
export async function seedSite(server: TestServer, collectionId: string): Promise<void> {
  const { pool } = server.database;
  const tenant = server.tenant.tenantId;
  const { rows } = await pool.query<{ key: string }>(
    `select encode(pin_hash_key, 'base64') as key from tenants where id = $1`,
    [tenant],
  );
  const own = `'${tenant}'::uuid`;
  const here = `'${collectionId}'::uuid`;
  const run = (text: string) => pool.query(text.replaceAll('$c', collectionId));
  await run(`insert into iqs (tenant_id, id, mac, collection_id, time_zone, subscribed, has_been_subscribed, otp_enabled, state,
      vendor_reference, created_at)
    select ${own}, ${uuid('iq', 'n')}, '03.E4.AD', ${here}, 'Europe/Amsterdam', true, true, false, 'active', 'sallis', now()
    from generate_series(1, 2) n`);
  await run(
    `insert into locks (tenant_id, id, mac, code, collection_id, vendor_reference, iq_link_state, lock_type, iq_id,
      tree_position, slot, license_plate_camera, created_at)
    select ${own}, ${uuid('lock', 'n')}, '01', lpad(to_hex(n), 14, 'A'), ${here}, 'sallis', 'attached', 'wall_reader_pin',
      ${uuid('iq', '(1 + n % 2)')}, n, n, n % 3 = 0, now() from generate_series(1, ${seededCounts.locks}) n`.replace(
      "lpad(to_hex(n), 14, 'A')",
      "upper(lpad(to_hex(n), 14, 'A'))",
    ),
  );
  await run(`insert into accessors (tenant_id, id, collection_id, blocked, override_privacy_mode, toggle_manual_office_mode,
      created_at)
    select ${own}, ${uuid('accessor', 'n')}, ${here}, n % 11 = 0, n % 5 = 0, n % 4 = 0, now()
    from generate_series(1, ${seededCounts.people}) n`);
  await run(`insert into collection_settings (tenant_id, id, accessor_id, collection_id, suspended, use_pin, created_at)
    select ${own}, ${uuid('setting', 'n')}, ${uuid('accessor', 'n')}, ${here}, n % 9 = 0, n % 2 = 0, now()
    from generate_series(1, ${seededCounts.people}, 3) n`);
  await run(`insert into tags (tenant_id, id, tag_number, collection_id, expiry_date, added_date, created_at)
    select ${own}, ${uuid('tag', 'n')}, lpad(n::text, 8, '0'), ${here},
      case when n % 7 = 0 then timestamptz '2026-06-01' end, now(), now() from generate_series(1, ${seededCounts.people}) n`);
  await run(`insert into keys (tenant_id, id, accessor_id, key_type, credential_id, blocked, created_at)
    select ${own}, ${uuid('key', 'n')}, ${uuid('accessor', 'n')}, 'tag', ${uuid('tag', 'n')}, n % 13 = 0, now()
    from generate_series(1, ${seededCounts.people}) n`);
  for (let n = 1; n <= seededCounts.people; n += 1) {
    const values = [hashPin(String(200_000 + n), rows[0]?.key ?? ''), `PLATE${String(n)}`];
    for (const [index, type] of ['pin', 'license_plate'].entries())
      await run(`insert into keys (tenant_id, id, accessor_id, key_type, credential_id, credential_value, created_at)
        values (${own}, ${uuid(type, n)}, ${uuid('accessor', n)}, '${type}', ${uuid(type, n)}, '${values[index] ?? ''}', now())`);
  }
  await run(`insert into access_groups (tenant_id, id, collection_id, created_at)
    select ${own}, ${uuid('group', 'n')}, case when n % 3 > 0 then ${here} end, now() from generate_series(1, ${seededCounts.groups}) n`);
  await run(`insert into access_group_accessors (tenant_id, access_group_id, accessor_id)
    select ${own}, ${uuid('group', 'g')}, ${uuid('accessor', 'n')} from generate_series(1, ${seededCounts.groups}) g,
      generate_series(1, ${seededCounts.people}) n where (n * 7 + g * 3) % 5 = 0`);
  await run(`insert into access_group_locks (tenant_id, access_group_id, lock_id)
    select ${own}, ${uuid('group', 'g')}, ${uuid('lock', 'n')} from generate_series(1, ${seededCounts.groups}) g,
      generate_series(1, ${seededCounts.locks}) n where (n + g) % 3 = 0`);
  await run(`insert into time_schedules (tenant_id, id, access_group_id, start_time, end_time, start_date, monday, tuesday,
      wednesday, thursday, friday, saturday, sunday, created_at)
    select ${own}, ${uuid('schedule', 'g')}, ${uuid('group', 'g')}, make_time(g, 0, 0), make_time((g * 5) % 24, 59, 59),
      case when g = 4 then timestamp '2026-07-01' end, true, g % 2 = 0, true, g % 3 = 0, true, g % 4 = 0, true, now()
    from generate_series(2, ${seededCounts.groups}) g`);
  await run(`update collections set masterkey_id = ${uuid('tag', 5)}, options = '{"tags_from_other_sites": false}'
    where id = ${here}`);
  await seedPeople(run, { own, here });
}

/** People with roles, an owner, a bank of lockers, a flat with a member and a guest, and rules of messages. */
async function seedPeople(
  run: (text: string) => Promise<unknown>,
  { own, here }: { readonly own: string; readonly here: string },
): Promise<void> {
  await run(`insert into users (tenant_id, id, email, first_name, last_name, language, managing_site_id, created_at)
    select ${own}, ${uuid('person', 'n')}, case when n > 1 then 'P' || n || '.$c@Example.org' end, 'First' || n, 'Last' || n, 'en',
      ${here}, now() from generate_series(1, 8) n`);
  await run(`insert into site_roles (tenant_id, id, collection_id, customer_reference, code, parent_id, depth, rights, created_at)
    values (${own}, ${uuid('role', 1)}, ${here}, 'Caretaker', 'caretaker', '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36', 1,
      '{see_everything,manage_users}', now()),
    (${own}, ${uuid('role', 2)}, ${here}, null, 'deputy', ${uuid('role', 1)}, 2, '{see_everything}', now())`);
  await run(`update accessors a set user_id = ${uuid('person', 'n')}, alias = 'Alias' || n,
      role_ids = case when n < 3 then array[${uuid('role', 'n')}] else array['8f6081a3-80fb-11e8-a892-000d3a221c5b'::uuid] end,
      expires_at = case when n = 8 then timestamptz '2127-01-01' end, came_by_pod = n > 6
    from generate_series(1, 8) n where a.tenant_id = ${own} and a.id = ${uuid('accessor', 'n')}`);
  await run(`update collections set owner_user_id = ${uuid('person', 2)} where id = ${here}`);
  await run(`insert into locker_groups (tenant_id, id, collection_id, customer_reference, created_at)
    values (${own}, ${uuid('bank', 1)}, ${here}, 'Bank', now())`);
  await run(`insert into floors (tenant_id, id, collection_id, customer_reference, number, created_at)
    values (${own}, ${uuid('floor', 1)}, ${here}, 'Ground', 0, now())`);
  await run(
    `update locks set floor_id = ${uuid('floor', 1)} where tenant_id = ${own} and id = ${uuid('lock', 2)}`,
  );
  await run(`insert into floor_plans (tenant_id, floor_id, media_type, width, height, image, digest, created_at)
    select ${own}, ${uuid('floor', 1)}, 'image/png', 2, 1, picture, encode(sha256(picture), 'hex'), now()
    from decode('${planPng.toString('hex')}', 'hex') picture`);
  await run(`insert into floor_plan_locks (tenant_id, lock_id, floor_id, x, y)
    values (${own}, ${uuid('lock', 2)}, ${uuid('floor', 1)}, 0.25, 0.75)`);
  await run(`update locks set locker_group_id = ${uuid('bank', 1)}, locker_mode = 'dynamic_locker' where tenant_id = ${own}
    and id = ${uuid('lock', 7)}`);
  await run(`insert into locker_occupations (tenant_id, lock_id, accessor_id, occupied_at)
    values (${own}, ${uuid('lock', 7)}, ${uuid('accessor', 4)}, now())`);
  await run(`insert into pods (tenant_id, id, collection_id, customer_reference, max_guest_amount, access_rule_type, created_at)
    values (${own}, ${uuid('pod', 1)}, ${here}, 'Flat 1', 3, 'checkin_checkout', now())`);
  await run(`insert into pod_users (tenant_id, pod_id, accessor_id, pod_user_type, access_rule_type, all_locks, created_at)
    values (${own}, ${uuid('pod', 1)}, ${uuid('accessor', 7)}, 'member', 'always', true, now()),
      (${own}, ${uuid('pod', 1)}, ${uuid('accessor', 8)}, 'guest', 'custom', false, now())`);
  await run(`update access_groups set pod_id = ${uuid('pod', 1)}, pod_guest_id = case when id = ${uuid('group', 2)}
      then ${uuid('accessor', 8)} end where tenant_id = ${own} and id in (${uuid('group', 1)}, ${uuid('group', 2)})`);
  await run(`insert into message_rules (tenant_id, id, collection_id, kind, word, send_mail, some_users, some_locks, created_at)
    values (${own}, ${uuid('rule', 1)}, ${here}, 'entry', 'rejected', true, true, true, now())`);
  await run(`insert into message_rule_locks select ${own}, ${uuid('rule', 1)}, ${uuid('lock', 3)}`);
  await run(
    `insert into message_rule_users select ${own}, ${uuid('rule', 1)}, ${uuid('person', 5)}`,
  );
  await run(
    `insert into message_rule_recipients select ${own}, ${uuid('rule', 1)}, ${uuid('person', 2)}`,
  );
  await run(`insert into message_rule_schedules (tenant_id, id, rule_id, start_time, end_time, monday, tuesday, wednesday,
      thursday, friday, saturday, sunday, created_at)
    values (${own}, ${uuid('rule schedule', 1)}, ${uuid('rule', 1)}, '08:00', '18:00', true, true, true, true, true, false, false,
      now())`);
  await run(`insert into message_recipients (tenant_id, collection_id, user_id, phone, quiet_from, quiet_until, created_at)
    values (${own}, ${here}, ${uuid('person', 2)}, '+31612345678', '22:00', '07:00', now())`);
}

/** The file as somebody else would sign it who has changed it. */
export async function signAnew(changed: Json, key: KeyObject = signing.privateKey): Promise<Json> {
  const { signature: _former, ...rest } = changed;
  const jwk = signing.publicKey.export({ format: 'jwk' });
  const document = { ...rest, installation: await calculateJwkThumbprint(jwk) };
  const signed = await new FlattenedSign(Buffer.from(canonicalJson(document)))
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(key);
  const shown = { public_key: jwk, protected: signed.protected, signature: signed.signature };
  return { ...document, signature: shown };
}
