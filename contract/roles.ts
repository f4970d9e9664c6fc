/** Roles of people in a site: the built-in ones, and what a role may allow (connect-api.md 2.2 and 2.3, behaviour.md 16). */
import { Type, type Static } from 'typebox';
import {
  Bool,
  Instant,
  listOf,
  Name,
  optional,
  orNull,
  page,
  Text,
  Uuid,
  words,
} from './fields.ts';

/**
 * What a role may give:
 * see_everything: all entries, incidents, locks, users, groups, tags, IQs, floors, and exports; manage_users: people, their roles
 * and tags, access groups; manage_hardware: IQs, trees, locks, repeaters, tags, floors, offline keys; manage_site: the site itself,
 * its vouchers, installers, message rules, webhooks, pods; see_subscription; remote_locking_all, remote_locking_accessible: open any
 * lock, or those one has access to, from afar; remote_office_mode; manage_guests: guests and codes of the own pod; manage_lockers;
 * make_reports.
 */
export const roleRights = [
  'see_everything',
  'manage_users',
  'manage_hardware',
  'manage_site',
  'see_subscription',
  'remote_locking_all',
  'remote_locking_accessible',
  'remote_office_mode',
  'manage_guests',
  'manage_lockers',
  'make_reports',
] as const;
export type RoleRight = (typeof roleRights)[number];

export type Role = {
  readonly id: string;
  readonly code: string;
  readonly customer_reference: string | null;
  readonly parent_id: string | null;
  /** Steps below `site_admin` of a hierarchical role; null = an add-on to one. */
  readonly depth: number | null;
  readonly rights: readonly RoleRight[];
};

const superRights: readonly RoleRight[] = [
  'see_everything',
  'manage_users',
  'see_subscription',
  'remote_locking_accessible',
  'manage_lockers',
  'make_reports',
];

const siteAdmin: Role = {
  id: '7d53b0b3-3ef7-11e8-9f1c-0050568d6e36',
  code: 'site_admin',
  customer_reference: 'Site Admin',
  parent_id: null,
  depth: 0,
  rights: roleRights,
};

const siteSuperUser: Role = {
  id: '76f7e578-80fb-11e8-a892-000d3a221c5b',
  code: 'site_super_user',
  customer_reference: 'Site Super User',
  parent_id: siteAdmin.id,
  depth: 1,
  rights: superRights,
};

const siteUser: Role = {
  id: '8f6081a3-80fb-11e8-a892-000d3a221c5b',
  code: 'site_user',
  customer_reference: 'Site User',
  parent_id: siteSuperUser.id,
  depth: 2,
  rights: [],
};

/** An add-on stands beside a hierarchical role and adds its rights. */
function addOn(role: Pick<Role, 'id' | 'code' | 'rights'> & { readonly name: string }): Role {
  const { name, ...rest } = role;
  return { ...rest, customer_reference: name, parent_id: null, depth: null };
}

/** The same on every site (connect-api.md 2.2). */
export const builtInRoles = {
  site_admin: siteAdmin,
  site_super_user: siteSuperUser,
  site_user: siteUser,
  site_mobile_user: addOn({
    id: '9df437bb-80fb-11e8-a892-000d3a221c5b',
    code: 'site_mobile_user',
    name: 'Site Mobile User',
    rights: ['remote_locking_accessible'],
  }),
  site_remote_office_mode_user: addOn({
    id: '58ebcde4-d01d-11eb-b9e0-000d3a46a880',
    code: 'site_remote_office_mode_user',
    name: 'Site Remote Office Mode User',
    rights: ['remote_office_mode'],
  }),
  site_pod_member: addOn({
    id: '1243f463-1033-11ea-ac2c-000d3a46a880',
    code: 'site_pod_member',
    name: 'Site Pod Member',
    rights: ['remote_locking_accessible', 'manage_guests'],
  }),
  site_guest: addOn({
    id: '2419b118-ee36-4ce2-a325-dd65d2e7bfe2',
    code: 'site_guest',
    name: 'Site Guest',
    rights: [],
  }),
} as const satisfies Readonly<Record<string, Role>>;
export type BuiltInRoleCode = keyof typeof builtInRoles;

const byId: ReadonlyMap<string, Role> = new Map(
  Object.values(builtInRoles).map((role) => [role.id, role]),
);

export function findBuiltInRole(id: string): Role | undefined {
  return byId.get(id);
}

export const RoleResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  code: orNull(Text),
  parent_id: orNull(Uuid),
  is_hierarchical: Bool,
});
export type RoleResponse = Static<typeof RoleResponse>;
export const RolePage = page(RoleResponse);

/** A role with what it gives; our own screens and operations show it (design.md, rulings). */
export const RoleWithRightsResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  code: orNull(Text),
  parent_id: orNull(Uuid),
  is_hierarchical: Bool,
  rights: listOf(words(roleRights)),
});
export type RoleWithRightsResponse = Static<typeof RoleWithRightsResponse>;
export const RoleWithRightsPage = page(RoleWithRightsResponse);

export const PostRoleRequest = Type.Object({
  customer_reference: Name,
  /** Letters, digits and `_`, at most 50; no other role of the site has it. */
  code: Text,
  /** A hierarchical role; the new one stands right below it. */
  parent_id: Uuid,
  rights: listOf(words(roleRights)),
});

export const PatchRoleRequest = Type.Object({
  customer_reference: optional(Name),
  rights: optional(listOf(words(roleRights))),
});

/** What whoever asks may do in a site: ours, so that a screen shows what can be used (docs/dashboard.md). */
export const OwnRightsResponse = Type.Object({
  rights: listOf(words(roleRights)),
  /** Stands above every right: the owner, and the installer until the release. */
  owns_site: Bool,
  /** Administers the installation. */
  runs_server: Bool,
  /** One of the people of the site; false = let in as an installer only. */
  takes_part: Bool,
  /** Until when the site lets you in as an installer; null = it does not. */
  installer_until: orNull(Instant),
});
export type OwnRightsResponse = Static<typeof OwnRightsResponse>;

/** What whoever asks may do outside of every site: ours. */
export const OwnServerRightsResponse = Type.Object({
  /** Administers the installation. */
  runs_server: Bool,
});
export type OwnServerRightsResponse = Static<typeof OwnServerRightsResponse>;
