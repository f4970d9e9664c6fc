/** Repeaters as the Connect face shows them (connect-api.md 5). */
import { Type, type Static } from 'typebox';
import { Bool, Name, optional, orNull, page, Text, Uuid, words } from './fields.ts';
import { communicationTypes } from './iq-link.ts';
import { iqLinkStates } from './locks.ts';

const Ref = Type.Object({ id: Uuid, customer_reference: orNull(Text) });

/** `iq` and `parent_repeater` are null where there is none. */
export const SiteRepeaterResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  mac: orNull(Text),
  online: Bool,
  iq_link_state: words(iqLinkStates),
  iq: orNull(Ref),
  parent_repeater: orNull(Ref),
  communication_type: words(communicationTypes),
});
export type SiteRepeaterResponse = Static<typeof SiteRepeaterResponse>;
export const SiteRepeaterPage = page(SiteRepeaterResponse);

export const PostSiteRepeaterRequest = Type.Object({
  customer_reference: Name,
  activation_code: Text,
});

export const PatchSiteRepeaterRequest = Type.Object({ customer_reference: optional(Name) });
