import { timingSafeEqual } from 'node:crypto';
import { nilUuid, type TenantId } from '#contract/ids';
import { hashClientSecret, makeClientSecret } from '#server/domain/clients';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import {
  type ActiveClient,
  type ClientKind,
  disableClient,
  findActiveClient,
  insertClient,
  insertClientSecret,
} from '#server/store/clients';
import type { Database } from '#server/store/pool';
import { readScope } from '#server/store/scope';

export type ClientOrder = {
  /** Made by us when it is left out. */
  readonly id?: string;
  /** Absent for the first-party clients only, which serve every tenant. */
  readonly tenantId?: TenantId;
  readonly name: string;
  readonly kind: ClientKind;
  readonly grants: readonly string[];
  readonly scopes: readonly string[];
  readonly redirectUris?: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
};

/** Clients as the sign-in knows them; operators administer them in domain/clients.ts. */
export type Clients = {
  /** Adds a client; the secret of a confidential one is given here once and never again. */
  createClient(
    order: ClientOrder,
  ): Promise<{ readonly id: string; readonly secret: string | undefined }>;
  /** A further secret for a change; the newest two are valid. Undefined when there is no such confidential client. */
  addSecret(clientId: string): Promise<string | undefined>;
  /** Ends a client; its tokens are refused within a minute. False when there is none. */
  disable(clientId: string): Promise<boolean>;
  /** The client unless it is unknown or disabled. */
  findActive(clientId: string): Promise<ActiveClient | undefined>;
};

export function createClients({
  database,
  clock,
  ids,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
}): Clients {
  // Clients come before the tenant.
  const scope = readScope(database, nilUuid as TenantId);
  return {
    async createClient(order) {
      const createdAt = clock.now();
      const client = {
        redirectUris: [],
        postLogoutRedirectUris: [],
        ...order,
        id: order.id ?? ids.next<string>(),
        createdAt,
      };
      if (order.kind === 'public') {
        await insertClient(scope, { client });
        return { id: client.id, secret: undefined };
      }
      const { secret, row } = makeClientSecret(ids, createdAt);
      await insertClient(scope, { client, secret: row });
      return { id: client.id, secret };
    },
    async addSecret(clientId) {
      const { secret, row } = makeClientSecret(ids, clock.now());
      return (await insertClientSecret(scope, { clientId, secret: row })) ? secret : undefined;
    },
    disable: (clientId) => disableClient(scope, { clientId, at: clock.now() }),
    findActive: (clientId) => findActiveClient(database, { clientId, at: clock.now() }),
  };
}

/** Compares in the same time whether the secret is right, wrong, or of a client that does not exist. */
export function isSecretRight(secret: string, secretHashes: readonly string[]): boolean {
  const sent = Buffer.from(hashClientSecret(secret), 'hex');
  const nothing = Buffer.alloc(sent.length);
  const kept = [0, 1].map((index) => Buffer.from(secretHashes[index] ?? '', 'hex'));
  return kept
    .map((known) => timingSafeEqual(sent, known.length === sent.length ? known : nothing))
    .some(Boolean);
}
