/** What a site has been given to use, and until when (connect-api.md 2.4, 4.13, 5, 7; behaviour.md 15). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, Int, listOf, orNull, Text, Uuid, words } from './fields.ts';
import { features, type Feature } from './features.ts';

/** The features that v1.1 knows, by ids that are the same everywhere. */
export const shownFeatures: readonly {
  readonly id: string;
  readonly code: 'apple_wallet_key' | 'google_wallet_key';
}[] = [
  { id: '0d7a5c9e-6c1f-4f0b-9a57-3b1d2f4e8a01', code: 'apple_wallet_key' },
  { id: '0d7a5c9e-6c1f-4f0b-9a57-3b1d2f4e8a02', code: 'google_wallet_key' },
];

const members = {
  /** null = without end. */
  end_date: orNull(Instant),
  /** null = as many as wanted. */
  user_amount: orNull(Int),
  iq_amount: orNull(Int),
  voucher_label: orNull(Text),
  voucher_code: orNull(Text),
  is_valid: Bool,
};

export const SubscriptionResponse = {
  'v1.1': Type.Object({
    ...members,
    features: listOf(
      Type.Object({ id: Uuid, code: words(['apple_wallet_key', 'google_wallet_key']) }),
    ),
  }),
  'v1.2': Type.Object({ ...members, type: Text, features: listOf(words(features)) }),
} as const;
export type SubscriptionResponse = Omit<
  Static<(typeof SubscriptionResponse)['v1.2']>,
  'features'
> & { readonly features: readonly Feature[] | typeof shownFeatures };
