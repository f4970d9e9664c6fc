/** What a decision at one door rests on: the items of the desired state, as wanted and as the hub has proven to hold them. */
import type { AccessGroupId, AccessorId, CollectionId, IqId, KeyId, LockId } from '#contract/ids';
import type { AccessBy, EntryCategory, RejectReason } from '#contract/events';
import type { KeyType } from '#contract/keys';
import type { Scope } from './scope.ts';

/** A lock of a site with the hub behind it. */
export type WhyDoor = {
  readonly iq_id: IqId | null;
  readonly is_attached: boolean;
  readonly privacy_mode: boolean;
  readonly is_in_office_mode: boolean;
  readonly registers_tags: boolean;
  readonly iq_online: boolean;
  readonly iq_last_seen_at: Date | null;
  /** The newest version the hub has proven to hold; 0 = none. */
  readonly proven: number;
  readonly offline_key_limit: number | null;
  readonly holds_schedules: boolean;
  readonly communication_type: string;
  readonly lock_type: string;
};

/** A hub that is ahead of us holds the state of a database that was restored since: it has proven nothing. */
export async function findWhyDoor(
  scope: Scope,
  lockId: LockId,
  { collectionId, now }: { readonly collectionId: CollectionId; readonly now: Date },
): Promise<WhyDoor | undefined> {
  const [row] = await scope.query<Omit<WhyDoor, 'proven'> & { proven: string }>(
    `select l.iq_id, l.iq_link_state <> 'detached' as is_attached, l.privacy_mode,
       l.locked_state = 'office_mode' as is_in_office_mode,
       coalesce(l.tag_registration_until > $4::timestamptz, false) as registers_tags,
       coalesce(q.online, false) as iq_online, q.last_seen_at as iq_last_seen_at,
       coalesce(case when q.applied_version > q.desired_version then 0 else q.applied_version end, 0) as proven,
       l.offline_key_limit, coalesce(l.holds_schedules, false) as holds_schedules, l.communication_type, l.lock_type
     from locks l left join iqs q on q.tenant_id = l.tenant_id and q.id = l.iq_id
     where l.tenant_id = $1 and l.id = $2 and l.collection_id = $3`,
    [scope.tenantId, lockId, collectionId, now],
  );
  return row && { ...row, proven: Number(row.proven) };
}

/** A key as its relation names it. */
export type WhyKey = {
  readonly key_type: KeyType;
  /** What a reader reports, or the keyed hash of a keypad code. */
  readonly value: string;
};

/** A key of somebody who is no stranger to the site: of its collection, of none, or in one of its groups. */
export async function findWhyKey(
  scope: Scope,
  keyId: KeyId,
  collectionId: CollectionId,
): Promise<WhyKey | undefined> {
  const [row] = await scope.query<WhyKey>(
    `select k.key_type, coalesce(t.tag_number, k.credential_value, '') as value from keys k
     join accessors a on a.tenant_id = k.tenant_id and a.id = k.accessor_id
     left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id
     where k.tenant_id = $1 and k.id = $2 and (a.collection_id is null or a.collection_id = $3
       or exists (select 1 from access_group_accessors m
         join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
         where m.tenant_id = a.tenant_id and m.accessor_id = a.id and g.collection_id = $3))`,
    [scope.tenantId, keyId, collectionId],
  );
  return row;
}

/** What is looked for among the keys: the values a reader or keypad may report, or the number on the chip. */
export type WhySearch = {
  readonly types: readonly KeyType[];
  readonly values: readonly string[];
  readonly rfidUid: string | null;
};

/**
 * Who holds such a credential: by the rows, and by what hubs have proven to hold where that is otherwise, as for a key taken
 * away a moment ago.
 */
export async function findWhyHolders(
  scope: Scope,
  iqId: IqId,
  { types, values, rfidUid }: WhySearch,
): Promise<AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select k.accessor_id as id from keys k
      where k.tenant_id = $1 and k.key_type = any ($3) and k.credential_value = any ($4)
     union select k.accessor_id from tags t
      join keys k on k.tenant_id = t.tenant_id and k.credential_id = t.id and k.key_type = 'tag'
      where t.tenant_id = $1 and 'tag' = any ($3) and (t.tag_number = any ($4) or upper(t.rfid_uid) = upper($5))
     union select substr(d.key, 10)::uuid from desired_items d
      where d.tenant_id = $1 and d.iq_id = $2 and d.confirmed_at is null and d.former is not null
        and d.key like 'accessor/%'
        and exists (select 1 from jsonb_to_recordset(d.former -> 'keys') as x (type text, value text, rfid_uid text)
          where x.type = any ($3) and (x.value = any ($4) or upper(x.rfid_uid) = upper($5)))`,
    [scope.tenantId, iqId, types, values, rfidUid],
  );
  return rows.map(({ id }) => id);
}

/** An item as wanted and as the hub has proven to hold it; null = not there. */
export type WhyItem = {
  readonly key: string;
  readonly value: unknown;
  readonly held: unknown;
  readonly isHeld: boolean;
  readonly changed_at: Date;
};

/** The items that decide about some accessors at one lock: settings, the lock, its groups and those accessors. */
export async function listWhyItems(
  scope: Scope,
  iqId: IqId,
  about: {
    readonly lockId: LockId;
    readonly accessorIds: readonly AccessorId[];
    readonly proven: number;
  },
): Promise<WhyItem[]> {
  const rows = await scope.query<Omit<WhyItem, 'isHeld'> & { is_held: boolean }>(
    `select key, value, changed_at, version <= $5 as is_held,
       case when version <= $5 then value when former_version <= $5 then former end as held
     from desired_items
     where tenant_id = $1 and iq_id = $2 and key = any (
       array['settings', 'lock/' || $3]
       || array(select 'accessor/' || id from unnest($4::uuid[]) as given (id))
       || array(select 'group/' || g from desired_items l,
            jsonb_array_elements_text(coalesce(l.value -> 'group_ids', '[]') || coalesce(l.former -> 'group_ids', '[]')) as g
            where l.tenant_id = $1 and l.iq_id = $2 and l.key = 'lock/' || $3))
     order by key`,
    [scope.tenantId, iqId, about.lockId, about.accessorIds, about.proven],
  );
  return rows.map(({ is_held: isHeld, ...row }) => ({ ...row, isHeld }));
}

export type WhyEntry = {
  readonly event_category: EntryCategory;
  readonly event_detail: string | null;
  readonly utc_date_time: Date;
  readonly lock_id: LockId | null;
  readonly accessor_id: AccessorId | null;
  readonly access_by: AccessBy | null;
  readonly access_detail: string | null;
  readonly reject_reason: RejectReason | null;
  readonly exit_requested: boolean;
};

/** An entry of a site that may still be shown (behaviour.md 9). */
export async function findWhyEntry(
  scope: Scope,
  entryId: string,
  { collectionId, now }: { readonly collectionId: CollectionId; readonly now: Date },
): Promise<WhyEntry | undefined> {
  const [row] = await scope.query<WhyEntry>(
    `select e.event_category, e.event_detail, e.utc_date_time, e.lock_id, e.accessor_id, e.access_by, e.access_detail,
       e.reject_reason, e.exit_requested
     from entries e join collections c on c.tenant_id = e.tenant_id and c.id = e.collection_id
     where e.tenant_id = $1 and e.id = $2 and e.collection_id = $3 and e.is_readable
       and e.utc_date_time + make_interval(secs => c.store_events_ttl_seconds) > $4::timestamptz`,
    [scope.tenantId, entryId, collectionId, now],
  );
  return row;
}

/** What the site calls these groups. */
export async function listGroupNames(
  scope: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  const rows = await scope.query<{ id: AccessGroupId; customer_reference: string | null }>(
    'select id, customer_reference from access_groups where tenant_id = $1 and id = any ($2)',
    [scope.tenantId, ids],
  );
  return new Map(rows.map((row) => [row.id, row.customer_reference]));
}

/** Which of these accessors belong to another site. */
export async function findStrangers(
  scope: Scope,
  ids: readonly string[],
  collectionId: CollectionId,
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select id from accessors where tenant_id = $1 and id = any ($2) and collection_id is not null and collection_id <> $3`,
    [scope.tenantId, ids, collectionId],
  );
  return new Set(rows.map((row) => row.id));
}
