/** Identity providers outside (identity.md 7), as operators of the installation make, change and remove them. */
import { ApiError } from '#contract/api-error';
import type { ListOptions } from '#contract/odata';
import type { Seal } from '#server/runtime/seal';
import {
  changeIdentityProvider,
  deleteIdentityProvider,
  findIdentityProvider,
  type IdentityProviderRow,
  insertIdentityProvider,
  listIdentityProviders,
} from '#server/store/identity-providers';
import type { ListResult } from '#server/store/list';
import type { Database } from '#server/store/pool';

export type IdentityProviderOrder = {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
};

/** VALUE_INVALID names the member that is wrong, NOT_FOUND a provider that is not there. */
export type IdentityProviders = {
  list(options: ListOptions): Promise<ListResult<IdentityProviderRow>>;
  get(id: string): Promise<IdentityProviderRow>;
  create(order: IdentityProviderOrder): Promise<IdentityProviderRow>;
  change(
    id: string,
    change: Partial<Omit<IdentityProviderOrder, 'id'>>,
  ): Promise<IdentityProviderRow>;
  /** What is to be registered there. */
  redirectUri(id: string): string;
  /** Nobody signs in through it any more; who is signed in stays so. */
  remove(id: string): Promise<void>;
};

export function createIdentityProviders({
  database,
  issuer,
  seal,
  clock,
}: {
  readonly database: Database;
  /** Our own, without trailing slash. */
  readonly issuer: string;
  readonly seal: Seal;
  readonly clock: { now(): Date };
}): IdentityProviders {
  async function get(id: string): Promise<IdentityProviderRow> {
    const found = await findIdentityProvider(database, id);
    if (found === undefined) throw new ApiError('NOT_FOUND', { thing: 'Identity provider' });
    const { client_secret: _secret, ...row } = found;
    return row;
  }

  return {
    list: (options) => listIdentityProviders(database, options),
    get,
    redirectUri: (id) => outsideCallback(issuer, id),
    async create(order) {
      if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(order.id) || order.id === 'local')
        throw invalid('id', 'It has 1 to 40 small letters, digits and dashes, and is not local.');
      checkMembers(order);
      const isNew = await insertIdentityProvider(database, {
        id: order.id,
        name: order.name,
        issuer: order.issuer,
        client_id: order.clientId,
        client_secret: seal.seal(Buffer.from(order.clientSecret)),
        created_at: clock.now(),
      });
      if (!isNew) throw invalid('id', 'There is one of that id.');
      return get(order.id);
    },
    async change(id, { name, issuer, clientId, clientSecret }) {
      await get(id);
      checkMembers({ issuer, clientId, clientSecret });
      await changeIdentityProvider(database, id, {
        ...(name === undefined ? {} : { name }),
        ...(issuer === undefined ? {} : { issuer }),
        ...(clientId === undefined ? {} : { client_id: clientId }),
        ...(clientSecret === undefined
          ? {}
          : { client_secret: seal.seal(Buffer.from(clientSecret)) }),
      });
      return get(id);
    },
    async remove(id) {
      if (!(await deleteIdentityProvider(database, id)))
        throw new ApiError('NOT_FOUND', { thing: 'Identity provider' });
    },
  };
}

/** Where a provider sends people back to. */
export function outsideCallback(issuer: string, providerId: string): string {
  return `${issuer}/account/outside/${providerId}/callback`;
}

function checkMembers(members: {
  readonly issuer: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}): void {
  const { issuer, clientId, clientSecret } = members;
  if (issuer !== undefined && !isIssuer(issuer))
    throw invalid('issuer', 'It is an address with https, or http on this machine, without query.');
  if (clientId !== undefined && !/^[\x21-\x7e]{1,255}$/.test(clientId))
    throw invalid('client_id', 'It has 1 to 255 visible characters.');
  if (clientSecret !== undefined && !/^[\x20-\x7e]{1,1000}$/.test(clientSecret))
    throw invalid('client_secret', 'It has 1 to 1000 visible characters.');
}

function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || text.length > 1000 || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || isOnThisMachine(url);
}

/** Plain HTTP never leaves the machine there. */
export function isOnThisMachine({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

function invalid(parameter: string, reason: string): ApiError {
  return new ApiError('VALUE_INVALID', { parameter, reason });
}
