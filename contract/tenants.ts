/** API customers of the installation: what their programs and sites belong to. */
import { Type, type Static } from 'typebox';
import { Instant, Int, page, Text, Uuid } from './fields.ts';

export const Tenant = Type.Object({
  id: Uuid,
  name: Text,
  /** Sites and collections of its own. */
  site_count: Int,
  created_at: Instant,
});
export type Tenant = Static<typeof Tenant>;
export const TenantPage = page(Tenant);
