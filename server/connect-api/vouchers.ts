import type { Feature } from '#contract/features';
import { instantTextOrNull } from '#contract/time-text';
import {
  IssuedVoucherPage,
  IssuedVoucherResponse,
  PostVoucherRequest,
  RedeemVoucherRequest,
  VoucherResponse,
  type IssuedVoucherResponse as IssuedVoucher,
  type VoucherResponse as Voucher,
} from '#contract/vouchers';
import type { Issuer, Vouchers } from '#server/domain/vouchers';
import type { Call, Route } from '#server/http/route';
import { voucherFields, type VoucherRow } from '#server/store/vouchers';
import type { AtInstallation, OperatorRoute } from './operator-route.ts';
import type { SiteRoute } from './site-route.ts';

const tag = 'vouchers';

type Parts = { readonly vouchers: Vouchers };

/** connect-api.md 3.1 and 4.13: a voucher before it is redeemed, and redeeming it. */
export function voucherRoutes(siteRoute: SiteRoute, { vouchers }: Parts): Route[] {
  return [
    siteRoute({
      method: 'GET',
      path: '/vouchers',
      right: 'manage_site',
      summary: 'What a voucher gives',
      tag,
      query: {
        voucher_code: { kind: 'text', isRequired: true, summary: '12 letters or digits' },
      },
      answer: VoucherResponse,
      handle: async ({ actor }, call) =>
        toVoucher(await vouchers.find(actor, call.query('voucher_code') ?? '')),
    }),
    siteRoute({
      method: 'POST',
      path: '/vouchers',
      right: 'manage_site',
      summary: 'Redeem a voucher: its plan takes the place of the present one',
      tag,
      body: { schema: RedeemVoucherRequest, mode: 'create' },
      answer: VoucherResponse,
      errors: ['OPERATION_NOT_ALLOWED'],
      handle: async ({ actor, siteId }, _call, body) =>
        toVoucher(await vouchers.redeem(actor, siteId, body.voucher_code)),
    }),
  ];
}

/** design.md, rulings: operators issue vouchers. */
export function issuedVoucherRoutes(operatorRoute: OperatorRoute, { vouchers }: Parts): Route[] {
  return [
    operatorRoute({
      method: 'GET',
      path: '/vouchers',
      summary: 'List the vouchers of the installation',
      tag,
      list: { fields: voucherFields },
      answer: IssuedVoucherPage,
      handle: async (_at, call) => call.page(await vouchers.list(call.list), toIssuedVoucher),
    }),
    operatorRoute({
      method: 'POST',
      path: '/vouchers',
      summary: 'Issue a voucher',
      tag,
      body: { schema: PostVoucherRequest, mode: 'create' },
      answer: IssuedVoucherResponse,
      errors: ['NOT_FOUND'],
      handle: async (at, call, body) =>
        toIssuedVoucher(await vouchers.issue(issuerOf(at, call), body)),
    }),
    operatorRoute({
      method: 'DELETE',
      path: '/vouchers/{id}',
      summary: 'Take back a voucher that nobody has redeemed',
      tag,
      answer: null,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED'],
      exists: (_at, call) => vouchers.get(call.id('id')),
      handle: (at, call) => vouchers.withdraw(issuerOf(at, call), call.id('id')),
    }),
  ];
}

function issuerOf({ loginId }: AtInstallation, { caller, requestId }: Call): Issuer {
  return { loginId, clientId: caller.clientId, requestId };
}

function toVoucher(row: VoucherRow): Voucher {
  return {
    id: row.id,
    code: row.code,
    tenant_id: row.tenant_id,
    user_amount: row.user_amount ?? 0,
    user_unlimited: row.user_amount === null,
    month_span: row.month_span ?? 0,
    month_span_unlimited: row.month_span === null,
    iq_amount: row.iq_amount ?? 0,
    iq_unlimited: row.iq_amount === null,
    type: row.type,
    customer_uid: row.site_uid,
    label: row.label,
    activation_date: instantTextOrNull(row.redeemed_at),
    start_date: instantTextOrNull(row.redeemed_at),
    end_date: instantTextOrNull(row.ends_at),
  };
}

function toIssuedVoucher(row: VoucherRow): IssuedVoucher {
  return { ...toVoucher(row), features: row.features as Feature[] | null };
}
