import { VendorPage, VendorResponse } from '#contract/vendors';
import type { Vendors } from '#server/domain/vendors';
import { route, type Route } from '#server/http/route';
import { vendorFields } from '#server/store/vendors';
import { actorOf } from './actor.ts';

/** core-api.md 6.7: vendors. One path serves both lookups: a segment that is a UUID is an id, any other a reference. */
export function vendorRoutes({ vendors }: { readonly vendors: Vendors }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/vendors',
      access: 'read',
      summary: 'List vendors',
      tag: 'vendors',
      list: { fields: vendorFields },
      answer: VendorPage,
      handle: async (call) => call.page(await vendors.list(actorOf(call), call.list), (row) => row),
    }),
    route({
      method: 'GET',
      path: '/vendors/{vendor_id}',
      access: 'read',
      summary: 'One vendor, by id or by reference',
      tag: 'vendors',
      textParams: ['vendor_id'],
      answer: VendorResponse,
      handle: (call) => vendors.get(actorOf(call), call.text('vendor_id')),
    }),
  ];
}
