import type { AccessGroupId, AccessorId, CollectionId, IqId, LockId, TagId } from '#contract/ids';
import type { Bus } from '#server/store/bus';
import { lockDesiredState, replaceDesiredItems } from '#server/store/desired-items';
import {
  changedAccessors,
  changedGroups,
  changedHardware,
  changedSettings,
  changedTrust,
  findConcernedIqs,
  findGuests,
  findIqsOfOtherCollection,
  findTagHolders,
  holdCollectionsOf,
  lockAccessors,
  lockAllAccessors,
  lockGroups,
  type ChangedItem,
} from '#server/store/desired-sources';
import type { WriteScope } from '#server/store/scope';
import { listIqIds } from '#server/store/tenant-certificates';

/** What a write touched; the IQs that must know are found from it. */
export type Touched = {
  /** Zone, lights, tree, collection or link states of IQs. */
  readonly iqIds?: readonly IqId[];
  readonly lockIds?: readonly LockId[];
  /** Flags, settings, keys or memberships of accessors. */
  readonly accessorIds?: readonly AccessorId[];
  /** Schedules, locks or members of groups; send the accessors of changed memberships and the locks of changed relations too. */
  readonly groupIds?: readonly AccessGroupId[];
  readonly collectionIds?: readonly CollectionId[];
  readonly tagIds?: readonly TagId[];
  /** The tenant's certificates, or what is revoked: every IQ of the tenant is concerned. */
  readonly trust?: true;
};

export type DesiredState = {
  /**
   * Brings the desired state of every IQ concerned in line with the rows as this transaction sees them. Called by each
   * use-case that changes what a door decides, after its writes and before its commit. For deletions it is called after
   * the delete, with the ids that are gone.
   */
  refresh(scope: WriteScope, touched: Touched): Promise<void>;
};

/** The desired state of IQs (design.md law 3): items are made again only for what was touched, and written only where they differ. */
export function createDesiredState({
  bus,
  clock,
}: {
  readonly bus: Bus;
  readonly clock: { now(): Date };
}): DesiredState {
  return {
    async refresh(scope, touched) {
      const { groupIds = [], collectionIds = [], lockIds = [], iqIds = [] } = touched;
      if (groupIds.length > 0) await lockGroups(scope, groupIds);
      const concerned = await findConcernedIqs(scope, { iqIds, lockIds, groupIds, collectionIds });
      const accessorIds = await touchedAccessors(scope, touched);
      if (accessorIds.length > 0) await lockAccessors(scope, accessorIds);
      const believers = touched.trust === true ? await listIqIds(scope) : [];
      const all = [...new Set([...concerned.byHardware, ...concerned.byGroup, ...believers])];
      if (all.length > 0) await lockDesiredState(scope, all);
      const changes = [
        ...(await hardwareChanges(scope, concerned.byHardware)),
        // Their locks and guests stay: where a relation of the group changed, its lock or accessor is touched too.
        ...(concerned.byGroup.length === 0
          ? []
          : await changedGroups(scope, concerned.byGroup, groupIds)),
        ...(accessorIds.length === 0
          ? []
          : await changedAccessors(scope, { iqIds: null, accessorIds })),
        ...(believers.length === 0 ? [] : await changedTrust(scope, believers)),
      ];
      await write(scope, changes, { bus, now: clock.now() });
    },
  };
}

/** Gathers what the steps of a long write touch, so that the desired state is brought in line once, at its end. */
export function gatherTouched(): {
  readonly desiredState: DesiredState;
  settle(scope: WriteScope, desiredState: DesiredState): Promise<void>;
} {
  const gathered: Touched[] = [];
  const all = <Id>(idsOf: (touched: Touched) => readonly Id[] | undefined): Id[] => [
    ...new Set(gathered.flatMap((touched) => idsOf(touched) ?? [])),
  ];
  return {
    desiredState: {
      refresh(_scope, touched) {
        gathered.push(touched);
        return Promise.resolve();
      },
    },
    async settle(scope, desiredState) {
      if (gathered.length === 0) return;
      await desiredState.refresh(scope, {
        iqIds: all(({ iqIds }) => iqIds),
        lockIds: all(({ lockIds }) => lockIds),
        accessorIds: all(({ accessorIds }) => accessorIds),
        groupIds: all(({ groupIds }) => groupIds),
        collectionIds: all(({ collectionIds }) => collectionIds),
        tagIds: all(({ tagIds }) => tagIds),
        ...(gathered.some(({ trust }) => trust === true) ? { trust: true as const } : {}),
      });
    },
  };
}

async function touchedAccessors(
  scope: WriteScope,
  { accessorIds = [], tagIds = [] }: Touched,
): Promise<readonly AccessorId[]> {
  const holders = tagIds.length === 0 ? [] : await findTagHolders(scope, tagIds);
  return [...new Set([...accessorIds, ...holders])];
}

async function hardwareChanges(
  scope: WriteScope,
  iqIds: readonly IqId[],
): Promise<readonly ChangedItem[]> {
  if (iqIds.length === 0) return [];
  const moved = await findIqsOfOtherCollection(scope, iqIds);
  if (moved.length > 0) {
    await holdCollectionsOf(scope, moved);
    await lockAllAccessors(scope);
  }
  return [
    ...(await changedSettings(scope, iqIds)),
    ...(await changedHardware(scope, iqIds)),
    ...(await changedGroups(scope, iqIds, null)),
    ...(moved.length === 0
      ? []
      : [
          ...(await changedAccessors(scope, { iqIds: moved, accessorIds: null })),
          ...(await changedTrust(scope, moved)),
        ]),
    ...(await guestChanges(scope, iqIds)),
  ];
}

async function guestChanges(
  scope: WriteScope,
  iqIds: readonly IqId[],
): Promise<readonly ChangedItem[]> {
  const accessorIds = await findGuests(scope, iqIds);
  return accessorIds.length === 0 ? [] : changedAccessors(scope, { iqIds, accessorIds });
}

async function write(
  scope: WriteScope,
  changes: readonly ChangedItem[],
  { bus, now }: { readonly bus: Bus; readonly now: Date },
): Promise<void> {
  const byIq = new Map<IqId, Map<string, unknown>>();
  for (const { iqId, key, value } of changes) {
    const items = byIq.get(iqId) ?? new Map<string, unknown>();
    byIq.set(iqId, items.set(key, value));
  }
  const iqIds = [...byIq.keys()].sort();
  if (iqIds.length > 0) await lockDesiredState(scope, iqIds);
  for (const iqId of iqIds) {
    const items = [...(byIq.get(iqId) ?? [])].map(([key, value]) => ({ key, value }));
    await replaceDesiredItems(scope, iqId, { items, now, bus });
  }
}
