import { hash, timingSafeEqual } from 'node:crypto';
import type { TenantId } from '#contract/ids';
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

const SECRET_BYTES = 32;

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
  const makeSecret = (): {
    secret: string;
    row: { id: string; secretHash: string; createdAt: Date };
  } => {
    const secret = ids.bytes(SECRET_BYTES).toString('base64url');
    const row = { id: ids.next<string>(), secretHash: hashSecret(secret), createdAt: clock.now() };
    return { secret, row };
  };

  return {
    async createClient(order) {
      const client = {
        redirectUris: [],
        postLogoutRedirectUris: [],
        ...order,
        id: order.id ?? ids.next<string>(),
        createdAt: clock.now(),
      };
      if (order.kind === 'public') {
        await insertClient(database, { client });
        return { id: client.id, secret: undefined };
      }
      const { secret, row } = makeSecret();
      await insertClient(database, { client, secret: row });
      return { id: client.id, secret };
    },
    async addSecret(clientId) {
      const { secret, row } = makeSecret();
      return (await insertClientSecret(database, { clientId, secret: row })) ? secret : undefined;
    },
    disable: (clientId) => disableClient(database, { clientId, at: clock.now() }),
    findActive: (clientId) => findActiveClient(database, { clientId, at: clock.now() }),
  };
}

/** 256 random bits cannot be guessed, so a fast hash keeps them as safe as a slow one (docs/decisions/0051). */
function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** Compares in the same time whether the secret is right, wrong, or of a client that does not exist. */
export function isSecretRight(secret: string, secretHashes: readonly string[]): boolean {
  const sent = Buffer.from(hashSecret(secret), 'hex');
  const nothing = Buffer.alloc(sent.length);
  const kept = [0, 1].map((index) => Buffer.from(secretHashes[index] ?? '', 'hex'));
  return kept
    .map((known) => timingSafeEqual(sent, known.length === sent.length ? known : nothing))
    .some(Boolean);
}
