/** Whether a tree may be laid, and what it changes (behaviour.md 3.2 and 4.4): pure. The first broken rule counts. */
import type { CollectionId, IqId, RepeaterId } from '#contract/ids';
import type { HardwareType } from '#contract/tree';
import type { TreeHardware, TreePlace, TreeRules } from '#server/store/tree';

export type TreeItem = {
  readonly id: string;
  readonly parent_id: string | null;
  readonly hardware_type: HardwareType;
};

export type TreeFacts = {
  readonly iq: {
    readonly id: IqId;
    readonly vendor_reference: string;
    readonly collection_id: CollectionId | null;
  };
  readonly rules: TreeRules;
  /** Hardware linked to the IQ, and that of the items which the tenant has. */
  readonly hardware: readonly TreeHardware[];
};

/** behaviour.md 2, where the hub has not said otherwise. */
const usualLimits = { locks: 16, repeaters: 6, layers: 3 };

type Plan =
  { readonly fault: string } | { readonly fault: null; readonly places: readonly TreePlace[] };

/** The places of all hardware concerned, or the first fault with the number of its item. */
export function planTree(items: readonly TreeItem[], facts: TreeFacts): Plan {
  const fault = findFault(items, facts);
  if (fault !== null) return { fault };
  return { fault: null, places: [...placesOfItems(items, facts), ...placesOfRest(items, facts)] };
}

function findFault(items: readonly TreeItem[], facts: TreeFacts): string | null {
  for (const rule of rules) {
    const fault = rule(items, facts);
    if (fault !== null) return fault;
  }
  return null;
}

type Rule = (items: readonly TreeItem[], facts: TreeFacts) => string | null;

/** The first item that is at fault, as the caller counts. */
function firstItem(
  items: readonly TreeItem[],
  faultOf: (item: TreeItem, index: number) => string | null,
): string | null {
  for (const [index, item] of items.entries()) {
    const fault = faultOf(item, index);
    if (fault !== null) return `item ${index + 1} ${fault}`;
  }
  return null;
}

function hardwareOf(item: TreeItem, { hardware }: TreeFacts): TreeHardware | undefined {
  return hardware.find(({ id, type }) => id === item.id && type === item.hardware_type);
}

const areKnownOnce: Rule = (items, facts) =>
  firstItem(items, (item, index) => {
    if (item.id === facts.iq.id) return 'is the IQ itself';
    if (items.findIndex(({ id }) => id === item.id) < index) return 'occurs twice';
    return hardwareOf(item, facts) === undefined
      ? `is no ${item.hardware_type} that is known`
      : null;
  });

const haveRepeatersAbove: Rule = (items) =>
  firstItem(items, (item) => {
    if (item.parent_id === null) return null;
    const parent = items.find(({ id }) => id === item.parent_id);
    if (parent === undefined) return 'has a parent that is not in the list';
    if (parent.hardware_type !== 'repeater') return 'has a lock as parent';
    return depthOf(item, items) === null ? 'hangs on itself' : null;
  });

/** Layers above an item, itself included; the IQ is layer 1, so what hangs on it is 2. Null = a loop. */
function depthOf(item: TreeItem, items: readonly TreeItem[]): number | null {
  const parents = new Map(items.map(({ id, parent_id: parent }) => [id, parent]));
  let depth = 2;
  let { parent_id: above } = item;
  while (above !== null) {
    depth += 1;
    if (depth > items.length + 2) return null;
    above = parents.get(above) ?? null;
  }
  return depth;
}

const areWithinLimits: Rule = (items, { rules: { limits } }) => findLimitFault(items, limits);

/** The first item that is more than a hub of these limits holds; null = all fit. */
export function findLimitFault(
  items: readonly TreeItem[],
  limits: TreeRules['limits'],
): string | null {
  const most = { ...usualLimits, ...limits };
  let locks = 0;
  let repeaters = 0;
  return firstItem(items, (item) => {
    if (item.hardware_type === 'lock') {
      locks += 1;
      return locks > most.locks ? `is more than ${most.locks} locks` : null;
    }
    repeaters += 1;
    if (repeaters > most.repeaters) return `is more than ${most.repeaters} repeaters`;
    return (depthOf(item, items) ?? 0) > most.layers ? `is below layer ${most.layers}` : null;
  });
}

const areNotMixed: Rule = (items, { rules: { is_mixed_root: isMixedRoot } }) => {
  if (isMixedRoot || !items.some((item) => item.hardware_type === 'repeater')) return null;
  return firstItem(items, (item) =>
    item.hardware_type === 'lock' && item.parent_id === null
      ? 'hangs on the IQ beside a repeater'
      : null,
  );
};

const areOfNoOtherIq: Rule = (items, facts) =>
  firstItem(items, (item) => {
    const iqId = hardwareOf(item, facts)?.iq_id ?? null;
    return iqId !== null && iqId !== facts.iq.id ? 'belongs to another IQ' : null;
  });

const fitTheIq: Rule = (items, facts) =>
  firstItem(items, (item) => {
    const hardware = hardwareOf(item, facts);
    if (hardware === undefined) return null;
    const { vendor_reference: vendor, collection_id: collection } = hardware;
    if (vendor !== facts.iq.vendor_reference) return 'is of another vendor';
    if (collection !== null && collection !== facts.iq.collection_id)
      return 'is of another collection';
    return collection === null && facts.iq.collection_id !== null && hardware.is_in_group_outside
      ? 'is in an access group of another collection'
      : null;
  });

const loseNoAttachedLock: Rule = (items, { iq, hardware }) => {
  const lost = hardware.find(
    ({ id, type, iq_id: iqId, iq_link_state: link }) =>
      iqId === iq.id &&
      type === 'lock' &&
      link === 'attached' &&
      !items.some((item) => item.id === id),
  );
  return lost === undefined
    ? null
    : `lock ${lost.id} is attached and missing: it must be detached first`;
};

/** In the order of behaviour.md 4.4. */
const rules: readonly Rule[] = [
  areKnownOnce,
  haveRepeatersAbove,
  areWithinLimits,
  areNotMixed,
  areOfNoOtherIq,
  fitTheIq,
  loseNoAttachedLock,
];

const linkWhenListed = {
  detached: 'attached_pending',
  attached_pending: 'attached_pending',
  attached: 'attached',
  // Listed again under the same IQ: the detaching is off.
  detached_pending: 'attached',
} as const;

function placesOfItems(items: readonly TreeItem[], facts: TreeFacts): TreePlace[] {
  const taken = new Set(
    facts.hardware.filter(({ iq_id: iqId }) => iqId === facts.iq.id).map(({ slot }) => slot),
  );
  let free = 1;
  const nextSlot = (): number => {
    while (taken.has(free)) free += 1;
    taken.add(free);
    return free;
  };
  return items.map((item, index) => {
    const hardware = hardwareOf(item, facts);
    const slot = hardware?.iq_id === facts.iq.id ? hardware.slot : null;
    return {
      id: item.id,
      type: item.hardware_type,
      iq_link_state: linkWhenListed[hardware?.iq_link_state ?? 'detached'],
      iq_id: facts.iq.id,
      repeater_id: item.parent_id as RepeaterId | null,
      tree_position: index + 1,
      slot: slot ?? nextSlot(),
    };
  });
}

/** What is left out leaves at once when it never joined, else when the hub confirms it. */
function placesOfRest(items: readonly TreeItem[], { iq, hardware }: TreeFacts): TreePlace[] {
  const rest = hardware.filter(
    ({ id, iq_id: iqId }) => iqId === iq.id && !items.some((item) => item.id === id),
  );
  const hasLeft = ({ iq_link_state: link }: TreeHardware): boolean =>
    link === 'attached_pending' || link === 'detached';
  const gone = new Set<string | null>(rest.filter(hasLeft).map(({ id }) => id));
  return rest.map((one) => ({
    id: one.id,
    type: one.type,
    tree_position: null,
    ...(hasLeft(one)
      ? { iq_link_state: 'detached', iq_id: null, repeater_id: null, slot: null }
      : {
          iq_link_state: 'detached_pending',
          iq_id: iq.id,
          repeater_id: gone.has(one.repeater_id) ? null : one.repeater_id,
          slot: one.slot,
        }),
  }));
}
