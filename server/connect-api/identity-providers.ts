import {
  IdentityProvider,
  IdentityProviderPage,
  PatchIdentityProviderRequest,
  PostIdentityProviderRequest,
} from '#contract/identity-providers';
import { instantText } from '#contract/time-text';
import type { IdentityProviders } from '#server/domain/identity-providers';
import type { Route } from '#server/http/route';
import { identityProviderFields, type IdentityProviderRow } from '#server/store/identity-providers';
import type { OperatorRoute } from './operator-route.ts';

const tag = 'identity providers';
const many = '/identity_providers';
const one = '/identity_providers/{provider_id}';
const textParams = ['provider_id'];

/** identity.md 7: providers outside, for operators. */
export function identityProviderRoutes(
  operatorRoute: OperatorRoute,
  { identityProviders: providers }: { readonly identityProviders: IdentityProviders },
): Route[] {
  const toProvider = (row: IdentityProviderRow): IdentityProvider => ({
    ...row,
    redirect_uri: providers.redirectUri(row.id),
    created_at: instantText(row.created_at),
  });

  return [
    operatorRoute({
      method: 'GET',
      path: many,
      summary: 'List the identity providers through which people may sign in',
      tag,
      list: { fields: identityProviderFields },
      answer: IdentityProviderPage,
      handle: async (_at, call) => call.page(await providers.list(call.list), toProvider),
    }),
    operatorRoute({
      method: 'POST',
      path: many,
      summary: 'Add an identity provider (OpenID Connect)',
      tag,
      body: { schema: PostIdentityProviderRequest, mode: 'create' },
      answer: IdentityProvider,
      handle: async (_at, _call, { client_id: clientId, client_secret: clientSecret, ...rest }) =>
        toProvider(await providers.create({ ...rest, clientId, clientSecret })),
    }),
    operatorRoute({
      method: 'GET',
      path: one,
      textParams,
      summary: 'An identity provider',
      tag,
      answer: IdentityProvider,
      errors: ['NOT_FOUND'],
      handle: async (_at, call) => toProvider(await providers.get(call.text('provider_id'))),
    }),
    operatorRoute({
      method: 'PATCH',
      path: one,
      textParams,
      summary: 'Change an identity provider',
      tag,
      body: { schema: PatchIdentityProviderRequest, mode: 'patch' },
      answer: IdentityProvider,
      errors: ['NOT_FOUND'],
      exists: (_at, call) => providers.get(call.text('provider_id')),
      handle: async (_at, call, { client_id: clientId, client_secret: clientSecret, ...rest }) =>
        toProvider(
          await providers.change(call.text('provider_id'), {
            ...rest,
            ...(clientId === undefined ? {} : { clientId }),
            ...(clientSecret === undefined ? {} : { clientSecret }),
          }),
        ),
    }),
    operatorRoute({
      method: 'DELETE',
      path: one,
      textParams,
      summary: 'Remove an identity provider; nobody signs in through it any more',
      tag,
      answer: null,
      errors: ['NOT_FOUND'],
      handle: (_at, call) => providers.remove(call.text('provider_id')),
    }),
  ];
}
