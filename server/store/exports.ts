/**
 * Reading a collection as a whole: which rows belong to it, and their columns as contract/exports.ts names them. Everything
 * is read in one snapshot.
 */
import {
  exportEvents,
  exportRows,
  exportSections,
  mostExportedEvents,
  type ExportEventSection,
  type ExportFile,
  type ExportRow,
  type ExportSection,
} from '#contract/exports';
import type { CollectionId, IqId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import { inTransaction, type Scope } from './scope.ts';

/** The ids of what belongs to a collection. */
export type CollectionParts = {
  readonly iqs: readonly string[];
  readonly locks: readonly string[];
  readonly repeaters: readonly string[];
  readonly groups: readonly string[];
  readonly accessors: readonly string[];
  readonly tags: readonly string[];
};

/** Reads in one snapshot that nothing written meanwhile can change. */
export function inSnapshot<T>(
  { database, tenantId }: { readonly database: Database; readonly tenantId: TenantId },
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  return inTransaction({ database, tenantId }, async (scope) => {
    await scope.query('set transaction isolation level repeatable read read only', []);
    // Instants are written with the zone of the session.
    await scope.query(`set local time zone 'UTC'`, []);
    return work(scope);
  });
}

/**
 * What belongs to a collection: its hardware, people, groups and tags; groups of no collection that have one of its locks,
 * with all their members, and the tags those hold. Tags of other collections count where they may open here.
 */
export async function findCollectionParts(
  scope: Scope,
  collectionId: CollectionId,
): Promise<CollectionParts> {
  const [row] = await scope.query<CollectionParts>(
    `with c as (
       select masterkey_id, coalesce((options ->> 'tags_from_other_sites')::boolean, true) as takes_other_tags
         from collections where tenant_id = $1 and id = $2
     ), q as (select id from iqs where tenant_id = $1 and collection_id = $2),
     l as (select id from locks where tenant_id = $1 and (collection_id = $2 or iq_id in (select id from q))),
     r as (select id from repeaters where tenant_id = $1 and (collection_id = $2 or iq_id in (select id from q))),
     g as (
       select id from access_groups g where tenant_id = $1 and (collection_id = $2 or (collection_id is null and exists (
         select 1 from access_group_locks m where m.tenant_id = $1 and m.access_group_id = g.id and m.lock_id in (select id from l))))
     ), a as (
       select id from accessors a where tenant_id = $1 and (collection_id = $2 or exists (
         select 1 from access_group_accessors m
          where m.tenant_id = $1 and m.accessor_id = a.id and m.access_group_id in (select id from g)))
     ), t as (
       select id from tags t where tenant_id = $1 and (collection_id = $2 or id = (select masterkey_id from c)
         or ((collection_id is null or (select takes_other_tags from c)) and exists (
           select 1 from keys k where k.tenant_id = $1 and k.key_type = 'tag' and k.credential_id = t.id
              and k.accessor_id in (select id from a))))
     )
     select array(select id from q order by id) as iqs, array(select id from l order by id) as locks,
       array(select id from r order by id) as repeaters, array(select id from g order by id) as groups,
       array(select id from a order by id) as accessors, array(select id from t order by id) as tags`,
    [scope.tenantId, collectionId],
  );
  return row ?? { iqs: [], locks: [], repeaters: [], groups: [], accessors: [], tags: [] };
}

const ofRules =
  'x.rule_id in (select id from message_rules where tenant_id = $1 and collection_id = $2)';

/** Which rows of a section's table belong to the parts; `$2` is the collection, `$3` to `$8` its parts. */
const belongs: Readonly<Record<ExportSection, string>> = {
  people: `x.id in (
      select user_id from accessors where tenant_id = $1 and id = any ($7) and collection_id = $2
      union select owner_user_id from collections where tenant_id = $1 and id = $2
      union select user_id from message_recipients where tenant_id = $1 and collection_id = $2
      union select u.user_id from message_rule_users u join message_rules r on r.tenant_id = u.tenant_id and r.id = u.rule_id
        where r.tenant_id = $1 and r.collection_id = $2
      union select u.user_id from message_rule_recipients u join message_rules r on r.tenant_id = u.tenant_id
        and r.id = u.rule_id where r.tenant_id = $1 and r.collection_id = $2)`,
  site_roles: 'x.collection_id = $2',
  locker_groups: 'x.collection_id = $2',
  floors: 'x.collection_id = $2',
  floor_plans: 'x.floor_id in (select id from floors where tenant_id = $1 and collection_id = $2)',
  floor_plan_locks: `x.lock_id = any ($4)
    and x.floor_id in (select id from floors where tenant_id = $1 and collection_id = $2)`,
  iqs: 'x.id = any ($3)',
  repeaters: 'x.id = any ($5)',
  locks: 'x.id = any ($4)',
  tags: 'x.id = any ($8)',
  accessors: 'x.id = any ($7)',
  locker_occupations: 'x.lock_id = any ($4) and x.accessor_id = any ($7)',
  pods: 'x.collection_id = $2',
  pod_users: `x.accessor_id = any ($7)
    and x.pod_id in (select id from pods where tenant_id = $1 and collection_id = $2)`,
  collection_settings: 'x.collection_id = $2 and x.accessor_id = any ($7)',
  keys: `x.accessor_id = any ($7) and (x.key_type = 'license_plate' or x.key_type = 'tag' and x.credential_id = any ($8)
    or $9::boolean and x.key_type in ('pin', 'custom_pin'))`,
  key_settings: `exists (select 1 from collection_settings s where s.tenant_id = $1 and s.id = x.collection_setting_id
      and s.collection_id = $2 and s.accessor_id = any ($7))
    and exists (select 1 from keys k where k.tenant_id = $1 and k.id = x.key_id and k.accessor_id = any ($7)
      and (k.key_type = 'license_plate' or k.key_type = 'tag' and k.credential_id = any ($8)
        or $9::boolean and k.key_type in ('pin', 'custom_pin')))`,
  offline_keys: `x.lock_id = any ($4) and exists (select 1 from keys k where k.tenant_id = $1 and k.id = x.key_id
      and k.accessor_id = any ($7) and k.key_type = 'tag' and k.credential_id = any ($8))`,
  access_groups: 'x.id = any ($6)',
  access_group_accessors: 'x.access_group_id = any ($6) and x.accessor_id = any ($7)',
  access_group_locks: 'x.access_group_id = any ($6) and x.lock_id = any ($4)',
  time_schedules: 'x.access_group_id = any ($6)',
  message_rules: 'x.collection_id = $2',
  message_rule_locks: `x.lock_id = any ($4) and ${ofRules}`,
  message_rule_users: ofRules,
  message_rule_recipients: ofRules,
  message_rule_schedules: ofRules,
  message_recipients: 'x.collection_id = $2',
};

/** Columns of a section that are made of more than the column of that name. */
const made: Readonly<Record<string, string>> = {
  // Somebody of another collection comes with what the doors know, and not as a person.
  'accessors.user_id': 'case when x.collection_id = $2 then x.user_id end',
  'accessors.role_ids': `case when x.collection_id = $2 then x.role_ids else '{}' end`,
  'accessors.alias': `case when x.collection_id = $2 then x.alias else '' end`,
  'keys.credential_value': `case when x.key_type = 'license_plate' then x.credential_value end`,
  'floor_plans.image': `translate(encode(x.image, 'base64'), E'\\n', '')`,
  'iqs.code_hash': `coalesce((select f.code_hash from factory_hubs f where f.hub_id = x.hub_id and f.claimed_iq_id = x.id),
    x.awaited_code_hash)`,
  'iqs.ledger': `(select jsonb_build_object('boot', h.boot, 'sequence', h.sequence) from iq_ledgers h
    where h.tenant_id = x.tenant_id and h.iq_id = x.id and h.sequence > 0)`,
};

const largestOrder = 'x.created_at, x.id';
const orders: Readonly<Partial<Record<ExportSection, string>>> = {
  floor_plans: 'x.floor_id',
  floor_plan_locks: 'x.lock_id',
  offline_keys: 'x.lock_id, x.key_id',
  access_group_accessors: 'x.access_group_id, x.accessor_id',
  access_group_locks: 'x.access_group_id, x.lock_id',
  locker_occupations: 'x.lock_id',
  // The parent of a role goes before it.
  site_roles: 'x.depth, x.created_at, x.id',
  pod_users: 'x.pod_id, x.accessor_id',
  message_rule_locks: 'x.rule_id, x.lock_id',
  message_rule_users: 'x.rule_id, x.user_id',
  message_rule_recipients: 'x.rule_id, x.user_id',
  message_recipients: 'x.user_id',
};

export type ExportedRows = { [Name in ExportSection]: ExportRow<Name>[] };

/** The rows of every section. */
export async function readExportRows(
  scope: Scope,
  of: {
    readonly collectionId: CollectionId;
    readonly parts: CollectionParts;
    /** Keypad codes are left out where nobody could be told their hashes. */
    readonly withCodes: boolean;
  },
): Promise<ExportedRows> {
  const { iqs, locks, repeaters, groups, accessors, tags } = of.parts;
  const values = [of.collectionId, iqs, locks, repeaters, groups, accessors, tags, of.withCodes];
  const rows: Partial<Record<ExportSection, unknown[]>> = {};
  for (const name of exportSections) {
    const columns = Object.keys(exportRows[name].properties)
      .map((column) => `${made[`${name}.${column}`] ?? `x.${column}`} as ${column}`)
      .join(', ');
    const found = await scope.query<{ row: unknown }>(
      `with parts as (select $1::uuid, $2::uuid, $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[],
         $9::boolean)
       select to_jsonb(found) as row from (select ${columns} from ${name} x
         where x.tenant_id = $1 and ${belongs[name]} order by ${orders[name] ?? largestOrder}) found`,
      [scope.tenantId, ...values],
    );
    rows[name] = found.map(({ row }) => row);
  }
  // The schema that names the columns is the one files are checked by; the database holds nothing else.
  return rows as ExportedRows;
}

/** The collection itself; undefined = the tenant has none of that id. */
export async function readExportCollection(
  scope: Scope,
  id: CollectionId,
): Promise<ExportFile['collection'] | undefined> {
  const [row] = await scope.query<{ row: ExportFile['collection'] }>(
    `select to_jsonb(found) as row from (select id, customer_reference, country_code, time_zone, sync_mkey, masterkey_id,
         store_entry_events, store_incident_events, store_lam_audits, store_events_ttl_seconds, vendor_references, options,
         owner_user_id, created_at
       from collections where tenant_id = $1 and id = $2) found`,
    [scope.tenantId, id],
  );
  return row?.row;
}

/** The newest events of these IQs in a collection, oldest first. */
export async function readExportEvents(
  scope: Scope,
  of: { readonly collectionId: CollectionId; readonly iqs: readonly string[] },
): Promise<NonNullable<ExportFile['events']>> {
  const entries = await readEvents(scope, 'entries', of);
  const incidents = await readEvents(scope, 'incidents', of);
  const isComplete = [entries, incidents].every((rows) => rows.length <= mostExportedEvents);
  return {
    is_complete: isComplete,
    entries: entries.slice(-mostExportedEvents),
    incidents: incidents.slice(-mostExportedEvents),
  } as NonNullable<ExportFile['events']>;
}

async function readEvents(
  scope: Scope,
  name: ExportEventSection,
  { collectionId, iqs }: { readonly collectionId: CollectionId; readonly iqs: readonly string[] },
): Promise<unknown[]> {
  const columns = Object.keys(exportEvents[name].properties).join(', ');
  const rows = await scope.query<{ row: unknown }>(
    `select to_jsonb(found) - 'number' as row from (
       select number, ${columns} from ${name}
        where tenant_id = $1 and collection_id = $2 and iq_id = any ($3) order by number desc limit $4) found
     order by found.number`,
    [scope.tenantId, collectionId, iqs, mostExportedEvents + 1],
  );
  return rows.map(({ row }) => row);
}

/** Every key under which keypad codes of the tenant lie, base64; its own first. */
export async function readPinHashKeys(scope: Scope): Promise<string[]> {
  const rows = await scope.query<{ key: string }>(
    `select translate(encode(key, 'base64'), E'\\n', '') as key from (
       select pin_hash_key as key, 0 as place from tenants where id = $1
       union all select key, 1 from former_pin_hash_keys where tenant_id = $1) held order by place, key`,
    [scope.tenantId],
  );
  return rows.map(({ key }) => key);
}

/** The hashes of keypad codes of accessors. */
export async function readPinHashes(
  scope: Scope,
  accessorIds: readonly string[],
): Promise<{ readonly key_id: string; readonly hash: string }[]> {
  return scope.query(
    `select id as key_id, credential_value as hash from keys
      where tenant_id = $1 and accessor_id = any ($2) and key_type in ('pin', 'custom_pin') and credential_value is not null
      order by id`,
    [scope.tenantId, accessorIds],
  );
}

export type SealedOtp = {
  readonly iq_id: IqId;
  readonly accessor_id: string;
  readonly secret_sealed: Buffer;
  readonly pin_sealed: Buffer;
  readonly activation_state: 'inactive' | 'active';
  readonly activation_date: Date | null;
};

/** OTP activations of accessors at IQs, as they lie. */
export async function readOtp(
  scope: Scope,
  of: Pick<CollectionParts, 'iqs' | 'accessors'>,
): Promise<SealedOtp[]> {
  return scope.query<SealedOtp>(
    `select iq_id, accessor_id, secret_sealed, pin_sealed, activation_state, activation_date from iq_pins
      where tenant_id = $1 and iq_id = any ($2) and accessor_id = any ($3) order by iq_id, accessor_id`,
    [scope.tenantId, of.iqs, of.accessors],
  );
}
