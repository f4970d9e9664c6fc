/** What an import asks the rows that are here already, and how its own are laid. */
import { exportEvents, type ExportEventSection, type ExportSection } from '#contract/exports';
import type { CollectionId } from '#contract/ids';
import { insertRows } from './bulk.ts';
import type { Scope, WriteScope } from './scope.ts';

/** Tables whose ids are unique in the whole installation; those of the others in their tenant. */
const isUniqueEverywhere = new Set<string>(['collections', 'iqs', 'accessors', 'access_groups']);

export type IdTable =
  'collections' | 'users' | Exclude<ExportSection, 'people' | WithoutId> | ExportEventSection;
type WithoutId =
  | 'floor_plans'
  | 'floor_plan_locks'
  | 'offline_keys'
  | 'access_group_accessors'
  | 'access_group_locks'
  | 'locker_occupations'
  | 'pod_users'
  | 'message_rule_locks'
  | 'message_rule_users'
  | 'message_rule_recipients'
  | 'message_recipients';

/** Of these ids of a table, those that are taken. */
export async function findTakenIds(
  scope: Scope,
  table: IdTable,
  ids: readonly string[],
): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const rows = await scope.query<{ id: string }>(
    `select id from ${table} where id = any ($2) and ($3 or tenant_id = $1)`,
    [scope.tenantId, ids, isUniqueEverywhere.has(table)],
  );
  return rows.map(({ id }) => id);
}

/** Whether anything belongs to a collection. */
export async function isCollectionEmpty(scope: Scope, id: CollectionId): Promise<boolean> {
  const tables = [
    'floors',
    'iqs',
    'locks',
    'repeaters',
    'tags',
    'accessors',
    'access_groups',
    'collection_settings',
    'pods',
    'site_roles',
    'locker_groups',
    'message_recipients',
  ];
  const [row] = await scope.query<{ used: boolean }>(
    `select ${tables
      .map((table) => `exists (select 1 from ${table} where tenant_id = $1 and collection_id = $2)`)
      .join(' or ')} as used`,
    [scope.tenantId, id],
  );
  return row?.used !== true;
}

export type SoughtHardware = {
  readonly lockCodes: readonly string[];
  readonly repeaterCodes: readonly string[];
  /** SHA-256 of activation codes of hubs. */
  readonly hubCodes: readonly string[];
  readonly tagNumbers: readonly string[];
};

/** A kind of hardware of which somebody here has a piece already, or null. */
export async function findClaimedHardware(
  scope: Scope,
  { lockCodes, repeaterCodes, hubCodes, tagNumbers }: SoughtHardware,
): Promise<'lock' | 'repeater' | 'hub' | 'tag' | null> {
  const [row] = await scope.query<{
    kind: 'lock' | 'repeater' | 'hub' | 'tag' | null;
  }>(
    `select case
       when exists (select 1 from factory_hubs where code_hash = any ($4) and claimed_iq_id is not null)
         or exists (select 1 from iqs where awaited_code_hash = any ($4)) then 'hub'
       when exists (select 1 from locks where code = any ($2))
         or exists (select 1 from retired_codes where code = any ($2)) then 'lock'
       when exists (select 1 from repeaters where code = any ($3)) then 'repeater'
       when exists (select 1 from tags where tag_number = any ($5)) then 'tag' end as kind
     where $1::uuid is not null`,
    [scope.tenantId, lockCodes, repeaterCodes, hubCodes, tagNumbers],
  );
  return row?.kind ?? null;
}

/** References of hardware families that are known here. */
export async function findVendorReferences(scope: Scope): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ reference: string }>('select reference from vendors', []);
  return new Set(rows.map(({ reference }) => reference));
}

export type Row = Readonly<Record<string, unknown>>;

export async function insertCollectionRow(scope: WriteScope, row: Row): Promise<void> {
  await insertRows(scope, 'collections', [row]);
}

/** Gives an empty collection the settings of another; a name it has stays. */
export async function overwriteCollection(
  scope: WriteScope,
  { id, created_at: _created, ...row }: Row,
): Promise<void> {
  const columns = Object.keys(row).filter((column) => column !== 'customer_reference');
  await scope.query(
    `update collections c set ${columns.map((column) => `${column} = r.${column}`).join(', ')},
            customer_reference = coalesce(c.customer_reference, r.customer_reference)
       from jsonb_populate_record(null::collections, $3::jsonb) r where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, id, JSON.stringify(row)],
  );
}

/** Lays rows of a section; what they refer to must be there. */
export async function insertSection(
  scope: WriteScope,
  name: ExportSection,
  rows: readonly Row[],
): Promise<void> {
  await insertRows(scope, name === 'people' ? 'users' : name, rows);
}

/** What the tenant knows of addresses (in small letters): the person who has one, else the account a mail has proven it for. */
export async function findKnownAddresses(
  scope: Scope,
  addresses: readonly string[],
): Promise<readonly { address: string; user_id: string | null; login_id: string | null }[]> {
  if (addresses.length === 0) return [];
  return scope.query(
    `with asked as (select unnest($2::text[]) as address),
     found as (
       select a.address, u.id as user_id, n.id as login_id, 0 as place from asked a
         join logins n on lower(n.email) = a.address and n.email_verified
         left join users u on u.tenant_id = $1 and u.login_id = n.id
       union all
       select a.address, u.id, null, 1 from asked a
         join users u on u.tenant_id = $1 and u.email is not null and lower(u.email) = a.address and u.login_id is null
     )
     select distinct on (address) address, user_id, login_id from found order by address, user_id is null, place`,
    [scope.tenantId, addresses],
  );
}

/** The rules a collection is born with make room for those that are brought. */
export async function removeRules(scope: WriteScope, collectionId: string): Promise<void> {
  await scope.query('delete from message_rules where tenant_id = $1 and collection_id = $2', [
    scope.tenantId,
    collectionId,
  ]);
}

/** The owner that is brought, for a collection that has none; tells whether the site has a readable name. */
export async function putFormerOwner(
  scope: WriteScope,
  { collectionId, userId }: { readonly collectionId: string; readonly userId: string },
): Promise<boolean> {
  const [row] = await scope.query<{ named: boolean }>(
    `update collections set owner_user_id = coalesce(owner_user_id, $3) where tenant_id = $1 and id = $2
     returning site_uid is not null as named`,
    [scope.tenantId, collectionId, userId],
  );
  return row?.named ?? true;
}

/** OTP activations, sealed. */
export async function insertOtp(
  scope: WriteScope,
  rows: readonly (Row & { readonly secret_sealed: Buffer; readonly pin_sealed: Buffer })[],
): Promise<void> {
  const hex = (bytes: Buffer): string => `\\x${bytes.toString('hex')}`;
  await insertRows(
    scope,
    'iq_pins',
    rows.map((row) => ({
      ...row,
      secret_sealed: hex(row.secret_sealed),
      pin_sealed: hex(row.pin_sealed),
    })),
  );
}

/** How far the ledgers of hubs were stored where they come from. */
export async function insertLedgers(scope: WriteScope, rows: readonly Row[]): Promise<void> {
  await insertRows(scope, 'iq_ledgers', rows);
}

/**
 * Lays events in their order, below every number given so far: streams tell of what happens, not of what is brought. Waits
 * for its turn among the writers of the tenant.
 */
export async function insertFormerEvents(
  scope: WriteScope,
  name: ExportEventSection,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  await scope.query(
    `select pg_advisory_xact_lock(hashtextextended('event-numbers ' || $1::uuid::text, 0))`,
    [scope.tenantId],
  );
  const columns = [...Object.keys(exportEvents[name].properties), 'collection_id', 'stored_at'];
  const list = columns.join(', ');
  await scope.query(
    `insert into ${name} (tenant_id, number, ${list})
     select $1, least(0, (select min(number) from ${name} where tenant_id = $1)) - row_number() over (order by place desc),
       ${list}
     from (select r.*, place from jsonb_array_elements($2::jsonb) with ordinality as e (value, place)
       cross join lateral jsonb_populate_record(null::${name}, e.value) r) ordered`,
    [scope.tenantId, JSON.stringify(rows)],
  );
}

/** Keys under which keypad codes lie that came from elsewhere; true = one of them is news to the tenant. */
export async function addFormerPinHashKeys(
  scope: WriteScope,
  { keys, now }: { readonly keys: readonly string[]; readonly now: Date },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into former_pin_hash_keys (tenant_id, key, created_at)
     select distinct $1::uuid, decode(given, 'base64'), $3::timestamptz from unnest($2::text[]) as given
      where not exists (select 1 from tenants where id = $1 and pin_hash_key = decode(given, 'base64'))
     on conflict do nothing returning 1`,
    [scope.tenantId, keys, now],
  );
  return rows.length > 0;
}
