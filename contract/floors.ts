import { Type, type Static } from 'typebox';
import { Int, orNull, Text, Uuid } from './fields.ts';

/** core-api.md 7.5. */
export const FloorResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  number: orNull(Int),
  lock_count: Int,
});
export type FloorResponse = Static<typeof FloorResponse>;
