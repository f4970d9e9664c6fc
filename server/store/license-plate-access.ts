import type { DesiredItem } from '#contract/access-table';
import type { AccessorId, CollectionId, IqId, LockId } from '#contract/ids';
import type { IqLinkState } from '#contract/locks';
import type { Scope } from './scope.ts';

/** The door a plate was seen at, and the hub behind it. */
export type PlateDoor = {
  readonly license_plate_camera: boolean;
  readonly iq_link_state: IqLinkState;
  readonly privacy_mode: boolean;
  readonly lock_online: boolean;
  readonly iq_id: IqId | null;
  readonly iq_state: 'initialized' | 'installation' | 'active' | null;
  readonly iq_online: boolean | null;
  readonly subscribed: boolean | null;
  readonly restore_required: boolean | null;
  readonly is_being_replaced: boolean;
  readonly time_zone: string | null;
};

/** A lock of a collection; undefined when the collection has none of that id. */
export async function findPlateDoor(
  scope: Scope,
  place: { readonly collectionId: CollectionId; readonly lockId: LockId },
  now: Date,
): Promise<PlateDoor | undefined> {
  const [row] = await scope.query<PlateDoor>(
    `select l.license_plate_camera, l.iq_link_state, l.privacy_mode, l.online as lock_online, l.iq_id,
       i.state as iq_state, i.online as iq_online, i.subscribed, i.restore_required, i.time_zone,
       coalesce(i.replacing_since > $4::timestamptz - interval '60 seconds', false) as is_being_replaced
     from locks l left join iqs i on i.tenant_id = l.tenant_id and i.id = l.iq_id
     where l.tenant_id = $1 and l.collection_id = $2 and l.id = $3`,
    [scope.tenantId, place.collectionId, place.lockId, now],
    'plate_door',
  );
  return row;
}

/** Whose a plate is, several accessors at most times none. */
export async function findPlateHolders(scope: Scope, plate: string): Promise<AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select accessor_id as id from keys
      where tenant_id = $1 and credential_value = $2 and key_type = 'license_plate'`,
    [scope.tenantId, plate],
    'plate_holders',
  );
  return rows.map(({ id }) => id);
}

/** Who shares a group with a lock and has a plate. */
export async function findPlateMembers(scope: Scope, lockId: LockId): Promise<AccessorId[]> {
  const rows = await scope.query<{ id: AccessorId }>(
    `select distinct ga.accessor_id as id from access_group_locks gl
     join access_group_accessors ga on ga.tenant_id = gl.tenant_id and ga.access_group_id = gl.access_group_id
     join keys k on k.tenant_id = ga.tenant_id and k.accessor_id = ga.accessor_id and k.key_type = 'license_plate'
     where gl.tenant_id = $1 and gl.lock_id = $2`,
    [scope.tenantId, lockId],
    'plate_members',
  );
  return rows.map(({ id }) => id);
}

/** What of an IQ's desired state decides about some accessors at one lock: settings, the lock, its groups, those accessors. */
export function listDecidingItems(
  scope: Scope,
  iqId: IqId,
  about: { readonly lockId: LockId; readonly accessorIds: readonly AccessorId[] },
): Promise<DesiredItem[]> {
  return scope.query<DesiredItem>(
    `select key, value from desired_items
      where tenant_id = $1 and iq_id = $2 and value is not null and key = any (
        array['settings', 'lock/' || $3]
        || array(select 'accessor/' || id from unnest($4::uuid[]) as given (id))
        || array(select 'group/' || g from desired_items l, jsonb_array_elements_text(l.value -> 'group_ids') as g
                  where l.tenant_id = $1 and l.iq_id = $2 and l.key = 'lock/' || $3))`,
    [scope.tenantId, iqId, about.lockId, about.accessorIds],
    'deciding_items',
  );
}
