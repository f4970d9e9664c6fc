import type { CollectionId, UserId } from '#contract/ids';
import type { Scope } from './scope.ts';

export type DoorUseRow = {
  readonly accessor_id: string;
  readonly lock_id: string;
  readonly utc_date_time: Date;
  readonly local_date_time: string;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly alias: string | null;
};

type Uses = {
  readonly siteId: CollectionId;
  readonly lockIds: readonly string[];
  readonly from: Date;
  /** Its second is included. */
  readonly to: Date;
  readonly now: Date;
};

/** Who used which of the doors when, person by person by name, each in order of time; refusals and exits of nobody are left out. */
export function readDoorUses(
  scope: Scope,
  { siteId, lockIds, from, to, now }: Uses,
): Promise<DoorUseRow[]> {
  return scope.query<DoorUseRow>(
    `select e.accessor_id, e.lock_id, e.utc_date_time, e.local_date_time, p.first_name, p.last_name, a.alias
     from entries e
     join collections c on c.tenant_id = e.tenant_id and c.id = e.collection_id
     left join accessors a on a.tenant_id = e.tenant_id and a.id = e.accessor_id
     left join people p on p.tenant_id = a.tenant_id and p.id = a.user_id
     where e.tenant_id = $1 and e.collection_id = $2 and e.lock_id = any ($3::uuid[])
       and e.utc_date_time >= $4 and e.utc_date_time < $5::timestamptz + interval '1 second'
       and e.accessor_id is not null and e.event_category in ('lock_opened', 'office_mode', 'easy_office_mode')
       and e.is_readable and e.utc_date_time + make_interval(secs => c.store_events_ttl_seconds) > $6
     order by lower(p.last_name), lower(p.first_name), lower(a.alias), e.accessor_id, e.utc_date_time, e.id`,
    [scope.tenantId, siteId, lockIds, from, to, now],
    'attendance_uses',
  );
}

/** Where a report may be sent: an address whose owner is known to be the person. */
export async function findVerifiedMail(
  scope: Scope,
  userId: UserId,
): Promise<{ readonly address: string; readonly language: string | null } | undefined> {
  const [row] = await scope.query<{ address: string; language: string | null }>(
    `select n.email as address, n.language from users u join logins n on n.id = u.login_id
     where u.tenant_id = $1 and u.id = $2 and n.email_verified`,
    [scope.tenantId, userId],
  );
  return row;
}
