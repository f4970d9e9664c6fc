import { ApiError } from '#contract/api-error';
import type { ListOptions } from '#contract/odata';
import type { VendorResponse } from '#contract/vendors';
import type { Actor } from '#server/events/audit';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { readScope, type Scope } from '#server/store/scope';
import { findVendor, listVendors } from '#server/store/vendors';

/** The family meant when none is named (core-api.md 7.1). */
export const defaultVendor = 'sallis';

export type Vendors = {
  list(actor: Actor, options: ListOptions): Promise<ListResult<VendorResponse>>;
  /** VALUE_INVALID (404) when nothing has that id or reference. */
  get(actor: Actor, idOrReference: string): Promise<VendorResponse>;
};

export function createVendors({ database }: { readonly database: Database }): Vendors {
  return {
    list: (actor, options) => listVendors(readScope(database, actor.tenantId), options),
    async get(actor, idOrReference) {
      const vendor = await findVendor(readScope(database, actor.tenantId), idOrReference);
      if (vendor === undefined)
        throw new ApiError('VALUE_INVALID', { parameter: 'vendor_id', case: 'path_id' });
      return vendor;
    },
  };
}

/** The reference of a family named in a body; blank = the default. VALUE_INVALID when it is unknown. */
export async function vendorReference(
  scope: Scope,
  { sent, parameter }: { readonly sent: string | null; readonly parameter: string },
): Promise<string> {
  if (sent === null || sent.trim() === '') return defaultVendor;
  const vendor = await findVendor(scope, sent.trim());
  if (vendor?.reference === undefined || vendor.reference === null)
    throw new ApiError('VALUE_INVALID', { parameter, reason: 'No such vendor is installed.' });
  return vendor.reference;
}
