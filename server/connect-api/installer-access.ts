import {
  InstallerAccessIqPage,
  InstallerAccessResponse,
  PatchInstallerAccessIqRequest,
  PostInstallerAccessRequest,
  PutInstallerAccessRequest,
  type InstallerAccessIqResponse,
} from '#contract/installer-access';
import type { ListOptions } from '#contract/odata';
import { SiteResponse } from '#contract/sites';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { GivenAccess, InstallerAccess } from '#server/domain/installer-access';
import type { Iqs } from '#server/domain/iqs';
import type { Sites } from '#server/domain/sites';
import { route, type Call, type Route } from '#server/http/route';
import { installerIqFields, type InstallerIqRow } from '#server/store/installer-access';
import type { AtSite, SiteRoute } from './site-route.ts';
import { personOf, toSite } from './sites.ts';

const tag = 'installers';

type Parts = { readonly installerAccess: InstallerAccess; readonly iqs: Pick<Iqs, 'getSeen'> };

/** connect-api.md 3.9 and 4.11: whom a site lets in for a day, and on which hubs. */
export function installerAccessRoutes(
  siteRoute: SiteRoute,
  { installerAccess, iqs }: Parts,
): Route[] {
  const iqExists = (at: AtSite, call: Call) =>
    iqs.getSeen(at.actor, { siteId: at.siteId, accessorId: null }, call.id('iq_id'));
  return [
    siteRoute({
      method: 'GET',
      path: '/installer_access',
      right: 'see_subscription',
      summary: 'The access given to an installer last',
      tag,
      answer: InstallerAccessResponse,
      handle: async ({ actor, siteId }) =>
        toInstallerAccess(await installerAccess.get(actor, siteId)),
    }),
    siteRoute({
      method: 'PUT',
      path: '/installer_access',
      right: 'manage_site',
      summary: 'Let an installer in for 24 h, or end that',
      tag,
      body: { schema: PutInstallerAccessRequest, mode: 'create' },
      answer: InstallerAccessResponse,
      handle: async ({ actor, siteId }, _call, body) =>
        toInstallerAccess(await installerAccess.put(actor, siteId, body)),
    }),
    siteRoute({
      method: 'GET',
      path: '/installer_access/iqs',
      right: 'see_subscription',
      summary: 'List the IQs, and which of them the installer may touch',
      tag,
      list: { fields: installerIqFields },
      answer: InstallerAccessIqPage,
      handle: async ({ actor, siteId }, call) =>
        call.page(
          await installerAccess.listIqs(actor, call.list, { siteId, iqId: null }),
          toInstallerIq,
        ),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/installer_access/iqs/{iq_id}',
      right: 'manage_site',
      summary: 'Enable or disable an IQ for the installer',
      tag,
      body: { schema: PatchInstallerAccessIqRequest, mode: 'patch' },
      answer: InstallerAccessIqPage,
      errors: ['OPERATION_NOT_ALLOWED', 'CCC_COMMAND_FAILED'],
      exists: iqExists,
      handle: async ({ actor, siteId, accessorId }, call, body) => {
        const iqId = call.id('iq_id');
        await installerAccess.setIq(
          actor,
          { siteId, iqId, accessorId },
          { otp: body.otp ?? null, enable: body.enable },
        );
        const one = { siteId, iqId };
        const { rows } = await installerAccess.listIqs(actor, everything(call.now), one);
        return { items: rows.map(toInstallerIq), next_page_link: null, count: null };
      },
    }),
  ];
}

/** connect-api.md 8: whoever has the token comes in. */
export function installerEntryRoutes({
  installerAccess,
  sites,
}: {
  readonly installerAccess: InstallerAccess;
  readonly sites: Sites;
}): Route[] {
  return [
    route({
      method: 'POST',
      path: '/installer_access',
      access: 'write',
      summary: 'Come into a site as its installer',
      tag,
      body: { schema: PostInstallerAccessRequest, mode: 'create' },
      answer: SiteResponse,
      handle: async (call, { token }) => {
        const { clientId } = call.caller;
        const person = { ...personOf(call), clientId, requestId: call.requestId };
        const { tenantId, siteId } = await installerAccess.redeem(person, token);
        return toSite(await sites.get({ tenantId }, siteId), call.now);
      },
    }),
  ];
}

function everything(now: Date): ListOptions {
  return { filter: null, orderBy: [], skip: 0, top: 1, count: false, now: now.toISOString() };
}

function toInstallerAccess(given: GivenAccess): InstallerAccessResponse {
  return {
    customer_uid: given.site_uid,
    expiry_date: instantText(given.expires_at),
    is_active: given.is_active,
    token: given.token,
  };
}

function toInstallerIq(row: InstallerIqRow): InstallerAccessIqResponse {
  return { ...row, access_expiry_date: instantTextOrNull(row.access_expiry_date) };
}
