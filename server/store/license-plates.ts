import { sql } from 'kysely';
import type { AccessorId, KeyId } from '#contract/ids';
import type { LicensePlateResponse } from '#contract/license-plates';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

/** A plate is a key whose credential is itself; `id` is the credential's. */
export type LicensePlateRow = LicensePlateResponse & { readonly key_id: KeyId };

export const licensePlateFields = {
  id: { type: 'uuid', sql: sql`k.credential_id`, isNotNull: true },
  license_plate: { type: 'text', sql: sql`k.credential_value` },
  blocked: { type: 'bool', sql: sql`k.blocked`, isNotNull: true },
} as const satisfies SqlListFields;

const columns =
  'k.credential_id as id, k.credential_value as license_plate, k.blocked, k.id as key_id';

export async function findLicensePlate(
  scope: Scope,
  accessorId: AccessorId,
  by: { readonly id: string } | { readonly plate: string },
): Promise<LicensePlateRow | undefined> {
  const [row] = await scope.query<LicensePlateRow>(
    `select ${columns} from keys k where k.tenant_id = $1 and k.accessor_id = $2 and k.key_type = 'license_plate'
       and ($3::uuid is null or k.credential_id = $3) and ($4::text is null or k.credential_value = $4)`,
    [scope.tenantId, accessorId, 'id' in by ? by.id : null, 'plate' in by ? by.plate : null],
  );
  return row;
}

export function listLicensePlates(
  scope: Scope,
  options: ListOptions,
  accessorId: AccessorId,
): Promise<ListResult<LicensePlateRow>> {
  return listRows<LicensePlateRow>(scope, {
    from: sql`keys k`,
    tenant: sql`k.tenant_id`,
    where: sql`k.accessor_id = ${accessorId}::uuid and k.key_type = 'license_plate'`,
    select: sql.raw(columns),
    fields: licensePlateFields,
    options,
    id: sql`k.credential_id`,
    defaultOrder: [{ sql: sql`k.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
