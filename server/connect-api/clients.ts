import {
  Client,
  ClientPage,
  ClientSecret,
  CreatedClient,
  PatchClientRequest,
  PostClientRequest,
} from '#contract/clients';
import type { TenantId } from '#contract/ids';
import { instantText, instantTextOrNull } from '#contract/time-text';
import type { ClientAdministration, ClientOperator, ClientUses } from '#server/domain/clients';
import type { Call, Route } from '#server/http/route';
import { clientFields, type ClientRow } from '#server/store/clients';
import type { AtInstallation, OperatorRoute } from './operator-route.ts';

const tag = 'clients';
const many = '/clients';
const one = '/clients/{client_id}';
const textParams = ['client_id'];

type Uses = { readonly clientAdministration: ClientAdministration };

/** identity.md 2: client administration, for operators. */
export function clientRoutes(operatorRoute: OperatorRoute, uses: Uses): Route[] {
  return [...managing(operatorRoute, uses), ...secretRoutes(operatorRoute, uses)];
}

function operatorOf({ loginId }: AtInstallation, { caller, requestId }: Call): ClientOperator {
  return { loginId, clientId: caller.clientId, requestId };
}

function toClient(row: ClientRow): Client {
  return {
    ...row,
    grants: row.grants as Client['grants'],
    scopes: row.scopes as Client['scopes'],
    secrets: row.secrets.map(({ id, created_at }) => ({
      id,
      created_at: instantText(new Date(created_at)),
    })),
    disabled_at: instantTextOrNull(row.disabled_at),
    created_at: instantText(row.created_at),
  };
}

/** What a body says of a client, in our names; members that are left out stay out. */
function usesOf(body: {
  readonly name?: string;
  readonly grants?: readonly string[];
  readonly scopes?: readonly string[];
  readonly redirect_uris?: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
}): Partial<ClientUses> {
  const { redirect_uris: redirectUris, post_logout_redirect_uris: postLogoutRedirectUris } = body;
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.grants === undefined ? {} : { grants: body.grants }),
    ...(body.scopes === undefined ? {} : { scopes: body.scopes }),
    ...(redirectUris === undefined ? {} : { redirectUris }),
    ...(postLogoutRedirectUris === undefined ? {} : { postLogoutRedirectUris }),
  };
}

function managing(operatorRoute: OperatorRoute, { clientAdministration: clients }: Uses): Route[] {
  return [
    operatorRoute({
      method: 'GET',
      path: many,
      summary: 'List the clients of the installation',
      tag,
      list: { fields: clientFields },
      answer: ClientPage,
      handle: async (_at, call) => call.page(await clients.list(call.list), toClient),
    }),
    operatorRoute({
      method: 'POST',
      path: many,
      summary: 'Create a client; its secret is told this once',
      tag,
      body: { schema: PostClientRequest, mode: 'create' },
      answer: CreatedClient,
      handle: async (at, call, body) => {
        const { client, secret } = await clients.create(operatorOf(at, call), {
          name: body.name,
          kind: body.kind,
          tenantId: body.tenant_id as TenantId,
          grants: body.grants,
          scopes: body.scopes,
          redirectUris: body.redirect_uris,
          postLogoutRedirectUris: body.post_logout_redirect_uris,
        });
        return { ...toClient(client), secret };
      },
    }),
    operatorRoute({
      method: 'GET',
      path: one,
      textParams,
      summary: 'A client',
      tag,
      answer: Client,
      errors: ['NOT_FOUND'],
      handle: async (_at, call) => toClient(await clients.get(call.text('client_id'))),
    }),
    operatorRoute({
      method: 'PATCH',
      path: one,
      textParams,
      summary: 'Change what a client may',
      tag,
      body: { schema: PatchClientRequest, mode: 'patch' },
      answer: Client,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED'],
      exists: (_at, call) => clients.get(call.text('client_id')),
      handle: async (at, call, body) =>
        toClient(await clients.change(operatorOf(at, call), call.text('client_id'), usesOf(body))),
    }),
    operatorRoute({
      method: 'DELETE',
      path: one,
      textParams,
      summary: 'End a client for good, with all of its tokens',
      tag,
      answer: null,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED'],
      handle: (at, call) => clients.disable(operatorOf(at, call), call.text('client_id')),
    }),
  ];
}

function secretRoutes(
  operatorRoute: OperatorRoute,
  { clientAdministration: clients }: Uses,
): Route[] {
  return [
    operatorRoute({
      method: 'POST',
      path: `${one}/secrets`,
      textParams,
      summary: 'Give a client a further secret; the newest two are valid',
      tag,
      answer: ClientSecret,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED'],
      handle: async (at, call) => {
        const made = await clients.addSecret(operatorOf(at, call), call.text('client_id'));
        return { id: made.id, secret: made.secret, created_at: instantText(made.createdAt) };
      },
    }),
    operatorRoute({
      method: 'DELETE',
      path: `${one}/secrets/{id}`,
      textParams,
      summary: 'End a secret of a client',
      tag,
      answer: null,
      errors: ['NOT_FOUND', 'OPERATION_NOT_ALLOWED'],
      handle: (at, call) =>
        clients.removeSecret(operatorOf(at, call), call.text('client_id'), call.id('id')),
    }),
  ];
}
