import type { ConnectVersion } from '#contract/connect-version';
import type { ErrorName } from '#contract/errors';
import type { LockId } from '#contract/ids';
import { TagRegistrationRequest } from '#contract/locks';
import { RefPage } from '#contract/refs';
import {
  CreateSiteLockRequest,
  DetachSiteLockRequest,
  PatchSiteLockRequest,
  SiteLockExtendedResponse,
  SiteLockingRequest,
  SiteLockPage,
  SiteLockResponse,
} from '#contract/site-locks';
import type { SiteLocks } from '#server/domain/site-locks';
import type { Call, Route } from '#server/http/route';
import { TokenError } from '#server/http/token';
import { told } from '#server/http/written';
import { accessGroupFields } from '#server/store/access-groups';
import { siteLockFields, type SiteLockRow } from '#server/store/site-locks';
import type { AtSite, SiteRoute } from './site-route.ts';
import { viewOf, wholeOf } from './site-view.ts';

const tag = 'locks';

/** What a hub may answer to whatever it is asked (connect-api.md 1.7, H). */
export const hubErrors: readonly ErrorName[] = [
  'CCC_FAILED',
  'CCC_COMMAND_FAILED',
  'CCC_OPERATION_NOT_ALLOWED',
  'CCC_ENTITY_NOT_FOUND',
  'IQ_OFFLINE',
];

type Parts = { readonly version: ConnectVersion; readonly siteLocks: SiteLocks };

/** connect-api.md 3.4: locks of a site, and what is asked of them. */
export function siteLockRoutes(siteRoute: SiteRoute, parts: Parts): Route[] {
  return [...locks(siteRoute, parts), ...acts(siteRoute, parts)];
}

const lockId = (call: Call): LockId => call.id('id');

/** The lock of a path `/locks/{id}`; whoever may touch hardware may touch any of it. */
function ofSite({ siteLocks }: Parts) {
  return (at: AtSite, call: Call): Promise<void> =>
    siteLocks.check(at.actor, wholeOf(at), lockId(call));
}

function locks(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { version, siteLocks } = parts;
  const exists = ofSite(parts);
  return [
    siteRoute({
      method: 'GET',
      path: '/locks',
      right: 'take_part',
      installer: 'site',
      summary: 'List the locks of a site that the caller may see',
      tag,
      list: { fields: siteLockFields[version] },
      answer: SiteLockPage[version],
      handle: async (at, call) =>
        call.page(await siteLocks.list(at.actor, call.list, viewOf(at)), toSiteLock),
    }),
    siteRoute({
      method: 'POST',
      path: '/locks',
      right: 'manage_hardware',
      installer: 'site',
      summary: 'Register a lock of a site by its code',
      tag,
      body: { schema: CreateSiteLockRequest, mode: 'create' },
      answer: SiteLockResponse[version],
      errors: ['ACTIVATION_CODE_INVALID'],
      handle: async ({ actor, siteId }, _call, body) =>
        toSiteLock(await siteLocks.create(actor, siteId, body)),
    }),
    siteRoute({
      method: 'GET',
      path: '/locks/{id}',
      right: 'take_part',
      installer: 'lock',
      summary: 'One lock of a site',
      tag,
      answer: SiteLockExtendedResponse[version],
      exists: (at, call) => siteLocks.check(at.actor, viewOf(at), lockId(call)),
      handle: async ({ actor }, call) => toSiteLock(await siteLocks.get(actor, lockId(call))),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/locks/{id}',
      right: 'manage_hardware',
      installer: 'lock',
      summary: 'Change name or floor of a lock',
      tag,
      body: { schema: PatchSiteLockRequest, mode: 'patch' },
      named: ({ floor_id: floor }) => ({ floor }),
      answer: SiteLockResponse[version],
      exists,
      handle: async ({ actor }, call, body) =>
        toSiteLock(await told(call, siteLocks.update(actor, lockId(call), body))),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/locks/{id}',
      right: 'manage_hardware',
      installer: 'lock',
      summary: 'Remove a detached lock',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: ({ actor }, call) => siteLocks.remove(actor, lockId(call)),
    }),
    siteRoute({
      method: 'GET',
      path: '/locks/{lock_id}/access_groups',
      right: 'see_everything',
      summary: 'List the access groups of a lock',
      tag,
      list: { fields: refFields },
      answer: RefPage,
      exists: (at, call) => siteLocks.check(at.actor, wholeOf(at), call.id('lock_id')),
      handle: async ({ actor }, call) =>
        call.page(
          await siteLocks.listAccessGroups(actor, call.list, call.id('lock_id')),
          (row) => row,
        ),
    }),
  ];
}

const refFields = {
  id: accessGroupFields.id,
  customer_reference: accessGroupFields.customer_reference,
};

function acts(siteRoute: SiteRoute, parts: Parts): Route[] {
  const { version, siteLocks } = parts;
  const exists = ofSite(parts);
  return [
    siteRoute({
      method: 'PATCH',
      path: '/locks/{id}/locking',
      right: 'take_part',
      summary: 'Open a door once, or begin or end its office mode',
      tag,
      body: { schema: SiteLockingRequest, mode: 'create' },
      answer: SiteLockResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', ...hubErrors],
      // Somebody without access to the lock is told so.
      exists,
      handle: async (at, call, body) => {
        const row = await siteLocks.lock(at, lockId(call), body);
        if (row === 'not_permitted') throw new TokenError(403, '');
        return toSiteLock(row);
      },
    }),
    siteRoute({
      method: 'PATCH',
      path: '/locks/{id}/detach',
      right: 'manage_hardware',
      installer: 'lock',
      summary: 'Begin detaching a lock from its IQ',
      tag,
      body: { schema: DetachSiteLockRequest, mode: 'create' },
      answer: SiteLockResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', ...hubErrors],
      exists,
      handle: async (at, call, body) => toSiteLock(await siteLocks.detach(at, lockId(call), body)),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/locks/{id}/tag_registration',
      right: 'manage_hardware',
      summary: 'Let a lock learn tags for a while',
      tag,
      body: { schema: TagRegistrationRequest, mode: 'create' },
      answer: SiteLockResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', ...hubErrors],
      exists,
      handle: async ({ actor }, call, body) =>
        toSiteLock(await siteLocks.registerTags(actor, lockId(call), body.duration_in_seconds)),
    }),
  ];
}

/** A lock's row as v1.2 shows it; what v1.1 lacks is left out when the answer is written. */
export function toSiteLock(row: SiteLockRow): SiteLockResponse {
  return {
    id: row.id,
    customer_reference: row.customer_reference,
    mac: row.mac,
    floor:
      row.floor_id === null
        ? null
        : {
            id: row.floor_id,
            customer_reference: row.floor_customer_reference,
            number: row.floor_number,
            lock_count: row.floor_lock_count ?? 0,
          },
    locked_state: row.locked_state,
    lock_type: row.lock_type,
    online: row.online,
    iq_link_state: row.iq_link_state,
    tag_registration_state: row.tag_registration_state,
    battery_level: row.battery_level,
    left_open_alarm: row.left_open_alarm,
    intrusion_alarm: row.intrusion_alarm,
    easy_office_mode_schedule: row.easy_office_mode,
    iq:
      row.iq_id === null
        ? null
        : {
            id: row.iq_id,
            customer_reference: row.iq_customer_reference,
            mac_address: row.iq_mac,
            is_online: row.iq_online ?? false,
            revision: row.iq_revision,
            otp_enabled: row.iq_otp_enabled ?? false,
          },
    repeater:
      row.repeater_id === null
        ? null
        : { id: row.repeater_id, customer_reference: row.repeater_customer_reference },
    privacy_mode: row.privacy_mode,
    communication_type: row.communication_type,
    offline_access_keys_limit: row.offline_access_keys_limit,
    offline_access_keys_count: row.offline_access_keys_count,
    vendor: {
      id: row.vendor_id,
      reference: row.vendor_reference,
      display_name: row.vendor_display_name,
    },
  };
}
