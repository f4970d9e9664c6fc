import { Type, type Static } from 'typebox';
import { Bool, Instant, Int, listOf, optional, orNull, Text, Uuid, words } from './fields.ts';
import { communicationTypes, lockTypes } from './iq-link.ts';
import { batteryStates } from './lock-conditions.ts';
import { iqLinkStates } from './locks.ts';

export const hardwareTypes = ['lock', 'repeater'] as const;
export type HardwareType = (typeof hardwareTypes)[number];

/** core-api.md 7.1: one item of a tree; `parent_id` null = directly on the IQ. */
export const IqTreeResponse = Type.Object({
  id: Uuid,
  parent_id: orNull(Uuid),
  hardware_type: words(hardwareTypes),
  mac: orNull(Text),
  customer_reference: orNull(Text),
  lock_type: words(lockTypes),
  is_online: Bool,
  is_attached: Bool,
  iq_link_state: words(iqLinkStates),
  battery_state: words(batteryStates),
  communication_type: words(communicationTypes),
  signal_strength: orNull(Int),
  signal_strength_last_update: orNull(Instant),
});
export type IqTreeResponse = Static<typeof IqTreeResponse>;

export const IqTreeItem = Type.Object({
  id: Uuid,
  parent_id: optional(orNull(Uuid)),
  hardware_type: words(hardwareTypes),
});

export const PutTreeItemRequest = Type.Object({
  otp: optional(orNull(Text)),
  accessor_id: optional(orNull(Uuid)),
  iq_tree_items: listOf(IqTreeItem),
  vendor: optional(orNull(Text)),
});
