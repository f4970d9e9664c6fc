/** Identity providers outside through which people may sign in (identity.md 7), as operators administer them. */
import { Type, type Static } from 'typebox';
import { Instant, Name, optional, page, Text } from './fields.ts';

export const IdentityProvider = Type.Object({
  /** What `idp` says in tokens. */
  id: Text,
  /** What people read on the button. */
  name: Text,
  issuer: Text,
  client_id: Text,
  /** To be registered there. */
  redirect_uri: Text,
  created_at: Instant,
});
export type IdentityProvider = Static<typeof IdentityProvider>;
export const IdentityProviderPage = page(IdentityProvider);

export const PostIdentityProviderRequest = Type.Object({
  id: Text,
  name: Name,
  issuer: Text,
  client_id: Text,
  client_secret: Text,
});

export const PatchIdentityProviderRequest = Type.Object({
  name: optional(Name),
  issuer: optional(Text),
  client_id: optional(Text),
  client_secret: optional(Text),
});
