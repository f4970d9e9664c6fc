/** Who has to have a second factor, as far as the tables say; across tenants, as logins are. */
import type { LoginId } from '#contract/ids';
import { builtInRoles } from '#contract/roles';
import type { Database } from './pool.ts';

export type FactorDemand = {
  /** Operator, or owner or admin of some site. */
  readonly isAdmin: boolean;
  /** A site of which the person is owner or admin demands it. */
  readonly isDemandedBySite: boolean;
};

export async function findFactorDemand(
  database: Database,
  loginId: LoginId,
): Promise<FactorDemand> {
  const { rows } = await database.pool.query<{ is_admin: boolean; is_demanded: boolean }>({
    name: 'find-factor-demand',
    text: `with places as (
             select c.options from users u join collections c on c.tenant_id = u.tenant_id and c.owner_user_id = u.id
             where u.login_id = $1
             union all
             select c.options from users u join accessors a on a.tenant_id = u.tenant_id and a.user_id = u.id
             join collections c on c.tenant_id = a.tenant_id and c.id = a.collection_id
             where u.login_id = $1 and $2 = any (a.role_ids)
           )
           select exists (select from places) or exists (select from logins where id = $1 and is_operator) as is_admin,
             exists (select from places where options ->> 'second_factor_for_admins' = 'true') as is_demanded`,
    values: [loginId, builtInRoles.site_admin.id],
  });
  const row = rows[0];
  return { isAdmin: row?.is_admin ?? false, isDemandedBySite: row?.is_demanded ?? false };
}
