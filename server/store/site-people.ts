import type { CollectionId, UserId } from '#contract/ids';
import type { Scope } from './scope.ts';

export type RoleCode = 'site_admin' | 'site_super_user' | 'site_user';

/** Who a person is in a site; `role` null = the owner only, or nobody. */
export type SitePlace = {
  readonly isOwner: boolean;
  readonly role: RoleCode | null;
};

/** The place of a person in a site, or undefined when the tenant has no such site. */
export async function findSitePlace(
  scope: Scope,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId | undefined },
): Promise<SitePlace | undefined> {
  const [row] = await scope.query<{ is_owner: boolean; role: RoleCode | null }>(
    `select coalesce(c.owner_user_id = $3, false) as is_owner,
       (select coalesce(a.role_code, 'site_user') from accessors a
        where a.tenant_id = c.tenant_id and a.collection_id = c.id and a.user_id = $3
        order by a.created_at limit 1) as role
     from collections c where c.tenant_id = $1 and c.id = $2`,
    [scope.tenantId, siteId, userId ?? null],
    'site_place',
  );
  return row === undefined ? undefined : { isOwner: row.is_owner, role: row.role };
}
