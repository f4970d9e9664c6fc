import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import type { SignedInPerson } from '#server/store/signed-in-people';
import { clientFacts } from './client-metadata.ts';
import { factsOf } from './library-request.ts';

export type ReuseAudit = {
  /** A code or refresh token came back after its use: somebody else has a copy, and all that its grant gave has ended (identity.md 6). */
  note(ctx: KoaContextWithOIDC, person: SignedInPerson | undefined): Promise<void>;
};

export function createReuseAudit({
  database,
  audit,
}: {
  readonly database: Database;
  readonly audit: Audit;
}): ReuseAudit {
  return {
    async note(ctx, person) {
      const { id: clientId, tenantId } = clientFacts(ctx.oidc.client);
      const { network, requestId } = factsOf(ctx.req);
      // Our own clients have no tenant: it is told to those of the person.
      const own = person?.profiles.map((profile) => profile.tenantId) ?? [];
      // Named only where the person is known: from there it is erased with them.
      const accountIn = (told: TenantId): string | null =>
        person !== undefined && own.includes(told) ? `login:${person.loginId}` : null;
      for (const told of tenantId === null ? own : [tenantId]) {
        await inTransaction({ database, tenantId: told }, async (scope) =>
          audit.record(
            scope,
            { tenantId: told, clientId, userId: null, requestId },
            {
              action: 'sign_in.reuse',
              objectType: 'client',
              objectId: null,
              outcome: 'refused',
              detail: String(ctx.oidc.params?.['grant_type']),
              // Beside the chain, from where it can be erased: both say something of a person.
              after: { account: accountIn(told), network },
            },
          ),
        );
      }
    },
  };
}
