import type { Static } from 'typebox';
import { ApiError } from '#contract/api-error';
import type { AccessorId, IqId, LockId } from '#contract/ids';
import type { PutTreeItemRequest } from '#contract/tree';
import type { Actor } from '#server/events/audit';
import type { Database } from '#server/store/pool';
import { readScope, type WriteScope } from '#server/store/scope';
import {
  findTreeRules,
  holdTreeHardware,
  listTree,
  writeTree,
  type TreeRow,
} from '#server/store/tree';
import type { DesiredState } from './desired-state.ts';
import { knownAccessor } from './iq-pins.ts';
import { getIq, heldIq, reachFault } from './iqs.ts';
import {
  checkOtp,
  noOtpNeeded,
  sentOtp,
  settled,
  type OtpParts,
  type Refused,
} from './otp-checks.ts';
import { planTree, type TreeItem } from './tree-plan.ts';

type Sent = Required<Static<typeof PutTreeItemRequest>>;
/** A whole tree as it is sent; an item without parent hangs on the IQ. */
export type PutTree = Omit<Sent, 'iq_tree_items'> & {
  readonly iq_tree_items: readonly (Omit<TreeItem, 'parent_id'> & {
    readonly parent_id?: string | null;
  })[];
};

export type Trees = {
  /** In the order of the last PUT. VALUE_INVALID (404) when the tenant has no such IQ. */
  read(actor: Actor, iqId: IqId): Promise<TreeRow[]>;
  /**
   * Replaces the whole tree, all or nothing; `readOtp` says which code is asked. IQ_TREE_INVALID with the number of the first item at fault; the OTP's and hub's codes.
   */
  replace(actor: Actor, iqId: IqId, body: PutTree, readOtp?: typeof sentOtp): Promise<void>;
};

type Parts = OtpParts & { readonly database: Database; readonly desiredState: DesiredState };

export function createTrees(parts: Parts): Trees {
  const { database, clock } = parts;
  return {
    async read(actor, iqId) {
      const scope = readScope(database, actor.tenantId);
      await getIq(scope, iqId, clock.now());
      return listTree(scope, iqId);
    },
    async replace(actor, iqId, body, readOtp = sentOtp) {
      const scope = readScope(database, actor.tenantId);
      if (body.accessor_id !== null) await knownAccessor(scope, body.accessor_id as AccessorId);
      await settled({ database, actor }, (write) =>
        lay(write, parts, { actor, iqId, body, readOtp }),
      );
    },
  };
}

type Laying = {
  readonly actor: Actor;
  readonly iqId: IqId;
  readonly body: PutTree;
  readonly readOtp: typeof sentOtp;
};

async function lay(
  scope: WriteScope,
  parts: Parts,
  { actor, iqId, body, readOtp }: Laying,
): Promise<Refused | undefined> {
  const iq = await heldIq(scope, iqId, parts.clock.now());
  const sent = readOtp(iq, body);
  const vendor = body.vendor?.trim().toLowerCase() ?? '';
  if (vendor !== '' && vendor !== iq.vendor_reference)
    throw new ApiError('IQ_TREE_INVALID', { reason: 'the IQ is of another vendor' });
  const items = body.iq_tree_items.map((item) => ({ ...item, parent_id: item.parent_id ?? null }));
  const hardware = await holdTreeHardware(scope, iqId, {
    ids: items.map(({ id }) => id),
    collectionId: iq.collection_id,
  });
  const rules = (await findTreeRules(scope, iqId)) ?? { limits: {}, is_mixed_root: false };
  const plan = planTree(items, { iq, rules, hardware });
  if (plan.fault !== null) throw new ApiError('IQ_TREE_INVALID', { reason: plan.fault });
  const otp =
    sent === null
      ? noOtpNeeded
      : await checkOtp(
          scope,
          { ...parts, actor },
          { ...sent, iqId, command: 'iq.update_tree', mayBeInactive: false },
        );
  if (otp.refusal !== undefined) return otp;
  const unreachable = reachFault(iq);
  if (unreachable !== undefined) return { refusal: unreachable };
  await otp.spend();
  await writeTree(scope, plan.places, iq.collection_id);
  const lockIds = plan.places.filter(({ type }) => type === 'lock').map(({ id }) => id as LockId);
  await parts.desiredState.refresh(scope, { iqIds: [iqId], lockIds });
  parts.audit.record(scope, actor, {
    action: 'iq.update_tree',
    objectType: 'iq',
    objectId: iqId,
    collectionId: iq.collection_id,
    accessorId: body.accessor_id,
    detail: `${items.length} items`,
  });
  return undefined;
}
