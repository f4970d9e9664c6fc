/** Tags as the Connect face shows them (connect-api.md 4.7, 5). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, orNull, page, Text, Uuid } from './fields.ts';

const Holder = Type.Object({
  id: Uuid,
  user: Type.Object({
    id: Uuid,
    first_name: orNull(Text),
    last_name: orNull(Text),
    image_url: orNull(Text),
  }),
});

/** `blocked` = its key is; `site_user_key_id` and `site_user` are null while nobody has it. */
export const SiteTagResponse = Type.Object({
  id: Uuid,
  blocked: Bool,
  creation_date: Instant,
  registration_date: orNull(Instant),
  tag_number: orNull(Text),
  source_iq_id: orNull(Uuid),
  site_user_key_id: orNull(Uuid),
  site_user: orNull(Holder),
  is_pod_tag: Bool,
});
export type SiteTagResponse = Static<typeof SiteTagResponse>;
export const SiteTagPage = page(SiteTagResponse);
