/** Repeaters as the Connect face shows them (connect-api.md 5). */
import { Type, type Static } from 'typebox';
import { Bool, Name, optional, orNull, page, Text, words } from './fields.ts';
import { communicationTypes } from './iq-link.ts';
import { iqLinkStates } from './locks.ts';
import { RefResponse } from './refs.ts';

/** `iq` and `parent_repeater` are null where there is none. */
export const SiteRepeaterResponse = Type.Object({
  ...RefResponse.properties,
  mac: orNull(Text),
  online: Bool,
  iq_link_state: words(iqLinkStates),
  iq: orNull(RefResponse),
  parent_repeater: orNull(RefResponse),
  communication_type: words(communicationTypes),
});
export type SiteRepeaterResponse = Static<typeof SiteRepeaterResponse>;
export const SiteRepeaterPage = page(SiteRepeaterResponse);

export const PostSiteRepeaterRequest = Type.Object({
  customer_reference: Name,
  activation_code: Text,
});

export const PatchSiteRepeaterRequest = Type.Object({ customer_reference: optional(Name) });
