/**
 * How people come to a site (connect-api.md 2.4, 4.2). Whoever has an address and no profile is invited while the caller waits: what
 * would be made is decided first, then the mail is handed over, outside any transaction, then it is decided once more and made.
 */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, KeyId, LoginId, TagId, UserId } from '#contract/ids';
import type { Words } from '#contract/languages';
import { builtInRoles, type Role } from '#contract/roles';
import type {
  PostExistingSiteUserRequest,
  PostSiteGuestRequest,
  PostSiteUserRequest,
} from '#contract/site-users';
import type { Ids } from '#server/runtime/ids';
import { holdAccessor } from '#server/store/accessors';
import { insertCollectionSetting } from '#server/store/collection-settings';
import { findCollection, holdCollection } from '#server/store/collections';
import {
  findPerson,
  holdAddress,
  holdPerson,
  insertPerson,
  type Person,
} from '#server/store/people';
import type { Database } from '#server/store/pool';
import { readScope, type Scope, type WriteScope } from '#server/store/scope';
import { hasFreeSeat } from '#server/store/seats';
import {
  insertSiteUser,
  listHoldersOfRole,
  listTagsOfPerson,
  type SiteUserRow,
} from '#server/store/site-users';
import { holdTag } from '#server/store/tags';
import type { Invitations } from './invitations.ts';
import { addTagKey, type KeyWriteParts } from './key-writes.ts';
import { oneLine, paragraphs } from './message-text.ts';
import type { Notices } from './notices.ts';
import { opensFromAfar } from './permissions.ts';
import { writeRights, type Written } from './rights-write.ts';
import {
  checkNotInSite,
  checkTagFree,
  chooseRoles,
  getSiteUser,
  ownerOfAddress,
  tagOfBody,
  type AtWork,
} from './site-user-rules.ts';

export type PostSiteUser = Required<Static<typeof PostSiteUserRequest>>;
export type PostExistingSiteUser = Required<Static<typeof PostExistingSiteUserRequest>>;
export type PostSiteGuest = Required<Static<typeof PostSiteGuestRequest>>;

export type SiteUserCreation = {
  /**
   * VALUE_INVALID: e-mail of somebody on the site, roles, tag taken; (`body_id`) tag unknown. OPERATION_NOT_ALLOWED: role above the
   * own level. INVITE_FAILED: then nothing was created. Without a free seat it is made suspended, with `seat_limit_reached`.
   */
  create(at: AtWork, body: PostSiteUser): Promise<Written<SiteUserRow>>;
  /** The same for somebody known in the tenant. VALUE_INVALID (`body_id`): there is no such person. */
  addExisting(at: AtWork, body: PostExistingSiteUser): Promise<Written<SiteUserRow>>;
  /** Somebody without names, address or login, until `expires_at`. VALUE_INVALID: that lies behind. */
  createGuest(at: AtWork, body: PostSiteGuest): Promise<Written<SiteUserRow>>;
};

export type SiteUserParts = KeyWriteParts & {
  readonly database: Database;
  readonly invitations: Invitations;
};

/** Who comes: somebody known, the person of an account that no site of the tenant knows, or somebody new. */
export type Comer =
  | { readonly kind: 'known'; readonly person: Person }
  | { readonly kind: 'login'; readonly loginId: LoginId }
  | { readonly kind: 'new'; readonly email: string | null };

type Plan = {
  readonly comer: Comer;
  readonly roles: readonly Role[];
  readonly tagId: TagId | null;
};

/** Who lets somebody in, and where. */
export type Inviting = Pick<AtWork, 'actor' | 'siteId' | 'userId'>;

/** What is written of whoever comes. */
export type Place = {
  readonly first_name: string;
  readonly last_name: string;
  readonly alias: string | null;
  readonly toggle_easy_office_mode: boolean;
  readonly toggle_manual_office_mode: boolean;
  readonly blocked: boolean;
  readonly override_privacy_mode: boolean;
  readonly use_pin: boolean;
  readonly expiresAt: string | null;
};

/** Ids are drawn before anything is stored, since the mail of an invitation names the person. */
export type Fresh = { readonly id: AccessorId; readonly userId: UserId };

type Coming = {
  readonly at: AtWork;
  readonly place: Place;
  readonly address: string | null;
  readonly plan: (scope: Scope, fresh: Fresh) => Promise<Plan>;
};

export function createSiteUserCreation(parts: SiteUserParts): SiteUserCreation {
  const { database, clock, ids } = parts;

  async function come({ at, place, address, plan }: Coming): Promise<Written<SiteUserRow>> {
    const { actor } = at;
    const fresh = drawIds(ids);
    const first = await plan(readScope(database, actor.tenantId), fresh);
    await invite(parts, at, { comer: first.comer, fresh });
    return writeRights({ database, actor }, async (scope, warn) => {
      if (!(await holdCollection(scope, at.siteId)))
        throw new ApiError('NOT_FOUND', { thing: 'Site' });
      if (address !== null) await holdAddress(scope, address);
      const { comer, roles, tagId } = await plan(scope, fresh);
      if (idOf(comer, fresh) !== idOf(first.comer, fresh) || comer.kind !== first.comer.kind)
        throw new ApiError('INVITE_FAILED', { reason: 'The person changed meanwhile; try again.' });
      const tagIds = tagId === null ? [] : [tagId];
      const after = await addComer(scope, parts, { at, fresh, comer, roles, place, tagIds });
      if (after.subscription_state === 'suspended') warn('seat_limit_reached');
      return after;
    });
  }

  return {
    create: (at, body) =>
      come({
        at,
        place: { ...body, expiresAt: null },
        address: body.email,
        plan: async (scope, fresh) => {
          const tagId =
            body.tag_id === null
              ? null
              : await tagOfBody(scope, { siteId: at.siteId, tagId: body.tag_id });
          const comer = await comerOf(scope, body.email);
          const userId = idOf(comer, fresh);
          const now = clock.now();
          if (comer.kind === 'known')
            await checkNotInSite(scope, { siteId: at.siteId, userId, now }, 'email');
          const roles = await rolesOrUser(scope, at, body.role_ids);
          if (tagId !== null)
            await checkTagFree(scope, { tagId, owner: { id: fresh.id, user_id: userId } });
          return { comer, roles, tagId };
        },
      }),

    addExisting: (at, body) =>
      come({
        at,
        place: { ...body, first_name: '', last_name: '', expiresAt: null },
        address: null,
        plan: async (scope) => {
          const userId = body.id as UserId;
          const person = await findPerson(scope, userId);
          if (person === undefined)
            throw new ApiError('VALUE_INVALID', { parameter: 'user_id', case: 'body_id' });
          await checkNotInSite(scope, { siteId: at.siteId, userId, now: clock.now() }, 'id');
          const roles = await rolesOrUser(scope, at, body.role_ids);
          return { comer: { kind: 'known', person }, roles, tagId: null };
        },
      }),

    async createGuest(at, { alias, expires_at: expiresAt }) {
      if (expiresAt !== null && Date.parse(expiresAt) <= clock.now().getTime())
        throw new ApiError('VALUE_INVALID', {
          parameter: 'expires_at',
          reason: 'It must lie ahead.',
        });
      return come({
        at,
        place: { ...plainPlace, alias, expiresAt },
        address: null,
        plan: () =>
          Promise.resolve({
            comer: { kind: 'new', email: null },
            roles: [builtInRoles.site_guest],
            tagId: null,
          }),
      });
    },
  };
}

/** Nobody in particular: what a place has that nothing is said of. */
export const plainPlace = {
  first_name: '',
  last_name: '',
  toggle_easy_office_mode: false,
  toggle_manual_office_mode: false,
  blocked: false,
  override_privacy_mode: false,
  use_pin: false,
} as const;

/** Ids for whoever comes, should they be needed. */
export function drawIds(ids: Ids): Fresh {
  return { id: ids.next<AccessorId>(), userId: ids.next<UserId>() };
}

/** INVITE_FAILED: the address is malformed. */
export async function comerOf(scope: Scope, email: string | null): Promise<Comer> {
  if (email === null) return { kind: 'new', email };
  const owner = await ownerOfAddress(scope, email);
  return owner.kind === 'nobody' ? { kind: 'new', email } : owner;
}

/** The person who comes. */
export function idOf(comer: Comer, { userId }: Fresh): UserId {
  return comer.kind === 'known' ? comer.person.id : userId;
}

/** None given = a plain user (connect-api.md 2.2). */
export function rolesOrUser(
  scope: Scope,
  at: AtWork,
  asked: readonly string[] | null,
): Promise<readonly Role[]> {
  const isNone = asked === null || asked.length === 0;
  return chooseRoles(scope, at, { asked: isNone ? [builtInRoles.site_user.id] : asked });
}

/** Hands the mail over to whoever has an address and no profile. INVITE_FAILED. */
export async function invite(
  { database, invitations }: SiteUserParts,
  at: Inviting,
  { comer, fresh }: { readonly comer: Comer; readonly fresh: Fresh },
): Promise<void> {
  if (comer.kind === 'login') return;
  const known = comer.kind === 'known' ? comer.person : { ...comer, has_profile: false };
  if (known.has_profile || known.email === null) return;
  const { siteId, actor } = at;
  await invitations.hand({
    tenantId: actor.tenantId,
    siteId,
    userId: idOf(comer, fresh),
    address: known.email,
    language: comer.kind === 'known' ? comer.person.language : null,
    ...(await senderOf(readScope(database, actor.tenantId), at)),
  });
}

/** The site and whoever invites, by name. */
export async function senderOf(
  scope: Scope,
  { siteId, userId }: Pick<Inviting, 'siteId' | 'userId'>,
): Promise<{ readonly siteName: string | null; readonly inviterName: string }> {
  const site = await findCollection(scope, siteId);
  const inviter = await findPerson(scope, userId);
  return {
    siteName: site?.customer_reference ?? null,
    inviterName: `${inviter?.first_name ?? ''} ${inviter?.last_name ?? ''}`.trim(),
  };
}

type NewPlace = {
  readonly at: Inviting;
  readonly fresh: Fresh;
  readonly comer: Comer;
  readonly roles: readonly Role[];
  readonly place: Place;
};

/**
 * Gives whoever comes a place in the site, with tags; people and audit log are told. VALUE_INVALID: somebody else did meanwhile, or a
 * tag is another person's. Roles are chosen and the person is looked up before.
 */
export async function addComer(
  scope: WriteScope,
  parts: SiteUserParts,
  { tagIds, ...coming }: NewPlace & { readonly tagIds: readonly TagId[] },
): Promise<SiteUserRow> {
  const { at, comer } = coming;
  const made = await settle(scope, parts, coming);
  await giveTags(scope, parts, { at, row: made, tagIds });
  const row = await getSiteUser(scope, {
    siteId: at.siteId,
    id: made.id,
    now: parts.clock.now(),
  });
  const { own_roles: _roles, ...shown } = row;
  parts.audit.record(scope, at.actor, { ...fact('create', at, row.id), after: shown });
  await parts.desiredState.refresh(scope, { accessorIds: [row.id] });
  await tellOfJoining(scope, parts, { at, comer, row });
  return row;
}

/** Stores person, place and setting; suspended where no seat is free. */
async function settle(
  scope: WriteScope,
  { clock, ids }: SiteUserParts,
  { at, fresh, comer, roles, place }: NewPlace,
): Promise<Pick<SiteUserRow, 'id' | 'user_id'>> {
  const { siteId } = at;
  const now = clock.now();
  const userId = idOf(comer, fresh);
  const isStored =
    comer.kind === 'known'
      ? await holdPerson(scope, userId)
      : await insertPerson(scope, {
          id: userId,
          loginId: comer.kind === 'login' ? comer.loginId : null,
          email: comer.kind === 'new' ? comer.email : null,
          firstName: comer.kind === 'new' ? place.first_name : '',
          lastName: comer.kind === 'new' ? place.last_name : '',
          managingSiteId: siteId,
          createdAt: now,
        });
  const isThere =
    isStored &&
    (await insertSiteUser(scope, {
      ...place,
      id: fresh.id,
      siteId,
      userId,
      roleIds: roles.map(({ id }) => id),
      remote_access: opensFromAfar(roles),
      createdAt: now,
    }));
  if (!isThere)
    throw new ApiError('VALUE_INVALID', {
      parameter: comer.kind === 'known' ? 'id' : 'email',
      reason: 'The person changed meanwhile.',
    });
  await insertCollectionSetting(scope, {
    id: ids.next<string>(),
    accessor_id: fresh.id,
    collection_id: siteId,
    blocked: false,
    remote_access: null,
    suspended: !(await hasFreeSeat(scope, siteId, now)),
    toggle_easy_office_mode: null,
    toggle_manual_office_mode: null,
    override_privacy_mode: null,
    use_pin: place.use_pin,
    created_at: now,
  });
  return { id: fresh.id, user_id: userId };
}

/** These tags, and those that the person has in other sites (behaviour.md 5.1). */
export async function giveTags(
  scope: WriteScope,
  parts: SiteUserParts,
  {
    at,
    row,
    tagIds,
  }: {
    readonly at: Pick<Inviting, 'actor'>;
    readonly row: Pick<SiteUserRow, 'id' | 'user_id'>;
    readonly tagIds: readonly TagId[];
  },
): Promise<void> {
  const owner = await holdAccessor(scope, row.id);
  if (owner === undefined) return;
  const others = await listTagsOfPerson(scope, { userId: row.user_id, exceptId: row.id });
  for (const id of new Set([...tagIds, ...others])) {
    if (!(await holdTag(scope, id))) continue;
    const present: KeyId | undefined = await checkTagFree(scope, {
      tagId: id,
      owner: { id: row.id, user_id: row.user_id },
    });
    if (present === undefined)
      await addTagKey(scope, parts, { actor: at.actor, owner, tagId: id, blocked: false });
  }
}

/** Who was added, and, where no seat was free, owner and admins (behaviour.md 15). */
async function tellOfJoining(
  scope: WriteScope,
  { audit, notices }: SiteUserParts,
  { at, comer, row }: { readonly at: Inviting; readonly comer: Comer; readonly row: SiteUserRow },
): Promise<void> {
  const { siteId, actor } = at;
  if (comer.kind === 'login' || (comer.kind === 'known' && isReachable(comer.person)))
    await tellOfPlace(scope, notices, { at, userId: row.user_id });
  if (row.subscription_state !== 'suspended') return;
  audit.record(scope, actor, fact('seat_limit_reached', at, row.id));
  const site = await siteTexts(scope, at);
  await notices.tell(scope, {
    word: 'seat_limit_reached',
    siteId,
    userIds: await listHoldersOfRole(scope, { siteId, roleId: builtInRoles.site_admin.id }),
    tellsOwner: true,
    texts: {
      en: {
        subject: 'No seat was free for a new user',
        text: `A user was added to ${site.en} while all its seats are taken. The user is suspended: no door opens until you suspend or remove somebody else and set the user to subscribed.`,
      },
      de: {
        subject: 'Für eine neue Person war kein Platz frei',
        text: `Zu ${site.de} kam eine Person hinzu, während alle Plätze vergeben sind. Die Person hat keinen Platz: Keine Tür öffnet ihr, bis Sie jemand anderem den Platz wegnehmen oder jemanden entfernen und der Person einen Platz geben.`,
      },
    },
  });
}

/** Whoever came by a code of a pod signs in without an address. */
function isReachable({ has_profile, email }: Person): boolean {
  return has_profile && email !== null;
}

/** Somebody who has a profile is told of a place that was given to them. */
export async function tellOfPlace(
  scope: WriteScope,
  notices: Notices,
  { at, userId }: { readonly at: Inviting; readonly userId: UserId },
): Promise<void> {
  const site = await siteTexts(scope, at);
  await notices.tell(scope, {
    word: 'added_to_site',
    siteId: at.siteId,
    userIds: [userId],
    texts: {
      en: {
        subject: 'You were added to a site',
        text: paragraphs(`You are one of the users of ${site.en}.`, 'Sign in as usual to see it.'),
      },
      de: {
        subject: 'Sie gehören jetzt zu einem Standort',
        text: paragraphs(
          `Sie gehören jetzt zu ${site.de}.`,
          'Melden Sie sich wie gewohnt an, um ihn zu sehen.',
        ),
      },
    },
  });
}

async function siteTexts(scope: Scope, at: Inviting): Promise<Words<string>> {
  const { siteName } = await senderOf(scope, at);
  const name = oneLine(siteName, '');
  return name === ''
    ? { en: 'a site', de: 'einem Standort' }
    : { en: `the site ${name}`, de: `dem Standort ${name}` };
}

/** The record of what happened to a site user. */
export function fact(verb: string, { siteId }: Pick<AtWork, 'siteId'>, id: AccessorId) {
  return {
    action: `site_user.${verb}`,
    objectType: 'site_user',
    objectId: id,
    accessorId: id,
    collectionId: siteId,
  };
}
