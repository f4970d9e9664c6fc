import { TenantPage, type Tenant } from '#contract/tenants';
import { instantText } from '#contract/time-text';
import type { Tenants } from '#server/domain/tenants';
import type { Route } from '#server/http/route';
import { tenantFields, type TenantRow } from '#server/store/tenants';
import type { OperatorRoute } from './operator-route.ts';

/** docs/decisions/0282: whoever makes a client says of which tenant. */
export function tenantRoutes(
  operatorRoute: OperatorRoute,
  { tenants }: { readonly tenants: Tenants },
): Route[] {
  return [
    operatorRoute({
      method: 'GET',
      path: '/tenants',
      summary: 'List the tenants of the installation',
      tag: 'tenants',
      list: { fields: tenantFields },
      answer: TenantPage,
      handle: async (_at, call) => call.page(await tenants.list(call.list), toTenant),
    }),
  ];
}

function toTenant(row: TenantRow): Tenant {
  return { ...row, created_at: instantText(row.created_at) };
}
