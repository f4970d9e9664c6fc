/** Persons of a tenant (view `people`): whoever has a login is what the login says, the others what their sites have written. */
import { sql } from 'kysely';
import type { CollectionId, LoginId, UserId } from '#contract/ids';
import type { UserSummaryResponse } from '#contract/users';
import { compileSql } from './list.ts';
import type { Scope, WriteScope } from './scope.ts';

export type Person = {
  readonly id: UserId;
  readonly email: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly language: string | null;
  readonly has_profile: boolean;
  /** The site that made the person, and may change names and address until there is a profile. */
  readonly managing_site_id: CollectionId | null;
};

const columns =
  'p.id, p.email, p.first_name, p.last_name, p.language, p.has_profile, p.managing_site_id';

export async function findPerson(scope: Scope, id: UserId): Promise<Person | undefined> {
  const [row] = await scope.query<Person>(
    `select ${columns} from people p where p.tenant_id = $1 and p.id = $2`,
    [scope.tenantId, id],
    'person_find',
  );
  return row;
}

/** In which language people of the tenant want to be addressed; null where nobody has said so. */
export async function readLanguages(
  scope: Scope,
  ids: readonly UserId[],
): Promise<ReadonlyMap<UserId, string | null>> {
  const rows = await scope.query<{ id: UserId; language: string | null }>(
    'select p.id, p.language from people p where p.tenant_id = $1 and p.id = any ($2)',
    [scope.tenantId, ids],
    'people_languages',
  );
  return new Map(rows.map(({ id, language }) => [id, language]));
}

/**
 * Who has an address, in any letter case. That of a login counts when a mail has proven it: else whoever signs up with
 * somebody's address would be let in with them.
 */
export async function findPersonByAddress(
  scope: Scope,
  address: string,
): Promise<Person | undefined> {
  const [row] = await scope.query<Person>(
    `select ${columns} from people p left join logins n on n.id = p.login_id
     where p.tenant_id = $1 and lower(p.email) = lower($2) and (n.id is null or n.email_verified)
     order by p.has_profile desc limit 1`,
    [scope.tenantId, address],
  );
  return row;
}

/** The login of an address that a mail has proven, whether or not its person is known in the tenant. */
export async function findLoginOfAddress(
  scope: Scope,
  address: string,
): Promise<LoginId | undefined> {
  const [row] = await scope.query<{ id: LoginId }>(
    'select id from logins where lower(email) = lower($1) and email_verified',
    [address],
  );
  return row?.id;
}

export type NewPerson = {
  readonly id: UserId;
  /** The names and the address are those of the login, where there is one. */
  readonly loginId: LoginId | null;
  readonly email: string | null;
  readonly firstName: string;
  readonly lastName: string;
  readonly managingSiteId: CollectionId;
  readonly createdAt: Date;
};

/** False when the address or the login has a person in the tenant already. */
export async function insertPerson(scope: WriteScope, person: NewPerson): Promise<boolean> {
  const rows = await scope.query(
    `insert into users (tenant_id, id, login_id, email, first_name, last_name, managing_site_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning id`,
    [
      scope.tenantId,
      person.id,
      person.loginId,
      person.email,
      person.firstName,
      person.lastName,
      person.managingSiteId,
      person.createdAt,
    ],
  );
  return rows.length > 0;
}

/** Holds an address, so that two who write it at the same time make one person of it. */
export async function holdAddress(scope: WriteScope, address: string): Promise<void> {
  await scope.query(
    `select pg_advisory_xact_lock(hashtextextended('address ' || $1 || lower($2), 0))`,
    [scope.tenantId, address],
  );
}

/** Keeps the person as it is until the transaction ends, so that nobody removes it meanwhile; false when it is gone. */
export async function holdPerson(scope: WriteScope, id: UserId): Promise<boolean> {
  const rows = await scope.query(
    'select 1 from users where tenant_id = $1 and id = $2 for no key update',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}

/** Writes what is given of a person without a profile. */
export async function updatePerson(
  scope: WriteScope,
  id: UserId,
  {
    firstName,
    lastName,
    email,
  }: {
    readonly firstName?: string | undefined;
    readonly lastName?: string | undefined;
    readonly email?: string | undefined;
  },
): Promise<void> {
  await scope.query(
    `update users set first_name = coalesce($3, first_name), last_name = coalesce($4, last_name), email = coalesce($5, email)
     where tenant_id = $1 and id = $2 and login_id is null`,
    [scope.tenantId, id, firstName ?? null, lastName ?? null, email ?? null],
  );
}

/**
 * After people have left a site: the name is looked after by the next site that has the person; of whom no site has any more, and
 * who has no profile, nothing is kept.
 */
export async function leaveSite(
  scope: WriteScope,
  { userIds, siteId }: { readonly userIds: readonly UserId[]; readonly siteId: CollectionId },
): Promise<void> {
  await scope.query(
    `update users u set managing_site_id = (
       select a.collection_id from accessors a
       where a.tenant_id = $1 and a.user_id = u.id and a.collection_id <> $3 order by a.created_at, a.id limit 1)
     where u.tenant_id = $1 and u.id = any ($2) and u.managing_site_id = $3`,
    [scope.tenantId, userIds, siteId],
  );
  await scope.query(
    `delete from users u where u.tenant_id = $1 and u.id = any ($2) and u.login_id is null
       and not exists (select 1 from accessors a where a.tenant_id = $1 and a.user_id = u.id)
       and not exists (select 1 from collections c
         where c.tenant_id = $1 and u.id in (c.owner_user_id, c.installer_user_id))`,
    [scope.tenantId, userIds],
  );
}

/** Whoever has exactly this address or tag number, as a site sees them; one at most. */
export async function searchPerson(
  scope: Scope,
  { text, siteId }: { readonly text: string; readonly siteId: CollectionId },
): Promise<UserSummaryResponse | undefined> {
  const isTagNumber = /^\d{8}$/.test(text);
  const found = isTagNumber
    ? sql`exists (select from accessors a join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id
        join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id and k.key_type = 'tag'
        where a.tenant_id = p.tenant_id and a.user_id = p.id and t.tag_number = ${text})`
    : sql`lower(p.email) = lower(${text}) and (n.id is null or n.email_verified)`;
  const query =
    compileSql(sql`select p.id, nullif(p.first_name, '') as first_name, nullif(p.last_name, '') as last_name,
      p.email, p.image_url, p.has_profile,
      (not p.has_profile and coalesce(p.managing_site_id = ${siteId}::uuid, false)) as is_managed_by_current_site,
      (select t.tag_number from accessors a join keys k on k.tenant_id = a.tenant_id and k.accessor_id = a.id
        join tags t on t.tenant_id = k.tenant_id and t.id = k.credential_id and k.key_type = 'tag'
        where a.tenant_id = p.tenant_id and a.user_id = p.id
        order by (a.collection_id = ${siteId}::uuid) desc, k.created_at, k.id limit 1) as tag_number
    from people p left join logins n on n.id = p.login_id
    where p.tenant_id = ${scope.tenantId}::uuid and ${found}
    order by p.has_profile desc, p.created_at, p.id limit 1`);
  const [row] = await scope.query<UserSummaryResponse>(query.text, query.values);
  return row;
}
