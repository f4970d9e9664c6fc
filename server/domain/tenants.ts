/** The tenants of the installation, as whoever runs it sees them. */
import type { TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { insertFirstTenant, listTenants, type TenantRow } from '#server/store/tenants';

export type Tenants = {
  list(options: ListOptions): Promise<ListResult<TenantRow>>;
};

export function createTenants({ database }: { readonly database: Database }): Tenants {
  return { list: (options) => listTenants(database, options) };
}

/** Gives an installation that has no tenant the one in which its sites and clients are made; says whether it did. */
export async function makeFirstTenant({
  database,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Promise<boolean> {
  const tenantId = ids.next<TenantId>();
  return inTransaction({ database, tenantId }, (scope) =>
    insertFirstTenant(scope, {
      id: tenantId,
      name: 'Home',
      productId: ids.next<string>(),
      pinHashKey: ids.bytes(32),
      createdAt: clock.now(),
    }),
  );
}
