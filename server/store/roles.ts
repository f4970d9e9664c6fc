/** Roles that a site has made for itself; the built-in ones are in contract/roles.ts. */
import { sql } from 'kysely';
import type { AccessorId, CollectionId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { Role, RoleRight } from '#contract/roles';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope, WriteScope } from './scope.ts';
import { updateColumns } from './update.ts';

/** As JSON, so that built-in roles and a site's own come from one place. */
const asRoles = sql`(id uuid, code text, customer_reference text, parent_id uuid, depth int, rights text[])`;

export const roleFields = {
  id: { type: 'uuid', sql: sql`r.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`r.customer_reference` },
  code: { type: 'text', sql: sql`r.code` },
  parent_id: { type: 'uuid', sql: sql`r.parent_id` },
  is_hierarchical: { type: 'bool', sql: sql`(r.depth is not null)`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of the roles given, in their order. */
export function listRoles(
  scope: Scope,
  options: ListOptions,
  roles: readonly Role[],
): Promise<ListResult<Role>> {
  return listRows<Role>(scope, {
    from: sql`rows from (json_to_recordset(${JSON.stringify(roles)}::json) as ${asRoles}) with ordinality as
      r (id, code, customer_reference, parent_id, depth, rights, place)`,
    tenant: 'shared',
    select: sql`r.id, r.code, r.customer_reference, r.parent_id, r.depth, r.rights`,
    fields: roleFields,
    options,
    id: sql`r.id`,
    defaultOrder: [{ sql: sql`r.place`, type: 'int', direction: 'asc', isNotNull: true }],
  });
}

const columns = 'id, code, customer_reference, parent_id, depth, rights';

/** The roles of a site's own, oldest first. */
export function findOwnRoles(scope: Scope, siteId: CollectionId): Promise<Role[]> {
  return scope.query<Role>(
    `select ${columns} from site_roles where tenant_id = $1 and collection_id = $2 order by created_at, id`,
    [scope.tenantId, siteId],
    'site_roles_find',
  );
}

/** Holds the roles of a site against others who change them, until the transaction ends. */
export async function holdRoles(scope: WriteScope, siteId: CollectionId): Promise<void> {
  await scope.query(
    'select 1 from collections where tenant_id = $1 and id = $2 for no key update',
    [scope.tenantId, siteId],
  );
}

export async function insertRole(
  scope: WriteScope,
  role: Role & { readonly siteId: CollectionId; readonly createdAt: Date },
): Promise<void> {
  await scope.query(
    `insert into site_roles (tenant_id, collection_id, ${columns}, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      scope.tenantId,
      role.siteId,
      role.id,
      role.code,
      role.customer_reference,
      role.parent_id,
      role.depth,
      role.rights,
      role.createdAt,
    ],
  );
}

/** Writes the members given; listeners who may no longer hear what they heard are told by the caller. */
export async function updateRole(
  scope: WriteScope,
  id: string,
  change: { readonly customer_reference?: string; readonly rights?: readonly RoleRight[] },
): Promise<void> {
  await updateColumns(scope, {
    table: 'site_roles',
    id,
    columns: ['customer_reference', 'rights'],
    change,
  });
}

export async function deleteRole(scope: WriteScope, id: string): Promise<void> {
  await scope.query('delete from site_roles where tenant_id = $1 and id = $2', [
    scope.tenantId,
    id,
  ]);
}

/** Whether somebody has the role, or another role of the site stands below it. */
export async function isRoleInUse(
  scope: Scope,
  { siteId, id }: { readonly siteId: CollectionId; readonly id: string },
): Promise<boolean> {
  const [row] = await scope.query<{ used: boolean }>(
    `select exists (select 1 from accessors where tenant_id = $1 and collection_id = $2 and $3::uuid = any (role_ids))
       or exists (select 1 from site_roles where tenant_id = $1 and collection_id = $2 and parent_id = $3) as used`,
    [scope.tenantId, siteId, id],
  );
  return row?.used ?? false;
}

/** Sets what is said of opening from afar, at those who have a role, to what all their roles give. */
export async function settleRemoteAccess(
  scope: WriteScope,
  siteId: CollectionId,
  roleIds: { readonly changed: string; readonly opening: readonly string[] },
): Promise<AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `update accessors set remote_access = role_ids && $4::uuid[]
     where tenant_id = $1 and collection_id = $2 and user_id is not null and $3::uuid = any (role_ids)
       and remote_access is distinct from (role_ids && $4::uuid[]) returning id`,
    [scope.tenantId, siteId, roleIds.changed, roleIds.opening],
  );
  return rows.map(({ id }) => id);
}
