/**
 * A collection becomes another tenant's: its rows keep their ids and get the other tenant, table by table, in one transaction
 * (behaviour.md 20). With `scopeOfOtherTenant` and the transfer token the only place where rows pass between tenants.
 */
import type { CollectionId, TenantId } from '#contract/ids';
import type { CollectionParts } from './exports.ts';
import type { Scope, WriteScope } from './scope.ts';

export type Transfer = {
  readonly from: TenantId;
  readonly collectionId: CollectionId;
  readonly parts: CollectionParts;
  /** Persons of the tenant that gives → those of the one that takes. */
  readonly people: ReadonlyMap<string, string>;
};

/** Of two transfers, and of a transfer and a code being given out, one waits; what else happens meanwhile is found at the end. */
export async function holdBothTenants(scope: WriteScope, other: TenantId): Promise<void> {
  for (const id of [scope.tenantId, other].sort())
    await scope.query('select 1 from tenants where id = $1 for no key update', [id]);
}

/**
 * What of a collection hangs together with something that stays behind, in words; null = it can go. `scope` is the tenant
 * that gives.
 */
export async function findTie(
  scope: WriteScope,
  { collectionId, parts }: Pick<Transfer, 'collectionId' | 'parts'>,
): Promise<string | null> {
  const [row] = await scope.query<{ tie: string | null }>(
    `select case
       when exists (select 1 from accessors where tenant_id = $1 and id = any ($5) and collection_id <> $2)
         then 'an accessor of another collection has rights in it'
       when exists (select 1 from tags where tenant_id = $1 and id = any ($6) and collection_id <> $2)
         then 'a tag of another collection is used in it'
       when exists (select 1 from access_group_accessors where tenant_id = $1
           and (access_group_id = any ($4)) <> (accessor_id = any ($5)))
         then 'an accessor of it is in a group of another collection'
       when exists (select 1 from access_group_locks where tenant_id = $1
           and (access_group_id = any ($4)) <> (lock_id = any ($3)))
         then 'a group has locks of it and of another collection'
       when exists (select 1 from keys where tenant_id = $1 and key_type = 'tag'
           and (accessor_id = any ($5)) <> (credential_id = any ($6)))
         then 'a tag of it is held by somebody of another collection'
       when exists (select 1 from collection_settings where tenant_id = $1
           and (accessor_id = any ($5)) <> (collection_id = $2))
         then 'an accessor has settings in it and in another collection'
       when exists (select 1 from offline_keys o join keys k on k.tenant_id = o.tenant_id and k.id = o.key_id
           where o.tenant_id = $1 and (o.lock_id = any ($3)) <> (k.accessor_id = any ($5)))
         then 'an offline key of it is at a lock of another collection'
       when exists (select 1 from iq_pins where tenant_id = $1 and (iq_id = any ($7)) <> (accessor_id = any ($5)))
         then 'an accessor has an OTP activation in it and in another collection'
       when exists (select 1 from collections where tenant_id = $1 and id <> $2 and masterkey_id = any ($6))
         then 'its tags are the master key of another collection' end as tie`,
    [
      scope.tenantId,
      collectionId,
      parts.locks,
      parts.groups,
      parts.accessors,
      parts.tags,
      parts.iqs,
    ],
  );
  return row?.tie ?? null;
}

/** The person of the tenant that takes, by the former one's. */
function personOf(column: string): string {
  return `($10::jsonb ->> ${column}::text)::uuid`;
}

/** What each moved table's rows are known by; `$3` is the collection, `$4` to `$9` its parts, `$10` its people. */
const moves: readonly (readonly [table: string, which: string, changes: string])[] = [
  // IQs and their ledgers go first: an upload of events that is being stored is waited for, a later one finds nothing.
  ['iqs', 'id = any ($4)', ', certificate_version = null'],
  ['iq_ledgers', 'iq_id = any ($4)', ''],
  ['gone_iqs', 'collection_id = $3', ''],
  [
    'collections',
    'id = $3',
    `, owner_user_id = ${personOf('owner_user_id')}, installer_user_id = null, installation_state = 'self_installed', default_installer_id = null,
       default_installer_company_id = null`,
  ],
  ['floors', 'collection_id = $3', ''],
  ['floor_plans', 'floor_id in (select id from floors where collection_id = $3)', ''],
  ['repeaters', 'id = any ($6)', ', collection_id = $3'],
  ['locker_groups', 'collection_id = $3', ''],
  ['locks', 'id = any ($5)', ', collection_id = $3'],
  ['floor_plan_locks', 'floor_id in (select id from floors where collection_id = $3)', ''],
  ['site_roles', 'collection_id = $3', ''],
  ['accessors', 'id = any ($8)', `, collection_id = $3, user_id = ${personOf('user_id')}`],
  ['collection_settings', 'accessor_id = any ($8)', ''],
  ['tags', 'id = any ($9)', ', collection_id = $3'],
  ['keys', 'accessor_id = any ($8)', ''],
  [
    'key_settings',
    'key_id in (select id from keys where tenant_id = $1 and accessor_id = any ($8))',
    '',
  ],
  ['offline_keys', 'lock_id = any ($5)', ''],
  ['lock_conditions', 'lock_id = any ($5)', ''],
  ['locker_occupations', 'lock_id = any ($5)', ''],
  ['pods', 'collection_id = $3', ''],
  ['pod_users', 'pod_id in (select id from pods where collection_id = $3)', ''],
  ['iq_pins', 'iq_id = any ($4)', ''],
  // Their certificates are the former tenant's: phones are activated anew.
  [
    'devices',
    'accessor_id = any ($8)',
    `, pending_tbs = null, pending_certificate_id = null, pending_public_key = null, pending_expires_at = null,
       certificate = null, certificate_id = null, certificate_version = null, public_key = null, expires_at = null,
       mkey_id = null, mkey_uid = null`,
  ],
  ['access_groups', 'id = any ($7)', ', collection_id = $3'],
  ['access_group_accessors', 'access_group_id = any ($7)', ''],
  ['access_group_locks', 'access_group_id = any ($7)', ''],
  ['time_schedules', 'access_group_id = any ($7)', ''],
  ['desired_items', 'iq_id = any ($4)', ''],
  ['commands', 'iq_id = any ($4)', ''],
  ['hardware_firmware', 'hardware_id = any ($4::uuid[] || $5::uuid[] || $6::uuid[])', ''],
  ['firmware_updates', 'hardware_id = any ($4::uuid[] || $5::uuid[] || $6::uuid[])', ''],
  ['message_rules', 'collection_id = $3', ''],
  ['message_rule_locks', 'rule_id in (select id from message_rules where collection_id = $3)', ''],
  ...['message_rule_users', 'message_rule_recipients'].map(
    (table) =>
      [
        table,
        'rule_id in (select id from message_rules where collection_id = $3)',
        `, user_id = ${personOf('user_id')}`,
      ] as const,
  ),
  ['message_recipients', 'collection_id = $3', `, user_id = ${personOf('user_id')}`],
  [
    'message_rule_schedules',
    'rule_id in (select id from message_rules where collection_id = $3)',
    '',
  ],
  ['entries', 'collection_id = $3', ''],
  ['incidents', 'collection_id = $3', ''],
  ['forgotten_accessors', 'collection_id = $3', ''],
];

/** What ends with a transfer: the token it was given for, and what was begun in the name of the former tenant. */
const endings: readonly (readonly [table: string, which: string])[] = [
  ['transfer_tokens', 'collection_id = $2'],
  ['messages', 'collection_id = $2'],
  ['installer_access_iqs', 'collection_id = $2'],
  ['installer_accesses', 'collection_id = $2'],
  ['invitations', 'collection_id = $2'],
  ['invitation_blocks', 'collection_id = $2'],
  ['data_removals', 'collection_id = $2'],
  [
    'pod_access_codes',
    'pod_id in (select id from pods where tenant_id = $1 and collection_id = $2)',
  ],
  [
    'message_turns',
    'rule_id in (select id from message_rules where tenant_id = $1 and collection_id = $2)',
  ],
];

/** Phones open no door of the site any more: those of its people are no part of it, the others are activated anew. */
const phoneKeys = 'device_keys';

export const endedTables: readonly string[] = [...endings.map(([table]) => table), phoneKeys];

/** The tables that a transfer moves. */
export const movedTables: readonly string[] = moves.map(([table]) => table);

type PersonOfSite = {
  readonly id: string;
  /** Who the other tenant knows by the same account or address. */
  readonly known_id: string | null;
  readonly is_taken: boolean;
};

/** The people of a site as the tenant of the scope has them or not; `from` is the tenant that gives. */
export async function findPeopleOfSite(
  scope: Scope,
  {
    from,
    collectionId,
    accessors,
  }: {
    readonly from: TenantId;
    readonly collectionId: CollectionId;
    readonly accessors: readonly string[];
  },
): Promise<readonly PersonOfSite[]> {
  return scope.query<PersonOfSite>(
    `with needed as (
       select user_id from accessors where tenant_id = $2 and id = any ($4) and collection_id = $3
       union select owner_user_id from collections where tenant_id = $2 and id = $3
       union select user_id from message_recipients where tenant_id = $2 and collection_id = $3
       union select user_id from message_rule_users where tenant_id = $2
         and rule_id in (select id from message_rules where tenant_id = $2 and collection_id = $3)
       union select user_id from message_rule_recipients where tenant_id = $2
         and rule_id in (select id from message_rules where tenant_id = $2 and collection_id = $3)
     )
     select u.id, coalesce(
         (select k.id from users k where k.tenant_id = $1 and k.login_id = u.login_id),
         (select k.id from users k where k.tenant_id = $1 and u.login_id is null and k.email is not null
             and lower(k.email) = lower(u.email) order by k.id limit 1)) as known_id,
         exists (select 1 from users k where k.tenant_id = $1 and k.id = u.id) as is_taken
       from users u where u.tenant_id = $2 and u.id in (select user_id from needed)`,
    [scope.tenantId, from, collectionId, accessors],
  );
}

/** Makes persons of another tenant known to the one of the scope, as they are there. */
export async function copyPeople(
  scope: WriteScope,
  { from, people }: { readonly from: TenantId; readonly people: ReadonlyMap<string, string> },
): Promise<void> {
  await scope.query(
    `insert into users (tenant_id, id, login_id, email, first_name, last_name, phone, language, managing_site_id, created_at)
     select $1, n.new_id, u.login_id, u.email, u.first_name, u.last_name, u.phone, u.language, u.managing_site_id, u.created_at
       from unnest($3::uuid[], $4::uuid[]) as n (old_id, new_id) join users u on u.tenant_id = $2 and u.id = n.old_id`,
    [scope.tenantId, from, [...people.keys()], [...people.values()]],
  );
}

/** Gives everything to the tenant of the scope; tells how many rows of each table. */
export async function moveCollection(
  scope: WriteScope,
  { from, collectionId, parts, people }: Transfer,
): Promise<Record<string, number>> {
  const { iqs, locks, repeaters, groups, accessors, tags } = parts;
  const persons = JSON.stringify(Object.fromEntries(people));
  const values = [collectionId, iqs, locks, repeaters, groups, accessors, tags, persons];
  await scope.query('set constraints all deferred', []);
  await scope.query(
    `delete from keys where tenant_id = $1 and accessor_id = any ($2) and key_type in ('mkey', 'wallet')`,
    [from, accessors],
  );
  await scope.query(`delete from ${phoneKeys} where tenant_id = $1 and accessor_id = any ($2)`, [
    from,
    accessors,
  ]);
  for (const [table, which] of endings)
    await scope.query(`delete from ${table} where tenant_id = $1 and ${which}`, [
      from,
      collectionId,
    ]);
  const counts: Record<string, number> = {};
  for (const [table, which, changes] of moves) {
    const [row] = await scope.query<{ count: number }>(
      `with parts as (select $3::uuid, $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[],
         $10::jsonb),
       moved as (update ${table} set tenant_id = $1${changes} where tenant_id = $2 and ${which} returning 1)
       select count(*)::int as count from moved`,
      [scope.tenantId, from, ...values],
    );
    counts[table] = row?.count ?? 0;
  }
  await scope.query(
    'update factory_hubs set claimed_tenant_id = $1 where claimed_tenant_id = $2 and claimed_iq_id = any ($3)',
    [scope.tenantId, from, iqs],
  );
  // The settings of an IQ whose tenant is another are made anew, and with them everybody it must know.
  await scope.query(
    `delete from desired_items where tenant_id = $1 and iq_id = any ($2) and key = 'settings'`,
    [scope.tenantId, iqs],
  );
  return counts;
}
