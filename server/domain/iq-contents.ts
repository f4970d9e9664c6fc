/** The tree and rights of one IQ go to another, empty one of the tenant (behaviour.md 20). */
import { ApiError } from '#contract/api-error';
import type { IqId, LockId } from '#contract/ids';
import type { Actor, Audit } from '#server/events/audit';
import { moveIqContent } from '#server/store/iq-contents';
import { hasHardware, lockIq, type IqRow } from '#server/store/iqs';
import type { WriteScope } from '#server/store/scope';
import { findTreeRules, holdTreeHardware, listTree, type TreeHardware } from '#server/store/tree';
import type { DesiredState } from './desired-state.ts';
import type { Checks } from './migration-checks.ts';
import type { Migrated } from './site-imports.ts';
import { planTree } from './tree-plan.ts';

type Parts = {
  readonly audit: Audit;
  readonly clock: { now(): Date };
  readonly desiredState: DesiredState;
};

/** VALUE_INVALID: an IQ is unknown, or both are the same. MIGRATION_ABORTED with the name of the first check that fails. */
export async function migrateIqContent(
  scope: WriteScope,
  { audit, clock, desiredState }: Parts,
  asked: {
    readonly actor: Actor;
    readonly sourceId: IqId;
    readonly targetId: IqId;
    readonly checks: Checks;
  },
): Promise<Migrated> {
  const { actor, sourceId, targetId, checks } = asked;
  if (sourceId === targetId)
    throw new ApiError('VALUE_INVALID', { parameter: 'target_iq_id', reason: 'It is the source.' });
  // Taken in the order of their ids: of two migrations that cross, one waits.
  const held = new Map<IqId, IqRow | undefined>();
  for (const id of [sourceId, targetId].sort()) held.set(id, await lockIq(scope, id, clock.now()));
  const source = held.get(sourceId);
  const target = held.get(targetId);
  if (source === undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'source_iq_id',
      reason: 'Nothing has this id.',
    });
  if (target === undefined)
    throw new ApiError('VALUE_INVALID', {
      parameter: 'target_iq_id',
      reason: 'Nothing has this id.',
    });
  await checks.make('target_not_empty', async () =>
    (await hasHardware(scope, targetId)) ? 'locks or repeaters are linked to the target' : null,
  );
  const tree = await listTree(scope, sourceId);
  await checks.make('limits', () => findLimitFault(scope, { source, target, tree }));
  await checks.make('vendor', () =>
    source.vendor_reference === target.vendor_reference
      ? null
      : 'the IQs are of different hardware families',
  );
  await checks.make('iq_offline', () => (target.online ? null : 'the target is not connected'));
  await checks.make('reference_broken', () =>
    target.collection_id === null || target.collection_id === source.collection_id
      ? null
      : 'the IQs belong to different collections',
  );
  checks.endIfFailed();
  const counts = await moveIqContent(scope, { from: sourceId, to: targetId });
  const lockIds = tree
    .filter(({ hardware_type: type }) => type === 'lock')
    .map(({ id }) => id as LockId);
  await desiredState.refresh(scope, { iqIds: [sourceId, targetId], lockIds });
  audit.record(scope, actor, {
    action: 'iq.migrate_content',
    objectType: 'iq',
    objectId: sourceId,
    collectionId: source.collection_id,
    detail: `to IQ ${targetId}`,
  });
  return { counts, idMap: new Map([[sourceId, targetId]]) };
}

type Fitting = {
  readonly source: IqRow;
  readonly target: IqRow;
  readonly tree: Awaited<ReturnType<typeof listTree>>;
};

/** The tree is sound where it hangs: what is wrong with it at the target are the target's limits. */
async function findLimitFault(
  scope: WriteScope,
  { source, target, tree }: Fitting,
): Promise<string | null> {
  const held = await holdTreeHardware(scope, source.id, {
    ids: tree.map(({ id }) => id),
    collectionId: source.collection_id,
  });
  const hardware: TreeHardware[] = held.map((one) => ({ ...one, iq_id: null }));
  const rules = await findTreeRules(scope, target.id);
  const items = tree.map(({ id, parent_id: parent, hardware_type: type }) => ({
    id,
    parent_id: parent,
    hardware_type: type,
  }));
  const { fault } = planTree(items, {
    iq: {
      id: target.id,
      vendor_reference: source.vendor_reference,
      collection_id: source.collection_id,
    },
    rules: { limits: rules?.limits ?? {}, is_mixed_root: true },
    hardware,
  });
  return fault;
}
