/** Hubs of imported IQs come home: by themselves with their content, or by their code (docs/decisions/0136). */
import type { IqId } from '#contract/ids';
import type { Audit } from '#server/events/audit';
import type { GatewayHandlers } from '#server/gateway/handlers';
import type { Ids } from '#server/runtime/ids';
import { findAwaitingIq, giveAwaitedHub, takeBackAwaitedHub } from '#server/store/awaited-hubs';
import { claimFactoryHub, registerStatements, type FactoryHub } from '#server/store/factory-hubs';
import type { Database } from '#server/store/pool';
import { inTransaction, type WriteScope } from '#server/store/scope';
import { hardwareActor } from './hub-acts.ts';

type Parts = { readonly database: Database; readonly audit: Audit; readonly ids: Ids };

/** Claims a hub that belongs to nobody for the IQ whose content it says it holds, where that IQ waits for it. */
export function createAwaitedHubs(parts: Parts): Pick<GatewayHandlers, 'comesHome'> {
  const { database, audit, ids } = parts;
  return {
    async comesHome(hub, iqId) {
      const awaiting = await findAwaitingIq(registerStatements(database), hub.codeHash);
      if (awaiting?.iqId !== iqId) return;
      const { tenantId } = awaiting;
      await inTransaction({ database, tenantId }, async (scope) => {
        const claimId = ids.next<string>();
        if (!(await claimForAwaiting(scope, { hub, iqId: awaiting.iqId, claimId }))) return;
        audit.record(scope, hardwareActor({ tenantId }), {
          action: 'iq.come_home',
          objectType: 'iq',
          objectId: awaiting.iqId,
        });
      });
    },
  };
}

/** The IQ of this tenant that waits for a hub which is shown by its code; undefined = none does. */
export async function awaitingIqOf(
  scope: WriteScope,
  { codeHash }: Pick<FactoryHub, 'codeHash'>,
): Promise<IqId | undefined> {
  const awaiting = await findAwaitingIq(scope, codeHash);
  return awaiting?.tenantId === scope.tenantId ? awaiting.iqId : undefined;
}

/** Claims a free hub for the IQ that waits for it, and gives it to the IQ; false = it waits no more, or somebody was faster. */
export async function claimForAwaiting(
  scope: WriteScope,
  home: { readonly hub: FactoryHub; readonly iqId: IqId; readonly claimId: string },
): Promise<boolean> {
  const { hub, iqId, claimId } = home;
  if (!(await giveAwaitedHub(scope, iqId, hub))) return false;
  if (await claimFactoryHub(scope, { hubId: hub.hubId, iqId, claimId })) return true;
  await takeBackAwaitedHub(scope, iqId);
  return false;
}
