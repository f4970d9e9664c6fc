/** The tree of a hub: shown, changed by drag or by choice, sent after its effect was seen. */
import { Box, Button, Group, List, NativeSelect, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDoor, IconRouter } from '@tabler/icons-react';
import { useState } from 'react';
import type { Hub } from '../data/hubs.ts';
import { hubPollMs } from '../data/hubs.ts';
import { api } from '../data/api.ts';
import { useAct, useRead } from '../data/queries.ts';
import { useMay, useSiteId } from '../data/site.tsx';
import {
  changesOf,
  hang,
  inOrder,
  isMixed,
  mayHang,
  nodeOf,
  takeOut,
  type TreeChange,
  type TreeDraft,
  type TreeNode,
} from '../data/tree.ts';
import { hubWords } from '../words/hubs.ts';
import { Confirm } from './confirm.tsx';
import { DetachButton } from './detach-lock.tsx';
import { HangUp } from './hang-up.tsx';
import { useWords } from './language.tsx';
import { LockBattery, Tag } from './lock-state.tsx';
import { useOneTimeCode } from './one-time-code.tsx';
import { Loaded } from './page.tsx';
import { Section } from './section.tsx';

const path = '/v1.2/sites/{site_id}/iqs/{id}/tree';

export function HubTree({ hub }: { readonly hub: Hub }) {
  const say = useWords(hubWords);
  const mayChange = useMay()('touch_hardware');
  const tree = useRead(path, { path: { id: hub.id }, everyMs: hubPollMs });
  return (
    <Section title={say('tree')} {...(mayChange ? { help: say('treeHelp') } : {})}>
      <Loaded of={tree} lines={6}>
        {(nodes) => <Editor hub={hub} nodes={nodes} mayChange={mayChange} />}
      </Loaded>
    </Section>
  );
}

function Editor({
  hub,
  nodes,
  mayChange,
}: {
  readonly hub: Hub;
  readonly nodes: TreeDraft;
  readonly mayChange: boolean;
}) {
  const say = useWords(hubWords);
  const [draft, setDraft] = useState<TreeDraft | null>(null);
  const shown = draft ?? nodes;
  const changes = draft === null ? [] : changesOf(nodes, draft);
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const root = 'hub';
  function drop(parentId: string | null): void {
    const node = nodeOf(dragged, shown);
    if (node !== undefined && mayHang(node, parentId, shown))
      setDraft(hang(node.id, parentId, shown));
    setDragged(null);
    setOver(null);
  }
  /** What makes a place of the tree one to drop things on. */
  const target = (id: string | null) => {
    const node = nodeOf(dragged, shown);
    if (node === undefined || !mayHang(node, id, shown)) return {};
    return {
      'data-over': over === (id ?? root),
      onDragOver: (event: { preventDefault: () => void }) => {
        event.preventDefault();
        setOver(id ?? root);
      },
      onDragLeave: () => setOver(null),
      onDrop: (event: { preventDefault: () => void }) => {
        event.preventDefault();
        drop(id);
      },
    };
  };
  return (
    <Stack gap="sm">
      <Box className="tree-place" {...target(null)}>
        <Group gap="xs">
          <IconRouter size={18} stroke={1.6} aria-hidden />
          <Text fw={600}>{hub.customer_reference ?? hub.mac}</Text>
        </Group>
      </Box>
      {shown.length === 0 ? <Text size="sm">{say('treeEmpty')}</Text> : null}
      <Stack
        gap={4}
        component="ul"
        aria-label={say('tree')}
        m={0}
        p={0}
        style={{ listStyle: 'none' }}
      >
        {inOrder(shown).map(({ node, depth }) => (
          <Box
            key={node.id}
            component="li"
            className="tree-place"
            ml={`${(depth + 1) * 1.25}rem`}
            draggable={mayChange}
            onDragStart={(event) => {
              // Firefox drags nothing that carries nothing.
              event.dataTransfer.setData('text/plain', node.id);
              setDragged(node.id);
            }}
            onDragEnd={() => setDragged(null)}
            {...(node.hardware_type === 'repeater' ? target(node.id) : {})}
          >
            <Place
              node={node}
              hub={hub}
              draft={shown}
              isNew={nodeOf(node.id, nodes) === undefined}
              mayChange={mayChange}
              onDraft={setDraft}
            />
          </Box>
        ))}
      </Stack>
      {mayChange ? <HangUp draft={shown} onDraft={setDraft} /> : null}
      {changes.length === 0 ? null : (
        <Pending hub={hub} draft={shown} changes={changes} onDone={() => setDraft(null)} />
      )}
    </Stack>
  );
}

function nameOf(node: TreeNode): string {
  return node.customer_reference ?? node.mac ?? node.id;
}

type PlaceProps = {
  readonly node: TreeNode;
  readonly hub: Hub;
  readonly draft: TreeDraft;
  /** Not known to the hub before the changes are sent. */
  readonly isNew: boolean;
  readonly mayChange: boolean;
  readonly onDraft: (draft: TreeDraft) => void;
};

function Place({ node, hub, draft, isNew, mayChange, onDraft }: PlaceProps) {
  const say = useWords(hubWords);
  const asking = useAsking(hub);
  const name = nameOf(node);
  const Icon = node.hardware_type === 'lock' ? IconDoor : IconRouter;
  const places = [
    { value: '', label: say('onHub') },
    ...draft
      .filter(({ id }) => mayHang(node, id, draft))
      .map((parent) => ({ value: parent.id, label: nameOf(parent) })),
  ];
  return (
    <Group justify="space-between" gap="xs">
      <Group gap="xs">
        <Icon size={18} stroke={1.6} aria-hidden />
        <Text size="sm">{name}</Text>
        {!node.is_attached ? (
          <Tag color="gray">{say('joining')}</Tag>
        ) : node.is_online ? (
          <Tag color="teal">{say('online')}</Tag>
        ) : (
          <Tag color="red">{say('offline')}</Tag>
        )}
        {node.hardware_type === 'lock' && node.is_attached ? (
          <LockBattery lock={{ battery_level: node.battery_state }} />
        ) : null}
      </Group>
      {mayChange ? (
        <Group gap="xs">
          {places.length > 1 ? (
            <NativeSelect
              size="xs"
              aria-label={say('hangsOn', { name })}
              value={node.parent_id ?? ''}
              data={places}
              onChange={({ currentTarget: { value } }) =>
                onDraft(hang(node.id, value === '' ? null : value, draft))
              }
            />
          ) : null}
          {node.hardware_type === 'lock' && node.is_attached && !isNew ? (
            <DetachButton lockId={node.id} name={name} asking={asking} />
          ) : (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={say('takeOutName', { name })}
              onClick={() => onDraft(takeOut(node.id, draft))}
            >
              {say('takeOut')}
            </Button>
          )}
        </Group>
      ) : null}
    </Group>
  );
}

/** Of an installer no code is asked where the hub was enabled (docs/decisions/0217). */
function useAsking({ id, otp_enabled: asks }: Hub): string | undefined {
  return useMay()('manage_hardware') && asks ? id : undefined;
}

type PendingProps = {
  readonly hub: Hub;
  readonly draft: TreeDraft;
  readonly changes: readonly TreeChange[];
  readonly onDone: () => void;
};

function Pending({ hub, draft, changes, onDone }: PendingProps) {
  const say = useWords(hubWords);
  const siteId = useSiteId();
  const options = useRead('/ext/v1/sites/{site_id}/options', { isOn: isMixed(draft) });
  const [isAsked, ask] = useDisclosure();
  const asking = useAsking(hub);
  const code = useOneTimeCode(asking);
  const sending = useAct(
    () =>
      api.put(path, {
        path: { site_id: siteId, id: hub.id },
        body: {
          ...code.member(),
          iq_tree_items: inOrder(draft).map(({ node }) => ({
            id: node.id,
            parent_id: node.parent_id,
            hardware_type: node.hardware_type,
          })),
        },
      }),
    { touches: ['iqs', 'locks', 'repeaters'], done: say('applied') },
  );
  const isRefused = isMixed(draft) && options.data?.tree_mixed_root === false;
  return (
    <Stack gap="xs" role="status">
      <Text size="sm" fw={600}>
        {say('changeCount', { count: changes.length })}
      </Text>
      {isRefused ? <Text size="sm">{say('mixed')}</Text> : null}
      <Group gap="xs">
        <Button disabled={isRefused} onClick={ask.open}>
          {say('review')}
        </Button>
        <Button variant="default" onClick={onDone}>
          {say('discard')}
        </Button>
      </Group>
      <Confirm
        isOpen={isAsked}
        onClose={ask.close}
        title={say('applyTitle')}
        effect={say('applyEffect')}
        act={say('apply')}
        isPending={sending.isPending}
        error={sending.error}
        isIncomplete={code.isMissing}
        onAct={() => sending.mutate(undefined, { onSuccess: onDone })}
      >
        <List size="sm" spacing="xs">
          {changes.map((change) => (
            <List.Item key={change.node.id}>
              <Effect change={change} draft={draft} hub={hub} />
            </List.Item>
          ))}
        </List>
        {code.field}
      </Confirm>
    </Stack>
  );
}

function Effect({
  change: { kind, node },
  draft,
  hub,
}: {
  readonly change: TreeChange;
  readonly draft: TreeDraft;
  readonly hub: Hub;
}) {
  const say = useWords(hubWords);
  const parent = nodeOf(node.parent_id, draft);
  const place = parent === undefined ? (hub.customer_reference ?? hub.mac ?? '') : nameOf(parent);
  const blanks = { name: nameOf(node), place };
  if (kind === 'takenOut') return say('takenOutEffect', blanks);
  if (kind === 'moved') return say('movedEffect', blanks);
  return say(node.hardware_type === 'lock' ? 'addedLockEffect' : 'addedRepeaterEffect', blanks);
}
