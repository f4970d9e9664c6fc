/** Programs that may ask for tokens (identity.md 2), as operators of the installation administer them. */
import { Type, type Static } from 'typebox';
import {
  Instant,
  listOf,
  Name,
  optional,
  orNull,
  page,
  Text,
  Uuid,
  withDefault,
  words,
} from './fields.ts';

export const clientKinds = ['confidential', 'public'] as const;

export const clientGrants = [
  'access_code',
  'authorization_code',
  'client_credentials',
  'password',
  'refresh_token',
] as const;

/** What id token, user info and refresh token are asked for by; all of them need a person. */
export const personScopes = ['openid', 'profile', 'email', 'phone', 'offline_access'] as const;

export const apiScopes = [
  'user_api.full_access',
  'user_api.eloxx',
  'core_api.full',
  'core_api.standard',
  'core_api.license_plate',
  'hardware_api',
] as const;

export const clientScopes = [...personScopes, ...apiScopes] as const;

const Grants = listOf(words(clientGrants));
const Scopes = listOf(words(clientScopes));
const Addresses = listOf(Text);

/** A secret, of which nobody is shown more once it was made. */
const Secret = Type.Object({ id: Uuid, created_at: Instant });

export const Client = Type.Object({
  id: Text,
  name: Text,
  kind: words(clientKinds),
  /** Where its tokens act; null for our own web pages and phone app, which serve every tenant. */
  tenant_id: orNull(Uuid),
  grants: Grants,
  scopes: Scopes,
  redirect_uris: Addresses,
  post_logout_redirect_uris: Addresses,
  /** The newest first; two are valid at a time. */
  secrets: Type.Array(Secret),
  /** Ended for good; its tokens are refused. */
  disabled_at: orNull(Instant),
  created_at: Instant,
});
export type Client = Static<typeof Client>;
export const ClientPage = page(Client);

/** 256 random bits; shown this once. */
export const ClientSecret = Type.Object({ ...Secret.properties, secret: Text });
export type ClientSecret = Static<typeof ClientSecret>;

/** `secret`: of a confidential client, shown this once. */
export const CreatedClient = Type.Object({ ...Client.properties, secret: orNull(Text) });
export type CreatedClient = Static<typeof CreatedClient>;

export const PostClientRequest = Type.Object({
  name: Name,
  kind: words(clientKinds),
  tenant_id: Uuid,
  grants: Grants,
  scopes: Scopes,
  redirect_uris: optional(withDefault(Addresses, [])),
  post_logout_redirect_uris: optional(withDefault(Addresses, [])),
});

export const PatchClientRequest = Type.Object({
  name: optional(Name),
  grants: optional(Grants),
  scopes: optional(Scopes),
  redirect_uris: optional(Addresses),
  post_logout_redirect_uris: optional(Addresses),
});
