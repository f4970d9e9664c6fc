/** The tree of a hub while somebody changes it: what may hang where, and what a change does. Pure. */
import type { AnswerOf } from '#client/operations';

export type TreeNode = AnswerOf<'GET', '/v1.2/sites/{site_id}/iqs/{id}/tree'>[number];
export type TreeDraft = readonly TreeNode[];

export type TreeChange = {
  readonly kind: 'moved' | 'added' | 'takenOut';
  readonly node: TreeNode;
};

/** Repeaters above an item; 0 = directly on the hub. */
function depthOf(id: string | null, draft: TreeDraft): number {
  let depth = 0;
  for (let at = nodeOf(id, draft); at !== undefined && depth <= draft.length; depth += 1)
    at = nodeOf(at.parent_id, draft);
  return depth;
}

export function nodeOf(id: string | null, draft: TreeDraft): TreeNode | undefined {
  return draft.find((node) => node.id === id);
}

/** A repeater never hangs below itself; null = directly on the hub. */
export function mayHang(node: TreeNode, parentId: string | null, draft: TreeDraft): boolean {
  for (let at = parentId; at !== null; at = nodeOf(at, draft)?.parent_id ?? null)
    if (at === node.id) return false;
  return parentId === null || nodeOf(parentId, draft)?.hardware_type === 'repeater';
}

export function hang(id: string, parentId: string | null, draft: TreeDraft): TreeDraft {
  return draft.map((node) => (node.id === id ? { ...node, parent_id: parentId } : node));
}

/** Whatever hung below it hangs where it hung. */
export function takeOut(id: string, draft: TreeDraft): TreeDraft {
  const parentId = nodeOf(id, draft)?.parent_id ?? null;
  return draft
    .filter((node) => node.id !== id)
    .map((node) => (node.parent_id === id ? { ...node, parent_id: parentId } : node));
}

/** In the order in which it is shown: what hangs on a thing follows it. */
export function inOrder(
  draft: TreeDraft,
  parentId: string | null = null,
): readonly { readonly node: TreeNode; readonly depth: number }[] {
  return draft
    .filter((node) => node.parent_id === parentId)
    .flatMap((node) => [
      { node, depth: depthOf(node.parent_id, draft) },
      ...inOrder(draft, node.id),
    ]);
}

export function changesOf(before: TreeDraft, draft: TreeDraft): readonly TreeChange[] {
  return [
    ...draft.flatMap((node): TreeChange[] => {
      const was = nodeOf(node.id, before);
      if (was === undefined) return [{ kind: 'added', node }];
      return was.parent_id === node.parent_id ? [] : [{ kind: 'moved', node }];
    }),
    ...before
      .filter(({ id }) => nodeOf(id, draft) === undefined)
      .map((node): TreeChange => ({ kind: 'takenOut', node })),
  ];
}

/** A lock directly on the hub beside a repeater, which hubs refuse unless the site allows it. */
export function isMixed(draft: TreeDraft): boolean {
  return (
    draft.some((node) => node.hardware_type === 'repeater') &&
    draft.some((node) => node.hardware_type === 'lock' && node.parent_id === null)
  );
}
