/** Vouchers: issued by operators, redeemed by sites, whose plan they become (connect-api.md 4.13, behaviour.md 15). */
import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { CollectionId, LoginId, TenantId } from '#contract/ids';
import type { ListOptions } from '#contract/odata';
import type { PostVoucherRequest } from '#contract/vouchers';
import type { Actor, Audit } from '#server/events/audit';
import type { Ids } from '#server/runtime/ids';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';
import { inTransaction, readScope } from '#server/store/scope';
import { findPlan, holdPlan, writePlan, type Plan } from '#server/store/subscriptions';
import { listTenantIds } from '#server/store/tenants';
import {
  deleteUnusedVoucher,
  findVoucher,
  findVoucherByCode,
  holdVoucherByCode,
  insertVoucher,
  listVouchers,
  noteRedeemed,
  type VoucherRow,
} from '#server/store/vouchers';
import { noSite } from './sites.ts';
import { endOfRedeemed } from './subscriptions.ts';

export type PostVoucher = Required<Static<typeof PostVoucherRequest>>;

/** The operator who acts, as the audit log of the voucher's tenant names whoever it was. */
export type Issuer = Pick<Actor, 'clientId' | 'requestId'> & { readonly loginId: LoginId };

export type Vouchers = {
  /** The plan in force. NOT_FOUND when the tenant has no such site. */
  getPlan(actor: Actor, siteId: CollectionId): Promise<Plan>;
  /** What a code would give. VALUE_INVALID: no code has that form; NOT_FOUND: there is none. */
  find(actor: Actor, code: string): Promise<VoucherRow>;
  /** Puts the plan of a voucher in force. As `find`; OPERATION_NOT_ALLOWED: redeemed already, or issued for another site. */
  redeem(actor: Actor, siteId: CollectionId, code: string): Promise<VoucherRow>;
  list(options: ListOptions): Promise<ListResult<VoucherRow>>;
  /** NOT_FOUND when there is none of that id. */
  get(id: string): Promise<VoucherRow>;
  /** NOT_FOUND `Tenant`; VALUE_INVALID: an amount below 0, a span below 1 month or over 1200, a label over 255 characters. */
  issue(issuer: Issuer, body: PostVoucher): Promise<VoucherRow>;
  /** NOT_FOUND; OPERATION_NOT_ALLOWED when it was redeemed. */
  withdraw(issuer: Issuer, id: string): Promise<void>;
};

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const codeLength = 12;
const mostMonths = 1200;
const mostOfAll = 2_147_483_647;

export function createVouchers({
  database,
  audit,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly ids: Ids;
}): Vouchers {
  async function getVoucher(id: string): Promise<VoucherRow> {
    const row = await findVoucher(database, id);
    if (row === undefined) throw noVoucher();
    return row;
  }

  async function tenantOf(sent: string | null): Promise<TenantId> {
    const all = await listTenantIds(database);
    const found = sent === null && all.length === 1 ? all[0] : all.find((id) => id === sent);
    if (found !== undefined) return found;
    if (sent === null)
      throw new ApiError('REQUEST_INVALID', { reason: 'The tenant_id field is required.' });
    throw new ApiError('NOT_FOUND', { thing: 'Tenant' });
  }

  return {
    async getPlan(actor, siteId) {
      const plan = await findPlan(readScope(database, actor.tenantId), siteId);
      if (plan === undefined) throw noSite();
      return plan;
    },

    async find(actor, sent) {
      const row = await findVoucherByCode(readScope(database, actor.tenantId), readCode(sent));
      if (row === undefined) throw noVoucher();
      return row;
    },

    redeem: (actor, siteId, sent) =>
      inTransaction({ database, tenantId: actor.tenantId }, async (scope) => {
        const code = readCode(sent);
        const now = clock.now();
        const former = await holdPlan(scope, siteId);
        if (former === undefined) throw noSite();
        const voucher = await holdVoucherByCode(scope, code);
        if (voucher === undefined) throw noVoucher();
        if (voucher.redeemed_at !== null) throw notAllowed('The voucher was redeemed already.');
        if (voucher.site_uid !== null && voucher.site_uid !== former.site_uid)
          throw notAllowed('The voucher was issued for another site.');
        const endsAt = endOfRedeemed(now, {
          monthSpan: voucher.month_span,
          users: voucher.user_amount,
          former: { endsAt: former.subscription_ends_at, users: former.user_amount },
        });
        const plan: Plan = {
          user_amount: voucher.user_amount,
          iq_amount: voucher.iq_amount,
          features: voucher.features,
          voucher_code: code,
          voucher_label: voucher.label,
          subscription_starts_at: now,
          subscription_ends_at: endsAt,
        };
        await writePlan(scope, siteId, plan);
        await noteRedeemed(scope, voucher.id, { siteId, at: now, endsAt });
        audit.record(scope, actor, {
          action: 'voucher.redeem',
          objectType: 'voucher',
          objectId: voucher.id,
          collectionId: siteId,
          before: former,
          after: plan,
        });
        return { ...voucher, redeemed_by_site_id: siteId, redeemed_at: now, ends_at: endsAt };
      }),

    list: (options) => listVouchers(database, options),
    get: getVoucher,

    async issue(issuer, body) {
      const tenantId = await tenantOf(body.tenant_id);
      checkRange('user_amount', body.user_amount, { least: 0, most: mostOfAll });
      checkRange('iq_amount', body.iq_amount, { least: 0, most: mostOfAll });
      checkRange('month_span', body.month_span, { least: 1, most: mostMonths });
      if (body.label !== null && Array.from(body.label).length > 255)
        throw new ApiError('VALUE_INVALID', { parameter: 'label' });
      return inTransaction({ database, tenantId }, async (scope) => {
        const row = {
          id: ids.next<string>(),
          user_amount: body.user_amount,
          iq_amount: body.iq_amount,
          month_span: body.month_span,
          features: body.features,
          type: body.type ?? 'standard',
          label: body.label,
          site_uid: body.customer_uid,
          created_at: clock.now(),
        };
        let code = makeCode(ids);
        while (!(await insertVoucher(scope, { ...row, code }))) code = makeCode(ids);
        audit.record(scope, actorOf(issuer, tenantId), fact('issue', row.id));
        return {
          ...row,
          code,
          tenant_id: tenantId,
          redeemed_by_site_id: null,
          redeemed_at: null,
          ends_at: null,
        };
      });
    },

    async withdraw(issuer, id) {
      const { tenant_id: tenantId } = await getVoucher(id);
      await inTransaction({ database, tenantId }, async (scope) => {
        if (!(await deleteUnusedVoucher(scope, id)))
          throw notAllowed('The voucher was redeemed already.');
        audit.record(scope, actorOf(issuer, tenantId), fact('withdraw', id));
      });
    },
  };
}

/** An operator need be nobody in the tenant: the login's id stands for the person. */
function actorOf({ loginId, clientId, requestId }: Issuer, tenantId: TenantId): Actor {
  return { tenantId, clientId, requestId, userId: loginId };
}

function makeCode(ids: Ids): string {
  return Array.from(ids.bytes(codeLength), (byte) => letters[byte % letters.length]).join('');
}

/** 12 letters or digits in any case (connect-api.md 4.13). */
function readCode(sent: string): string {
  const code = sent.trim().toUpperCase();
  if (/^[A-Z0-9]{12}$/.test(code)) return code;
  throw new ApiError('VALUE_INVALID', {
    parameter: 'voucher_code',
    reason: 'Send 12 letters or digits.',
  });
}

function checkRange(
  parameter: string,
  value: number | null,
  { least, most }: { readonly least: number; readonly most: number },
): void {
  if (value === null || (value >= least && value <= most)) return;
  throw new ApiError('VALUE_INVALID', { parameter, reason: `Allowed are ${least} to ${most}.` });
}

function noVoucher(): ApiError {
  return new ApiError('NOT_FOUND', { thing: 'Voucher' });
}

function notAllowed(reason: string): ApiError {
  return new ApiError('OPERATION_NOT_ALLOWED', { reason });
}

function fact(verb: string, id: string) {
  return { action: `voucher.${verb}`, objectType: 'voucher', objectId: id };
}
