/** Roles of a site: which somebody may give, and those a site makes for itself (connect-api.md 2.2; design.md, rulings). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import {
  builtInRoles,
  type PatchRoleRequest,
  type PostRoleRequest,
  type Role,
  type RoleRight,
} from '#contract/roles';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { Bus } from '#server/store/bus';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import {
  deleteRole,
  findOwnRoles,
  holdRoles,
  insertRole,
  isRoleInUse,
  listRoles,
  settleRemoteAccess,
  updateRole,
} from '#server/store/roles';
import { inTransaction, readScope, type Scope, type WriteScope } from '#server/store/scope';
import { rolesTopic, type SitePlace } from '#server/store/site-people';
import { changed } from './collections.ts';
import type { DesiredState } from './desired-state.ts';
import { hasSiteRight, mayAssignRole, mayEditRank, opensFromAfar } from './permissions.ts';

/** Somebody at work in a site. */
export type AtRoles = {
  readonly actor: Actor;
  readonly siteId: CollectionId;
  readonly place: SitePlace;
};

export type Roles = {
  /** The roles that somebody may give in a site, the highest first (connect-api.md 2.2). */
  listAssignable(at: AtRoles, options: ListOptions): Promise<ListResult<Role>>;
  /** Every role of the site. */
  list(at: AtRoles, options: ListOptions): Promise<ListResult<Role>>;
  /** NOT_FOUND `Role` when the site has none of that id of its own. */
  get(at: AtRoles, id: string): Promise<Role>;
  /** NOT_FOUND `Role` (parent); VALUE_INVALID: code, or rights beyond the caller's or the parent's; OPERATION_NOT_ALLOWED: level. */
  create(at: AtRoles, body: Static<typeof PostRoleRequest>): Promise<Role>;
  /** As create; OPERATION_NOT_ALLOWED also while a role below has a right that would go. */
  update(at: AtRoles, id: string, body: Static<typeof PatchRoleRequest>): Promise<Role>;
  /** OPERATION_NOT_ALLOWED while somebody has it or a role stands below it. */
  remove(at: AtRoles, id: string): Promise<void>;
};

const builtIn: readonly Role[] = Object.values(builtInRoles);

export function createRoles({
  database,
  audit,
  clock,
  ids,
  bus,
  desiredState,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
  readonly bus: Bus;
  readonly desiredState: DesiredState;
}): Roles {
  const scopeOf = ({ actor }: AtRoles): Scope => readScope(database, actor.tenantId);
  const write = <T>({ actor, siteId }: AtRoles, work: (scope: WriteScope) => Promise<T>) =>
    inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
      await holdRoles(scope, siteId);
      return work(scope);
    });

  async function own(scope: Scope, siteId: CollectionId, id: string): Promise<Role> {
    const role = (await findOwnRoles(scope, siteId)).find((found) => found.id === id);
    if (role === undefined) throw noRole();
    return role;
  }

  return {
    async listAssignable(at, options) {
      const all = inOrder(await findOwnRoles(scopeOf(at), at.siteId));
      const assignable = all.filter((role) => mayAssignRole(at.place, role));
      return listRoles(scopeOf(at), options, assignable);
    },

    async list(at, options) {
      return listRoles(scopeOf(at), options, inOrder(await findOwnRoles(scopeOf(at), at.siteId)));
    },

    get: (at, id) => own(scopeOf(at), at.siteId, id),

    create: (at, body) =>
      write(at, async (scope) => {
        const present = inOrder(await findOwnRoles(scope, at.siteId));
        const parent = present.find(({ id }) => id === body.parent_id);
        if (parent === undefined) throw noRole();
        if (parent.depth === null)
          throw new ApiError('VALUE_INVALID', {
            parameter: 'parent_id',
            reason: 'Name a hierarchical role.',
          });
        const code = readCode(body.code, present);
        const rights = readRights(at.place, { sent: body.rights, parent });
        const role: Role = {
          id: ids.next<string>(),
          code,
          customer_reference: body.customer_reference,
          parent_id: parent.id,
          depth: parent.depth + 1,
          rights,
        };
        requireLevel(at.place, role);
        await insertRole(scope, { ...role, siteId: at.siteId, createdAt: clock.now() });
        audit.record(scope, at.actor, { ...fact('create', at, role.id), after: role });
        return role;
      }),

    update: (at, id, body) =>
      write(at, async (scope) => {
        const present = inOrder(await findOwnRoles(scope, at.siteId));
        const before = await own(scope, at.siteId, id);
        const parent = present.find((role) => role.id === before.parent_id);
        const rights =
          body.rights === undefined || parent === undefined
            ? before.rights
            : readRights(at.place, { sent: body.rights, parent });
        requireLevel(at.place, before);
        const below = present.filter((role) => role.parent_id === id);
        if (below.some((role) => role.rights.some((right) => !rights.includes(right))))
          throw notAllowed('A role below it has a right that would go.');
        const after: Role = {
          ...before,
          rights,
          ...(body.customer_reference === undefined
            ? {}
            : { customer_reference: body.customer_reference }),
        };
        await updateRole(scope, id, {
          rights,
          ...(body.customer_reference === undefined
            ? {}
            : { customer_reference: body.customer_reference }),
        });
        const roles = present.map((role) => (role.id === id ? after : role));
        const accessorIds = await settleRemoteAccess(scope, at.siteId, {
          changed: id,
          opening: roles.filter((role) => opensFromAfar([role])).map((role) => role.id),
        });
        await desiredState.refresh(scope, { accessorIds });
        scope.afterCommit(() => bus.publish(rolesTopic(at.actor.tenantId), ''));
        audit.record(scope, at.actor, {
          ...fact('update', at, id),
          detail: changed(body),
          before,
          after,
        });
        return after;
      }),

    remove: (at, id) =>
      write(at, async (scope) => {
        const before = await own(scope, at.siteId, id);
        requireLevel(at.place, before);
        if (await isRoleInUse(scope, { siteId: at.siteId, id }))
          throw notAllowed('Somebody has the role, or a role stands below it.');
        await deleteRole(scope, id);
        audit.record(scope, at.actor, { ...fact('delete', at, id), before });
      }),
  };
}

/** The highest first; those that stand beside them last. */
function inOrder(own: readonly Role[]): readonly Role[] {
  const depthOf = ({ depth }: Role): number => depth ?? Number.MAX_SAFE_INTEGER;
  return [...builtIn, ...own].toSorted((one, other) => depthOf(one) - depthOf(other));
}

/** A role gives nothing that whoever makes it has not, and nothing that the role above it does not. */
function readRights(
  place: SitePlace,
  { sent, parent }: { readonly sent: readonly RoleRight[]; readonly parent: Role },
): readonly RoleRight[] {
  const rights = [...new Set(sent)];
  const beyond = rights.find(
    (right) => !parent.rights.includes(right) || !hasSiteRight(place, right),
  );
  if (beyond !== undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'rights',
      reason: `You, or the role above it, lack ${beyond}.`,
    });
  return rights;
}

function readCode(sent: string, present: readonly Role[]): string {
  const code = sent.trim();
  const isTaken = present.some((role) => role.code.toLowerCase() === code.toLowerCase());
  if (/^\w{1,50}$/.test(code) && !isTaken) return code;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'code',
    reason: isTaken ? 'Another role has it.' : 'Send letters, digits and _, at most 50.',
  });
}

function requireLevel(place: SitePlace, role: Role): void {
  if (role.depth !== null && !mayEditRank(place, role.depth))
    throw notAllowed('The role stands above your own level.');
}

function noRole(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'Role' });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function fact(verb: string, { siteId }: AtRoles, id: string) {
  return { action: `role.${verb}`, objectType: 'role', objectId: id, collectionId: siteId };
}
