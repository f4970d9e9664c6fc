import { sql } from 'kysely';
import { nilUuid, type CollectionId, type TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import { voucherTypes, type VoucherType } from '#contract/vouchers';
import { listRows, type ListResult } from './list.ts';
import type { SqlListFields } from './odata-filter.ts';
import type { Database } from './pool.ts';
import { readScope, type Scope, type WriteScope } from './scope.ts';

export type VoucherRow = {
  readonly id: string;
  readonly code: string;
  readonly tenant_id: TenantId;
  /** null = without limit. */
  readonly user_amount: number | null;
  readonly iq_amount: number | null;
  readonly month_span: number | null;
  /** null = every feature. */
  readonly features: readonly string[] | null;
  readonly type: VoucherType;
  readonly label: string | null;
  /** The only site that may redeem it. */
  readonly site_uid: string | null;
  readonly redeemed_by_site_id: CollectionId | null;
  readonly redeemed_at: Date | null;
  readonly ends_at: Date | null;
};

const columns = `v.id, v.code, v.tenant_id, v.user_amount, v.iq_amount, v.month_span, v.features, v.type, v.label, v.site_uid,
  v.redeemed_by_site_id, v.redeemed_at, v.ends_at`;

export const voucherFields = {
  id: { type: 'uuid', sql: sql`v.id`, isNotNull: true },
  code: { type: 'text', sql: sql`v.code`, isNotNull: true },
  tenant_id: { type: 'uuid', sql: sql`v.tenant_id`, isNotNull: true },
  user_amount: { type: 'int', sql: sql`coalesce(v.user_amount, 0)`, isNotNull: true },
  user_unlimited: { type: 'bool', sql: sql`(v.user_amount is null)`, isNotNull: true },
  month_span: { type: 'int', sql: sql`coalesce(v.month_span, 0)`, isNotNull: true },
  month_span_unlimited: { type: 'bool', sql: sql`(v.month_span is null)`, isNotNull: true },
  iq_amount: { type: 'int', sql: sql`coalesce(v.iq_amount, 0)`, isNotNull: true },
  iq_unlimited: { type: 'bool', sql: sql`(v.iq_amount is null)`, isNotNull: true },
  type: { type: 'enum', words: voucherTypes, sql: sql`v.type`, isNotNull: true },
  customer_uid: { type: 'text', sql: sql`v.site_uid` },
  label: { type: 'text', sql: sql`v.label` },
  activation_date: { type: 'instant', sql: sql`v.redeemed_at` },
  start_date: { type: 'instant', sql: sql`v.redeemed_at` },
  end_date: { type: 'instant', sql: sql`v.ends_at` },
} as const satisfies SqlListFields;

/** A page of the vouchers of every tenant; for operators. */
export function listVouchers(
  database: Database,
  options: ListOptions,
): Promise<ListResult<VoucherRow>> {
  return listRows<VoucherRow>(readScope(database, nilUuid as TenantId), {
    from: sql`vouchers v`,
    tenant: 'shared',
    select: sql.raw(columns),
    fields: voucherFields,
    options,
    id: sql`v.id`,
    defaultOrder: [{ sql: sql`v.created_at`, type: 'instant', direction: 'asc', isNotNull: true }],
  });
}

/** The voucher of an id, of whatever tenant; for operators. */
export async function findVoucher(database: Database, id: string): Promise<VoucherRow | undefined> {
  const { rows } = await database.pool.query<VoucherRow>(
    `select ${columns} from vouchers v where v.id = $1`,
    [id],
  );
  return rows[0];
}

/** The voucher of a code in the tenant. */
export async function findVoucherByCode(
  scope: Scope,
  code: string,
): Promise<VoucherRow | undefined> {
  const [row] = await scope.query<VoucherRow>(
    `select ${columns} from vouchers v where v.tenant_id = $1 and v.code = $2`,
    [scope.tenantId, code],
  );
  return row;
}

/** The same, held against others who redeem it until the transaction ends. */
export async function holdVoucherByCode(
  scope: WriteScope,
  code: string,
): Promise<VoucherRow | undefined> {
  const [row] = await scope.query<VoucherRow>(
    `select ${columns} from vouchers v where v.tenant_id = $1 and v.code = $2 for update`,
    [scope.tenantId, code],
  );
  return row;
}

/** False when the code is taken, in whichever tenant. */
export async function insertVoucher(
  scope: WriteScope,
  row: Omit<VoucherRow, 'tenant_id' | 'redeemed_by_site_id' | 'redeemed_at' | 'ends_at'> & {
    readonly created_at: Date;
  },
): Promise<boolean> {
  const rows = await scope.query(
    `insert into vouchers (tenant_id, id, code, user_amount, iq_amount, month_span, features, type, label, site_uid, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (code) do nothing returning 1`,
    [
      scope.tenantId,
      row.id,
      row.code,
      row.user_amount,
      row.iq_amount,
      row.month_span,
      row.features,
      row.type,
      row.label,
      row.site_uid,
      row.created_at,
    ],
  );
  return rows.length > 0;
}

export async function noteRedeemed(
  scope: WriteScope,
  id: string,
  redeemed: { readonly siteId: CollectionId; readonly at: Date; readonly endsAt: Date | null },
): Promise<void> {
  await scope.query(
    `update vouchers set redeemed_by_site_id = $3, redeemed_at = $4, ends_at = $5 where tenant_id = $1 and id = $2`,
    [scope.tenantId, id, redeemed.siteId, redeemed.at, redeemed.endsAt],
  );
}

/** Takes a voucher back; false when it was redeemed. */
export async function deleteUnusedVoucher(scope: WriteScope, id: string): Promise<boolean> {
  const rows = await scope.query(
    'delete from vouchers where tenant_id = $1 and id = $2 and redeemed_at is null returning 1',
    [scope.tenantId, id],
  );
  return rows.length > 0;
}
