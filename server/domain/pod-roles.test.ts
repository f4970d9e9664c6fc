import { describe, expect, it } from 'vitest';
import type { AccessorId } from '#contract/ids';
import { builtInRoles, type BuiltInRoleCode } from '#contract/roles';
import type { StandingBesidePod } from '#server/store/pod-people';
import { leavesSite, rolesOfNewcomer, rolesWithoutPod, rolesWithPod } from './pod-roles.ts';

const ids = (...codes: BuiltInRoleCode[]): string[] => codes.map((code) => builtInRoles[code].id);
const ownRole = '5f9d6f0c-6a1e-4d0a-9f5d-0d2c8b1a7e31';
const standing = (more: Partial<StandingBesidePod> = {}): StandingBesidePod => ({
  id: 'a' as AccessorId,
  user_id: null,
  collection_id: null,
  role_ids: ids('site_user', 'site_mobile_user', 'site_pod_member'),
  came_by_pod: true,
  is_owner: false,
  is_member: false,
  is_guest: false,
  is_in_group: false,
  ...more,
});

describe('with the last pod the site is left', () => {
  it.each<readonly [string, Partial<StandingBesidePod>, boolean]>([
    ['by whoever came by a pod', {}, true],
    ['not by others', { came_by_pod: false }, false],
    ['not by the owner', { is_owner: true }, false],
    ['not by a member of another pod', { is_member: true }, false],
    ['not by a guest of another pod', { is_guest: true }, false],
    ['not by somebody in a group', { is_in_group: true }, false],
    ['not by an admin', { role_ids: ids('site_admin', 'site_guest') }, false],
    ['not with a role of the site’s own', { role_ids: [ownRole] }, false],
  ])('%s', (_who, more, leaves) => {
    expect(leavesSite(standing(more))).toBe(leaves);
  });
});

describe('roles', () => {
  it('come with a pod', () => {
    const codes = (type: 'member' | 'guest', signsIn: boolean): string[] =>
      rolesOfNewcomer(type, { signsIn }).map(({ code }) => code);
    expect(codes('member', false)).toEqual(['site_user', 'site_mobile_user', 'site_pod_member']);
    expect(codes('guest', true)).toEqual(['site_guest', 'site_mobile_user']);
    expect(codes('guest', false)).toEqual(['site_guest']);
  });

  it.each([
    [ids('site_admin'), 'member', ids('site_admin', 'site_pod_member')],
    [[ownRole], 'member', [ownRole, ...ids('site_pod_member')]],
    [[], 'guest', ids('site_user', 'site_guest')],
    [
      ids('site_guest'),
      'member',
      ids('site_user', 'site_mobile_user', 'site_guest', 'site_pod_member'),
    ],
    [ids('site_guest', 'site_mobile_user'), 'guest', ids('site_guest', 'site_mobile_user')],
  ] as const)('%j and a pod as %s give %j', (present, type, after) => {
    expect(rolesWithPod(present, type)).toEqual(after);
  });

  it.each<readonly [Partial<StandingBesidePod>, readonly string[]]>([
    [{ is_in_group: true }, ids('site_user')],
    [{ came_by_pod: false }, ids('site_user', 'site_mobile_user')],
    [{ is_guest: true }, ids('site_user', 'site_mobile_user')],
    [{ is_guest: true, role_ids: ids('site_guest') }, ids('site_guest')],
    [{ is_in_group: true, role_ids: ids('site_guest') }, ids('site_user')],
    [{ role_ids: [ownRole, ...ids('site_guest')] }, [ownRole]],
  ])('of somebody who stays lose what the pod gave: %j', (more, after) => {
    expect(rolesWithoutPod(standing(more))).toEqual(after);
  });
});
