/** Imported IQs that wait for the hub whose content they are (docs/decisions/0136). */
import type { HubId, IqId, TenantId } from '#contract/ids';
import type { FactoryHub, Statements } from './factory-hubs.ts';
import type { Scope, WriteScope } from './scope.ts';

/** The IQ, of whatever tenant, that waits for the hub with this activation code. */
export async function findAwaitingIq(
  statements: Statements,
  codeHash: string,
): Promise<{ readonly tenantId: TenantId; readonly iqId: IqId } | undefined> {
  const [row] = await statements.query<{ tenant_id: TenantId; id: IqId }>(
    'select tenant_id, id from iqs where awaited_code_hash = $1 and hub_id is null',
    [codeHash],
    'iq_awaiting',
  );
  return row && { tenantId: row.tenant_id, iqId: row.id };
}

/** Gives an IQ the hub it waits for; false = it waits for none. It goes on waiting until the hub has confirmed. */
export async function giveAwaitedHub(
  scope: WriteScope,
  iqId: IqId,
  hub: FactoryHub,
): Promise<boolean> {
  const rows = await scope.query(
    `update iqs set hub_id = $3, model = coalesce($4, model), revision = coalesce($5, revision), limits = coalesce($6, limits)
      where tenant_id = $1 and id = $2 and awaited_code_hash = $7 and hub_id is null returning 1`,
    [scope.tenantId, iqId, hub.hubId, hub.model, hub.revision, hub.limits, hub.codeHash],
  );
  return rows.length > 0;
}

/** The hub refused: an imported IQ goes on waiting. False = it was none. */
export async function takeBackAwaitedHub(scope: WriteScope, iqId: IqId): Promise<boolean> {
  const rows = await scope.query(
    `update iqs set hub_id = null where tenant_id = $1 and id = $2 and awaited_code_hash is not null returning 1`,
    [scope.tenantId, iqId],
  );
  return rows.length > 0;
}

/** The hub has come: nothing is waited for any more. */
export async function endAwaiting(scope: WriteScope, iqId: IqId): Promise<void> {
  await scope.query(
    `update iqs set awaited_code_hash = null where tenant_id = $1 and id = $2 and awaited_code_hash is not null`,
    [scope.tenantId, iqId],
    'iq_awaiting_end',
  );
}

/** Whether what the hub says it holds was given to it elsewhere, so that its version means nothing here. */
export async function holdsOtherContent(scope: Scope, iqId: IqId): Promise<boolean> {
  const [row] = await scope.query<{ holds: boolean }>(
    'select holds_other_content as holds from iqs where tenant_id = $1 and id = $2',
    [scope.tenantId, iqId],
    'iq_other_content',
  );
  return row?.holds === true;
}

/** The hub holds what it was sent from here. */
export async function noteOwnContent(scope: WriteScope, iqId: IqId): Promise<void> {
  await scope.query(
    'update iqs set holds_other_content = false where tenant_id = $1 and id = $2 and holds_other_content',
    [scope.tenantId, iqId],
    'iq_own_content',
  );
}

/** Hubs of IQs, connected or not. */
export async function findHubIds(scope: Scope, iqIds: readonly string[]): Promise<HubId[]> {
  const rows = await scope.query<{ hub_id: HubId }>(
    'select hub_id from iqs where tenant_id = $1 and id = any ($2) and hub_id is not null',
    [scope.tenantId, iqIds],
  );
  return rows.map((row) => row.hub_id);
}
