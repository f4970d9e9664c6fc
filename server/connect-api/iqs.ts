import type { ConnectVersion } from '#contract/connect-version';
import { GetSignalStrengthResponse } from '#contract/iqs';
import {
  PatchSiteIqRequest,
  PostSiteIqRequest,
  ReplaceSiteIqRequest,
  SiteIqPage,
  SiteIqResponse,
} from '#contract/site-iqs';
import { instantTextOrNull } from '#contract/time-text';
import type { IqReplacements } from '#server/domain/iq-replacements';
import type { Iqs } from '#server/domain/iqs';
import type { TenantCertificates } from '#server/domain/tenant-certificates';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { siteIqFields, type IqRow } from '#server/store/iqs';
import { hubErrors } from './site-locks.ts';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf } from './site-view.ts';

const tag = 'iqs';

type Parts = {
  readonly version: ConnectVersion;
  readonly iqs: Iqs;
  readonly iqReplacements: IqReplacements;
  readonly tenantCertificates: TenantCertificates;
};

/** The IQ of a path. VALUE_INVALID (`path_id`) when the site has none of that id. */
export function iqOf(iqs: Iqs, at: AtSite, call: Call): Promise<IqRow> {
  return iqs.getSeen(at.actor, { siteId: at.siteId, accessorId: null }, call.id('id'));
}

/** connect-api.md 3.5: IQs of a site, without their tree and OTPs. */
export function siteIqRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [...reading(siteRoute, parts), ...writing(siteRoute, parts)];
}

function reading(siteRoute: SiteRoute, { version, iqs }: Parts): Route[] {
  const exists = (at: AtSite, call: Call) => iqOf(iqs, at, call);
  return [
    siteRoute({
      method: 'GET',
      path: '/iqs',
      right: 'take_part',
      installer: 'site',
      summary: 'List the IQs of a site that the caller may see',
      tag,
      list: { fields: siteIqFields[version] },
      answer: SiteIqPage[version],
      handle: async (at, call) =>
        call.page(await iqs.list(at.actor, call.list, viewOf(at)), toSiteIq),
    }),
    siteRoute({
      method: 'GET',
      path: '/iqs/{id}',
      right: 'take_part',
      installer: 'iq',
      summary: 'One IQ',
      tag,
      answer: SiteIqResponse[version],
      handle: async (at, call) => toSiteIq(await iqs.getSeen(at.actor, viewOf(at), call.id('id'))),
    }),
    siteRoute({
      method: 'GET',
      path: '/iqs/{id}/signal_strength',
      right: 'see_everything',
      installer: 'iq',
      summary: 'Signal strength of an IQ, 0 to 31',
      tag,
      query: { force_refresh: { kind: 'bool', summary: 'ask the hub, for at most 5 s' } },
      answer: GetSignalStrengthResponse,
      errors: hubErrors,
      exists,
      handle: async (at, call) => ({
        signal_strength: call.flag('force_refresh')
          ? await iqs.measureSignal(at.actor, call.id('id'))
          : (await exists(at, call)).signal_strength,
      }),
    }),
  ];
}

function writing(
  siteRoute: SiteRoute,
  { version, iqs, iqReplacements, tenantCertificates }: Parts,
): Route[] {
  const exists = (at: AtSite, call: Call) => iqOf(iqs, at, call);
  const right = 'manage_hardware';
  return [
    siteRoute({
      method: 'POST',
      path: '/iqs',
      right,
      summary: 'Register an IQ by its activation code',
      tag,
      body: { schema: PostSiteIqRequest, mode: 'create' },
      answer: SiteIqResponse[version],
      errors: ['ACTIVATION_CODE_INVALID', 'IQ_ACTIVATION_FAILED', 'NO_SUBSCRIPTION'],
      handle: async ({ actor, siteId, place }, call, body) => {
        const row = await iqs.create(actor, {
          ...body,
          collection_id: siteId,
          subscribed: true,
          otp_enabled: true,
          is_installation: place.installationState === 'installation',
          vendor: null,
        });
        if (!(await tenantCertificates.reaches(actor, row)))
          call.warn(`certificate_sync_failed; iq=${row.id}`);
        return toSiteIq(row);
      },
    }),
    siteRoute({
      method: 'PATCH',
      path: '/iqs/{id}',
      right,
      installer: 'iq',
      summary: 'Change name, time zone or light of an IQ',
      tag,
      body: { schema: PatchSiteIqRequest, mode: 'patch' },
      answer: SiteIqResponse[version],
      exists,
      handle: async ({ actor }, call, body) =>
        toSiteIq(await told(call, iqs.update(actor, call.id('id'), body))),
    }),
    siteRoute({
      method: 'POST',
      path: '/iqs/{id}/replace',
      right,
      installer: 'iq',
      summary: 'Move everything of an IQ to another hub, under a new id',
      tag,
      body: { schema: ReplaceSiteIqRequest, mode: 'create' },
      answer: SiteIqResponse[version],
      errors: [
        'ACTIVATION_CODE_INVALID',
        'REPLACE_IQ_INVALID',
        'IQ_ACTIVATION_FAILED',
        'CCC_OPERATION_NOT_ALLOWED',
      ],
      exists,
      handle: async ({ actor, place }, call, body) => {
        const order = { ...body, is_installation: place.installationState === 'installation' };
        return toSiteIq(await iqReplacements.replace(actor, call.id('id'), order));
      },
    }),
    siteRoute({
      method: 'POST',
      path: '/iqs/{id}/restore',
      right,
      installer: 'iq',
      summary: 'Send tree, rights and settings of an IQ again',
      tag,
      answer: SiteIqResponse[version],
      errors: hubErrors,
      exists,
      handle: async ({ actor }, call) => toSiteIq(await iqs.restore(actor, call.id('id'))),
    }),
  ];
}

/** connect-api.md 8: a hub leaves its site and may be registered again. */
export function iqRemovalRoutes(siteRoute: SiteRoute, { iqs }: Pick<Parts, 'iqs'>): Route[] {
  return [
    siteRoute({
      method: 'DELETE',
      path: '/iqs/{id}',
      right: 'manage_hardware',
      summary: 'Remove an IQ whose tree is empty',
      tag,
      answer: null,
      errors: ['DELETE_IQ_PREREQUISITES'],
      exists: (at, call) => iqOf(iqs, at, call),
      handle: ({ actor }, call) => iqs.remove(actor, call.id('id')),
    }),
  ];
}

function toSiteIq(row: IqRow): SiteIqResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    time_zone: row.time_zone,
    mac: row.mac,
    operator: row.operator,
    state: row.state,
    restore_required: row.restore_required,
    reset_date: instantTextOrNull(row.reset_date),
    online: row.online,
    led_enabled: row.led_enabled,
    data_sync_state: row.data_sync_state,
    signal_strength: row.has_reported ? row.signal_strength : null,
    revision: row.revision,
    otp_enabled: row.otp_enabled,
  };
}
