import { personScopes } from '#contract/clients';
import type { Clock } from '#server/runtime/clock';
import { upsertPublicClient } from '#server/store/clients';
import type { Database } from '#server/store/pool';

/** Our own web pages and our own phone app: the clients that exist from the start (identity.md 2). */
export const WEB_CLIENT = 'cardea-web';
export const PHONE_CLIENT = 'cardea-phone';

const grants = ['authorization_code', 'refresh_token'];
const scopes = [...personScopes, 'user_api.full_access'];

/** Makes sure that both are there, with the addresses of this issuer. They have no tenant: a person sees all of theirs. */
export async function ensureOwnClients({
  database,
  clock,
  issuer,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly issuer: string;
}): Promise<void> {
  const common = { kind: 'public', grants, scopes, createdAt: clock.now() } as const;
  await upsertPublicClient(database, {
    ...common,
    id: WEB_CLIENT,
    name: 'Cardea',
    // The last one is of the API reference (docs/decisions/0280).
    redirectUris: [`${issuer}/`, `${issuer}/signed-in`, `${issuer}/docs/api/signed-in`],
    postLogoutRedirectUris: [`${issuer}/`],
  });
  await upsertPublicClient(database, {
    ...common,
    id: PHONE_CLIENT,
    // Guests of a pod type their code into it (identity.md 4).
    grants: [...grants, 'access_code'],
    name: 'Cardea on the phone',
    // A scheme of its own (RFC 8252 section 7.1), and a port of the phone itself for tests on a computer.
    redirectUris: ['org.cardea.phone:/signed-in', 'http://127.0.0.1/signed-in'],
    postLogoutRedirectUris: ['org.cardea.phone:/signed-out', 'http://127.0.0.1/signed-out'],
  });
}
