/** Installers whom a site lets in for a day (connect-api.md 3.9, 4.11, 5, 8; behaviour.md 17). */
import { Type, type Static } from 'typebox';
import { Bool, Instant, optional, orNull, page, Text, Uuid, words } from './fields.ts';

export const InstallerAccessResponse = Type.Object({
  customer_uid: orNull(Text),
  expiry_date: Instant,
  is_active: Bool,
  /** Shown in the answer that made it, and never again. */
  token: orNull(Text),
});
export type InstallerAccessResponse = Static<typeof InstallerAccessResponse>;

export const InstallerAccessIqResponse = Type.Object({
  iq_id: Uuid,
  customer_reference: orNull(Text),
  online: Bool,
  enabled: Bool,
  access_expiry_date: orNull(Instant),
});
export type InstallerAccessIqResponse = Static<typeof InstallerAccessIqResponse>;
export const InstallerAccessIqPage = page(InstallerAccessIqResponse);

export const PutInstallerAccessRequest = Type.Object({
  action: words(['enable', 'disable']),
  update_default_installer: optional(Bool),
});

/** `otp` is not needed where the IQ asks for none. */
export const PatchInstallerAccessIqRequest = Type.Object({
  otp: optional(Text),
  enable: optional(Bool),
});

export const PostInstallerAccessRequest = Type.Object({ token: Text });
