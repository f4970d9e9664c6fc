/** A site that is moved: what it holds, and export files signed by a stranger's key. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, FlattenedSign } from 'jose';
import { hashPin } from '#access/pins';
import { canonicalJson } from '#server/domain/export-signature';
import type { TestServer } from './cardea.ts';

export type Json = Record<string, unknown>;

const signing = generateKeyPairSync('ed25519');

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
