/** Sites: made by people, kept by an owner, or by an installer until the release (connect-api.md 4.1, behaviour.md 17). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import {
  nilUuid,
  type AccessorId,
  type CollectionId,
  type LoginId,
  type TenantId,
  type UserId,
} from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { builtInRoles } from '#contract/roles';
import type { PatchSiteRequest, PostSiteRequest } from '#contract/sites';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import {
  deleteCollection,
  holdCollectionWhole,
  insertCollection,
  updateCollection,
} from '#server/store/collections';
import type { ListResult } from '#server/store/list';
import { ensureUser, isOperatorLogin } from '#server/store/logins';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import {
  emptySite,
  findOwnProfile,
  findSite,
  followMasterTag,
  hasIqs,
  holdSiteKeepers,
  holdSiteUserOf,
  insertKeeper,
  listSites,
  nameSite,
  releaseIqs,
  writeSiteKeepers,
  type ManagedSiteRow,
  type OwnProfile,
  type SiteKeepers,
  type SiteRow,
} from '#server/store/sites';
import { listTenantIds } from '#server/store/tenants';
import { deletePlace, type Gone } from './accessors.ts';
import { changed, countryCode } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { writeRights, type Written } from './rights-write.ts';
import { timeZone } from './time-zone.ts';

export type PostSite = Required<Static<typeof PostSiteRequest>>;
export type PatchSite = Static<typeof PatchSiteRequest>;

/** Whoever signed in; the tenant is that of the client, nil for our own web pages and phone app. */
export type Person = { readonly tenantId: TenantId; readonly loginId: LoginId };

export type Sites = {
  /** The sites in which the person has a place. */
  list(person: Person, options: ListOptions): Promise<ListResult<SiteRow>>;
  /** NOT_FOUND when the tenant has no such site. */
  get(actor: Pick<Actor, 'tenantId'>, id: CollectionId): Promise<ManagedSiteRow>;
  /** The tenant in which the person may make a site; undefined = in none. */
  findTenantForNew(person: Person): Promise<TenantId | undefined>;
  /** Makes a site and its maker the owner, or the installer. VALUE_INVALID: country, zone. */
  create(maker: Person & Omit<Actor, 'userId'>, body: PostSite): Promise<ManagedSiteRow>;
  /** NOT_FOUND `User`; VALUE_INVALID; OPERATION_NOT_ALLOWED: the named owner is no `site_admin`, or the site is being set up. */
  update(actor: Actor, id: CollectionId, body: PatchSite): Promise<Written<ManagedSiteRow>>;
  /** OPERATION_NOT_ALLOWED while an IQ is registered there. Entries live out their retention. */
  remove(actor: Actor, id: CollectionId): Promise<void>;
  /** The installer hands the site over and leaves it. NOT_FOUND `User`; OPERATION_NOT_ALLOWED: not being set up, no `site_admin`. */
  release(actor: Actor, id: CollectionId, ownerId: UserId): Promise<Written<ManagedSiteRow>>;
  /** What a person shows of itself. NOT_FOUND when the login is gone. */
  getOwnProfile(person: Person): Promise<OwnProfile>;
};

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly desiredState: DesiredState;
  /** Whether everybody may make sites, or operators only. */
  readonly siteCreation: 'everybody' | 'operators';
  /** Id of the tenant in which clients of no tenant make sites; absent = the only one there is. */
  readonly homeTenant?: string;
};

/** core-api.md 7.5 and connect-api.md 4.10: 90 days. */
const defaultTtlSeconds = 90 * 86_400;

export function createSites(parts: Parts): Sites {
  const { database, audit, clock, ids, desiredState } = parts;

  async function tenantForNew({ tenantId, loginId }: Person): Promise<TenantId | undefined> {
    if (parts.siteCreation === 'operators' && !(await isOperatorLogin(database, loginId)))
      return undefined;
    if (tenantId !== nilUuid) return tenantId;
    const all = await listTenantIds(database);
    if (parts.homeTenant === undefined) return all.length === 1 ? all[0] : undefined;
    return all.find((id) => id === parts.homeTenant);
  }

  return {
    list: (person, options) => listSites(database, options, person),
    get: (actor, id) => getSite(readScope(database, actor.tenantId), id, clock.now()),
    findTenantForNew: tenantForNew,

    async create({ loginId, clientId, requestId, tenantId }, body) {
      const country = requiredCountry(body.country_code);
      const zone = timeZone(body.time_zone);
      const now = clock.now();
      const userId = await ensureUser(database, {
        tenantId,
        id: ids.next<UserId>(),
        loginId,
        createdAt: now,
      });
      const actor = { tenantId, clientId, userId, requestId };
      return inTransaction({ database, tenantId }, async (scope) => {
        const id = ids.next<CollectionId>();
        await insertCollection(scope, {
          id,
          customer_reference: body.customer_reference,
          country_code: country,
          time_zone: zone,
          masterkey_id: null,
          default_installer_company_id: null,
          sync_mkey: true,
          store_entry_events: true,
          store_incident_events: true,
          store_lam_audits: true,
          store_events_ttl_seconds: defaultTtlSeconds,
          vendor_references: ['sallis'],
          created_at: now,
        });
        await makeSiteUid(scope, { id, country, ids });
        await writeSiteKeepers(
          scope,
          id,
          body.installation
            ? {
                installation_state: 'installation',
                owner_user_id: null,
                installer_user_id: userId,
              }
            : {
                installation_state: 'self_installed',
                owner_user_id: userId,
                installer_user_id: null,
              },
        );
        await makeKeeper(scope, { siteId: id, userId, ids, now });
        const after = await getSite(scope, id, clock.now());
        audit.record(scope, actor, { ...fact('create', id), after: audited(after) });
        return after;
      });
    },

    update: (actor, id, body) =>
      writeRights({ database, actor }, async (scope) => {
        const keepers = await heldKeepers(scope, id);
        const { owner_id: ownerId, country_code, time_zone, customer_reference } = body;
        const successor =
          ownerId === undefined ? undefined : await namedUser(scope, id, ownerId as UserId);
        const change = {
          ...(customer_reference === undefined ? {} : { customer_reference }),
          ...(country_code === undefined ? {} : { country_code: requiredCountry(country_code) }),
          ...(time_zone === undefined ? {} : { time_zone: timeZone(time_zone) }),
        };
        const before = await getSite(scope, id, clock.now());
        if (successor !== undefined) {
          if (keepers.installation_state === 'installation')
            throw notAllowed('The site is being set up; release it to hand it over.');
          requireAdmin(successor);
          await handOver(scope, { id, keepers: { ...keepers, owner_user_id: successor.userId } });
        }
        await updateCollection(scope, id, change);
        await desiredState.refresh(scope, { collectionIds: [id] });
        const after = await getSite(scope, id, clock.now());
        audit.record(scope, actor, {
          ...fact('update', id),
          detail: changed(body),
          before: audited(before),
          after: audited(after),
        });
        return after;
      }),

    remove: (actor, id) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        if (!(await holdCollectionWhole(scope, id))) throw noSite();
        if (await hasIqs(scope, id)) throw notAllowed('An IQ is still registered.');
        const before = await getSite(scope, id, clock.now());
        const accessorIds = await emptySite(scope, id);
        await deleteCollection(scope, id);
        await desiredState.refresh(scope, { collectionIds: [id], accessorIds });
        audit.record(scope, actor, { ...fact('delete', id), before: audited(before) });
      }),

    release: (actor, id, ownerId) =>
      writeRights({ database, actor }, async (scope) => {
        const keepers = await heldKeepers(scope, id);
        const owner = await namedUser(scope, id, ownerId);
        const installerId = keepers.installer_user_id;
        if (keepers.installation_state !== 'installation' || installerId === null)
          throw notAllowed('The site is not being set up.');
        requireAdmin(owner);
        if (owner.userId === installerId)
          throw notAllowed('The installer leaves the site; name another as its owner.');
        const before = await getSite(scope, id, clock.now());
        await handOver(scope, {
          id,
          keepers: {
            installation_state: 'released',
            owner_user_id: owner.userId,
            installer_user_id: null,
          },
        });
        await releaseIqs(scope, id);
        await desiredState.refresh(scope, {
          collectionIds: [id],
          ...(await leave(scope, { siteId: id, userId: installerId })),
        });
        const after = await getSite(scope, id, clock.now());
        audit.record(scope, actor, {
          ...fact('release', id),
          before: audited(before),
          after: audited(after),
        });
        return after;
      }),

    async getOwnProfile(person) {
      const found = await findOwnProfile(database, person);
      if (found === undefined) throw new ApiError('NOT_FOUND', { thing: 'User' });
      return found;
    },
  };
}

async function getSite(scope: Scope, id: CollectionId, now: Date): Promise<ManagedSiteRow> {
  const row = await findSite(scope, id, now);
  if (row === undefined) throw noSite();
  return row;
}

async function heldKeepers(scope: WriteScope, id: CollectionId): Promise<SiteKeepers> {
  const keepers = await holdSiteKeepers(scope, id);
  if (keepers === undefined) throw noSite();
  return keepers;
}

type NamedUser = { readonly userId: UserId; readonly roleIds: readonly string[] };

async function namedUser(
  scope: WriteScope,
  siteId: CollectionId,
  userId: UserId,
): Promise<NamedUser> {
  const found = await holdSiteUserOf(scope, { siteId, userId });
  if (found === undefined) throw new ApiError('NOT_FOUND', { thing: 'User' });
  return { userId, roleIds: found.roleIds };
}

function requireAdmin({ roleIds }: NamedUser): void {
  if (!roleIds.includes(builtInRoles.site_admin.id))
    throw notAllowed('The new owner is no site_admin of the site.');
}

/** Takes the site user of a person away; gives what the doors must hear of it. */
async function leave(
  scope: WriteScope,
  person: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<Gone> {
  const leaving = await holdSiteUserOf(scope, person);
  if (leaving === undefined) return { accessorIds: [], lockIds: [], groupIds: [] };
  return deletePlace(scope, leaving.accessorId);
}

async function handOver(
  scope: WriteScope,
  {
    id,
    keepers,
  }: { readonly id: CollectionId; readonly keepers: Parameters<typeof writeSiteKeepers>[2] },
): Promise<void> {
  await writeSiteKeepers(scope, id, keepers);
  await followMasterTag(scope, id);
}

/** The person becomes a `site_admin` of the site, unless one of its people already. */
export async function makeKeeper(
  scope: WriteScope,
  keeper: {
    readonly siteId: CollectionId;
    readonly userId: UserId;
    readonly ids: Ids;
    readonly now: Date;
  },
): Promise<void> {
  const { siteId, userId, ids, now } = keeper;
  await insertKeeper(scope, {
    siteId,
    userId,
    accessorId: ids.next<AccessorId>(),
    settingId: ids.next<string>(),
    roleId: builtInRoles.site_admin.id,
    createdAt: now,
  });
}

/** Two letters of the country, `XX` where it is not known, and ten digits (connect-api.md 4.1). */
export async function makeSiteUid(
  scope: WriteScope,
  site: { readonly id: CollectionId; readonly country: string | null; readonly ids: Ids },
): Promise<void> {
  const { id, country, ids } = site;
  for (;;) {
    const digits = String(ids.bytes(8).readBigUInt64BE() % 10n ** 10n).padStart(10, '0');
    if (await nameSite(scope, id, `${country ?? 'XX'}${digits}`)) return;
  }
}

function requiredCountry(sent: string): string {
  const code = countryCode(sent);
  if (code === null) throw new ApiError('VALUE_INVALID', { parameter: 'country_code' });
  return code;
}

export function noSite(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'Site' });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function fact(verb: string, id: CollectionId) {
  return { action: `site.${verb}`, objectType: 'site', objectId: id, collectionId: id };
}

/** Persons are in the audit log by id only. */
function audited({ owner, ...site }: ManagedSiteRow): object {
  return { ...site, owner_id: owner?.id ?? null };
}
