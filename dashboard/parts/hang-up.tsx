/** Puts a lock or repeater of the site that hangs nowhere into a tree. */
import { NativeSelect, Text } from '@mantine/core';
import { useRead } from '../data/queries.ts';
import type { TreeDraft, TreeNode } from '../data/tree.ts';
import { hubWords } from '../words/hubs.ts';
import { useWords } from './language.tsx';

const free = { $filter: "iq_link_state eq 'detached'", $top: 200 };

export function HangUp({
  draft,
  onDraft,
}: {
  readonly draft: TreeDraft;
  readonly onDraft: (draft: TreeDraft) => void;
}) {
  const say = useWords(hubWords);
  const locks = useRead('/v1.2/sites/{site_id}/locks', { query: free });
  const repeaters = useRead('/v1.2/sites/{site_id}/repeaters', { query: free });
  if (locks.data === undefined || repeaters.data === undefined) return null;
  const found: readonly TreeNode[] = [
    ...repeaters.data.items.map((one) => ({
      ...fresh,
      ...one,
      hardware_type: 'repeater' as const,
    })),
    ...locks.data.items.map((one) => ({ ...fresh, ...one, hardware_type: 'lock' as const })),
  ].filter(({ id }) => draft.every((node) => node.id !== id));
  if (found.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {say('attachNone')}
      </Text>
    );
  // Beside repeaters, a lock directly on the hub is the exception.
  const repeaterId = draft.find(({ hardware_type: type }) => type === 'repeater')?.id ?? null;
  return (
    <NativeSelect
      label={say('attach')}
      w={{ base: '100%', xs: 320 }}
      value=""
      data={[
        { value: '', label: say('choose') },
        ...found.map((node) => ({
          value: node.id,
          label: node.customer_reference ?? node.mac ?? node.id,
        })),
      ]}
      onChange={({ currentTarget: { value } }) => {
        const node = found.find(({ id }) => id === value);
        if (node === undefined) return;
        const parentId = node.hardware_type === 'lock' ? repeaterId : null;
        onDraft([...draft, { ...node, parent_id: parentId }]);
      }}
    />
  );
}

/** What a thing is that hangs nowhere. */
const fresh = {
  parent_id: null,
  lock_type: 'unknown',
  is_online: false,
  is_attached: false,
  battery_state: 'unknown',
} as const;
