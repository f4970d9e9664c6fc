import type { TenantId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import type { FailureKind } from '#server/store/sign-in-limits';

/** Where a token request comes from. */
export type Origin = {
  readonly network: string;
  readonly requestId: string | null;
};

export type SignInFailure = Origin & {
  readonly kind: FailureKind;
  /** As the limits name it: hashed when there is no such account. */
  readonly account: string;
  readonly clientId: string | undefined;
  /** Of the client; without one the failure is kept by the limits only, which know no tenant. */
  readonly tenantId: TenantId | null;
};

export type SignInAudit = {
  /** Every failed sign-in is a record: account, client and network (identity.md 10). */
  note(failure: SignInFailure): Promise<void>;
};

export function createSignInAudit({
  database,
  audit,
}: {
  readonly database: Database;
  readonly audit: Audit;
}): SignInAudit {
  return {
    async note({ kind, account, clientId, tenantId, network, requestId }) {
      if (tenantId === null || clientId === undefined) return;
      await inTransaction({ database, tenantId }, async (scope) =>
        audit.record(
          scope,
          { tenantId, clientId, userId: null, requestId },
          {
            action: 'sign_in.fail',
            objectType: 'client',
            objectId: null,
            outcome: 'refused',
            detail: kind,
            // Beside the chain, from where it can be erased: both say something of a person.
            after: { account, network },
          },
        ),
      );
    },
  };
}
