/** Who a person is in a site, as the rights need it. */
import type { AccessorId, CollectionId, IqId, TenantId, UserId } from '#contract/ids';
import { builtInRoles, findBuiltInRole, type Role, type RoleRight } from '#contract/roles';
import type { Database } from './pool.ts';
import type { Scope } from './scope.ts';

export type InstallationState = 'installation' | 'released' | 'self_installed';

/** How far a site has come and what it has been given. */
export type SiteFacts = {
  readonly installationState: InstallationState;
  /** null = without end. */
  readonly subscriptionEndsAt: Date | null;
  /** null = every feature. */
  readonly features: readonly string[] | null;
};

/** Who a person is in a site; without accessor: the owner or the installer only, or nobody. */
export type SitePlace = SiteFacts & {
  readonly isOwner: boolean;
  /** Sets the site up, and acts as its owner until the release. */
  readonly isInstaller: boolean;
  readonly accessorId: AccessorId | null;
  readonly roles: readonly Role[];
  /** An installer whom the site has let in for a day (behaviour.md 17); null = none, also when the day is over by `endsAt`. */
  readonly visit: InstallerVisit | null;
};

/** What somebody may touch who was let in as an installer: hardware on these hubs, and nothing else. */
export type InstallerVisit = { readonly endsAt: Date; readonly iqIds: readonly IqId[] };

/** Bus topic that says roles of a tenant were taken away or changed; told by the database itself (migration of people). */
export function rolesTopic(tenantId: TenantId): string {
  return `roles:${tenantId}`;
}

type PersonAtSite = { readonly siteId: CollectionId; readonly userId: UserId | undefined };

/** The place of a person in a site, or undefined when the tenant has no such site. */
export async function findSitePlace(
  scope: Scope,
  person: PersonAtSite,
): Promise<SitePlace | undefined> {
  const [place] = await findSitePlaces(scope, [person]);
  return place;
}

type Row = {
  readonly is_owner: boolean | null;
  readonly is_installer: boolean | null;
  readonly installation_state: InstallationState;
  readonly subscription_ends_at: Date | null;
  readonly features: readonly string[] | null;
  readonly accessor_id: AccessorId | null;
  readonly role_ids: readonly string[] | null;
  readonly own_roles: readonly Role[] | null;
  readonly visit_ends_at: Date | null;
  readonly visit_iq_ids: readonly IqId[] | null;
};

/** The same for many, in their order. */
export async function findSitePlaces(
  scope: Scope,
  people: readonly PersonAtSite[],
): Promise<(SitePlace | undefined)[]> {
  const rows = await scope.query<Row>(
    `select case when c.id is not null then coalesce(c.owner_user_id = p.user_id, false) end as is_owner,
       coalesce(c.installation_state = 'installation' and c.installer_user_id = p.user_id, false) as is_installer,
       c.installation_state, c.subscription_ends_at, c.features, a.id as accessor_id, a.role_ids,
       (select json_agg(json_build_object('id', r.id, 'code', r.code, 'customer_reference', r.customer_reference,
          'parent_id', r.parent_id, 'depth', r.depth, 'rights', r.rights))
        from site_roles r where r.tenant_id = $1 and r.collection_id = a.collection_id and r.id = any (a.role_ids)) as own_roles,
       v.expires_at as visit_ends_at,
       (select array_agg(q.iq_id) from installer_access_iqs q
        where v.expires_at is not null and q.tenant_id = $1 and q.collection_id = c.id) as visit_iq_ids
     from unnest($2::uuid[], $3::uuid[]) with ordinality as p (site_id, user_id, place)
     left join collections c on c.tenant_id = $1 and c.id = p.site_id
     left join accessors a on a.tenant_id = $1 and a.collection_id = c.id and a.user_id = p.user_id
     left join installer_accesses v on v.tenant_id = $1 and v.collection_id = c.id and v.user_id = p.user_id and v.ended_at is null
     order by p.place`,
    [
      scope.tenantId,
      people.map(({ siteId }) => siteId),
      people.map(({ userId }) => userId ?? null),
    ],
    'site_places',
  );
  return rows.map(placeOf);
}

function placeOf(row: Row): SitePlace | undefined {
  if (row.is_owner === null) return undefined;
  return {
    installationState: row.installation_state,
    subscriptionEndsAt: row.subscription_ends_at,
    features: row.features,
    isOwner: row.is_owner,
    isInstaller: row.is_installer ?? false,
    accessorId: row.accessor_id,
    roles: row.accessor_id === null ? [] : rolesOf(row.role_ids ?? [], row.own_roles ?? []),
    visit:
      row.visit_ends_at === null
        ? null
        : { endsAt: row.visit_ends_at, iqIds: row.visit_iq_ids ?? [] },
  };
}

/** The roles that these ids name; a person without any is a plain user of the site. */
export function rolesOf(ids: readonly string[], ownRoles: readonly Role[]): readonly Role[] {
  const roles = ids.flatMap((id) => {
    const role = findBuiltInRole(id) ?? ownRoles.find((own) => own.id === id);
    return role === undefined ? [] : [role];
  });
  return roles.length === 0 ? [builtInRoles.site_user] : roles;
}

/** Whether one of the roles gives the right. */
export function giveRight(roles: readonly Role[], right: RoleRight): boolean {
  return roles.some(({ rights }) => rights.includes(right));
}

/** The tenant of a site, whoever asks; for clients that belong to no tenant. */
export async function findTenantOfSite(
  database: Database,
  siteId: CollectionId,
): Promise<TenantId | undefined> {
  const { rows } = await database.pool.query<{ tenant_id: TenantId }>({
    name: 'tenant_of_site',
    text: 'select tenant_id from collections where id = $1',
    values: [siteId],
  });
  return rows[0]?.tenant_id;
}
