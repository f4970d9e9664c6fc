/** The plan that a site has in force. */
import type { CollectionId, TenantId } from '#contract/ids';
import type { Database } from './pool.ts';
import type { Scope, WriteScope } from './scope.ts';

export type Plan = {
  readonly user_amount: number | null;
  readonly iq_amount: number | null;
  /** null = every feature. */
  readonly features: readonly string[] | null;
  readonly voucher_code: string | null;
  readonly voucher_label: string | null;
  /** null = the plan that the site began with. */
  readonly subscription_starts_at: Date | null;
  /** null = without end. */
  readonly subscription_ends_at: Date | null;
};

const columns = `user_amount, iq_amount, features, voucher_code, voucher_label, subscription_starts_at, subscription_ends_at`;

export async function findPlan(scope: Scope, siteId: CollectionId): Promise<Plan | undefined> {
  const [row] = await scope.query<Plan>(
    `select ${columns} from collections where tenant_id = $1 and id = $2`,
    [scope.tenantId, siteId],
    'plan_find',
  );
  return row;
}

/** The plan and the readable name of a site, held against other changes until the transaction ends. */
export async function holdPlan(
  scope: WriteScope,
  siteId: CollectionId,
): Promise<(Plan & { readonly site_uid: string | null }) | undefined> {
  const [row] = await scope.query<Plan & { readonly site_uid: string | null }>(
    `select ${columns}, site_uid from collections where tenant_id = $1 and id = $2 for no key update`,
    [scope.tenantId, siteId],
  );
  return row;
}

/** Puts a plan in force; its owner has been told of no end yet. */
export async function writePlan(
  scope: WriteScope,
  siteId: CollectionId,
  plan: Plan,
): Promise<void> {
  await scope.query(
    `update collections set user_amount = $3, iq_amount = $4, features = $5, voucher_code = $6, voucher_label = $7,
       subscription_starts_at = $8, subscription_ends_at = $9, subscription_told_days = null
     where tenant_id = $1 and id = $2`,
    [
      scope.tenantId,
      siteId,
      plan.user_amount,
      plan.iq_amount,
      plan.features,
      plan.voucher_code,
      plan.voucher_label,
      plan.subscription_starts_at,
      plan.subscription_ends_at,
    ],
  );
}

export type EndingPlan = {
  readonly tenant_id: TenantId;
  readonly site_id: CollectionId;
  /** How many days before the end the owner is to be told. */
  readonly days: number;
};

/** Sites whose plan ends within one of these numbers of days, and whose owner was not told so; of several the fewest days count. */
export async function findEndingPlans(
  database: Database,
  { now, days }: { readonly now: Date; readonly days: readonly number[] },
): Promise<EndingPlan[]> {
  const { rows } = await database.pool.query<EndingPlan>({
    name: 'plans_ending',
    text: `select c.tenant_id, c.id as site_id, min(d) as days from collections c, unnest($2::int[]) d
      where c.subscription_ends_at > $1 and c.subscription_ends_at <= $1::timestamptz + make_interval(days => d)
      group by c.tenant_id, c.id, c.subscription_told_days
      having c.subscription_told_days is null or min(d) < c.subscription_told_days`,
    values: [now, days],
  });
  return rows;
}

/** When the plan of a site ends, by which clock people read it there; null = no zone was chosen. */
export type EndTold = {
  readonly endsAt: Date;
  readonly name: string | null;
  readonly timeZone: string | null;
};

/** Notes that the owner is told; gives the end and the name of the site, or undefined when another process was first. */
export async function noteEndTold(
  scope: WriteScope,
  { site_id: siteId, days }: EndingPlan,
): Promise<EndTold | undefined> {
  const [row] = await scope.query<EndTold>(
    `update collections set subscription_told_days = $3
     where tenant_id = $1 and id = $2 and subscription_ends_at is not null
       and (subscription_told_days is null or subscription_told_days > $3)
     returning subscription_ends_at as "endsAt", customer_reference as name, time_zone as "timeZone"`,
    [scope.tenantId, siteId, days],
  );
  return row;
}
