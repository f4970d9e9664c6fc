/** Everything that is known of a person: read for the person, and erased (behaviour.md 19). */
import type { AccessorId, CollectionId, LoginId, TenantId, UserId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

type Place = {
  readonly siteId: CollectionId;
  readonly accessorId: AccessorId;
};

/**
 * Blanks what entries of an accessor say in free text (tag numbers, plates), up to the newest, and remembers how far: what a hub
 * that was away tells later is blanked by `blankLateEntries`.
 */
export async function forgetEntries(
  scope: WriteScope,
  { siteId, accessorId, at }: Place & { readonly at: Date },
): Promise<void> {
  await scope.query(
    `insert into forgotten_accessors (tenant_id, accessor_id, collection_id, number, forgotten_at)
     values ($1, $2, $3, (select coalesce(max(number), 0) from entries where tenant_id = $1 and collection_id = $3), $4)
     on conflict (tenant_id, accessor_id) do nothing`,
    [scope.tenantId, accessorId, siteId, at],
  );
  await scope.query(
    `update entries set access_detail = null
     where tenant_id = $1 and accessor_id = $2 and access_detail is not null`,
    [scope.tenantId, accessorId],
  );
  // Made again from the entry, should it be sent once more.
  await scope.query(
    `update webhook_deliveries d set body = null from webhooks w
     where d.tenant_id = $1 and d.body is not null and w.tenant_id = $1 and w.id = d.webhook_id and w.collection_id = $3
       and exists (select 1 from entries e where e.tenant_id = $1 and e.id = d.event_id and e.accessor_id = $2)`,
    [scope.tenantId, accessorId, siteId],
  );
}

/** Blanks entries of forgotten people that came after they were forgotten; a hub may have been away for 90 days. */
export async function blankLateEntries(database: Database, now: Date): Promise<void> {
  await database.pool.query(
    `delete from forgotten_accessors where forgotten_at < $1::timestamptz - interval '90 days'`,
    [now],
  );
  await database.pool.query(
    `with heads as (
       select f.tenant_id, f.accessor_id, f.collection_id, f.number as after,
         (select max(e.number) from entries e where e.tenant_id = f.tenant_id and e.collection_id = f.collection_id) as up_to
       from forgotten_accessors f
     ), blanked as (
       update entries e set access_detail = null from heads h
       where h.up_to > h.after and e.tenant_id = h.tenant_id and e.collection_id = h.collection_id
         and e.number > h.after and e.number <= h.up_to and e.accessor_id = h.accessor_id and e.access_detail is not null
     )
     update forgotten_accessors f set number = h.up_to from heads h
     where h.tenant_id = f.tenant_id and h.accessor_id = f.accessor_id and h.up_to > h.after`,
  );
}

/** Erases what messages of a site say of a person to others, and what they said to the person. */
export async function forgetMessages(
  scope: WriteScope,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<void> {
  await scope.query(
    `delete from messages where tenant_id = $1 and collection_id = $2 and (user_id = $3 or event_user_id = $3)`,
    [scope.tenantId, siteId, userId],
  );
  await scope.query(
    'delete from message_recipients where tenant_id = $1 and collection_id = $2 and user_id = $3',
    [scope.tenantId, siteId, userId],
  );
  for (const table of ['message_rule_users', 'message_rule_recipients'] as const)
    await scope.query(
      `delete from ${table} t using message_rules r
       where t.tenant_id = $1 and t.user_id = $3 and r.tenant_id = $1 and r.id = t.rule_id and r.collection_id = $2`,
      [scope.tenantId, siteId, userId],
    );
}

/** Where a person can be reached, and in which language; what the login says where there is one. */
export type Contact = {
  readonly login_id: LoginId | null;
  readonly email: string | null;
  readonly language: string | null;
  readonly site_name: string | null;
};

export async function findContact(
  scope: Scope,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<Contact | undefined> {
  const [row] = await scope.query<Contact>(
    `select p.login_id, p.email, p.language,
       (select c.customer_reference from collections c where c.tenant_id = $1 and c.id = $2) as site_name
     from people p where p.tenant_id = $1 and p.id = $3`,
    [scope.tenantId, siteId, userId],
  );
  return row;
}

/** Whether a person is there still; kept as it is by everybody else until the transaction ends. */
export async function holdUser(scope: WriteScope, userId: UserId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from users where tenant_id = $1 and id = $2 for update',
    [scope.tenantId, userId],
  );
  return rows.length > 0;
}

/** Removes a person who is nobody in the tenant any more; false when there is still a place. */
export async function deleteUserWithoutPlace(scope: WriteScope, userId: UserId): Promise<boolean> {
  const rows = await scope.query(
    `delete from users u where u.tenant_id = $1 and u.id = $2
       and not exists (select 1 from accessors a where a.tenant_id = $1 and a.user_id = $2)
       and not exists (select 1 from collections c
         where c.tenant_id = $1 and $2 in (c.owner_user_id, c.installer_user_id))
     returning u.id`,
    [scope.tenantId, userId],
  );
  return rows.length > 0;
}

/** Erases what failed sign-ins of a login have left beside the audit chain of a tenant: its networks. */
export async function forgetFailedSignIns(scope: WriteScope, loginId: LoginId): Promise<void> {
  await scope.query(
    `delete from audit_changes c using audit_log r
     where c.tenant_id = $1 and r.tenant_id = $1 and r.number = c.number
       and r.action in ('sign_in.fail', 'sign_in.reuse')
       and c.body like '%' || $2 || '%'`,
    [scope.tenantId, `login:${loginId}`],
  );
}

/** A person who asked to be deleted as a whole, and the tenants that know of it. */
export async function listTenantsOfLogin(
  database: Database,
  loginId: LoginId,
): Promise<{ readonly tenant_id: TenantId; readonly user_id: UserId }[]> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId; user_id: UserId }>(
    'select tenant_id, id as user_id from users where login_id = $1 order by tenant_id',
    [loginId],
  );
  return rows;
}

/** Every tenant, since anybody's guess at a password is written down where the client of the guess belongs. */
export async function listTenantsOfFailedSignIns(
  database: Database,
  loginId: LoginId,
): Promise<TenantId[]> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>(
    `select distinct c.tenant_id from sign_in_failures f join clients c on c.id = f.client_id
     where f.account = $1 and c.tenant_id is not null`,
    [`login:${loginId}`],
  );
  return rows.map((row) => row.tenant_id);
}

/** From here on nobody signs in as this person; whoever finds the mark carries the removal out. */
export async function markRemoval(
  database: Database,
  { loginId, at }: { readonly loginId: LoginId; readonly at: Date },
): Promise<void> {
  await database.pool.query(
    `update logins set removal_requested_at = coalesce(removal_requested_at, $2), disabled_at = coalesce(disabled_at, $2)
     where id = $1`,
    [loginId, at],
  );
}

/** Logins whose removal was asked for and has not ended. */
export async function listMarkedLogins(database: Database): Promise<LoginId[]> {
  const { rows } = await database.pool.query<{ id: LoginId }>(
    'select id from logins where removal_requested_at is not null order by removal_requested_at limit 100',
  );
  return rows.map((row) => row.id);
}

/** Removes a login with its sessions, factors, tokens and limits; its people must be gone. Undefined when it was gone before. */
export async function deleteLogin(
  scope: WriteScope,
  loginId: LoginId,
): Promise<{ readonly email: string | null; readonly language: string | null } | undefined> {
  await scope.query(`delete from oidc_payloads where payload ->> 'accountId' = $1`, [loginId]);
  await scope.query('delete from sign_in_failures where account = $1', [`login:${loginId}`]);
  const [gone] = await scope.query<{ email: string | null; language: string | null }>(
    'delete from logins where id = $1 returning email, language',
    [loginId],
  );
  return gone;
}

/** What we know of a login, for the person: as JSON, with times in UTC. */
export async function readLoginData(database: Database, loginId: LoginId): Promise<unknown> {
  const { rows } = await database.pool.query<{ data: unknown }>(
    `select jsonb_build_object(
       'id', n.id, 'email', n.email, 'email_verified', n.email_verified, 'first_name', n.first_name,
       'last_name', n.last_name, 'phone', n.phone, 'language', n.language, 'image_url', n.image_url, 'created_at', n.created_at,
       'sessions', (select coalesce(jsonb_agg(jsonb_build_object('created_at', s.created_at, 'last_used_at', s.last_used_at,
           'network', s.network, 'device', s.user_agent) order by s.created_at), '[]')
         from sign_in_sessions s where s.login_id = n.id),
       'known_networks', (select coalesce(jsonb_agg(jsonb_build_object('network', k.network,
           'last_signed_in_at', k.last_success_at) order by k.last_success_at), '[]')
         from sign_in_networks k where k.login_id = n.id),
       'failed_sign_ins', (select coalesce(jsonb_agg(jsonb_build_object('at', f.failed_at, 'network', f.network)
           order by f.failed_at), '[]') from sign_in_failures f where f.account = 'login:' || n.id),
       'mails', (select coalesce(jsonb_agg(jsonb_build_object('address', m.address, 'subject', m.subject,
           'created_at', m.created_at) order by m.created_at), '[]') from account_mails m where m.login_id = n.id)
     ) as data from logins n where n.id = $1`,
    [loginId],
  );
  return rows[0]?.data ?? null;
}

/** What a site knows of a person, for the person. */
export async function readSiteData(
  scope: Scope,
  {
    siteId,
    userId,
    accessorId,
  }: {
    readonly siteId: CollectionId;
    readonly userId: UserId;
    readonly accessorId: AccessorId | null;
  },
): Promise<unknown> {
  const [row] = await scope.query<{ data: unknown }>(
    `select jsonb_build_object(
       'site_id', c.id, 'site_name', c.customer_reference, 'user_id', $3::uuid,
       'is_owner', coalesce(c.owner_user_id = $3, false), 'site_user_id', a.id, 'alias', a.alias, 'role_ids', a.role_ids,
       'since', a.created_at, 'expires_at', a.expires_at, 'blocked', a.blocked,
       'keys', (select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'type', k.key_type, 'number', t.tag_number,
           'license_plate', case when k.key_type = 'license_plate' then k.credential_value end, 'blocked', k.blocked,
           'since', k.created_at) order by k.created_at), '[]')
         from keys k left join tags t on k.key_type = 'tag' and t.tenant_id = k.tenant_id and t.id = k.credential_id
         where k.tenant_id = $1 and k.accessor_id = a.id),
       'devices', (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.customer_reference,
           'since', d.created_at) order by d.created_at), '[]')
         from devices d where d.tenant_id = $1 and (d.accessor_id = a.id or d.user_id = $3)),
       'access_groups', (select coalesce(jsonb_agg(g.customer_reference order by g.customer_reference), '[]')
         from access_group_accessors m join access_groups g on g.tenant_id = m.tenant_id and g.id = m.access_group_id
         where m.tenant_id = $1 and m.accessor_id = a.id and g.pod_id is null),
       'pods', (select coalesce(jsonb_agg(jsonb_build_object('name', d.customer_reference, 'as', u.pod_user_type,
           'rule', u.access_rule_type, 'since', u.created_at) order by u.created_at, d.id), '[]')
         from pod_users u join pods d on d.tenant_id = u.tenant_id and d.id = u.pod_id
         where u.tenant_id = $1 and u.accessor_id = a.id),
       'messages', (select jsonb_build_object('phone', r.phone, 'quiet_from', r.quiet_from, 'quiet_until', r.quiet_until)
         from message_recipients r where r.tenant_id = $1 and r.collection_id = $2 and r.user_id = $3),
       'entries', (select coalesce(jsonb_agg(jsonb_build_object('at', e.utc_date_time, 'event', e.event_category,
           'door', e.lock_customer_reference, 'by', e.access_by, 'detail', e.access_detail) order by e.number), '[]')
         from entries e where e.tenant_id = $1 and e.accessor_id = a.id and e.is_readable)
     ) as data
     from collections c left join accessors a on a.tenant_id = $1 and a.id = $4
     where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, siteId, userId, accessorId],
  );
  return row?.data ?? null;
}
