import { errors } from 'oidc-provider';
import type { LoginId, UserId } from '#contract/ids';
import { hashAccessCode } from '#server/domain/pod-code-text';
import type { Audit } from '#server/events/audit';
import type { Clock } from '#server/runtime/clock';
import type { Ids } from '#server/runtime/ids';
import { findCodeInForce, type CodeInForce } from '#server/store/pod-access-codes';
import { insertPodPass } from '#server/store/pod-passes';
import type { Database } from '#server/store/pool';
import { inTransaction } from '#server/store/scope';
import { temporarilyUnavailable } from './grant-errors.ts';
import type { PersonSignIn } from './person-grant.ts';
import type { SignInLimits } from './sign-in-limits.ts';

/**
 * Makes an anonymous login of whoever types an access code of a pod (identity.md 4), or throws what the token endpoint answers. The
 * code is not counted as used until the names are given.
 */
export function createAccessCodeSignIn({
  database,
  audit,
  clock,
  ids,
  limits,
}: {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: SignInLimits;
}): PersonSignIn {
  const enter = (code: CodeInForce, clientId: string, requestId: string | null) =>
    inTransaction({ database, tenantId: code.tenant_id }, async (scope) => {
      const loginId = ids.next<LoginId>();
      const userId = ids.next<UserId>();
      await insertPodPass(scope, {
        loginId,
        userId,
        siteId: code.site_id,
        podId: code.pod_id,
        accessCodeId: code.id,
        createdAt: clock.now(),
      });
      audit.record(
        scope,
        { tenantId: code.tenant_id, clientId, userId, requestId },
        {
          action: 'pod_access_code.enter',
          objectType: 'pod_access_code',
          objectId: code.id,
          collectionId: code.site_id,
        },
      );
      return loginId;
    });

  return async (ctx, { clientId, tenantId, network, requestId }) => {
    const { access_code: typed } = ctx.oidc.params;
    if (typeof typed !== 'string') throw new errors.InvalidRequest('access_code must be sent');
    const wait = await limits.accessCodeWaitSeconds({ clientId, network });
    if (wait !== undefined) throw temporarilyUnavailable(ctx, wait);
    const hash = await hashAccessCode(typed);
    const code = hash && (await findCodeInForce(database, hash, clock.now()));
    // A client acts in its own tenant; our own phone app in every.
    const isOpen = code !== undefined && (tenantId === null || tenantId === code.tenant_id);
    if (!isOpen) {
      await limits.accessCodeFailed({ clientId, tenantId, network, requestId });
      throw new errors.InvalidGrant({ detail: 'there is no such access code in force' });
    }
    return enter(code, clientId, requestId);
  };
}
