import { sql } from 'kysely';
import type { ListOptions } from '#contract/odata';
import type { VendorResponse } from '#contract/vendors';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export const vendorFields = {
  id: { type: 'uuid', sql: sql`v.id`, isNotNull: true },
  reference: { type: 'text', sql: sql`v.reference`, isNotNull: true },
  display_name: { type: 'text', sql: sql`v.display_name`, isNotNull: true },
} as const satisfies SqlListFields;

/** Hardware families belong to the installation, not to a tenant. */
export function listVendors(
  scope: Scope,
  options: ListOptions,
): Promise<ListResult<VendorResponse>> {
  return listRows<VendorResponse>(scope, {
    from: sql`vendors v`,
    tenant: 'shared',
    select: sql`v.id, v.reference, v.display_name`,
    fields: vendorFields,
    options,
    id: sql`v.id`,
    defaultOrder: [{ sql: sql`v.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** By id or by reference in any letter case. */
export async function findVendor(
  scope: Scope,
  idOrReference: string,
): Promise<VendorResponse | undefined> {
  const [row] = await scope.query<VendorResponse>(
    'select id, reference, display_name from vendors where id::text = lower($1) or reference = lower($1)',
    [idOrReference],
  );
  return row;
}
