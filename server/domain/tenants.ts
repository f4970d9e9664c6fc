/** The tenants of the installation, as whoever runs it sees them. */
import type { ListOptions } from '#contract/odata';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { listTenants, type TenantRow } from '#server/store/tenants';

export type Tenants = {
  list(options: ListOptions): Promise<ListResult<TenantRow>>;
};

export function createTenants({ database }: { readonly database: Database }): Tenants {
  return { list: (options) => listTenants(database, options) };
}
