import { Type, type Static } from 'typebox';
import { Bool, optional, orNull, page, Reference, Text, Uuid, words } from './fields.ts';
import { communicationTypes } from './iq-link.ts';
import { iqLinkStates } from './locks.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 7.2; `repeater_id` is the parent repeater. */
export const RepeaterResponse = Type.Object({
  id: Uuid,
  iq_id: orNull(Uuid),
  repeater_id: orNull(Uuid),
  mac: orNull(Text),
  customer_reference: orNull(Text),
  online: Bool,
  iq_link_state: words(iqLinkStates),
  collection_id: orNull(Uuid),
  communication_type: words(communicationTypes),
  vendor: VendorResponse,
});
export type RepeaterResponse = Static<typeof RepeaterResponse>;
export const RepeaterPage = page(RepeaterResponse);

export const PostRepeaterRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  activation_code: optional(orNull(Text)),
  collection_id: optional(orNull(Uuid)),
  vendor: optional(orNull(Text)),
});

export const PatchRepeaterRequest = Type.Object({
  customer_reference: optional(orNull(Reference)),
  collection_id: optional(orNull(Uuid)),
});
