import type { LoginId } from '#contract/ids';
import {
  OwnRightsResponse,
  OwnServerRightsResponse,
  PatchRoleRequest,
  PostRoleRequest,
  RolePage,
  RoleWithRightsPage,
  RoleWithRightsResponse,
  roleRights,
  type Role,
  type RoleResponse,
} from '#contract/roles';
import { instantTextOrNull } from '#contract/time-text';
import type { Operators } from '#server/domain/operators';
import { hasSiteRight } from '#server/domain/permissions';
import type { Roles } from '#server/domain/roles';
import { route, type Call, type Route } from '#server/http/route';
import { roleFields } from '#server/store/roles';
import type { AtSite, SiteRoute } from './site-route.ts';
import { personOf } from './sites.ts';

const tag = 'roles';
const right = 'manage_users';

/** connect-api.md 3.1: what the caller may give to others. */
export function roleRoutes(siteRoute: SiteRoute, { roles }: { readonly roles: Roles }): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/roles',
      right,
      summary: 'List the roles you may give',
      tag,
      list: { fields: roleFields },
      answer: RolePage,
      handle: async (at, call) => call.page(await roles.listAssignable(at, call.list), toRole),
    }),
  ];
}

/** design.md, rulings: roles that a site makes for itself. */
export function ownRoleRoutes(
  siteRoute: SiteRoute,
  { roles, operators }: { readonly roles: Roles; readonly operators: Operators },
): Route[] {
  const exists = (at: AtSite, call: Call) => roles.get(at, call.id('id'));
  return [
    route({
      method: 'GET',
      path: '/rights',
      access: 'read',
      summary: 'What you may do outside of every site',
      tag,
      answer: OwnServerRightsResponse,
      handle: async (call): Promise<OwnServerRightsResponse> => ({
        runs_server: await operators.isOperator(personOf(call).loginId),
      }),
    }),
    siteRoute({
      method: 'GET',
      path: '/rights',
      right: 'take_part',
      installer: 'site',
      summary: 'What you may do in a site',
      tag,
      answer: OwnRightsResponse,
      handle: async ({ place }, { caller }): Promise<OwnRightsResponse> => ({
        rights: roleRights.filter((right) => hasSiteRight(place, right)),
        owns_site: hasSiteRight(place, 'own_site'),
        runs_server: await operators.isOperator(caller.subject as LoginId),
        takes_part: hasSiteRight(place, 'take_part'),
        installer_until: instantTextOrNull(place.visit?.endsAt ?? null),
      }),
    }),
    siteRoute({
      method: 'GET',
      path: '/roles',
      right,
      summary: 'List the roles of a site with what they give',
      tag,
      list: { fields: roleFields },
      answer: RoleWithRightsPage,
      handle: async (at, call) => call.page(await roles.list(at, call.list), toRoleWithRights),
    }),
    siteRoute({
      method: 'POST',
      path: '/roles',
      right,
      summary: 'Make a role right below another',
      tag,
      body: { schema: PostRoleRequest, mode: 'create' },
      answer: RoleWithRightsResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: async (at, _call, body) => toRoleWithRights(await roles.create(at, body)),
    }),
    siteRoute({
      method: 'PATCH',
      path: '/roles/{id}',
      right,
      summary: 'Change the name or the rights of a role of the site',
      tag,
      body: { schema: PatchRoleRequest, mode: 'patch' },
      answer: RoleWithRightsResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      exists,
      handle: async (at, call, body) =>
        toRoleWithRights(await roles.update(at, call.id('id'), body)),
    }),
    siteRoute({
      method: 'DELETE',
      path: '/roles/{id}',
      right,
      summary: 'Remove a role that nobody has',
      tag,
      answer: null,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: (at, call) => roles.remove(at, call.id('id')),
    }),
  ];
}

export function toRole({ id, customer_reference, code, parent_id, depth }: Role): RoleResponse {
  return { id, customer_reference, code, parent_id, is_hierarchical: depth !== null };
}

function toRoleWithRights(role: Role): RoleWithRightsResponse {
  return { ...toRole(role), rights: [...role.rights] };
}
