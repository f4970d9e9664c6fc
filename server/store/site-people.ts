import type { CollectionId, TenantId, UserId } from '#contract/ids';
import type { Scope } from './scope.ts';

export type RoleCode = 'site_admin' | 'site_super_user' | 'site_user';

/** Who a person is in a site; `role` null = the owner only, or nobody. */
export type SitePlace = {
  readonly isOwner: boolean;
  readonly role: RoleCode | null;
};

/** Bus topic that says roles of a tenant were taken away or changed; told by the database itself (migration of streams). */
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

/** The same for many, in their order. */
export async function findSitePlaces(
  scope: Scope,
  people: readonly PersonAtSite[],
): Promise<(SitePlace | undefined)[]> {
  const rows = await scope.query<{ is_owner: boolean | null; role: RoleCode | null }>(
    `select case when c.id is not null then coalesce(c.owner_user_id = p.user_id, false) end as is_owner,
       (select coalesce(a.role_code, 'site_user') from accessors a
        where a.tenant_id = c.tenant_id and a.collection_id = c.id and a.user_id = p.user_id
        order by a.created_at limit 1) as role
     from unnest($2::uuid[], $3::uuid[]) with ordinality as p (site_id, user_id, place)
     left join collections c on c.tenant_id = $1 and c.id = p.site_id
     order by p.place`,
    [
      scope.tenantId,
      people.map(({ siteId }) => siteId),
      people.map(({ userId }) => userId ?? null),
    ],
    'site_places',
  );
  return rows.map(({ is_owner, role }) =>
    is_owner === null ? undefined : { isOwner: is_owner, role },
  );
}
