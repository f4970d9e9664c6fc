import { ApiError } from '#contract/api-error';
import type { IqId } from '#contract/ids';
import { PutSiteTreeRequest, SiteTree, type SiteTreeItem } from '#contract/site-iqs';
import type { Iqs } from '#server/domain/iqs';
import { otpRuleAt } from '#server/domain/installer-access';
import { isOtpWaived } from '#server/domain/permissions';
import type { Trees } from '#server/domain/tree';
import type { Call, Route } from '#server/http/route';
import type { TreeRow } from '#server/store/tree';
import { iqOf } from './iqs.ts';
import { hubErrors } from './site-locks.ts';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'iqs';

/** connect-api.md 3.5 and 4.7: the tree of an IQ, a bare array both ways. */
export function siteTreeRoutes(
  siteRoute: SiteRoute,
  { iqs, trees }: { readonly iqs: Iqs; readonly trees: Trees },
): Route[] {
  const read = async ({ actor }: AtSite, iqId: IqId): Promise<SiteTreeItem[]> =>
    (await trees.read(actor, iqId)).map(toSiteTreeItem);
  return [
    siteRoute({
      method: 'GET',
      path: '/iqs/{id}/tree',
      right: 'see_everything',
      installer: 'iq',
      summary: 'Locks and repeaters of an IQ, in their order',
      tag,
      answer: SiteTree,
      exists: (at, call) => iqOf(iqs, at, call),
      handle: (at, call) => read(at, call.id('id')),
    }),
    siteRoute({
      method: 'PUT',
      path: '/iqs/{id}/tree',
      right: 'manage_hardware',
      installer: 'iq',
      summary: 'Replace the whole tree of an IQ',
      tag,
      body: { schema: PutSiteTreeRequest, mode: 'create' },
      answer: SiteTree,
      errors: ['IQ_TREE_INVALID', ...hubErrors],
      exists: (at, call) => iqOf(iqs, at, call),
      handle: async (at, call: Call, { otp, iq_tree_items }) => {
        const iq = await iqOf(iqs, at, call);
        const readOtp = otpRuleAt(at.place, iq.id);
        const isAsked = iq.otp_enabled && !isOtpWaived(at.place, iq.id);
        if (isAsked && (otp === null || otp === ''))
          throw new ApiError('REQUEST_INVALID', { reason: 'The otp field is required.' });
        const items = iq_tree_items ?? [];
        const sent = { otp, accessor_id: at.accessorId, iq_tree_items: items, vendor: null };
        await trees.replace(at.actor, iq.id, sent, readOtp);
        return read(at, iq.id);
      },
    }),
  ];
}

function toSiteTreeItem({
  iq_link_state: _link,
  signal_strength: _signal,
  signal_strength_last_update: _at,
  ...item
}: TreeRow): SiteTreeItem {
  return item;
}
