import { Type, type Static } from 'typebox';
import { Instant, Text } from './fields.ts';

/** core-api.md 11: what the receiving tenant shows to take a collection over; works once, for 24 h. */
export const TransferTokenResponse = Type.Object({ token: Text, expires_at: Instant });
export type TransferTokenResponse = Static<typeof TransferTokenResponse>;
