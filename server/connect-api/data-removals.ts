import {
  DataRemovalPage,
  DataRemovalResponse,
  RefuseDataRemovalRequest,
} from '#contract/data-removals';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { DataRemovals } from '#server/domain/data-removals';
import type { Call, Route } from '#server/http/route';
import { dataRemovalFields, type DataRemovalRow } from '#server/store/data-removals';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'data_removals';
const right = 'manage_site';

/** behaviour.md 19: who wants to be forgotten by a site, and the answers to it. */
export function dataRemovalRoutes(
  siteRoute: SiteRoute,
  { dataRemovals }: { readonly dataRemovals: DataRemovals },
): Route[] {
  const removalOf = ({ siteId }: AtSite, call: Call) => ({
    siteId,
    id: call.id('data_removal_id'),
  });
  const exists = (at: AtSite, call: Call) => dataRemovals.get(at.actor, removalOf(at, call));
  return [
    siteRoute({
      method: 'GET',
      path: '/data_removals',
      right,
      summary: 'List the requests of people to be forgotten by a site',
      tag,
      list: { fields: dataRemovalFields },
      answer: DataRemovalPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(await dataRemovals.list(actor, call.list, siteId), toDataRemovalResponse),
    }),
    siteRoute({
      method: 'POST',
      path: '/data_removals/{data_removal_id}/accept',
      right,
      summary: 'Remove a person with all keys, and erase what the site knows of them',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      async handle(at, call) {
        const { warnings } = await dataRemovals.accept(at.actor, removalOf(at, call));
        for (const word of warnings) call.warn(word);
      },
    }),
    siteRoute({
      method: 'POST',
      path: '/data_removals/{data_removal_id}/refuse',
      right,
      summary: 'Refuse a removal with a reason, which the person is told',
      tag,
      body: { schema: RefuseDataRemovalRequest, mode: 'create' },
      answer: DataRemovalResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: async (at, call, body) =>
        toDataRemovalResponse(await dataRemovals.refuse(at.actor, removalOf(at, call), body)),
    }),
  ];
}

function toDataRemovalResponse(row: DataRemovalRow): DataRemovalResponse {
  return {
    ...row,
    created_at: instantText(row.created_at),
    expires_at: instantText(row.expires_at),
    answered_at: instantTextOrNull(row.answered_at),
  };
}
