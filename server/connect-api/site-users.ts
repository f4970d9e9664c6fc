import type { ConnectVersion } from '#contract/connect-version';
import { RefPage, type RefResponse } from '#contract/refs';
import {
  ActivatedIqPage,
  OwnIqPinPage,
  type OwnIqPinResponse,
  OwnSiteUserResponse,
  PatchSiteUserRequest,
  PatchSiteUserSubscriptionRequest,
  PostExistingSiteUserRequest,
  PostSiteGuestRequest,
  PostSiteUserRequest,
  SiteUserPage,
  SiteUserResponse,
} from '#contract/site-users';
import { instantTextOrNull } from '#contract/time-text';
import type { PodsOfUser, SiteUsers } from '#server/domain/site-users';
import { rolesOfSiteUser } from '#server/domain/site-user-rules';
import type { Call, Route } from '#server/http/route';
import { told } from '#server/http/written';
import { accessGroupSummaryFields } from '#server/store/site-access-groups';
import { activatedIqFields, ownIqPinFields } from '#server/store/site-iq-pins';
import { siteUserFields, type SiteUserRow } from '#server/store/site-users';
import { toRole } from './roles.ts';
import type { AtSite, SiteRoute } from './site-route.ts';

const tag = 'users';

export type SiteUserParts = { readonly version: ConnectVersion; readonly siteUsers: SiteUsers };

/** connect-api.md 3.2 and what of 3.1 is about the own place: people of a site. Their PINs and keys have a file of their own. */
export function siteUserRoutes(siteRoute: SiteRoute, parts: SiteUserParts): Route[] {
  return [
    ...reading(siteRoute, parts),
    ...writing(siteRoute, parts),
    ...coming(siteRoute, parts),
    ...ownPlace(siteRoute, parts),
  ];
}

const { id: groupId, customer_reference } = accessGroupSummaryFields;
const groupFields = { id: groupId, customer_reference };
const one = '/users/{id}';
const include_pod_info = { kind: 'bool', summary: 'adds the pods of the person' } as const;

function reading(siteRoute: SiteRoute, { version, siteUsers }: SiteUserParts): Route[] {
  const right = 'take_part';
  return [
    siteRoute({
      method: 'GET',
      path: '/users',
      right,
      summary: 'List the users of the site; ordinary users get themselves',
      tag,
      query: { include_pod_info },
      list: { fields: siteUserFields },
      answer: SiteUserPage[version],
      handle: async (at, call) => {
        const list = await siteUsers.list(at, call.list);
        const shown = await withPods({ siteUsers, at, call }, list.rows);
        return call.page(list, shown);
      },
    }),
    siteRoute({
      method: 'GET',
      path: one,
      right,
      summary: 'One user of the site',
      tag,
      query: { include_pod_info },
      answer: SiteUserResponse[version],
      handle: async (at, call) => {
        const row = await siteUsers.get(at, call.id('id'));
        return (await withPods({ siteUsers, at, call }, [row]))(row);
      },
    }),
    siteRoute({
      method: 'GET',
      path: '/users/{id}/activated_iqs',
      right,
      summary: 'List the IQs at which a user has activated one-time codes',
      tag,
      list: { fields: activatedIqFields },
      answer: ActivatedIqPage[version],
      exists: (at, call) => siteUsers.get(at, call.id('id')),
      handle: async (at, call) =>
        call.page(await siteUsers.listActivatedIqs(at, call.list, call.id('id')), (row) => row),
    }),
    siteRoute({
      method: 'GET',
      path: '/users/{site_user_id}/access_groups',
      right,
      summary: 'List the access groups of a user',
      tag,
      list: { fields: groupFields },
      answer: RefPage,
      exists: (at, call) => siteUsers.get(at, call.id('site_user_id')),
      handle: async (at, call) =>
        call.page(await siteUsers.listGroups(at, call.list, call.id('site_user_id')), (row) => row),
    }),
  ];
}

function writing(siteRoute: SiteRoute, { version, siteUsers }: SiteUserParts): Route[] {
  const right = 'manage_users';
  const exists = (at: AtSite, call: Call) => siteUsers.get(at, call.id('id'));
  return [
    siteRoute({
      method: 'PATCH',
      path: one,
      right,
      summary: 'Change a user of the site',
      tag,
      body: { schema: PatchSiteUserRequest, mode: 'patch' },
      named: ({ tag_id: tag }) => ({ tags: [tag] }),
      answer: SiteUserResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', 'USER_IS_POD_MEMBER', 'INVITE_FAILED'],
      exists,
      handle: async (at, call, body) =>
        toSiteUser(await told(call, siteUsers.update(at, call.id('id'), body))),
    }),
    siteRoute({
      method: 'DELETE',
      path: one,
      right,
      summary: 'Remove a user from the site, with keys, PINs, phones and memberships',
      tag,
      answer: null,
      isAccepted: true,
      errors: ['OPERATION_NOT_ALLOWED', 'USER_IS_POD_MEMBER'],
      handle: (at, call) => told(call, siteUsers.remove(at, call.id('id'))),
    }),
    siteRoute({
      method: 'PATCH',
      path: `${one}/subscription`,
      right,
      summary: 'Give a user a seat, or take it',
      tag,
      body: { schema: PatchSiteUserSubscriptionRequest, mode: 'patch' },
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED', 'NO_SUBSCRIPTION'],
      exists,
      handle: (at, call, { state }) =>
        told(call, siteUsers.setSubscription(at, call.id('id'), state)),
    }),
    siteRoute({
      method: 'PATCH',
      path: `${one}/resend_invite`,
      right,
      summary: 'Send the mail of an invitation once more',
      tag,
      answer: null,
      errors: ['MESSAGE_INVALID', 'INVITE_FAILED'],
      handle: (at, call) => siteUsers.resendInvitation(at, call.id('id')),
    }),
  ];
}

function coming(siteRoute: SiteRoute, { version, siteUsers }: SiteUserParts): Route[] {
  const right = 'manage_users';
  const guests = siteRoute({
    method: 'POST',
    path: '/guests',
    right,
    summary: 'Add a guest: no names, no address, gone from the doors at `expires_at`',
    tag,
    body: { schema: PostSiteGuestRequest, mode: 'create' },
    answer: SiteUserResponse[version],
    isCreated: true,
    handle: async (at, call, body) => toSiteUser(await told(call, siteUsers.createGuest(at, body))),
  });
  return [
    siteRoute({
      method: 'POST',
      path: '/users',
      right,
      summary: 'Add a user; with an e-mail address the person is invited',
      tag,
      body: { schema: PostSiteUserRequest, mode: 'create' },
      named: ({ tag_id: tag }) => ({ tags: [tag] }),
      answer: SiteUserResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', 'INVITE_FAILED'],
      handle: async (at, call, body) => toSiteUser(await told(call, siteUsers.create(at, body))),
    }),
    siteRoute({
      method: 'POST',
      path: '/users/existing',
      right,
      summary: 'Add a person who is known already',
      tag,
      body: { schema: PostExistingSiteUserRequest, mode: 'create' },
      answer: SiteUserResponse[version],
      errors: ['OPERATION_NOT_ALLOWED', 'INVITE_FAILED'],
      handle: async (at, call, body) =>
        toSiteUser(await told(call, siteUsers.addExisting(at, body))),
    }),
    ...(version === 'v1.1' ? [] : [guests]),
  ];
}

function ownPlace(siteRoute: SiteRoute, { version, siteUsers }: SiteUserParts): Route[] {
  const right = 'take_part';
  return [
    siteRoute({
      method: 'GET',
      path: '/me',
      siteParameter: 'id',
      right,
      summary: 'The own place in the site',
      tag,
      query: { include_pod_info },
      answer: OwnSiteUserResponse[version],
      handle: async (at, call) => {
        const row = await siteUsers.getOwn(at);
        if (version === 'v1.1') return (await withPods({ siteUsers, at, call }, [row]))(row);
        const ownership_state = row.is_owner ? 'site_owner' : 'site_user';
        const pods = await siteUsers.findPods(at.actor, [row.id]);
        return { ...toSiteUser(row), ...listed(pods.get(row.id)), ownership_state };
      },
    }),
    siteRoute({
      method: 'GET',
      below: '/me',
      path: '/activated_iqs',
      right,
      summary: 'List the IQs of a site with the own state at each',
      tag,
      list: { fields: ownIqPinFields },
      answer: OwnIqPinPage,
      handle: async (at, call) =>
        call.page(await siteUsers.listOwnIqPins(at, call.list), (row): OwnIqPinResponse => ({
          ...row,
          activation_date: instantTextOrNull(row.activation_date),
        })),
    }),
  ];
}

const noPods: { member_of_pods: RefResponse[]; guest_of_pods: RefResponse[] } = {
  member_of_pods: [],
  guest_of_pods: [],
};

/** How these rows are shown: with their pods where that was asked for. */
async function withPods(
  { siteUsers, at, call }: Pick<SiteUserParts, 'siteUsers'> & { at: AtSite; call: Call },
  rows: readonly SiteUserRow[],
): Promise<(row: SiteUserRow) => SiteUserResponse> {
  if (!call.flag('include_pod_info')) return toSiteUser;
  const pods = await siteUsers.findPods(
    at.actor,
    rows.map(({ id }) => id),
  );
  return (row) => ({ ...toSiteUser(row), ...listed(pods.get(row.id)) });
}

function listed(pods: PodsOfUser = noPods): typeof noPods {
  return { member_of_pods: [...pods.member_of_pods], guest_of_pods: [...pods.guest_of_pods] };
}

/** A site user as v1.2 shows it; v1.1 leaves out what it lacks. */
export function toSiteUser(row: SiteUserRow): SiteUserResponse {
  return {
    id: row.id,
    user: {
      id: row.user_id,
      first_name: row.first_name,
      last_name: row.last_name,
      email: row.email,
      image_url: row.image_url,
      tag_number: row.tag_number,
      is_managed_by_current_site: row.is_managed_by_current_site,
      has_profile: row.has_profile,
    },
    roles: rolesOfSiteUser(row).map(toRole),
    alias: row.alias,
    toggle_easy_office_mode: row.toggle_easy_office_mode,
    toggle_manual_office_mode: row.toggle_manual_office_mode,
    remote_access: row.remote_access,
    blocked: row.blocked,
    tag_owned_by_this_site: row.tag_owned_by_this_site,
    subscription_state: row.subscription_state,
    override_privacy_mode: row.override_privacy_mode,
    use_pin: row.use_pin,
    data_removal_expires_at: instantTextOrNull(row.data_removal_expires_at),
    expires_at: instantTextOrNull(row.expires_at),
  };
}
