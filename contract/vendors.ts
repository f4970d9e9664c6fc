import { Type, type Static } from 'typebox';
import { orNull, page, Text, Uuid } from './fields.ts';

export const VendorResponse = Type.Object({
  id: Uuid,
  reference: orNull(Text),
  display_name: orNull(Text),
});
export type VendorResponse = Static<typeof VendorResponse>;
export const VendorPage = page(VendorResponse);
