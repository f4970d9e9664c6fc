/** Plans to be redeemed, issued by whoever runs the installation (connect-api.md 4.13, 5; design.md, rulings). */
import { Type, type Static } from 'typebox';
import { features } from './features.ts';
import { Bool, Instant, Int, listOf, optional, orNull, page, Text, Uuid, words } from './fields.ts';

export const voucherTypes = ['standard', 'expansion', 'renewal'] as const;
export type VoucherType = (typeof voucherTypes)[number];

const members = {
  id: Uuid,
  code: orNull(Text),
  tenant_id: Uuid,
  /** 0 where there is no limit. */
  user_amount: Int,
  user_unlimited: Bool,
  month_span: Int,
  month_span_unlimited: Bool,
  iq_amount: Int,
  iq_unlimited: Bool,
  type: orNull(Text),
  /** The `site_uid` of the only site that may redeem it. */
  customer_uid: orNull(Text),
  label: orNull(Text),
  activation_date: orNull(Instant),
  start_date: orNull(Instant),
  end_date: orNull(Instant),
};

export const VoucherResponse = Type.Object(members);
export type VoucherResponse = Static<typeof VoucherResponse>;

export const RedeemVoucherRequest = Type.Object({ voucher_code: Text });

/** As an operator sees it: with what it gives. */
export const IssuedVoucherResponse = Type.Object({
  ...members,
  /** null = every feature. */
  features: orNull(listOf(words(features))),
});
export type IssuedVoucherResponse = Static<typeof IssuedVoucherResponse>;
export const IssuedVoucherPage = page(IssuedVoucherResponse);

/** Amounts and months that are left out are without limit; features left out are all. */
export const PostVoucherRequest = Type.Object({
  /** Left out: the only tenant of the installation. */
  tenant_id: optional(orNull(Uuid)),
  user_amount: optional(orNull(Int)),
  iq_amount: optional(orNull(Int)),
  month_span: optional(orNull(Int)),
  features: optional(orNull(listOf(words(features)))),
  type: optional(orNull(words(voucherTypes))),
  customer_uid: optional(orNull(Text)),
  label: optional(orNull(Text)),
});
