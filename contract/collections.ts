import { Type, type Static } from 'typebox';
import {
  Bool,
  listOf,
  optional,
  orNull,
  page,
  Reference,
  Span,
  Text,
  Uuid,
  withDefault,
} from './fields.ts';
import { VendorResponse } from './vendors.ts';

/** core-api.md 7.5. */
export const CollectionResponse = Type.Object({
  id: Uuid,
  customer_reference: orNull(Text),
  country_code: orNull(Text),
  sync_mkey: Bool,
  masterkey_id: orNull(Uuid),
  default_installer_id: orNull(Uuid),
  default_installer_company_id: orNull(Uuid),
  store_entry_events: Bool,
  store_incident_events: Bool,
  store_lam_audits: Bool,
  store_events_ttl: orNull(Span),
  vendors: listOf(VendorResponse),
  time_zone: orNull(Text),
});
export type CollectionResponse = Static<typeof CollectionResponse>;
export const CollectionPage = page(CollectionResponse);

const written = {
  customer_reference: optional(orNull(Reference)),
  country_code: optional(orNull(Text)),
  masterkey_id: optional(orNull(Uuid)),
  store_events_ttl: optional(orNull(Span)),
  vendor_compatibility: optional(orNull(listOf(Text))),
  time_zone: optional(orNull(Text)),
};

export const PostCollectionRequest = Type.Object({
  id: optional(orNull(Uuid)),
  ...written,
  installer_company_id: optional(orNull(Uuid)),
  sync_mkey: optional(withDefault(Bool, true)),
  store_entry_events: optional(withDefault(Bool, true)),
  store_incident_events: optional(withDefault(Bool, true)),
  store_lam_audits: optional(withDefault(Bool, true)),
});

export const PatchCollectionRequest = Type.Object({
  ...written,
  sync_mkey: optional(Bool),
  store_entry_events: optional(Bool),
  store_incident_events: optional(Bool),
  store_lam_audits: optional(Bool),
});
