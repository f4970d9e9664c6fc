/** Activations of one-time codes as people of a site see them (connect-api.md 4.2, 4.6). */
import { sql } from 'kysely';
import type { AccessorId, CollectionId, UserId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Scope } from './scope.ts';

export type ActivatedIqRow = {
  readonly id: string;
  readonly customer_reference: string | null;
  readonly otp_enabled: boolean;
};

export const activatedIqFields = {
  id: { type: 'uuid', sql: sql`q.id`, isNotNull: true },
  customer_reference: { type: 'text', sql: sql`q.customer_reference` },
  otp_enabled: { type: 'bool', sql: sql`q.otp_enabled`, isNotNull: true },
} as const satisfies SqlListFields;

/** A page of the IQs of a site at which an accessor has an active PIN. */
export function listActivatedIqs(
  scope: Scope,
  options: ListOptions,
  { siteId, accessorId }: { readonly siteId: CollectionId; readonly accessorId: AccessorId },
): Promise<ListResult<ActivatedIqRow>> {
  return listRows<ActivatedIqRow>(scope, {
    from: sql`iqs q join iq_pins p on p.tenant_id = q.tenant_id and p.iq_id = q.id`,
    tenant: sql`q.tenant_id`,
    where: sql`q.collection_id = ${siteId}::uuid and p.accessor_id = ${accessorId}::uuid and p.activation_state = 'active'`,
    select: sql`q.id, q.customer_reference, q.otp_enabled`,
    fields: activatedIqFields,
    options,
    id: sql`q.id`,
    defaultOrder: [{ sql: sql`q.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

export type OwnIqPinRow = {
  readonly iq_id: string;
  readonly activation_date: Date | null;
  readonly activated: boolean;
};

export const ownIqPinFields = {
  iq_id: { type: 'uuid', sql: sql`q.id`, isNotNull: true },
  activation_date: { type: 'instant', sql: sql`p.activation_date` },
  activated: {
    type: 'bool',
    sql: sql`coalesce(p.activation_state = 'active', false)`,
    isNotNull: true,
  },
} as const satisfies SqlListFields;

/** A page of all IQs of a site, with the state of a person there. */
export function listOwnIqPins(
  scope: Scope,
  options: ListOptions,
  { siteId, userId }: { readonly siteId: CollectionId; readonly userId: UserId },
): Promise<ListResult<OwnIqPinRow>> {
  return listRows<OwnIqPinRow>(scope, {
    from: sql`iqs q
      left join accessors a on a.tenant_id = q.tenant_id and a.collection_id = q.collection_id and a.user_id = ${userId}::uuid
      left join iq_pins p on p.tenant_id = q.tenant_id and p.iq_id = q.id and p.accessor_id = a.id`,
    tenant: sql`q.tenant_id`,
    where: sql`q.collection_id = ${siteId}::uuid`,
    select: sql`q.id as iq_id, p.activation_date, coalesce(p.activation_state = 'active', false) as activated`,
    fields: ownIqPinFields,
    options,
    id: sql`q.id`,
    defaultOrder: [{ sql: sql`q.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}
