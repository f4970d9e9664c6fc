/** Changes of a site user (connect-api.md 4.2): flags, roles, alias, tag, and names and address of people without a profile. */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, LoginId, TagId, UserId } from '#contract/ids';
import type { Role } from '#contract/roles';
import type { PatchSiteUserRequest, SubscriptionState } from '#contract/site-users';
import { updateAccessor, type HeldAccessor } from '#server/store/accessors';
import {
  findCollectionSetting,
  insertCollectionSetting,
  updateCollectionSetting,
  type CollectionSettingRow,
} from '#server/store/collection-settings';
import { passPlaces, shareSite } from '#server/store/invitations';
import { listTagKeys } from '#server/store/keys';
import {
  holdAddress,
  holdPerson,
  insertPerson,
  leaveSite,
  updatePerson,
  type Person,
} from '#server/store/people';
import { isPodMember } from '#server/store/pod-people';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { hasFreeSeat } from '#server/store/seats';
import { updateSiteUser, type SiteUserRow } from '#server/store/site-users';
import { holdTag } from '#server/store/tags';
import { heldAccessor } from './accessors.ts';
import { checkNotOver } from './collection-settings.ts';
import { changed } from './collections.ts';
import { addTagKey, changeKey, removeKey } from './key-writes.ts';
import { settleOfflineKeys } from './offline-rights.ts';
import { opensFromAfar } from './permissions.ts';
import { writeRights, type Written } from './rights-write.ts';
import { takeSeat } from './seats.ts';
import { fact, giveTags, senderOf, tellOfPlace, type SiteUserParts } from './site-user-creation.ts';
import {
  checkEditable,
  checkTagFree,
  chooseRoles,
  getSiteUser,
  notAllowed,
  noSiteUser,
  ownerOfAddress,
  rolesOfSiteUser,
  tagOfBody,
  type AtWork,
} from './site-user-rules.ts';

export type PatchSiteUser = Static<typeof PatchSiteUserRequest>;

export type SiteUserChanges = {
  /**
   * VALUE_INVALID (`path_id`): no such site user; (`body_id`) tag unknown; e-mail of somebody on the site, roles, tag taken.
   * OPERATION_NOT_ALLOWED: above the caller, owner blocked or re-roled, name or e-mail of a person with profile.
   * USER_IS_POD_MEMBER: other roles. INVITE_FAILED.
   */
  update(at: AtWork, id: AccessorId, body: PatchSiteUser): Promise<Written<SiteUserRow>>;
  /** OPERATION_NOT_ALLOWED: owner, above the caller, or guest whose time is over. NO_SUBSCRIPTION: no seat is free. */
  setSubscription(
    at: AtWork,
    id: AccessorId,
    state: SubscriptionState | undefined,
  ): Promise<Written<void>>;
};

/** Whose place it is from here on, where the address that was written is somebody's. */
type Mover =
  | { readonly kind: 'known'; readonly person: Person }
  | { readonly kind: 'login'; readonly loginId: LoginId };

type Plan = {
  readonly row: SiteUserRow;
  readonly roles: readonly Role[] | undefined;
  /** undefined = stays, null = goes. */
  readonly tagId: TagId | null | undefined;
  readonly names: {
    readonly firstName?: string | undefined;
    readonly lastName?: string | undefined;
  };
  readonly newAddress: string | undefined;
  readonly mover: Mover | undefined;
};

export function createSiteUserChanges(parts: SiteUserParts): SiteUserChanges {
  const { database, audit, clock, desiredState } = parts;
  return {
    async update(at, id, body) {
      const { actor } = at;
      const first = await planOf(readScope(database, actor.tenantId), parts, { at, id, body });
      const invited = await invite(parts, at, first);
      return writeRights({ database, actor }, async (scope, warn) => {
        if (first.newAddress !== undefined) await holdAddress(scope, first.newAddress);
        return changeSiteUser(scope, parts, { at, id, body, invited, warn });
      });
    },

    setSubscription: (at, id, state) =>
      writeRights({ database, actor: at.actor }, async (scope, warn) => {
        const { siteId } = at;
        await heldSiteUser(scope, at, id);
        const now = clock.now();
        const row = await getSiteUser(scope, { siteId, id, now });
        if (state === undefined)
          throw new ApiError('VALUE_INVALID', { parameter: 'state', reason: 'It must be sent.' });
        checkEditable(at, row);
        if (row.is_owner && state === 'suspended')
          throw notAllowed('The owner cannot be suspended.');
        const setting = await ensureSetting(scope, parts, { at, id, warn });
        if (state === 'subscribed') {
          await checkNotOver(scope, { accessorId: id, collectionId: siteId, now });
          if (setting.suspended) await takeSeat(scope, siteId, now);
        }
        await updateCollectionSetting(scope, setting.id, { suspended: state === 'suspended' });
        const accessorIds = [id];
        const lockIds = await settleOfflineKeys(scope, { accessorIds, now });
        await desiredState.refresh(scope, { accessorIds, lockIds });
        const after = await getSiteUser(scope, { siteId, id, now });
        audit.record(scope, at.actor, {
          ...fact('subscription', at, id),
          before: shown(row),
          after: shown(after),
        });
      }),
  };
}

type Change = { readonly at: AtWork; readonly id: AccessorId; readonly body: PatchSiteUser };

/**
 * Writes what a body changes of a site user, in a transaction of the caller's; the codes of `update`. `invited` is who was sent an
 * invitation for it: INVITE_FAILED when it would be another person.
 */
export async function changeSiteUser(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    id,
    body,
    invited,
    warn,
  }: Change & {
    readonly invited: UserId | undefined;
    readonly warn: (word: string) => void;
  },
): Promise<SiteUserRow> {
  const { audit, clock, desiredState } = parts;
  const { actor, siteId } = at;
  const accessor = await heldSiteUser(scope, at, id);
  const plan = await planOf(scope, parts, { at, id, body });
  if (invited !== inviteeOf(plan)?.userId)
    throw new ApiError('INVITE_FAILED', {
      reason: 'The person changed meanwhile; try again.',
    });
  const owner = await writePerson(scope, parts, { at, accessor, plan });
  await writeFlags(scope, parts, { at, id, body, plan, warn });
  if (plan.tagId !== undefined) await writeTag(scope, parts, { at, owner, tagId: plan.tagId });
  const accessorIds = [id];
  const lockIds = await settleOfflineKeys(scope, { accessorIds, now: clock.now() });
  await desiredState.refresh(scope, { accessorIds, lockIds });
  const after = await getSiteUser(scope, { siteId, id, now: clock.now() });
  audit.record(scope, actor, {
    ...fact('update', at, id),
    detail: changed(body),
    before: shown(plan.row),
    after: shown(after),
  });
  return after;
}

async function planOf(
  scope: Scope,
  { clock }: Pick<SiteUserParts, 'clock'>,
  { at, id, body }: Change,
): Promise<Plan> {
  const { siteId } = at;
  const row = await getSiteUser(scope, { siteId, id, now: clock.now() });
  const tagId =
    typeof body.tag_id === 'string'
      ? await tagOfBody(scope, { siteId, tagId: body.tag_id })
      : body.tag_id;
  const person = await planPerson(scope, { row, body });
  const roles =
    body.role_ids === undefined
      ? undefined
      : await chooseRoles(scope, at, { asked: body.role_ids, present: rolesOfSiteUser(row) });
  if (typeof tagId === 'string') await checkTagFree(scope, { tagId, owner: row });
  checkEditable(at, row);
  if (row.is_owner && body.blocked === true) throw notAllowed('The owner cannot be blocked.');
  const hasOtherRoles = roles !== undefined && !areSame(roles, rolesOfSiteUser(row));
  if (row.is_owner && hasOtherRoles) throw notAllowed('The roles of the owner cannot be changed.');
  if (hasOtherRoles && (await isPodMember(scope, row.id))) throw new ApiError('USER_IS_POD_MEMBER');
  return { row, roles, tagId, ...person };
}

/** A site user as records show it. */
export function shown({ own_roles: _roles, ...row }: SiteUserRow): object {
  return row;
}

/** The accessor of a site user, held for a write. VALUE_INVALID (`path_id`) when the site has none of that id. */
export async function heldSiteUser(
  scope: WriteScope,
  { siteId }: Pick<AtWork, 'siteId'>,
  id: AccessorId,
): Promise<HeldAccessor & { readonly user_id: UserId }> {
  const held = await heldAccessor(scope, id);
  const { user_id: userId } = held;
  if (held.collection_id !== siteId || userId === null) throw noSiteUser();
  return { ...held, user_id: userId };
}

function areSame(a: readonly Role[], b: readonly Role[]): boolean {
  const ids = new Set(b.map(({ id }) => id));
  return a.length === ids.size && a.every(({ id }) => ids.has(id));
}

/** Names and address belong to the site that made the person, until there is a profile (behaviour.md 16). */
async function planPerson(
  scope: Scope,
  { row, body }: { readonly row: SiteUserRow; readonly body: PatchSiteUser },
): Promise<Pick<Plan, 'names' | 'newAddress' | 'mover'>> {
  const { first_name: firstName, last_name: lastName, email } = body;
  const isNamed = isOther(firstName, row.first_name) || isOther(lastName, row.last_name);
  const hasNewAddress = isOther(email?.toLowerCase(), row.email?.toLowerCase() ?? null);
  if ((isNamed || hasNewAddress) && !row.is_managed_by_current_site)
    throw notAllowed(
      row.has_profile
        ? 'Names and e-mail are those of the profile, which its person changes.'
        : 'Another site looks after names and e-mail of the person.',
    );
  const names = isNamed ? { firstName, lastName } : {};
  if (!hasNewAddress || email === undefined)
    return { names, newAddress: undefined, mover: undefined };
  const owner = await ownerOfAddress(scope, email);
  if (
    owner.kind === 'known' &&
    (await shareSite(scope, { from: row.user_id, to: owner.person.id }))
  )
    throw new ApiError('VALUE_INVALID', {
      parameter: 'email',
      reason: 'The person is on a site of this user already.',
    });
  return { names, newAddress: email, mover: owner.kind === 'nobody' ? undefined : owner };
}

function isOther(sent: string | undefined, present: string | null): boolean {
  return sent !== undefined && sent !== (present ?? '');
}

/** Who gets the mail of an invitation: nobody without another address, nobody who has a profile. */
function inviteeOf({
  row,
  newAddress,
  mover,
}: Plan): { readonly userId: UserId; readonly address: string } | undefined {
  if (newAddress === undefined || mover?.kind === 'login') return undefined;
  if (mover === undefined) return { userId: row.user_id, address: newAddress };
  return mover.person.has_profile ? undefined : { userId: mover.person.id, address: newAddress };
}

/** Hands the mail over and gives who was invited. INVITE_FAILED. */
async function invite(
  { database, invitations }: SiteUserParts,
  at: AtWork,
  plan: Plan,
): Promise<UserId | undefined> {
  const invitee = inviteeOf(plan);
  if (invitee === undefined) return undefined;
  const { actor, siteId } = at;
  const sender = await senderOf(readScope(database, actor.tenantId), at);
  await invitations.hand({
    tenantId: actor.tenantId,
    siteId,
    language: null,
    ...invitee,
    ...sender,
  });
  return invitee.userId;
}

/** Writes names and address, or gives the places of the person to whoever has the address: the same human being. */
async function writePerson(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    accessor,
    plan: { mover, names, newAddress },
  }: {
    readonly at: AtWork;
    readonly accessor: HeldAccessor & { readonly user_id: UserId };
    readonly plan: Plan;
  },
): Promise<HeldAccessor & { readonly user_id: UserId }> {
  const { siteId } = at;
  const { clock, ids, notices } = parts;
  if (mover === undefined) {
    await updatePerson(scope, accessor.user_id, { ...names, email: newAddress });
    return accessor;
  }
  const userId = mover.kind === 'known' ? mover.person.id : ids.next<UserId>();
  if (mover.kind === 'login')
    await insertPerson(scope, {
      id: userId,
      loginId: mover.loginId,
      email: null,
      firstName: '',
      lastName: '',
      managingSiteId: siteId,
      createdAt: clock.now(),
    });
  else await holdPerson(scope, userId);
  await passPlaces(scope, { from: accessor.user_id, to: userId });
  await leaveSite(scope, { userIds: [accessor.user_id], siteId });
  const moved = { ...accessor, user_id: userId };
  await giveTags(scope, parts, { at, row: moved, tagIds: [] });
  if (mover.kind === 'login' || mover.person.has_profile)
    await tellOfPlace(scope, notices, { at, userId });
  return moved;
}

/** Flags are written where Core reads them; what the setting says otherwise is cleared (behaviour.md 1). */
async function writeFlags(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    id,
    body,
    plan: { roles },
    warn,
  }: {
    readonly at: AtWork;
    readonly id: AccessorId;
    readonly body: PatchSiteUser;
    readonly plan: Plan;
    readonly warn: (word: string) => void;
  },
): Promise<void> {
  const remoteAccess = roles === undefined ? undefined : opensFromAfar(roles);
  const { blocked, override_privacy_mode, toggle_easy_office_mode, toggle_manual_office_mode } =
    body;
  const flags = { override_privacy_mode, toggle_easy_office_mode, toggle_manual_office_mode };
  const own = { ...flags, remote_access: remoteAccess, blocked };
  await updateAccessor(scope, id, own);
  if (roles !== undefined)
    await updateSiteUser(scope, id, { role_ids: roles.map((role) => role.id) });
  if (body.alias !== undefined) await updateSiteUser(scope, id, { alias: body.alias ?? '' });
  const isOfSetting = [...Object.values(own), body.use_pin].some((value) => value !== undefined);
  if (!isOfSetting) return;
  const setting = await ensureSetting(scope, parts, { at, id, warn });
  await updateCollectionSetting(scope, setting.id, {
    ...(blocked === undefined ? {} : { blocked: false }),
    ...(remoteAccess === undefined ? {} : { remote_access: null }),
    ...Object.fromEntries(
      Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [[name, null]])),
    ),
    ...(body.use_pin === undefined ? {} : { use_pin: body.use_pin }),
  });
}

/** Every site user has a setting for its site; one that was deleted through the Core face is made again. */
export async function ensureSetting(
  scope: WriteScope,
  { clock, ids }: Pick<SiteUserParts, 'clock' | 'ids'>,
  {
    at: { siteId },
    id,
    warn,
  }: {
    readonly at: Pick<AtWork, 'siteId'>;
    readonly id: AccessorId;
    readonly warn: (word: string) => void;
  },
): Promise<CollectionSettingRow> {
  const place = { accessorId: id, collectionId: siteId };
  const present = await findCollectionSetting(scope, place);
  if (present !== undefined) return present;
  const now = clock.now();
  const suspended = !(await hasFreeSeat(scope, siteId, now));
  if (suspended) warn('seat_limit_reached');
  const row = {
    id: ids.next<string>(),
    accessor_id: id,
    collection_id: siteId,
    blocked: false,
    remote_access: null,
    suspended,
    toggle_easy_office_mode: null,
    toggle_manual_office_mode: null,
    override_privacy_mode: null,
    use_pin: true,
  };
  await insertCollectionSetting(scope, { ...row, created_at: now });
  return row;
}

/** Gives another tag, by the key that is there where there is one, or takes all tags away. */
async function writeTag(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at: { actor },
    owner,
    tagId,
  }: {
    readonly at: AtWork;
    readonly owner: HeldAccessor & { readonly user_id: UserId };
    readonly tagId: TagId | null;
  },
): Promise<void> {
  const keys = await listTagKeys(scope, owner);
  if (tagId === null) {
    for (const { id, accessor_id: accessorId } of keys) {
      const holder = accessorId === owner.id ? owner : await heldAccessor(scope, accessorId);
      await removeKey(scope, parts, { actor, owner: holder, id });
    }
    return;
  }
  if (!(await holdTag(scope, tagId)))
    throw new ApiError('VALUE_INVALID', { parameter: 'tag_id', case: 'body_id' });
  if ((await checkTagFree(scope, { tagId, owner })) !== undefined) return;
  const first = keys.find((key) => key.accessor_id === owner.id);
  if (first === undefined) await addTagKey(scope, parts, { actor, owner, tagId, blocked: false });
  else
    await changeKey(scope, parts, {
      actor,
      owner,
      id: first.id,
      tagId,
      blocked: undefined,
      detail: 'key_id',
    });
}
