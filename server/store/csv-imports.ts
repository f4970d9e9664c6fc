/** What an import compares its rows with: a site's people, groups, locks and tags by what files call them. */
import { weekdays } from '#contract/fields';
import type { AccessGroupId, AccessorId, CollectionId, LockId, TagId, UserId } from '#contract/ids';
import type { Scope, WriteScope } from './scope.ts';
import { timeScheduleColumns, type TimeScheduleRow } from './time-schedules.ts';

/** One import of a site at a time: two of the same file would make every group twice. */
export async function holdCsvImports(scope: WriteScope, siteId: CollectionId): Promise<void> {
  await scope.query(`select pg_advisory_xact_lock(hashtextextended('csv-import ' || $1, 0))`, [
    siteId,
  ]);
}

export type PresentPerson = {
  readonly id: AccessorId;
  readonly user_id: UserId;
  readonly email: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly language: string | null;
  readonly alias: string;
  readonly has_profile: boolean;
  readonly is_managed: boolean;
  readonly role_ids: readonly string[];
  readonly group_ids: readonly AccessGroupId[];
  readonly tag_ids: readonly TagId[];
  /** An invitation to this site that is open or was declined: nothing more is mailed unasked. */
  readonly is_invited: boolean;
};

/** People of a site who have one of these addresses (lower case) or, without an address, one of these aliases. */
export function findPresentPeople(
  scope: Scope,
  {
    siteId,
    addresses,
    aliases,
    now,
  }: {
    readonly siteId: CollectionId;
    readonly addresses: readonly string[];
    readonly aliases: readonly string[];
    readonly now: Date;
  },
): Promise<PresentPerson[]> {
  return scope.query<PresentPerson>(
    `select a.id, a.user_id, p.email, coalesce(p.first_name, '') as first_name, coalesce(p.last_name, '') as last_name,
       p.language, a.alias, p.has_profile, (not p.has_profile and coalesce(p.managing_site_id = $2, false)) as is_managed,
       a.role_ids,
       array(select m.access_group_id from access_group_accessors m
         where m.tenant_id = a.tenant_id and m.accessor_id = a.id) as group_ids,
       array(select k.credential_id from keys k
         where k.tenant_id = a.tenant_id and k.accessor_id = a.id and k.key_type = 'tag') as tag_ids,
       exists (select from invitations i where i.tenant_id = a.tenant_id and i.collection_id = $2 and i.user_id = a.user_id
         and (i.state = 'declined' or (i.state = 'open' and i.expires_at > $5))) as is_invited
     from accessors a
     join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
     where a.tenant_id = $1 and a.collection_id = $2
       and (lower(p.email) = any ($3) or (p.email is null and a.alias = any ($4)))
     order by a.created_at, a.id`,
    [scope.tenantId, siteId, addresses, aliases, now],
  );
}

/** Those of these addresses (lower case) that somebody has: a person of the tenant, or an account. */
export async function findKnownAddresses(
  scope: Scope,
  addresses: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await scope.query<{ address: string }>(
    `select lower(u.email) as address from users u where u.tenant_id = $1 and lower(u.email) = any ($2)
     union select lower(n.email) from logins n where lower(n.email) = any ($2)`,
    [scope.tenantId, addresses],
  );
  return new Set(rows.map(({ address }) => address));
}

export type NamedGroup = { readonly id: AccessGroupId; readonly name: string };

/** Groups of doors of a site that have a name, oldest first. */
export function listNamedGroups(scope: Scope, siteId: CollectionId): Promise<NamedGroup[]> {
  return scope.query<NamedGroup>(
    `select g.id, g.customer_reference as name from access_groups g
     where g.tenant_id = $1 and g.collection_id = $2 and g.customer_reference is not null
       and g.locker_id is null and g.pod_id is null
     order by g.created_at, g.id`,
    [scope.tenantId, siteId],
  );
}

/** Locks of a site with their names. */
export function listNamedLocks(
  scope: Scope,
  siteId: CollectionId,
): Promise<{ readonly id: LockId; readonly name: string | null }[]> {
  return scope.query(
    `select l.id, l.customer_reference as name from locks l
     where l.tenant_id = $1 and l.collection_id = $2 order by l.created_at, l.id`,
    [scope.tenantId, siteId],
  );
}

/** Locks of groups. */
export function listLocksOfGroups(
  scope: Scope,
  groupIds: readonly AccessGroupId[],
): Promise<{ readonly group_id: AccessGroupId; readonly lock_id: LockId }[]> {
  return scope.query(
    `select access_group_id as group_id, lock_id from access_group_locks
     where tenant_id = $1 and access_group_id = any ($2)`,
    [scope.tenantId, groupIds],
  );
}

export type GroupSchedule = TimeScheduleRow & { readonly group_id: AccessGroupId };

/** Schedules of groups. */
export function listSchedulesOfGroups(
  scope: Scope,
  groupIds: readonly AccessGroupId[],
): Promise<GroupSchedule[]> {
  return scope.query<GroupSchedule>(
    `select s.access_group_id as group_id, ${timeScheduleColumns} from time_schedules s
     where s.tenant_id = $1 and s.access_group_id = any ($2)`,
    [scope.tenantId, groupIds],
  );
}

/** What makes two schedules the same one. */
export function scheduleKey(schedule: Omit<TimeScheduleRow, 'id'>): string {
  const { start_time, end_time, start_date, end_date } = schedule;
  const days = weekdays.map((day) => (schedule[day] ? '1' : '0')).join('');
  return [days, start_time, end_time, start_date, end_date].join(' ');
}

export type PresentTag = {
  readonly id: TagId;
  readonly tag_number: string;
  readonly rfid_uid: string | null;
  readonly collection_id: CollectionId | null;
  readonly expiry_date: Date | null;
};

/** Tags of the tenant by their numbers. */
export function findTagsByNumber(scope: Scope, numbers: readonly string[]): Promise<PresentTag[]> {
  return scope.query<PresentTag>(
    `select id, tag_number, rfid_uid, collection_id, expiry_date from tags
     where tenant_id = $1 and tag_number = any ($2)`,
    [scope.tenantId, numbers],
  );
}

/**
 * Numbers and chip ids that tags have already, other than the tenant's own tags of these numbers: an own chip under another number,
 * and whatever belongs to others (behaviour.md 5.1).
 */
export async function findTakenTags(
  scope: Scope,
  { numbers, chips }: { readonly numbers: readonly string[]; readonly chips: readonly string[] },
): Promise<{ readonly numbers: ReadonlySet<string>; readonly chips: ReadonlyMap<string, string> }> {
  const foreign = await scope.query<{ tag_number: string }>(
    'select tag_number from tags where tag_number = any ($2) and tenant_id <> $1',
    [scope.tenantId, numbers],
  );
  const chipped = await scope.query<{ rfid_uid: string; tag_number: string | null }>(
    `select rfid_uid, case when tenant_id = $1 then tag_number end as tag_number from tags where rfid_uid = any ($2)`,
    [scope.tenantId, chips],
  );
  return {
    numbers: new Set(foreign.map((row) => row.tag_number)),
    chips: new Map(chipped.map((row) => [row.rfid_uid, row.tag_number ?? ''])),
  };
}

/** Enters a tag that no lock has seen yet; false when somebody entered the number meanwhile. */
export async function insertExpectedTag(
  scope: WriteScope,
  tag: {
    readonly id: TagId;
    readonly tagNumber: string;
    readonly rfidUid: string | null;
    readonly collectionId: CollectionId;
    readonly expiresAt: string | null;
    readonly now: Date;
  },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into tags (tenant_id, id, tag_number, rfid_uid, collection_id, expiry_date, added_date, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict do nothing returning id`,
    [scope.tenantId, tag.id, tag.tagNumber, tag.rfidUid, tag.collectionId, tag.expiresAt, tag.now],
  );
  return rows.length > 0;
}
