import type { CollectionId, IqId, LockId, RepeaterId } from '#contract/ids';
import type { IqLinkState } from '#contract/locks';
import type { HardwareType, IqTreeResponse } from '#contract/tree';
import type { Scope, WriteScope } from './scope.ts';

/** An item of a tree as it is shown. */
export type TreeRow = Omit<IqTreeResponse, 'signal_strength_last_update'> & {
  readonly signal_strength_last_update: Date | null;
};

/** The accepted tree of an IQ in its order; what was left out and has not confirmed yet is not in it. */
export async function listTree(scope: Scope, iqId: IqId): Promise<TreeRow[]> {
  return scope.query<TreeRow>(
    `select l.id, l.repeater_id as parent_id, 'lock' as hardware_type, l.mac, l.customer_reference, l.lock_type,
       l.online and i.online and l.iq_link_state in ('attached', 'detached_pending') as is_online,
       l.iq_link_state in ('attached', 'detached_pending') as is_attached, l.iq_link_state,
       l.battery_level as battery_state, l.communication_type, l.signal_strength, l.signal_strength_last_update,
       l.tree_position
     from locks l join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
     where l.tenant_id = $1 and l.iq_id = $2 and l.tree_position is not null
     union all
     select r.id, r.repeater_id, 'repeater', r.mac, r.customer_reference, 'none',
       r.online and i.online and r.iq_link_state in ('attached', 'detached_pending'),
       r.iq_link_state in ('attached', 'detached_pending'), r.iq_link_state,
       'none', r.communication_type, r.signal_strength, r.signal_strength_last_update, r.tree_position
     from repeaters r join iqs i on i.tenant_id = r.tenant_id and i.id = r.iq_id
     where r.tenant_id = $1 and r.iq_id = $2 and r.tree_position is not null
     order by tree_position`,
    [scope.tenantId, iqId],
    'tree_list',
  );
}

/** What decides about one piece of hardware in a tree. */
export type TreeHardware = {
  readonly id: string;
  readonly type: HardwareType;
  readonly vendor_reference: string;
  readonly iq_link_state: IqLinkState;
  readonly iq_id: IqId | null;
  readonly collection_id: CollectionId | null;
  readonly slot: number | null;
  readonly repeater_id: RepeaterId | null;
  /** It is in an access group of a collection other than the IQ's. */
  readonly is_in_group_outside: boolean;
};

/** Hardware linked to the IQ, and of the ids that of the tenant; held against changes until the transaction ends. */
export async function holdTreeHardware(
  scope: WriteScope,
  iqId: IqId,
  {
    ids,
    collectionId,
  }: { readonly ids: readonly string[]; readonly collectionId: CollectionId | null },
): Promise<TreeHardware[]> {
  const columns = 'id, vendor_reference, iq_link_state, iq_id, collection_id, slot, repeater_id';
  const locks = await scope.query<TreeHardware>(
    `select ${columns}, 'lock' as type, exists (
         select 1 from access_group_locks gl
           join access_groups g on g.tenant_id = gl.tenant_id and g.id = gl.access_group_id
          where gl.tenant_id = l.tenant_id and gl.lock_id = l.id
            and g.collection_id is not null and g.collection_id is distinct from $4) as is_in_group_outside
       from locks l where tenant_id = $1 and (iq_id = $2 or id = any ($3)) order by id for no key update`,
    [scope.tenantId, iqId, ids, collectionId],
  );
  const repeaters = await scope.query<TreeHardware>(
    `select ${columns}, 'repeater' as type, false as is_in_group_outside
       from repeaters where tenant_id = $1 and (iq_id = $2 or id = any ($3)) order by id for no key update`,
    [scope.tenantId, iqId, ids],
  );
  return [...locks, ...repeaters];
}

/** Where a piece of hardware stands from now on; `iq_id` null = it has left. */
export type TreePlace = {
  readonly id: string;
  readonly type: HardwareType;
  readonly iq_link_state: IqLinkState;
  readonly iq_id: IqId | null;
  /** The repeater above it; null = directly on the IQ. */
  readonly repeater_id: RepeaterId | null;
  /** null = no longer in the tree. */
  readonly tree_position: number | null;
  readonly slot: number | null;
};

/** Writes the places of hardware of one IQ; what has no collection gets the IQ's. */
export async function writeTree(
  scope: WriteScope,
  places: readonly TreePlace[],
  collectionId: CollectionId | null,
): Promise<void> {
  for (const [table, type, more] of [
    // A parent must be there before what hangs on it.
    ['repeaters', 'repeater', ''],
    [
      'locks',
      'lock',
      `, tag_registration_until = case when p.iq_id is null then null else h.tag_registration_until end`,
    ],
  ] as const) {
    const own = places.filter((place) => place.type === type);
    if (own.length === 0) continue;
    await scope.query(
      `update ${table} h set iq_link_state = p.link, iq_id = p.iq_id, repeater_id = p.repeater_id,
              tree_position = p.position, slot = p.slot,
              collection_id = case when p.iq_id is null then h.collection_id else coalesce(h.collection_id, $8) end${more}
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::int[], $7::int[])
              as p (id, link, iq_id, repeater_id, position, slot)
        where h.tenant_id = $1 and h.id = p.id`,
      [
        scope.tenantId,
        own.map(({ id }) => id),
        own.map(({ iq_link_state: link }) => link),
        own.map(({ iq_id: iqId }) => iqId),
        own.map(({ repeater_id: repeaterId }) => repeaterId),
        own.map(({ tree_position: position }) => position),
        own.map(({ slot }) => slot),
        collectionId,
      ],
    );
  }
}

/** The limits a hub has said it has, and whether its site lets locks hang beside repeaters. */
export type TreeRules = {
  readonly limits: {
    readonly locks?: number;
    readonly repeaters?: number;
    readonly layers?: number;
  };
  readonly is_mixed_root: boolean;
};

export async function findTreeRules(scope: Scope, iqId: IqId): Promise<TreeRules | undefined> {
  const [row] = await scope.query<TreeRules>(
    `select i.limits, coalesce((c.options ->> 'tree_mixed_root')::boolean, false) as is_mixed_root
       from iqs i left join collections c on c.tenant_id = i.tenant_id and c.id = i.collection_id
      where i.tenant_id = $1 and i.id = $2`,
    [scope.tenantId, iqId],
  );
  return row;
}

/**
 * Ends the link of a lock: no IQ, no repeater, no slot. False when it is not in one of these states under that IQ. What was
 * last reported stays: a hub tells only what changes, and unlinked hardware is shown offline whatever it said.
 */
export async function unlinkLock(
  scope: WriteScope,
  lockId: LockId,
  { iqId, from }: { readonly iqId: IqId; readonly from: readonly IqLinkState[] },
): Promise<boolean> {
  const rows = await scope.query(
    `update locks set iq_link_state = 'detached', iq_id = null, repeater_id = null, tree_position = null, slot = null,
            tag_registration_until = null
      where tenant_id = $1 and id = $2 and iq_id = $3 and iq_link_state = any ($4)
      returning id`,
    [scope.tenantId, lockId, iqId, from],
  );
  return rows.length > 0;
}

/** Changes only the link state of a lock under its IQ. */
export async function setLockLink(
  scope: WriteScope,
  lockId: LockId,
  change: { readonly iqId: IqId; readonly from: IqLinkState; readonly to: IqLinkState },
): Promise<boolean> {
  const rows = await scope.query(
    `update locks set iq_link_state = $5 where tenant_id = $1 and id = $2 and iq_id = $3 and iq_link_state = $4
     returning id`,
    [scope.tenantId, lockId, change.iqId, change.from, change.to],
  );
  return rows.length > 0;
}

/** The reset button was pressed at a repeater that waits for it; false when it does not. */
export async function attachRepeater(
  scope: WriteScope,
  repeaterId: RepeaterId,
  iqId: IqId,
): Promise<boolean> {
  const rows = await scope.query(
    `update repeaters set iq_link_state = 'attached'
      where tenant_id = $1 and id = $2 and iq_id = $3 and iq_link_state = 'attached_pending' returning id`,
    [scope.tenantId, repeaterId, iqId],
  );
  return rows.length > 0;
}

/** The hub confirmed that a repeater left; false when it was not asked to. A lock that still hangs on it hangs on nothing. */
export async function detachRepeater(
  scope: WriteScope,
  repeaterId: RepeaterId,
  iqId: IqId,
): Promise<boolean> {
  const rows = await scope.query(
    `with gone as (
       update repeaters set iq_link_state = 'detached', iq_id = null, repeater_id = null, tree_position = null,
              slot = null
        where tenant_id = $1 and id = $2 and iq_id = $3 and iq_link_state = 'detached_pending' returning id
     ), freed as (
       update locks set repeater_id = null from gone where tenant_id = $1 and locks.repeater_id = gone.id
     )
     select id from gone`,
    [scope.tenantId, repeaterId, iqId],
  );
  return rows.length > 0;
}
