import {
  PatchSiteRepeaterRequest,
  PostSiteRepeaterRequest,
  SiteRepeaterPage,
  SiteRepeaterResponse,
} from '#contract/site-repeaters';
import type { Repeaters } from '#server/domain/repeaters';
import type { Call, Route } from '#server/http/route';
import { ApiError } from '#contract/api-error';
import { siteRepeaterFields, type RepeaterRow } from '#server/store/repeaters';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'repeaters';
const right = 'manage_hardware';

/** connect-api.md 3.5: repeaters of a site. */
export function siteRepeaterRoutes(
  siteRoute: SiteRoute,
  { repeaters }: { readonly repeaters: Repeaters },
): Route[] {
  /** What lies in another site of the tenant names nothing here. */
  const exists = async ({ actor, siteId }: AtSite, call: Call): Promise<RepeaterRow> => {
    const row = await repeaters.get(actor, call.id('id'));
    if (row.collection_id === siteId) return row;
    throw new ApiError('VALUE_INVALID', { parameter: 'repeater_id', case: 'path_id' });
  };
  return [
    siteRoute({
      method: 'GET',
      path: '/repeaters',
      right: 'see_everything',
      installer: 'site',
      summary: 'List the repeaters of a site',
      tag,
      list: { fields: siteRepeaterFields },
      answer: SiteRepeaterPage,
      handle: async (at, call) =>
        call.page(await repeaters.list(at.actor, call.list, viewOf(at)), toSiteRepeater),
    }),
    siteRoute({
      method: 'POST',
      path: '/repeaters',
      right,
      installer: 'site',
      summary: 'Register a repeater by its code',
      tag,
      body: { schema: PostSiteRepeaterRequest, mode: 'create' },
      answer: SiteRepeaterResponse,
      errors: ['ACTIVATION_CODE_INVALID'],
      handle: async ({ actor, siteId }, _call, body) =>
        toSiteRepeater(
          await repeaters.create(actor, { ...body, collection_id: siteId, vendor: null }),
        ),
    }),
    siteRoute({
      method: 'GET',
      path: '/repeaters/{id}',
      right: 'see_everything',
      installer: 'repeater',
      summary: 'One repeater',
      tag,
      answer: SiteRepeaterResponse,
      handle: async (at, call) => toSiteRepeater(await exists(at, call)),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/repeaters/{id}',
      right,
      installer: 'repeater',
      summary: 'Change the name of a repeater',
      tag,
      body: { schema: PatchSiteRepeaterRequest, mode: 'patch' },
      answer: SiteRepeaterResponse,
      exists,
      handle: async ({ actor }, call, body) =>
        toSiteRepeater(await repeaters.update(actor, call.id('id'), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/repeaters/{id}',
      right,
      installer: 'repeater',
      summary: 'Remove a repeater',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: ({ actor }, call) => repeaters.remove(actor, call.id('id')),
    }),
  ];
}

function toSiteRepeater(row: RepeaterRow): SiteRepeaterResponse {
  const named = (id: string | null, name: string | null) =>
    id === null ? null : { id, customer_reference: name };
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    mac: row.mac,
    online: row.online,
    iq_link_state: row.iq_link_state,
    iq: named(row.iq_id, row.iq_customer_reference),
    parent_repeater: named(row.repeater_id, row.parent_customer_reference),
    communication_type: row.communication_type,
  };
}
