/** What hubs prove about the tenant certificate they hold (behaviour.md 20). */
import type { IqId, TenantId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import type { Log } from '#server/runtime/log';
import type { Bus } from '#server/store/bus';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { noteCertificateHeld } from '#server/store/tenant-certificates';
import { certificateTopic, holdTenantKeys, retireFormerKeys } from '#server/store/tenant-keys';
import type { DesiredState } from './desired-state.ts';
import { hardwareActor } from './hub-acts.ts';

type Parts = {
  readonly database: Database;
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly bus: Bus;
  readonly log: Log;
  readonly desiredState: DesiredState;
};

/** Notes the certificate that comes with a version of the table; who waits for it is woken, former versions retire. */
export async function noteCertificate(
  scope: WriteScope,
  parts: Parts,
  { iqId, tableVersion }: { readonly iqId: IqId; readonly tableVersion: number },
): Promise<void> {
  if (!(await noteCertificateHeld(scope, iqId, tableVersion))) return;
  const { tenantId } = scope;
  scope.afterCommit(() => {
    parts.bus.publish(certificateTopic(tenantId), iqId);
    // On its own: whether this was the last IQ can be told only after all others have committed.
    retireFormerCertificates(parts, tenantId).catch((error: unknown) =>
      parts.log.error({ err: error }, 'former tenant certificates could not be retired'),
    );
  });
}

/** Ends the trust in superseded certificates, once every IQ that was ever given one has the newest. */
export async function retireFormerCertificates(
  { database, audit, clock, desiredState }: Omit<Parts, 'bus' | 'log'>,
  tenantId: TenantId,
): Promise<void> {
  await inTransaction({ database, tenantId }, async (scope) => {
    await holdTenantKeys(scope);
    if (!(await retireFormerKeys(scope, clock.now()))) return;
    await desiredState.refresh(scope, { trust: true });
    audit.record(scope, hardwareActor({ tenantId }), {
      action: 'tenant_certificate.retire',
      objectType: 'tenant_certificate',
      objectId: null,
    });
  });
}
